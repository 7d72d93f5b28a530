# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# How our own code is compiled and linked. Nothing here reaches the users of the library.

# ccache makes switching branches and presets cheap. Hosts that add this project as a subdirectory decide themselves.
if(PROJECT_IS_TOP_LEVEL AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(TIERCEL_CCACHE ccache)
  mark_as_advanced(TIERCEL_CCACHE)
  if(TIERCEL_CCACHE)
    set(CMAKE_C_COMPILER_LAUNCHER ${TIERCEL_CCACHE})
    set(CMAKE_CXX_COMPILER_LAUNCHER ${TIERCEL_CCACHE})
  endif()
endif()

# The thread-safety analysis (annotations in src/base/) and lld's options below need clang.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  message(FATAL_ERROR "tiercel is built with clang, not ${CMAKE_CXX_COMPILER_ID}: use `cmake --preset release`")
endif()

if(TIERCEL_SANITIZE STREQUAL "address")
  # No vptr check: it wants the type information of LLVM classes that live in LLVM's uninstrumented archives.
  # No function check: it reads in front of a called function, and compiled code has no signature there.
  set(tiercel_sanitizer_flags -fsanitize=address,undefined -fno-sanitize=vptr,function -fno-sanitize-recover=all)
elseif(TIERCEL_SANITIZE STREQUAL "thread")
  set(tiercel_sanitizer_flags -fsanitize=thread)
elseif(TIERCEL_SANITIZE)
  message(FATAL_ERROR "TIERCEL_SANITIZE is '${TIERCEL_SANITIZE}', expected address or thread")
endif()

# Settings every target of ours shares.
function(tiercel_target target)
  set_target_properties(${target} PROPERTIES CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF)
  target_compile_options(
    ${target}
    PRIVATE $<$<COMPILE_LANGUAGE:CXX>:
            -Wall
            -Wextra
            -Werror
            -Wshadow
            -Wnon-virtual-dtor
            -Woverloaded-virtual
            -Wextra-semi
            -Wcast-qual
            -Wimplicit-fallthrough
            -Wunreachable-code-aggressive
            # libstdc++ 12 uses its own deprecated get_temporary_buffer inside std::stable_sort.
            -Wno-deprecated-declarations
            -Wthread-safety
            -Werror=thread-safety>
            # One section per function and object, for --gc-sections.
            -ffunction-sections
            -fdata-sections
            ${tiercel_sanitizer_flags})
  target_link_options(${target} PRIVATE -fuse-ld=lld ${tiercel_sanitizer_flags} -Wl,--gc-sections -Wl,--as-needed)
endfunction()

# The command shares its process with the programs it runs, so it keeps its code to itself and starts fast.
#
# A null start, with all of LLVM that we use linked in, takes 3.0 ms as a position-independent, lazily bound executable
# (/bin/true: 0.6). With packed relative relocations it takes 3.5, with -no-pie 3.2; on top of -no-pie, -z now and
# --icf=safe change nothing, and --icf=all, which may merge functions whose addresses are compared, takes off 0.2. So the
# toolchain's defaults stay.
function(tiercel_tool_link_options target)
  # Static destructors of LLVM and of the tool would run after the program's and cost time at exit for nothing: the tool
  # defines __wrap___cxa_atexit, which forgets them.
  target_link_options(${target} PRIVATE -Wl,--wrap=__cxa_atexit)
  if(TIERCEL_SANITIZE)
    # Sanitizers work by exporting their malloc and operator new to a shared C++ runtime.
    return()
  endif()

  # LLVM's libraries bring debug information of their own, which is of no use here, and which valgrind takes for corrupted.
  target_link_options(${target} PRIVATE $<$<CONFIG:Release>:-Wl,--strip-debug>)

  # Programs resolve their symbols in this process, so the version script names all that may be seen; without
  # --export-dynamic even that would stay hidden. (Not --exclude-libs: it hides what the script names, too.)
  set(exports ${PROJECT_SOURCE_DIR}/tools/tiercel/exports.map)
  target_link_options(${target} PRIVATE -Wl,--export-dynamic -Wl,--version-script=${exports})
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${exports})

  # Our own C++ runtime: a program brings the one it was made for. But libgcc stays shared, because there is one unwinder
  # in a process: exceptions pass through frames of the program, of native libraries and of ours.
  target_link_options(${target} PRIVATE -static-libstdc++)

  # And our own heap. A signal handler may interrupt the program inside malloc and call a function that is not compiled
  # yet; with one heap for both, the compiler would wait for ever for the lock that the program holds. The version script
  # keeps these malloc and free to the tool; the program and the system's libraries go on using libc's.
  find_library(TIERCEL_PRIVATE_HEAP NAMES libjemalloc_pic.a REQUIRED)
  mark_as_advanced(TIERCEL_PRIVATE_HEAP)
  target_link_libraries(${target} PRIVATE ${TIERCEL_PRIVATE_HEAP})
endfunction()
