# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# `cmake --install build/release --prefix DIR`: library, headers, command, and the CMake and pkg-config packages through
# which hosts find them.

include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/tiercel)

install(TARGETS tiercel EXPORT tiercelTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/tiercel DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(TARGET tiercel-cli)
  install(TARGETS tiercel-cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

install(EXPORT tiercelTargets NAMESPACE tiercel:: DESTINATION ${package_dir})
configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/tiercelConfig.cmake.in ${PROJECT_BINARY_DIR}/tiercelConfig.cmake
  INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/tiercelConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/tiercelConfig.cmake ${PROJECT_BINARY_DIR}/tiercelConfigVersion.cmake
        DESTINATION ${package_dir})

# pkg-config knows nothing of CMake targets, so it gets the link line that llvm-config prints for the same components.
execute_process(
  COMMAND ${LLVM_TOOLS_BINARY_DIR}/llvm-config --link-static --libs --system-libs ${TIERCEL_LLVM_COMPONENTS}
  OUTPUT_VARIABLE TIERCEL_PC_LLVM_LIBS OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
string(REGEX REPLACE "[ \n]+" " " TIERCEL_PC_LLVM_LIBS "${TIERCEL_PC_LLVM_LIBS}")
# Relative to the file, so that an installation can be moved.
file(RELATIVE_PATH TIERCEL_PC_PREFIX ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
set(TIERCEL_PC_LLVM_INCLUDE_DIR ${LLVM_INCLUDE_DIRS})
set(TIERCEL_PC_LLVM_LIBRARY_DIR ${LLVM_LIBRARY_DIRS})
configure_file(${CMAKE_CURRENT_LIST_DIR}/tiercel.pc.in ${PROJECT_BINARY_DIR}/tiercel.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/tiercel.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
