// SPDX-License-Identifier: MIT
// Convolution as phases of a persistent kernel, for every stride, border, dilation and number of groups; sums in the
// precision of memory. Small networks' planes and filters come from L1 and L2 (LeNet's step reads and writes less than
// 1 MB), so what counts is how long one thread works:
//   forward    a thread makes one output or, where outputs are many or pooled, 2 x 2 of them from rows of taps: with
//              5 x 5 windows 17 words for 20 products; lanes share the rows (channel, r) of a window where outputs are
//              few: the 1600 tiles of LeNet's second convolution with 4 images take 16 lanes each, 2 rows a lane
//   data       the same of one pixel, over the rows (filter, r)
//   weights    a warp, or a block where there are many outputs, adds up one row of S weights; lanes walk along outputs
// LeNet's two with 4 images are 1.4 and 1.0 million products a pass, 42 and 28 for each thread of 132 blocks: 1 us or
// so, mostly of waiting for L2, and about as long as the meeting of blocks behind it.
#pragma once

#include "../../backends/cuda/phase_list.cuh"
#include "cuda_phase_backward.cuh"
#include "cuda_phase_forward.cuh"

namespace ctnet {

template <class B>
struct Kernel<ConvOp, cuda::Recorded<B>> {
  using T = typename B::scalar;
  using predict_phases = cuda::PhaseTypes<cuda::ConvForwardPhase<T>>;
  using training_phases =
      cuda::PhaseTypes<cuda::ConvForwardPhase<T>, cuda::ConvDataPhase<T>, cuda::ConvWeightsPhase<T>>;

  static void forward(const ConvOp& o, const cuda::Forward<T>& a) {
    if (!countable(o, a.batch, a.queue)) return;
    const i64 outputs = i64{a.batch} * o.k * o.p * o.q, terms = i64{o.group_c()} * o.r;
    const bool tiles = a.epilogue.pooled || outputs / 4 >= cuda::enough_threads;
    const int rows = tiles ? (o.p + 1) / 2 : o.p, columns = tiles ? (o.q + 1) / 2 : o.q;
    const i64 units = i64{a.batch} * o.k * rows * columns;
    const cuda::ConvCut c = cut(o, cuda::lanes_for(units, terms), units, columns, rows, o.k);
    cuda::Touches t;
    t.read(a.in[0], inputs(o, a.batch)).read(a.parameters, o.weights() + (o.bias ? o.k : 0)).write(a.out, outputs);
    a.queue.list->add(a.queue, "convolution", cuda::ceil_div(units * c.lanes, cuda::warp_size),
                      cuda::ConvForwardPhase<T>{c, tiles, a.in[0], a.parameters,
                                                o.bias ? a.parameters + o.weights() : nullptr, a.out, a.epilogue},
                      t.along(a.epilogue, outputs, o.k));
  }
  static void backward(const ConvOp& o, const cuda::Backward<T>& a) {
    if (!countable(o, a.batch, a.queue)) return;
    if (a.grad_in[0]) data(o, a);
    weights(o, a);
  }

 private:
  static i64 inputs(const ConvOp& o, int batch) { return i64{batch} * o.c * o.h * o.w; }
  static bool countable(const ConvOp& o, int batch, const cuda::Queue& q) {
    const i64 outputs = i64{batch} * o.k * o.p * o.q;
    return q.list->countable(q, std::max(outputs, inputs(o, batch))) && q.list->countable(q, i64{o.k} * o.taps());
  }
  static cuda::ConvCut cut(const ConvOp& o, int lanes, i64 units, int columns, int rows, int planes) {
    return {o,
            o.group_c(),
            o.group_k(),
            lanes,
            static_cast<int>(units),
            cuda::FastDivide(columns),
            cuda::FastDivide(rows),
            cuda::FastDivide(planes),
            cuda::FastDivide(o.r)};
  }
  static void data(const ConvOp& o, const cuda::Backward<T>& a) {
    const i64 units = inputs(o, a.batch), outputs = i64{a.batch} * o.k * o.p * o.q;
    const cuda::ConvCut c = cut(o, cuda::lanes_for(units, i64{o.group_k()} * o.r), units, o.w, o.h, o.c);
    cuda::Touches t;
    t.read(a.grad_out, outputs).read(a.parameters, o.weights()).write(a.grad_in[0], units);
    a.queue.list->add(a.queue, "convolution, gradient of the input", cuda::ceil_div(units * c.lanes, cuda::warp_size),
                      cuda::ConvDataPhase<T>{c, cuda::FastDivide(o.stride_h), cuda::FastDivide(o.stride_w), a.grad_out,
                                             a.parameters, a.grad_in[0], a.mask[0]},
                      t.along(a.mask[0], units));
  }
  static void weights(const ConvOp& o, const cuda::Backward<T>& a) {
    const i64 outputs = i64{a.batch} * o.k * o.p * o.q, terms = outputs / o.k;
    const bool wide = o.s == 5 || o.s == 3;
    const i64 units = (wide ? i64{o.weights()} / o.s : i64{o.weights()}) + (o.bias ? o.k : 0);
    // A block for each where that gives no block more than a few, and its threads have something to add up.
    const bool blocks = units <= 4 * cuda::enough_threads / cuda::crew_threads && terms >= 2 * cuda::crew_threads;
    const cuda::ConvCut c = cut(o, blocks ? cuda::crew_warps : 1, units, o.q, o.p, o.group_c());
    cuda::Touches t;
    t.read(a.grad_out, outputs).read(a.in[0], inputs(o, a.batch));
    t.write(a.grad_parameters, o.weights() + (o.bias ? o.k : 0));
    a.queue.list->add(
        a.queue, "convolution, gradient of the weights", units * c.lanes,
        cuda::ConvWeightsPhase<T>{c, a.batch, cuda::FastDivide(o.p * o.q), a.grad_out, a.in[0], a.grad_parameters,
                                  o.bias ? a.grad_parameters + o.weights() : nullptr, a.accumulate},
        t);
  }
};

}  // namespace ctnet
