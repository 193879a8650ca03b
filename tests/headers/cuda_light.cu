// SPDX-License-Identifier: MIT
// The door to the GPU brings in neither Thrust nor CUB nor cuBLAS nor cuDNN, nor tensors or JSON of the host.
#include <ctnet/cuda.hpp>

#if defined(THRUST_VERSION) || defined(CUB_VERSION) || defined(CUBLAS_VER_MAJOR) || defined(CUDNN_MAJOR)
#  error "ctnet/cuda.hpp includes a library that has a door of its own"
#endif
#if defined(XTENSOR_VERSION_MAJOR) || defined(XTENSOR_TENSOR_HPP) || defined(EIGEN_WORLD_VERSION) || \
    defined(NLOHMANN_JSON_VERSION_MAJOR)
#  error "ctnet/cuda.hpp includes a library of the host"
#endif
