# SPDX-License-Identifier: MIT
include(CMakeFindDependencyMacro)
list(PREPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})  # Findstb.cmake
find_dependency(Threads)
find_dependency(ZLIB)
find_dependency(stb)
list(POP_FRONT CMAKE_MODULE_PATH)
include(${CMAKE_CURRENT_LIST_DIR}/ctnetTargets.cmake)

# ctnet::cuda, for .cu files that include <ctnet/cuda.hpp>, where CUDA is found.
find_package(CUDAToolkit QUIET)
if(CUDAToolkit_FOUND AND NOT TARGET ctnet::cuda)
  add_library(ctnet::cuda INTERFACE IMPORTED)
  target_link_libraries(ctnet::cuda INTERFACE ctnet::ctnet CUDA::cudart)
  target_compile_options(ctnet::cuda INTERFACE $<$<COMPILE_LANGUAGE:CUDA>:-std=c++20>)
endif()
