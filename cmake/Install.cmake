# SPDX-License-Identifier: MIT
# Headers, ctnetConfig.cmake and its version file: find_package(ctnet) gives ctnet::ctnet, find_package(ctnet COMPONENTS
# infer) ctnet::infer without looking for any library. Where a library was fetched, which would not be installed with
# them, only the second.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(_package ${CMAKE_INSTALL_DATADIR}/cmake/ctnet)
install(DIRECTORY include/ctnet DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} PATTERN "*.md" EXCLUDE)
install(TARGETS ctnet_infer EXPORT ctnet_infer)
install(EXPORT ctnet_infer NAMESPACE ctnet:: FILE ctnetInferTargets.cmake DESTINATION ${_package})
if(TARGET ctnet AND NOT CTNET_FETCHED_LIBRARY)
  install(TARGETS ctnet EXPORT ctnet)  # ctnet::cuda is made again where the package is found
  install(EXPORT ctnet NAMESPACE ctnet:: FILE ctnetTargets.cmake DESTINATION ${_package})
else()
  message(STATUS "ctnet: only ctnet::infer can be installed, since ${CTNET_FETCHED_LIBRARY} would not be installed with it")
endif()
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ctnetConfigVersion.cmake COMPATIBILITY SameMinorVersion
                                 ARCH_INDEPENDENT)
install(FILES cmake/ctnetConfig.cmake cmake/Findstb.cmake ${PROJECT_BINARY_DIR}/ctnetConfigVersion.cmake
        DESTINATION ${_package})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/ctnet)
