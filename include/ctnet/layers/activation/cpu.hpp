// SPDX-License-Identifier: MIT
// Activations on the CPU through the targets. In float those with an exponential are vectorised
// (backends/cpu/math.inl); in double they are the reference's. Softmax is the reference's.
#pragma once

#include "../../backends/cpu/cpu.hpp"
#include "../../backends/cpu/math.hpp"
#include "reference.hpp"

#define CTNET_TARGET_FILE "ctnet/layers/activation/hot.inl"
#include "../../backends/cpu/foreach_target.hpp"

namespace ctnet {

template <class T>
struct Kernel<ActivationOp, Cpu<T>> {
  static void forward(const ActivationOp& o, const Forward<T>& a) {
    const i64 n = i64{a.batch} * o.size;
    switch (static_cast<Act>(o.act)) {
      case Act::relu:
        return CTNET_PICK(relu<T>)(a.in[0], a.out, n);
      case Act::leaky_relu:
        return CTNET_PICK(leaky_relu<T>)(a.in[0], a.out, n, slope(o));
      default:
        break;
    }
    if constexpr (sizeof(T) == 4) {
      switch (static_cast<Act>(o.act)) {
        case Act::sigmoid:
          return CTNET_PICK(activation<Act::sigmoid, T>)(a.in[0], a.out, n);
        case Act::tanh:
          return CTNET_PICK(activation<Act::tanh, T>)(a.in[0], a.out, n);
        case Act::gelu:
          return CTNET_PICK(activation<Act::gelu, T>)(a.in[0], a.out, n);
        case Act::silu:
          return CTNET_PICK(activation<Act::silu, T>)(a.in[0], a.out, n);
        default:
          break;
      }
    }
    Kernel<ActivationOp, Reference<T>>::forward(o, a);
  }
  static void backward(const ActivationOp& o, const Backward<T>& a) {
    if (!a.grad_in[0]) return;
    const i64 n = i64{a.batch} * o.size;
    switch (static_cast<Act>(o.act)) {
      case Act::relu:
        return CTNET_PICK(relu_backward<T>)(a.out, a.grad_out, a.grad_in[0], n);
      case Act::leaky_relu:
        return CTNET_PICK(leaky_relu_backward<T>)(a.in[0], a.grad_out, a.grad_in[0], n, slope(o));
      default:
        break;
    }
    if constexpr (sizeof(T) == 4) {
      switch (static_cast<Act>(o.act)) {
        case Act::sigmoid:
          return CTNET_PICK(activation_backward<Act::sigmoid, T>)(a.out, a.grad_out, a.grad_in[0], n);
        case Act::tanh:
          return CTNET_PICK(activation_backward<Act::tanh, T>)(a.out, a.grad_out, a.grad_in[0], n);
        case Act::gelu:
          return CTNET_PICK(activation_backward<Act::gelu, T>)(a.in[0], a.grad_out, a.grad_in[0], n);
        case Act::silu:
          return CTNET_PICK(activation_backward<Act::silu, T>)(a.in[0], a.grad_out, a.grad_in[0], n);
        default:
          break;
      }
    }
    Kernel<ActivationOp, Reference<T>>::backward(o, a);
  }

 private:
  static T slope(const ActivationOp& o) {
    return static_cast<T>(o.slope_numerator) / static_cast<T>(o.slope_denominator);
  }
};

}  // namespace ctnet
