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
    const auto f = cuda::drop_of(o, batch, draw, step_at, in, out, mask, false);
    cuda::Touches t;
    t.read(in, f.n).read(step_at, 1).write(out, f.n);
    queue.list->each(queue, name, f.blocks(), f, t.along(mask, f.n));
  }
};

}  // namespace ctnet
