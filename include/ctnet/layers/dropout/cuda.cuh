// SPDX-License-Identifier: MIT
// Dropout on the GPU, one pass each way, bound by memory; the masks are the reference's, bit for bit: four neighbours
// for each block of random numbers. Nothing is kept between forward and backward. Takes the mask of its input along.
#pragma once

#include "../../backends/cuda/arguments.cuh"
#include "../../backends/cuda/launch.cuh"
#include "../../backends/cuda/pack.cuh"
#include "../../core/random.hpp"
#include "op.hpp"

namespace ctnet {

namespace cuda {

// f(i): four elements of the batch, those with number 4 i and on counted from the batch's first image; of them n are
// here, from number `first` on.
template <class T>
struct Drop {
  const T* in;
  T* out;
  i64 first, n;
  std::uint64_t seed, step;
  const std::uint64_t* step_at;  // where it is not null, the step's number is there
  std::uint64_t leaf, threshold;
  T scale;
  Mask<T> mask;
  bool packs;

  __device__ void operator()(i64 i) const {
    const i64 block = first / 4 + i;
    const std::uint64_t stream = (step_at ? *step_at : step) * 65536u + leaf;
    const Philox4 r = philox(seed, stream, static_cast<std::uint64_t>(block));
    const i64 at = 4 * block - first;
    if (packs && at >= 0 && at + 4 <= n) {
      constexpr int v = widest_pack<T>;
      for (int k = 0; k < 4; k += v) {
        Pack<T, v> x = load_pack<v>(in + at + k);
        for (int j = 0; j < v; ++j) x.v[j] = mask(kept(r.v[k + j], x.v[j]), at + k + j);
        store_pack(out + at + k, x);
      }
    } else {
      for (int k = 0; k < 4; ++k)
        if (at + k >= 0 && at + k < n) out[at + k] = mask(kept(r.v[k], in[at + k]), at + k);
    }
  }
  i64 blocks() const { return ceil_div(first + n, 4) - first / 4; }
  __device__ T kept(std::uint32_t random, T x) const { return random >= threshold ? x * scale : T(0); }
};

// For batch images: f(i) is to be asked for i from 0 to blocks() - 1.
template <class T>
Drop<T> drop_of(const DropoutOp& o, int batch, const Draw& draw, const std::uint64_t* step_at, const T* in, T* out,
                const Mask<T>& mask, bool packs) {
  const double p = static_cast<double>(o.numerator) / o.denominator;
  return {in,
          out,
          draw.image * o.size,
          i64{batch} * o.size,
          draw.seed,
          draw.step,
          step_at,
          static_cast<std::uint64_t>(draw.leaf),
          static_cast<std::uint64_t>(p * 0x1p32),
          static_cast<T>(1 / (1 - p)),
          mask,
          packs};
}

}  // namespace cuda

template <class P, class... Q>
struct Kernel<DropoutOp, Cuda<P, Q...>> {
  using T = typename Cuda<P, Q...>::scalar;

  static constexpr unsigned takes(const DropoutOp&) { return takes_mask; }

  static void forward(const DropoutOp& o, const cuda::Forward<T>& a) {
    if (a.training) return drop(o, a.batch, a.draw, a.draw_step, a.in[0], a.out, {}, a.queue, "dropout");
    const auto bytes = static_cast<std::size_t>(a.batch) * static_cast<std::size_t>(o.size) * sizeof(T);
    if (a.out != a.in[0])
      CTNET_CUDA(cudaMemcpyAsync(a.out, a.in[0], bytes, cudaMemcpyDeviceToDevice, a.queue.stream), "dropout");
  }
  static void backward(const DropoutOp& o, const cuda::Backward<T>& a) {
    if (a.grad_in[0])
      drop(o, a.batch, a.draw, a.draw_step, a.grad_out, a.grad_in[0], a.mask[0], a.queue, "dropout backward");
  }

 private:
  static void drop(const DropoutOp& o, int batch, const Draw& draw, const std::uint64_t* step_at, const T* in, T* out,
                   const cuda::Mask<T>& mask, const cuda::Queue& queue, const char* name) {
    const bool packs = draw.image * o.size % 4 == 0 && cuda::packs_fit(0, in, out);
    const auto f = cuda::drop_of(o, batch, draw, step_at, in, out, mask, packs);
    cuda::each(queue, name, f.blocks(), f);
  }
};

}  // namespace ctnet
