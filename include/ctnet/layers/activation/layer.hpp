// SPDX-License-Identifier: MIT
// ReLU, LeakyReLU, Sigmoid, Tanh, GELU, SiLU, Softmax: shape in, same shape out.
#pragma once

#include "../../core/options.hpp"
#include "../layer.hpp"
#include "op.hpp"

namespace ctnet {

namespace detail {
template <Act A, bool KeepsInput, int Numerator = 0, int Denominator = 1>
struct Activation : NoState {
  using Op = ActivationOp;
  static constexpr Traits traits{
      .role = Role::activation, .in_place = !KeepsInput, .keeps_input = KeepsInput, .keeps_output = !KeepsInput};
  static constexpr Shape infer(Shape in, Diagnosis& d) {
    if (Denominator < 1) d.blame(FaultKind::positive, words::negative_slope, Denominator);
    return in;
  }
  static constexpr ActivationOp op(Shape in, Shape) {
    return {static_cast<int>(A), static_cast<int>(in.size()), Numerator, Denominator};
  }
};
}  // namespace detail

// max(x, 0)
struct ReLU : detail::Activation<Act::relu, false> {};
// x for x > 0, else slope x; the slope is Numerator / Denominator, PyTorch's 0.01 by default: LeakyReLU<1, 10> is 0.1
template <int Numerator = 1, int Denominator = 100>
struct LeakyReLU : detail::Activation<Act::leaky_relu, true, Numerator, Denominator> {};
// 1 / (1 + exp(-x))
struct Sigmoid : detail::Activation<Act::sigmoid, false> {};
struct Tanh : detail::Activation<Act::tanh, false> {};
// x Phi(x) with the exact normal distribution (Hendrycks and Gimpel 2016), PyTorch's approximate='none'
struct GELU : detail::Activation<Act::gelu, true> {};
// x sigmoid(x)
struct SiLU : detail::Activation<Act::silu, true> {};

// exp(x_c) / sum over channels exp(x_c), per pixel. CrossEntropy has its own: do not put one before it.
struct Softmax : NoState {
  using Op = SoftmaxOp;
  static constexpr Traits traits{.in_place = true, .keeps_output = true};
  static constexpr Shape infer(Shape in, Diagnosis&) { return in; }
  static constexpr SoftmaxOp op(Shape in, Shape) { return {in.c(), static_cast<int>(in.plane())}; }
};

}  // namespace ctnet
