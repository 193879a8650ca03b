// SPDX-License-Identifier: MIT
// CUDA on the host, for tests: kernels are plain functions, a thread is a fiber, and the functions of the runtime are
// defined here (libcudart is not linked). Force-included into every unit that is compiled for it:
//   g++ -x c++ -std=c++20 -O1 -g -include tests/emulated/cuda/emulation.hpp -I include -I tests -I
//   /usr/local/cuda/include
//       -c kernels.cu -o kernels.o
//   g++ kernels.o emulation.a -lboost_context     (emulation.a: the .cpp files beside this one, compiled the same way)
// What it does on purpose: work runs only when something waits for it; threads and blocks run in a chosen order
// (CTNET_EMULATED_ORDER=forward|backward|<seed>); fresh device and shared memory is NaN; every allocation lies between
// inaccessible pages; the host cannot touch device memory; asynchronous copies arrive as late as they may.
// device.hpp: what kernels call. launch.hpp: how they start. control.hpp: what tests steer and ask.
#pragma once

#if !defined(__CUDACC__)
#  define CTNET_EMULATED_DEVICE 1
#  include <cuda_runtime.h>

// What cuda_runtime.h defines as attributes that g++ does not know.
#  undef __global__
#  undef __device__
#  undef __host__
#  undef __shared__
#  undef __constant__
#  undef __managed__
#  undef __grid_constant__
#  undef __launch_bounds__
#  undef __cluster_dims__
#  define __global__
#  define __device__
#  define __host__
#  define __shared__ static
#  define __constant__ static
#  define __managed__ static
#  define __grid_constant__
#  define __launch_bounds__(...)
#  define __cluster_dims__(...)

// The scheduler sets them whenever it goes from one thread to another.
inline uint3 threadIdx{}, blockIdx{};
inline dim3 blockDim{}, gridDim{};

#  include "control.hpp"
#  include "device.hpp"
#  include "launch.hpp"
#endif
