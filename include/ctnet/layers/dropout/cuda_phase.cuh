// SPDX-License-Identifier: MIT
// Dropout as phases of a persistent kernel: the functor of cuda.cuh, with the step's number from the device's memory.
#pragma once

#include "../../backends/cuda/phase_list.cuh"
#include "cuda.cuh"

namespace ctnet {

template <class B>
struct Kernel<DropoutOp, cuda::Recorded<B>> {
  using T = typename B::scalar;
  using predict_phases = cuda::PhaseTypes<>;  // the list has none in evaluation mode
  using training_phases = cuda::PhaseTypes<cuda::EachPhase<cuda::Drop<T>>>;

  static void forward(const DropoutOp& o, const cuda::Forward<T>& a) {
    drop(o, a.batch, a.draw, a.draw_step, a.in[0], a.out, {}, a.queue, "dropout");
  }
  static void backward(const DropoutOp& o, const cuda::Backward<T>& a) {
    if (a.grad_in[0])
      drop(o, a.batch, a.draw, a.draw_step, a.grad_out, a.grad_in[0], a.mask[0], a.queue, "dropout backward");
  }

 private:
  static void drop(const DropoutOp& o, int batch, const Draw& draw, const std::uint64_t* step_at, const T* in, T* out,
                   const cuda::Mask<T>& mask, const cuda::Queue& queue, const char* name) {
    const i64 first = draw.image * o.size, n = i64{batch} * o.size;
    const double p = static_cast<double>(o.numerator) / o.denominator;
    cuda::Touches t;
    t.read(in, n).read(step_at, 1).write(out, n);
    queue.list->each(
        queue, name, cuda::ceil_div(first + n, 4) - first / 4,
        cuda::Drop<T>{in, out, first, n, draw.seed, draw.step, step_at, static_cast<std::uint64_t>(draw.leaf),
                      static_cast<std::uint64_t>(p * 0x1p32), static_cast<T>(1 / (1 - p)), mask, false},
        t.along(mask, n));
  }
};

}  // namespace ctnet
