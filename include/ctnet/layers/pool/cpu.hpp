// SPDX-License-Identifier: MIT
// MaxPool<2> of all but the narrowest images on the CPU through the targets; all other pools are the plain loops of the
// reference.
#pragma once

#include "../../backends/cpu/cpu.hpp"
#include "../../backends/cpu/simd.hpp"
#include "reference.hpp"

#define CTNET_TARGET_FILE "ctnet/layers/pool/hot.inl"
#include "../../backends/cpu/foreach_target.hpp"

namespace ctnet {

template <class T>
struct Kernel<MaxPoolOp, Cpu<T>> {
  static void forward(const MaxPoolOp& o, const Forward<T>& a) {
    if (!wide_2x2(o)) return Kernel<MaxPoolOp, Reference<T>>::forward(o, a);
    CTNET_PICK(max_pool_2x2<T>)(i64{a.batch} * o.c, o.h, o.w, a.in[0], a.out);
  }
  static void backward(const MaxPoolOp& o, const Backward<T>& a) {
    if (!wide_2x2(o)) return Kernel<MaxPoolOp, Reference<T>>::backward(o, a);
    if (a.grad_in[0])
      CTNET_PICK(max_pool_2x2_backward<T>)(i64{a.batch} * o.c, o.h, o.w, a.in[0], a.grad_out, a.grad_in[0]);
  }

 private:
  // The narrowest vector of some target takes 32 bytes of a row.
  static bool wide_2x2(const MaxPoolOp& o) {
    return o.w * static_cast<int>(sizeof(T)) >= 32 && o.r == 2 && o.s == 2 && o.stride_h == 2 && o.stride_w == 2 &&
           o.pad_h == 0 && o.pad_w == 0 && o.dilation_h == 1 && o.dilation_w == 1 && o.p == o.h / 2 && o.q == o.w / 2;
  }
};

}  // namespace ctnet
