// SPDX-License-Identifier: MIT
// Large convolutions by cuDNN: its algorithms by its own heuristics, of those that fit into the workspace (with the
// policy Deterministic: of those that always give the same bits), chosen once for each operation, batch and pass.
// float multiplies in fp32 only; tf32 and bfloat16 allow TensorFloat-32 (cuDNN's conversion of float would be to half,
// whose range bfloat16 does not promise). What is fused behind and before is one pass of ours over the result.
#pragma once

#include <cstring>
#include <string>

#include "../../backends/cuda/cudnn.cuh"
#include "../../backends/cuda/launch.cuh"
#include "cuda_choice.cuh"

namespace ctnet::cuda {

namespace cudnn {

enum class Pass : int { forward, data, weights };
inline constexpr i64 workspace_bytes = 64 << 20;

// One operation and batch as cuDNN knows it, and the algorithm chosen for one pass.
struct Plan {
  ConvOp o;
  int batch;
  Pass pass;
  bool deterministic;
  cudnnDataType_t type;
  cudnnMathType_t math;
  Tensor x, y, bias;
  Filter w;
  Convolution convolution;
  int algorithm = -1;
  std::size_t workspace = 0;

  Plan(const ConvOp& o_, int batch_, Pass pass_, bool deterministic_, cudnnDataType_t type_, cudnnMathType_t math_,
       const Queue& queue)
      : o(o_),
        batch(batch_),
        pass(pass_),
        deterministic(deterministic_),
        type(type_),
        math(math_),
        x(queue),
        y(queue),
        bias(queue),
        w(queue),
        convolution(queue) {
    const auto tensor = [&](const Tensor& t, int n, int c, int h, int width) {
      check(cudnnSetTensor4dDescriptor(t, CUDNN_TENSOR_NCHW, type, n, c, h, width), "cudnnSetTensor4dDescriptor",
            queue);
    };
    tensor(x, batch, o.c, o.h, o.w);
    tensor(y, batch, o.k, o.p, o.q);
    tensor(bias, 1, o.k, 1, 1);
    check(cudnnSetFilter4dDescriptor(w, type, CUDNN_TENSOR_NCHW, o.k, o.group_c(), o.r, o.s),
          "cudnnSetFilter4dDescriptor", queue);
    check(cudnnSetConvolution2dDescriptor(convolution, o.pad_h, o.pad_w, o.stride_h, o.stride_w, o.dilation_h,
                                          o.dilation_w, CUDNN_CROSS_CORRELATION, type),
          "cudnnSetConvolution2dDescriptor", queue);
    check(cudnnSetConvolutionGroupCount(convolution, o.groups), "cudnnSetConvolutionGroupCount", queue);
    check(cudnnSetConvolutionMathType(convolution, math), "cudnnSetConvolutionMathType", queue);
    choose(queue);
  }

  bool is(const ConvOp& o_, int batch_, Pass pass_, bool deterministic_, cudnnDataType_t type_,
          cudnnMathType_t math_) const {
    return batch == batch_ && pass == pass_ && deterministic == deterministic_ && type == type_ && math == math_ &&
           std::memcmp(&o, &o_, sizeof o) == 0;
  }

 private:
  void choose(const Queue& queue) {
    const cudnnHandle_t h = handle(queue);
    if (pass == Pass::forward)
      take<cudnnConvolutionFwdAlgoPerf_t, CUDNN_CONVOLUTION_FWD_ALGO_COUNT>(
          queue, [&](int most, int* n, auto* results) {
            return cudnnGetConvolutionForwardAlgorithm_v7(h, x, w, convolution, y, most, n, results);
          });
    else if (pass == Pass::data)
      take<cudnnConvolutionBwdDataAlgoPerf_t, CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT>(
          queue, [&](int most, int* n, auto* results) {
            return cudnnGetConvolutionBackwardDataAlgorithm_v7(h, w, y, convolution, x, most, n, results);
          });
    else
      take<cudnnConvolutionBwdFilterAlgoPerf_t, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT>(
          queue, [&](int most, int* n, auto* results) {
            return cudnnGetConvolutionBackwardFilterAlgorithm_v7(h, x, y, convolution, w, most, n, results);
          });
  }
  // The first, which is the fastest expected, of those that can be taken.
  template <class Result, int Most, class Ask>
  void take(const Queue& queue, Ask ask) {
    Result results[2 * Most];  // an algorithm may come once for each kind of arithmetic
    int n = 0;
    check(ask(2 * Most, &n, results), "the choice of an algorithm", queue);
    for (int i = 0; i < n && algorithm < 0; ++i) {
      const Result& r = results[i];
      if (r.status != CUDNN_STATUS_SUCCESS || r.memory > static_cast<std::size_t>(workspace_bytes)) continue;
      if (deterministic && r.determinism != CUDNN_DETERMINISTIC) continue;
      if (math == CUDNN_FMA_MATH && r.mathType != CUDNN_FMA_MATH && r.mathType != CUDNN_DEFAULT_MATH) continue;
      algorithm = static_cast<int>(r.algo);
      workspace = r.memory;
      if (math != CUDNN_FMA_MATH)
        check(cudnnSetConvolutionMathType(convolution, r.mathType), "cudnnSetConvolutionMathType", queue);
    }
    if (algorithm < 0)
      fail("cuDNN: of ", n, " algorithms none fits into a workspace of ", workspace_bytes >> 20, " MiB",
           deterministic ? " and gives the same bits every run" : "", " (layer ", queue.leaf, ", ", queue.phase, ")");
  }
};

// This thread's plans.
inline std::vector<std::unique_ptr<Plan>>& plans() {
  static thread_local std::vector<std::unique_ptr<Plan>> all;
  return all;
}

// y = epilogue(y + bias), where there is something to do.
template <class T>
struct Finish {
  T* y;
  const T* bias;
  Epilogue<T> epilogue;
  int k, plane;
  __device__ void operator()(i64 i) const {
    const int channel = static_cast<int>(i / plane % k);
    y[i] = epilogue(bias ? y[i] + bias[channel] : y[i], epilogue.channel(channel), i);
  }
};
template <class T>
struct ApplyMask {
  T* grad;
  Mask<T> mask;
  __device__ void operator()(i64 i) const { grad[i] = mask(grad[i], i); }
};

}  // namespace cudnn

// What cuDNN was asked for by this thread so far and what it chose, one line each.
inline std::string cudnn_choices() {
  static constexpr const char* passes[] = {"forward", "data", "weights"};
  std::string lines;
  for (const auto& plan : cudnn::plans()) {
    const ConvOp& o = plan->o;
    const int numbers[] = {plan->batch, o.c, o.h, o.w, o.k, o.p, o.q, o.r, o.s, o.stride_h, o.groups};
    lines += passes[static_cast<int>(plan->pass)];
    for (int i = 0; i < 11; ++i)
      lines += (i == 0 ? " n " : i == 1 ? " c h w k p q r s stride groups " : " ") + std::to_string(numbers[i]);
    lines += ": algorithm " + std::to_string(plan->algorithm) + ", workspace " + std::to_string(plan->workspace) + "\n";
  }
  return lines;
}

template <class T, Compute C, bool Deterministic>
struct CudnnConv {
  // Enough to multiply that a general library's launches do not count.
  static constexpr bool pays(const ConvOp& o) { return i64{o.weights()} * o.p * o.q >= 1 << 20; }
  static constexpr unsigned takes(const ConvOp&) { return takes_act | takes_norm | takes_add | takes_mask; }
  static constexpr const char* name() { return "cuDNN"; }
  static constexpr i64 scratch(const ConvOp&) { return cudnn::workspace_bytes / static_cast<i64>(sizeof(T)); }

