// SPDX-License-Identifier: MIT
// Joins on the GPU, one launch each way, bound by memory: all inputs are read and the output is written once, or the
// other way round. Add takes the activation behind it along; both, the masks of their inputs.
#pragma once

#include "../../backends/cuda/arguments.cuh"
#include "../../backends/cuda/launch.cuh"
#include "../../backends/cuda/pack.cuh"
#include "op.hpp"

namespace ctnet {

namespace cuda {

// The masked gradient of V neighbours.
template <int V, class T>
__device__ Pack<T, V> masked(const Mask<T>& mask, Pack<T, V> g, i64 at) {
  if (mask.act == no_act) return g;
  const Pack<T, V> y = load_pack<V>(mask.y + at);
  for (int k = 0; k < V; ++k) g.v[k] *= derivative(mask.act, y.v[k], mask.slope);
  return g;
}

template <class T, int V>
struct Sum {
  const T* in[max_inputs];
  T* out;
  int inputs, act;
  T slope;
  __device__ void operator()(i64 i) const {
    Pack<T, V> sum = load_pack<V>(in[0] + i * V);
    for (int j = 1; j < max_inputs; ++j)  // unrolled: pointers stay where the arguments are
      if (j < inputs) {
        const Pack<T, V> x = load_pack<V>(in[j] + i * V);
        for (int k = 0; k < V; ++k) sum.v[k] += x.v[k];
      }
    if (act != no_act)
      for (int k = 0; k < V; ++k) sum.v[k] = activate(act, sum.v[k], slope);
    store_pack(out + i * V, sum);
  }
};
template <class T, int V>
struct SumBackward {
  const T* grad;
  T* grad_in[max_inputs];
  Mask<T> mask[max_inputs];
  __device__ void operator()(i64 i) const {
    const Pack<T, V> g = load_pack<V>(grad + i * V);
    for (int j = 0; j < max_inputs; ++j)
      if (grad_in[j]) store_pack(grad_in[j] + i * V, masked(mask[j], g, i * V));
  }
};

// Where the channels of an image's inputs lie in its output: input j has size[j] values.
struct Places {
  int inputs, all;  // values of an image
  int size[max_inputs];
};
inline constexpr int concat_threads = 256;

// Block (image, part): f(j, where the pack is in input j, where it is in the output).
template <int V, class F>
__device__ void each_pack(const Places& p, int parts, F f) {
  const i64 image = static_cast<i64>(blockIdx.x) / parts;
  const int part = static_cast<int>(static_cast<i64>(blockIdx.x) % parts);
  const int step = parts * static_cast<int>(blockDim.x) * V;
  for (int i = (part * static_cast<int>(blockDim.x) + static_cast<int>(threadIdx.x)) * V; i < p.all; i += step) {
    int j = 0, before = 0;
    while (i - before >= p.size[j]) before += p.size[j++];
    f(j, image * p.size[j] + (i - before), image * p.all + i);
  }
}
template <class T>
struct Inputs {
  const T* p[max_inputs];
};
template <class T>
struct Gradients {
  T* p[max_inputs];
  Mask<T> mask[max_inputs];
};
template <class T, int V>
__global__ void concat(const __grid_constant__ Places places, int parts, const __grid_constant__ Inputs<T> in, T* out) {
  each_pack<V>(places, parts, [&](int j, i64 from, i64 to) { store_pack(out + to, load_pack<V>(in.p[j] + from)); });
}
template <class T, int V>
__global__ void concat_backward(const __grid_constant__ Places places, int parts,
                                const __grid_constant__ Gradients<T> in, const T* grad) {
  each_pack<V>(places, parts, [&](int j, i64 to, i64 from) {
    if (in.p[j]) store_pack(in.p[j] + to, masked(in.mask[j], load_pack<V>(grad + from), to));
  });
}

}  // namespace cuda

template <class P, class... Q>
struct Kernel<AddOp, Cuda<P, Q...>> {
  using T = typename Cuda<P, Q...>::scalar;

  static constexpr unsigned takes(const AddOp&) { return takes_act | takes_mask; }

