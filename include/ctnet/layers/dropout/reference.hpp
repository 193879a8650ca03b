// SPDX-License-Identifier: MIT
// The definition of dropout: element i is kept where philox(seed, (step, leaf), i / 4)[i % 4] >= p 2^32.
#pragma once

#include "../../backends/kernel.hpp"
#include "../../backends/reference/reference.hpp"
#include "../../core/random.hpp"
#include "op.hpp"

#include "../../core/begin_precise.hpp"

namespace ctnet {

template <class T>
struct Kernel<DropoutOp, Reference<T>> {
  static void forward(const DropoutOp& o, const Forward<T>& a) {
    if (a.training) return mask(o, a.batch, a.draw, a.in[0], a.out);
    if (a.out != a.in[0])
      for (i64 i = 0; i < i64{a.batch} * o.size; ++i) a.out[i] = a.in[0][i];
  }
  static void backward(const DropoutOp& o, const Backward<T>& a) {
    if (a.grad_in[0]) mask(o, a.batch, a.draw, a.grad_out, a.grad_in[0]);
  }

 private:
  static void mask(const DropoutOp& o, int batch, const Draw& draw, const T* in, T* out) {
    const i64 first = draw.image * o.size, last = first + i64{batch} * o.size;
    const std::uint64_t stream = draw.step * 65536u + static_cast<std::uint64_t>(draw.leaf);
    const double p = static_cast<double>(o.numerator) / o.denominator;
    const auto threshold = static_cast<std::uint64_t>(p * 0x1p32);
    const T scale = static_cast<T>(1 / (1 - p));
    for (i64 i = first / 4 * 4; i < last; i += 4) {
      const Philox4 r = philox(draw.seed, stream, static_cast<std::uint64_t>(i / 4));
      for (i64 j = i < first ? first : i; j < last && j < i + 4; ++j)
        out[j - first] = r.v[j - i] >= threshold ? in[j - first] * scale : T(0);
    }
  }
};

}  // namespace ctnet

#include "../../core/end_precise.hpp"
