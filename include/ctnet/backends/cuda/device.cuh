// SPDX-License-Identifier: MIT
// Everything that kernels ask of the device beyond C++ and threadIdx: shared memory, barriers, exchange between the
// lanes of a warp, copies in the background, tensor cores. One function each, so that kernels can be run elsewhere: a
// host compiler takes the functions of namespace ctnet_device, from whoever executes kernels on the host.
#pragma once

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include "../../core/host_device.hpp"

#if !defined(__CUDACC__) && !defined(CTNET_EMULATED_DEVICE)
#  error "ctnet: kernels for the GPU are compiled by nvcc; name the file .cu, or leave out <ctnet/cuda.hpp>"
#endif

#ifdef __CUDACC__
#  define CTNET_UNROLL _Pragma("unroll")
#  define CTNET_UNROLL_1 _Pragma("unroll 1")
#  define CTNET_UNROLL_4 _Pragma("unroll 4")
#else
#  define CTNET_UNROLL
#  define CTNET_UNROLL_1
#  define CTNET_UNROLL_4
#endif

namespace ctnet::cuda {

inline constexpr int warp_size = 32;
inline constexpr unsigned all_lanes = 0xFFFFFFFFu;

#ifdef __CUDACC__

__device__ inline void sync_block() { __syncthreads(); }
__device__ inline void sync_warp() { __syncwarp(); }

// The value of lane ^ mask, lane + delta (beyond the warp: one's own), or lane. All 32 lanes take part.
template <class V>
__device__ V shuffle_xor(V v, int mask) {
  return __shfl_xor_sync(all_lanes, v, mask);
}
template <class V>
__device__ V shuffle_down(V v, int delta) {
  return __shfl_down_sync(all_lanes, v, static_cast<unsigned>(delta));
}
template <class V>
__device__ V shuffle(V v, int lane) {
  return __shfl_sync(all_lanes, v, lane);
}

// The block's object of type S, not initialised. One for each type and kernel.
template <class S>
__device__ S& shared() {
  __shared__ S s;
  return s;
}
// The memory that the launch asked for, aligned to 128 bytes.
__device__ inline unsigned char* dynamic_shared() {
  extern __shared__ __align__(128) unsigned char ctnet_dynamic_shared[];
  return ctnet_dynamic_shared;
}

// 16 or 4 bytes from global to shared memory, in the background: there after wait_copies, for the thread that asked.
__device__ inline void copy_async16(void* to, const void* from) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(static_cast<unsigned>(__cvta_generic_to_shared(to))),
               "l"(__cvta_generic_to_global(from)));
}
__device__ inline void copy_async4(void* to, const void* from) {
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"(static_cast<unsigned>(__cvta_generic_to_shared(to))),
               "l"(__cvta_generic_to_global(from)));
}
__device__ inline void commit_copies() { asm volatile("cp.async.commit_group;"); }
// Until at most N of the groups committed last are still on their way.
template <int N>
__device__ void wait_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
}

// d (16, 8) += a (16, 8) b (8, 8), spread over a warp as PTX's mma.m16n8k8 says.
__device__ inline void mma_tf32(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
// d (16, 8) += a (16, 16) b (16, 8), pairs of bfloat16, as PTX's mma.m16n8k16 says.
__device__ inline void mma_bf16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
// Rounded to nearest, as mma_tf32 wants its factors.
__device__ inline unsigned to_tf32(float v) {
  unsigned bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(v));
  return bits;
}
// Two bfloat16, rounded to nearest; `low` in the lower half.
__device__ inline unsigned pack_bf16(float low, float high) {
  unsigned bits;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(high), "f"(low));
  return bits;
}

// The value before.
__device__ inline unsigned atomic_add(unsigned* p, unsigned v) { return atomicAdd(p, v); }
// What this thread wrote is seen by all before what it writes next.
__device__ inline void fence() { __threadfence(); }
// For loops that wait until others have written it: what they wrote before is seen by what this thread reads next.
__device__ inline unsigned load_acquire(const unsigned* p) {
  unsigned v;
  asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(v) : "l"(__cvta_generic_to_global(p)) : "memory");
  return v;
}

#else

using ::ctnet_device::atomic_add;
using ::ctnet_device::commit_copies;
using ::ctnet_device::copy_async16;
using ::ctnet_device::copy_async4;
using ::ctnet_device::dynamic_shared;
using ::ctnet_device::fence;
using ::ctnet_device::load_acquire;
using ::ctnet_device::mma_bf16;
using ::ctnet_device::mma_tf32;
using ::ctnet_device::pack_bf16;
using ::ctnet_device::shared;
using ::ctnet_device::shuffle;
using ::ctnet_device::shuffle_down;
using ::ctnet_device::shuffle_xor;
using ::ctnet_device::sync_block;
using ::ctnet_device::sync_warp;
using ::ctnet_device::to_tf32;
using ::ctnet_device::wait_copies;

#endif

// The sum over a warp, in all its lanes, always in the same order.
template <class V>
__device__ V warp_sum(V v) {
  for (int mask = warp_size / 2; mask > 0; mask /= 2) v += shuffle_xor(v, mask);
  return v;
}
template <class V>
struct BlockSums {
  V of_warp[warp_size];
};
// The sum over a block of whole warps (at most 32) in all its threads.
template <class V>
__device__ V block_sum(V v) {
  const int thread = static_cast<int>(threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z));
  const int warps = static_cast<int>(blockDim.x * blockDim.y * blockDim.z) / warp_size;
  BlockSums<V>& sums = shared<BlockSums<V>>();
  v = warp_sum(v);
  sync_block();  // an earlier sum may still be being read
  if (thread % warp_size == 0) sums.of_warp[thread / warp_size] = v;
  sync_block();
  v = sums.of_warp[0];
  for (int w = 1; w < warps; ++w) v += sums.of_warp[w];
  return v;
}

}  // namespace ctnet::cuda