  static void forward(const AddOp& o, const cuda::Forward<T>& a) {
    bool fits = cuda::packs_fit(i64{a.batch} * o.size, a.out);
    for (int j = 0; j < o.inputs; ++j) fits = fits && cuda::packs_fit(0, a.in[j]);
    fits ? forward<cuda::widest_pack<T>>(o, a) : forward<1>(o, a);
  }
  static void backward(const AddOp& o, const cuda::Backward<T>& a) {
    bool fits = cuda::packs_fit(i64{a.batch} * o.size, a.grad_out), wanted = false;
    for (int j = 0; j < o.inputs; ++j) {
      wanted = wanted || a.grad_in[j];
      fits = fits && cuda::packs_fit(0, a.grad_in[j], a.mask[j].act == no_act ? nullptr : a.mask[j].y);
    }
    if (wanted) fits ? backward<cuda::widest_pack<T>>(o, a) : backward<1>(o, a);
  }

 private:
  template <int V>
  static void forward(const AddOp& o, const cuda::Forward<T>& a) {
    cuda::Sum<T, V> sum{{}, a.out, o.inputs, a.epilogue.act, a.epilogue.slope};
    for (int j = 0; j < o.inputs; ++j) sum.in[j] = a.in[j];
    cuda::each(a.queue, "add", i64{a.batch} * o.size / V, sum);
  }
  template <int V>
  static void backward(const AddOp& o, const cuda::Backward<T>& a) {
    cuda::SumBackward<T, V> sum{a.grad_out, {}, {}};
    for (int j = 0; j < o.inputs; ++j) sum.grad_in[j] = a.grad_in[j], sum.mask[j] = a.mask[j];
    cuda::each(a.queue, "add backward", i64{a.batch} * o.size / V, sum);
  }
};

template <class P, class... Q>
struct Kernel<ConcatOp, Cuda<P, Q...>> {
  using T = typename Cuda<P, Q...>::scalar;

  static constexpr unsigned takes(const ConcatOp&) { return takes_mask; }

  static void forward(const ConcatOp& o, const cuda::Forward<T>& a) {
    const cuda::Places places = places_of(o);
    cuda::Inputs<T> in{};
    bool fits = cuda::packs_fit(0, a.out);
    for (int j = 0; j < o.inputs; ++j) {
      in.p[j] = a.in[j];
      fits = fits && cuda::packs_fit(places.size[j], a.in[j]);
    }
    auto queue = [&](auto kernel, int v) {
      const int parts = parts_of(places, v);
      cuda::launch(a.queue, "concat", kernel, grid(a.batch, places, parts, v), places, parts, in, a.out);
    };
    fits ? queue(&cuda::concat<T, cuda::widest_pack<T>>, cuda::widest_pack<T>) : queue(&cuda::concat<T, 1>, 1);
  }
  static void backward(const ConcatOp& o, const cuda::Backward<T>& a) {
    const cuda::Places places = places_of(o);
    cuda::Gradients<T> in{};
    bool fits = cuda::packs_fit(0, a.grad_out), wanted = false;
    for (int j = 0; j < o.inputs; ++j) {
      in.p[j] = a.grad_in[j];
      in.mask[j] = a.mask[j];
      wanted = wanted || a.grad_in[j];
      fits = fits && cuda::packs_fit(places.size[j], a.grad_in[j], a.mask[j].act == no_act ? nullptr : a.mask[j].y);
    }
    if (!wanted) return;
    auto queue = [&](auto kernel, int v) {
      const int parts = parts_of(places, v);
      cuda::launch(a.queue, "concat backward", kernel, grid(a.batch, places, parts, v), places, parts, in, a.grad_out);
    };
    fits ? queue(&cuda::concat_backward<T, cuda::widest_pack<T>>, cuda::widest_pack<T>)
         : queue(&cuda::concat_backward<T, 1>, 1);
  }

 private:
  static cuda::Places places_of(const ConcatOp& o) {
    cuda::Places p{o.inputs, 0, {}};
    for (int j = 0; j < o.inputs; ++j) p.all += p.size[j] = o.c[j] * o.plane;
    return p;
  }
  // An image is cut into parts of about 4 packs a thread.
  static int parts_of(const cuda::Places& p, int v) {
    return static_cast<int>(cuda::ceil_div(p.all, 4 * v * cuda::concat_threads));
  }
  static cuda::Grid grid(int batch, const cuda::Places& p, int parts, int v) {
    const i64 threads = cuda::ceil_div(p.all, v * cuda::warp_size) * cuda::warp_size;
    return {static_cast<unsigned>(i64{batch} * parts),
            static_cast<unsigned>(threads < cuda::concat_threads ? threads : cuda::concat_threads)};
  }
};

}  // namespace ctnet
