# SPDX-License-Identifier: MIT
# Headers, ctnetConfig.cmake and its version file: find_package(ctnet) gives ctnet::ctnet.
if(TARGET ctnet_stb OR TARGET ctnet_zlib)
  message(STATUS "ctnet: no install target, since a fetched dependency would not be installed with it")
  return()
endif()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(_package ${CMAKE_INSTALL_DATADIR}/cmake/ctnet)
install(DIRECTORY include/ctnet DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} PATTERN "*.md" EXCLUDE)
install(TARGETS ctnet EXPORT ctnet)  # ctnet::cuda is made again where the package is found
install(EXPORT ctnet NAMESPACE ctnet:: FILE ctnetTargets.cmake DESTINATION ${_package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ctnetConfigVersion.cmake COMPATIBILITY SameMinorVersion
                                 ARCH_INDEPENDENT)
install(FILES cmake/ctnetConfig.cmake cmake/Findstb.cmake ${PROJECT_BINARY_DIR}/ctnetConfigVersion.cmake
        DESTINATION ${_package})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/ctnet)
