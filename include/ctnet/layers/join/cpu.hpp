// SPDX-License-Identifier: MIT
// Add on the CPU through the targets. Concat copies: the reference's loops are as good.
#pragma once

#include <cstring>

#include "../../backends/cpu/cpu.hpp"
#include "../../backends/cpu/machine.hpp"
#include "reference.hpp"

#define CTNET_TARGET_FILE "ctnet/layers/join/hot.inl"
#include "../../backends/cpu/foreach_target.hpp"

namespace ctnet {

template <class T>
struct Kernel<AddOp, Cpu<T>> {
  static void forward(const AddOp& o, const Forward<T>& a) {
    if (o.inputs != 2) return Kernel<AddOp, Reference<T>>::forward(o, a);
    CTNET_PICK(add_two<T>)(a.in[0], a.in[1], a.out, i64{a.batch} * o.size);
  }
  static void backward(const AddOp& o, const Backward<T>& a) {
    for (int j = 0; j < o.inputs; ++j)
      if (a.grad_in[j])
        std::memcpy(a.grad_in[j], a.grad_out,
                    static_cast<std::size_t>(a.batch) * static_cast<std::size_t>(o.size) * sizeof(T));
  }
};

}  // namespace ctnet
