# SPDX-License-Identifier: MIT
include(CMakeFindDependencyMacro)
list(PREPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})  # Findstb.cmake
find_dependency(Threads)
find_dependency(ZLIB)
find_dependency(stb)
list(POP_FRONT CMAKE_MODULE_PATH)
include(${CMAKE_CURRENT_LIST_DIR}/ctnetTargets.cmake)