  static void forward(const ConvOp& o, const Forward<T>& a) {
    const cudnn::Relaxed relaxed;
    const cudnn::Plan& p = plan(o, a.batch, cudnn::Pass::forward, a.queue);
    const T one = 1, zero = 0;
    cudnn::check(cudnnConvolutionForward(cudnn::handle(a.queue), &one, p.x, a.in[0], p.w, a.parameters, p.convolution,
                                         static_cast<cudnnConvolutionFwdAlgo_t>(p.algorithm), a.scratch, p.workspace,
                                         &zero, p.y, a.out),
                 "cudnnConvolutionForward", a.queue);
    if (o.bias || a.epilogue.weight || a.epilogue.add || a.epilogue.act != no_act)
      each(a.queue, "bias and what follows", i64{a.batch} * o.k * o.p * o.q,
           cudnn::Finish<T>{a.out, o.bias ? a.parameters + o.weights() : nullptr, a.epilogue, o.k, o.p * o.q});
  }
  static void data(const ConvOp& o, const Backward<T>& a) {
    const cudnn::Relaxed relaxed;
    const cudnn::Plan& p = plan(o, a.batch, cudnn::Pass::data, a.queue);
    const T one = 1, zero = 0;
    cudnn::check(cudnnConvolutionBackwardData(cudnn::handle(a.queue), &one, p.w, a.parameters, p.y, a.grad_out,
                                              p.convolution, static_cast<cudnnConvolutionBwdDataAlgo_t>(p.algorithm),
                                              a.scratch, p.workspace, &zero, p.x, a.grad_in[0]),
                 "cudnnConvolutionBackwardData", a.queue);
    if (a.mask[0].act != no_act)
      each(a.queue, "mask", i64{a.batch} * o.c * o.h * o.w, cudnn::ApplyMask<T>{a.grad_in[0], a.mask[0]});
  }
  static void weights(const ConvOp& o, const Backward<T>& a) {
    const cudnn::Relaxed relaxed;
    const cudnn::Plan& p = plan(o, a.batch, cudnn::Pass::weights, a.queue);
    const T one = 1, before = a.accumulate ? T(1) : T(0);
    cudnn::check(
        cudnnConvolutionBackwardFilter(cudnn::handle(a.queue), &one, p.x, a.in[0], p.y, a.grad_out, p.convolution,
                                       static_cast<cudnnConvolutionBwdFilterAlgo_t>(p.algorithm), a.scratch,
                                       p.workspace, &before, p.w, a.grad_parameters),
        "cudnnConvolutionBackwardFilter", a.queue);
    if (o.bias)
      cudnn::check(cudnnConvolutionBackwardBias(cudnn::handle(a.queue), &one, p.y, a.grad_out, &before, p.bias,
                                                a.grad_parameters + o.weights()),
                   "cudnnConvolutionBackwardBias", a.queue);
  }

 private:
  static constexpr cudnnDataType_t type = sizeof(T) == 4 ? CUDNN_DATA_FLOAT : CUDNN_DATA_DOUBLE;
  static constexpr cudnnMathType_t math =
      C == Compute::tf32 || C == Compute::bf16 ? CUDNN_TENSOR_OP_MATH : CUDNN_FMA_MATH;

  static const cudnn::Plan& plan(const ConvOp& o, int batch, cudnn::Pass pass, const Queue& queue) {
    auto& all = cudnn::plans();
    for (const auto& p : all)
      if (p->is(o, batch, pass, Deterministic, type, math)) return *p;
    all.push_back(std::make_unique<cudnn::Plan>(o, batch, pass, Deterministic, type, math, queue));
    return *all.back();
  }
};

}  // namespace ctnet::cuda
