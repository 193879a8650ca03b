// SPDX-License-Identifier: MIT
// Phases: operations as parts of one kernel that stays on the GPU (persistent.cuh). A phase is a plain struct of
// numbers and pointers with
//   __device__ void operator()(const Crew&) const
// which all threads of the blocks run that have come together for it. A layer's room says what phases its operation is
// made of, with the backend Recorded<B>: Kernel<Op, Recorded<B>> has
//   using predict_phases = PhaseTypes<...>; using training_phases = PhaseTypes<...>;   every type it may write down
//   static void forward(const Op&, const cuda::Forward<T>&);      as kernels are given, but they write phases down in
//   static void backward(const Op&, const cuda::Backward<T>&);    a.queue.list, with what each reads and writes
// Indices are of 32 bits: a list that has larger tensors is refused.
#pragma once

#include "arguments.cuh"
#include "device.cuh"
#include "gemm_operands.cuh"

namespace ctnet::cuda {

inline constexpr int crew_threads = 256, crew_warps = crew_threads / warp_size;
// Sums are shared among lanes until so many threads have work. A number of its own, so that results do not depend on
// the GPU.
inline constexpr i64 enough_threads = 132 * crew_threads;

// Who works on a phase. Work is dealt out by warps, to as many blocks as there are, which is the most that latency asks
// for where work is little.
struct Crew {
  int block, blocks, thread;  // this one of the blocks, its thread

  __device__ int lane() const { return thread % warp_size; }
  __device__ int first_warp() const { return thread / warp_size * blocks + block; }
  __device__ int warps() const { return blocks * crew_warps; }
  __device__ int first() const { return first_warp() * warp_size + lane(); }
  __device__ int threads() const { return blocks * crew_threads; }
};

// f(i) for i from 0 to n - 1. F: a functor as of each (launch.cuh).
template <class F>
struct EachPhase {
  F f;
  int n;
  __device__ void operator()(const Crew& crew) const {
    for (int i = crew.first(); i < n; i += crew.threads()) f(i);
  }
};

// How many lanes share one of `sums` sums of `terms` numbers: a power of two.
constexpr int lanes_for(i64 sums, i64 terms) {
  int lanes = 1;
  while (lanes < warp_size && sums * lanes * 2 <= enough_threads && lanes * 2 <= terms) lanes *= 2;
  return lanes;
}
// Sums that are shared by `lanes` lanes which lie 32 / lanes apart, so that neighbours have neighbouring sums.
template <class T>
__device__ T sum_apart(T v, int lanes) {
  for (int mask = warp_size / 2; mask >= warp_size / lanes && lanes > 1; mask /= 2) v += shuffle_xor(v, mask);
  return v;
}
// The same where the lanes of a sum are neighbours, so that they read neighbouring terms.
template <class T>
__device__ T sum_beside(T v, int lanes) {
  for (int mask = lanes / 2; mask > 0; mask /= 2) v += shuffle_xor(v, mask);
  return v;
}

template <class... P>
struct PhaseTypes {};

namespace detail {
template <class List, class P>
struct WithPhase;
template <class... A, class P>
struct WithPhase<PhaseTypes<A...>, P> {
  static auto pick() {
    if constexpr ((std::is_same_v<A, P> || ...))
      return PhaseTypes<A...>{};
    else
      return PhaseTypes<A..., P>{};
  }
  using type = decltype(pick());
};
}  // namespace detail
// Those of both, each once.
template <class... A, class... B>
constexpr auto operator+(PhaseTypes<A...> a, PhaseTypes<B...>) {
  if constexpr (sizeof...(B) == 0) {
    return a;
  } else {
    return []<class First, class... Rest>(PhaseTypes<First, Rest...>) {
      return typename detail::WithPhase<PhaseTypes<A...>, First>::type{} + PhaseTypes<Rest...>{};
    }(PhaseTypes<B...>{});
  }
}

// The backend of networks of B that are written down.
template <class T>
struct NoPhases;
template <class B>
struct Recorded {
  using scalar = typename B::scalar;
  using fallback = NoPhases<scalar>;
};

}  // namespace ctnet::cuda

namespace ctnet {

template <class B>
struct Arguments<cuda::Recorded<B>> {
  using Forward = cuda::Forward<typename B::scalar>;
  using Backward = cuda::Backward<typename B::scalar>;
};

}  // namespace ctnet
