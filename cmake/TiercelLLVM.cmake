# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Finds LLVM 22 and sets TIERCEL_LLVM_COMPONENTS, what we use of it, and TIERCEL_LLVM_LIBRARIES, the static libraries
# they are in. Static, because a process that loads libLLVM.so takes three times as long to start and three times the
# memory.

# LLVM's exported targets name zlib and zstd as shared libraries. We link their archives: a shared libz in the process
# would be found, instead of the program's own, by every program we run.
set(ZLIB_USE_STATIC_LIBS ON)
if(NOT TARGET zstd::libzstd_shared)
  find_library(TIERCEL_ZSTD_ARCHIVE libzstd.a REQUIRED)
  mark_as_advanced(TIERCEL_ZSTD_ARCHIVE)
  add_library(zstd::libzstd_shared STATIC IMPORTED)
  set_target_properties(zstd::libzstd_shared PROPERTIES IMPORTED_LOCATION ${TIERCEL_ZSTD_ARCHIVE})
endif()

# What LLVMConfig reports as not found (LibEdit, CURL, …) is for LLVM tools that we do not use.
find_package(LLVM 22.1 REQUIRED CONFIG HINTS /usr/lib/llvm-22)
message(STATUS "LLVM ${LLVM_PACKAGE_VERSION} in ${LLVM_DIR}")

# Only what is used; the linker takes only the members that are needed.
set(TIERCEL_LLVM_COMPONENTS
    # reading and writing IR
    core bitreader bitwriter irreader asmparser linker transformutils
    # optimising
    analysis passes ipo instrumentation profiledata
    # generating code; the assembly parser is for inline assembly
    x86codegen x86asmparser x86desc x86info codegen asmprinter target mc mcparser targetparser
    # linking and running it
    object jitlink orcjit orcshared orctargetprocess
    support)
llvm_map_components_to_libnames(TIERCEL_LLVM_LIBRARIES ${TIERCEL_LLVM_COMPONENTS})
