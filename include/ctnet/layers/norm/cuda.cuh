// SPDX-License-Identifier: MIT
// Batch normalization on the GPU: channels of up to norm_whole_most values (backward: half of that) by one block each
// in one launch, larger ones in two launches. Sums are of float over at most 32 values, beyond that of double, so the
// moments are as good as the reference's, which are of double; they are about a value near the mean. Launched by
// channel: of features (a plane of 1) every value is a sector of its own, so those are bound by sectors.
// Takes along what follows: an activation and a sum with another value; backward, the mask of what came before.
#pragma once

#include "../../core/error.hpp"
#include "cuda_split.cuh"
#include "cuda_whole.cuh"

namespace ctnet {

template <class P, class... Q>
struct Kernel<BatchNormOp, Cuda<P, Q...>> {
  using T = typename Cuda<P, Q...>::scalar;

  static constexpr unsigned takes(const BatchNormOp&) { return takes_act | takes_add | takes_mask; }
  // Two doubles for each range of each channel, and what aligns them.
  static constexpr i64 scratch(const BatchNormOp& o) {
    return i64{o.c} * cuda::norm_most_ranges(o.c) * static_cast<int>(sizeof(cuda::Moments) / sizeof(T)) + 1;
  }

  static void forward(const BatchNormOp& o, const cuda::Forward<T>& a) {
    const cuda::NormForward<T> n{
        o, a.batch, a.in[0], a.parameters, a.out, a.statistics, a.saved, a.epilogue, a.training && a.frozen};
    const bool of_batch = a.training && !a.frozen;
    if (of_batch && i64{a.batch} * o.plane < 2)
      fail("BatchNorm<", o.c, "> cannot be trained on 1 value per channel, expected at least 2");
    if (cuda::packs_fit(o.plane, n.in, n.out, a.epilogue.add))
      forward<cuda::widest_pack<T>>(a, n, of_batch);
    else
      forward<1>(a, n, of_batch);
  }
  static void backward(const BatchNormOp& o, const cuda::Backward<T>& a) {
    const cuda::NormBackward<T> n{o,       a.batch,      a.in[0],           a.grad_out,   a.parameters,
                                  a.saved, a.grad_in[0], a.grad_parameters, a.accumulate, a.mask[0],
                                  a.frozen};
    if (cuda::packs_fit(o.plane, n.in, n.grad, n.grad_in, n.mask.act == no_act ? nullptr : n.mask.y))
      backward<cuda::widest_pack<T>>(a, n);
    else
      backward<1>(a, n);
  }

 private:
  // How channels of `packs` packs are cut.
  struct Cut {
    int ranges;  // for sums: 2048 packs each, or as many as there is scratch for
    int parts;   // for values: 8 packs a thread, but not more blocks than 16 on each of 132 processors
    Cut(i64 packs, int c)
        : ranges(static_cast<int>(at_most(cuda::ceil_div(packs, 2048), cuda::norm_most_ranges(c)))),
          parts(static_cast<int>(at_most(cuda::ceil_div(packs, 2048), c >= 2112 ? 1 : 2112 / c))) {}
    static constexpr i64 at_most(i64 v, i64 most) { return v < most ? v : most; }
  };
  // Whole warps for n values, at most `values` for a thread: 8 where it may have as many, more where 512 threads do not
  // do.
  static unsigned threads_for(i64 n, i64 values) {
    const i64 many = cuda::ceil_div(n, values < 8 ? values : 8), few = cuda::ceil_div(n, values);
    const i64 threads = many < 512 ? many : few > 512 ? few : 512;
    return static_cast<unsigned>(cuda::ceil_div(threads, cuda::warp_size) * cuda::warp_size);
  }
  template <class S>
  static S* sums_in(T* scratch) {
    static_assert(sizeof(S) == sizeof(cuda::Moments));
    return reinterpret_cast<S*>((reinterpret_cast<std::uintptr_t>(scratch) + 7) / 8 * 8);
  }

  template <int V>
  static void forward(const cuda::Forward<T>& a, const cuda::NormForward<T>& n, bool of_batch) {
    const int c = n.op.c;
    const i64 packs = i64{n.batch} * (n.op.plane / V);
    if (of_batch && packs * V <= cuda::norm_whole_most<T> && c <= cuda::norm_whole_channels)
      return cuda::launch(a.queue, "batch norm", &cuda::norm_whole_forward<T, V>,
                          cuda::Grid{static_cast<unsigned>(c), threads_for(packs * V, cuda::norm_values<T>)}, n);
    const Cut cut(packs, c);
    cuda::Moments* sums = of_batch ? sums_in<cuda::Moments>(a.scratch) : nullptr;
    if (of_batch)
      cuda::launch(a.queue, "batch norm, moments", &cuda::norm_moments<T, V>,
                   cuda::Grid{static_cast<unsigned>(c * cut.ranges), cuda::norm_threads}, n, cut.ranges, sums);
    cuda::launch(a.queue, "batch norm, values", &cuda::norm_values_forward<T, V>,
                 cuda::Grid{static_cast<unsigned>(c * cut.parts), cuda::norm_threads}, n, cut.ranges, sums, cut.parts);
  }
  template <int V>
  static void backward(const cuda::Backward<T>& a, const cuda::NormBackward<T>& n) {
    const int c = n.op.c;
    const i64 packs = i64{n.batch} * (n.op.plane / V);
    if (packs * V <= cuda::norm_whole_most<T> / 2 && c <= cuda::norm_whole_channels)
      return cuda::launch(a.queue, "batch norm backward", &cuda::norm_whole_backward<T, V>,
                          cuda::Grid{static_cast<unsigned>(c), threads_for(packs * V, cuda::norm_values<T> / 2)}, n);
    const Cut cut(packs, c);
    cuda::NormSums* sums = sums_in<cuda::NormSums>(a.scratch);
    cuda::launch(a.queue, "batch norm backward, sums", &cuda::norm_products<T, V>,
                 cuda::Grid{static_cast<unsigned>(c * cut.ranges), cuda::norm_threads}, n, cut.ranges, sums);
    const int parts = n.grad_in ? cut.parts : 1;
    cuda::launch(a.queue, "batch norm backward, values", &cuda::norm_values_backward<T, V>,
                 cuda::Grid{static_cast<unsigned>(c * parts), cuda::norm_threads}, n, cut.ranges, sums, parts);
  }
};

}  // namespace ctnet
