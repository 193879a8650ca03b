// SPDX-License-Identifier: MIT
// The optimizers' kernels, over all segments at once. Bound by memory: the update reads p, g and the state and writes
// p and the state, 20 bytes a parameter for SGD with momentum and 28 for Adam, the norm reads g. A block takes 1024
// parameters that lie side by side, whatever the segments; each thread has four of them on their way at a time.
//
//   table   | segment 0        | segment 1 | ...      sorted; one or more of them meet in a block's stretch
//   blocks  |  0  |  1  |  2  |  3  | ...
#pragma once

#include "../backends/cuda/launch.cuh"
#include "../backends/cuda/reduce.cuh"
#include "../backends/cuda/step_result.hpp"
#include "../core/finite.hpp"
#include "optimizer.hpp"
#include "update.hpp"

namespace ctnet::cuda {

// A segment as kernels see it, at one step.
template <class Update>
struct DeviceSegment {
  i64 begin = 0, end = 0;
  bool frozen = false;
  int count = 0;  // in the first: how many there are at this step
  Update update{};
  bool operator==(const DeviceSegment&) const = default;
};

inline constexpr int update_threads = 256, update_each = 4;
inline constexpr i64 update_stretch = update_threads * update_each;

// `segments`: for how many the table has room. f(segment, from, to) for those that meet [from, to), with what of each
// lies in there.
template <class Update, class F>
__device__ void each_segment(const DeviceSegment<Update>* table, int segments, i64 from, i64 to, const F& f) {
  const int count = segments > 0 ? table[0].count : 0;
  int first = 0, end = count;  // the first segment that ends behind `from`
  while (first < end) {
    const int middle = (first + end) / 2;
    if (table[middle].end > from)
      end = middle;
    else
      first = middle + 1;
  }
  for (int s = first; s < count && table[s].begin < to; ++s)
    if (!table[s].frozen)
      f(table[s], table[s].begin > from ? table[s].begin : from, table[s].end < to ? table[s].end : to);
}

// p, g and the parts of the state of one parameter.
template <class T, int Parts>
struct Parameter {
  T p, g, state[Parts > 0 ? Parts : 1];

  template <class Update>
  __device__ void step(const Update& update) {
    if constexpr (Parts == 0)
      update(p, g);
    else if constexpr (Parts == 1)
      update(p, g, state[0]);
    else if constexpr (Parts == 2)
      update(p, g, state[0], state[1]);
    else
      update(p, g, state[0], state[1], state[2]);
  }
};

// Whether training goes on: not from the first step on whose value (of anything that counts) or norm is no number. All
// threads of a launch find the same, so that it does not matter which of them sees `halted` written. Null: it does.
// first: the first block.
__device__ inline bool goes_on(const StepResult* result, int* halted, bool first) {
  if (!halted) return true;
  if (*halted == 0 &&
      (!result || ((result->weight == 0 || is_finite(result->value)) && is_finite(result->gradient_norm))))
    return true;
  if (first && threadIdx.x == 0) *halted = 1;
  return false;
}

// state: parts of it, `stride` elements apart. factor: of the gradients, or null.
template <class Update, class T>
struct UpdateCall {
  const DeviceSegment<Update>* table;
  int segments;
  T* p;
  const T* g;
  T* state;
  i64 stride, size;
  const double* factor;
  const StepResult* result;
  int* halted;
};

// Of the stretch of parameters with this number.
template <int Parts, class Update, class T>
__device__ void update_some(const UpdateCall<Update, T>& a, i64 stretch) {
  const i64 from = stretch * update_stretch, to = from + update_stretch < a.size ? from + update_stretch : a.size;
  const double* factor = a.factor;
  const T scale = factor ? static_cast<T>(*factor) : T(1);
  const i64 stride = a.stride;
  T *p = a.p, *state = a.state;
  const T* g = a.g;
  each_segment(a.table, a.segments, from, to, [&](const DeviceSegment<Update>& segment, i64 begin, i64 end) {
    const Update update = segment.update;
    Parameter<T, Parts> of[update_each];
    for (int k = 0; k < update_each; ++k) {
      const i64 i = begin + k * update_threads + threadIdx.x;
      if (i < end) {
        of[k].p = p[i];
        of[k].g = factor ? g[i] * scale : g[i];
        for (int s = 0; s < Parts; ++s) of[k].state[s] = state[s * stride + i];
      }
    }
    for (int k = 0; k < update_each; ++k) {
      const i64 i = begin + k * update_threads + threadIdx.x;
      if (i < end) {
        of[k].step(update);
        p[i] = of[k].p;
        for (int s = 0; s < Parts; ++s) state[s * stride + i] = of[k].state[s];
      }
    }
  });
}

template <class Update, class T, int Parts>
__global__ void __launch_bounds__(update_threads) update_kernel(UpdateCall<Update, T> a) {
  if (goes_on(a.result, a.halted, blockIdx.x == 0)) update_some<Parts>(a, blockIdx.x);
}
template <int Parts, class Update, class T>
void queue_update(const Queue& queue, const char* name, const UpdateCall<Update, T>& a) {
  launch(queue, name, &update_kernel<Update, T, Parts>, Grid{blocks_for(a.size, update_stretch), update_threads}, a);
}

// What clipping leaves on the device.
struct Clip {
  double norm = 0, factor = 1;
};

// Blocks at most for `size` parameters, and parts of the sum.
constexpr i64 norm_blocks(i64 size) {
  const i64 stretches = ceil_div(size, update_stretch), most = 4 * 132;
  return stretches < 1 ? 1 : stretches > most ? most : stretches;
}

// The 2-norm of the gradients that are not frozen, and the factor that brings it down to max_norm.
template <class Update, class T>
struct NormCall {
  const DeviceSegment<Update>* table;
  int segments;
  const T* g;
  i64 size;
  double max_norm;
  double* parts;
  unsigned* ticket;
  Clip* clip;
  StepResult* result;
};

// By block `block` of `blocks`, at most norm_blocks.
template <class Update, class T>
__device__ void norm_of_gradients(const NormCall<Update, T>& a, unsigned block, unsigned blocks) {
  double sum = 0;
  const T* g = a.g;
  for (i64 from = i64{block} * update_stretch; from < a.size; from += i64{blocks} * update_stretch)
    each_segment(a.table, a.segments, from, from + update_stretch < a.size ? from + update_stretch : a.size,
                 [&](const DeviceSegment<Update>&, i64 begin, i64 end) {
                   T of[update_each];
                   for (int k = 0; k < update_each; ++k) {
                     const i64 i = begin + k * update_threads + threadIdx.x;
                     of[k] = i < end ? g[i] : T(0);
                   }
                   for (int k = 0; k < update_each; ++k) sum += static_cast<double>(of[k]) * static_cast<double>(of[k]);
                 });
  sum = block_sum(sum);
  if (threadIdx.x == 0) a.parts[block] = sum;
  if (!last_block(a.ticket, blocks)) return;
  sum = sum_of_parts(a.parts, blocks);
  if (threadIdx.x != 0) return;
  const double norm = std::sqrt(sum), factor = detail::clip_factor(a.max_norm, norm);
  a.clip->norm = norm;
  a.clip->factor = factor >= 1 ? 1.0 : factor;
  if (a.result) a.result->gradient_norm = norm;
}
template <class Update, class T>
__global__ void __launch_bounds__(update_threads) norm_kernel(NormCall<Update, T> a) {
  norm_of_gradients(a, blockIdx.x, gridDim.x);
}
template <class Update, class T>
void queue_norm(const Queue& queue, const NormCall<Update, T>& a) {
  launch(queue, "norm of gradients", &norm_kernel<Update, T>,
         Grid{static_cast<unsigned>(norm_blocks(a.size)), update_threads}, a);
}

template <class Update, class T>
__global__ void __launch_bounds__(update_threads)
    scale_kernel(const DeviceSegment<Update>* table, int segments, T* g, i64 size, const Clip* clip) {
  if (clip->factor == 1) return;
  const T factor = static_cast<T>(clip->factor);
  const i64 from = i64{blockIdx.x} * update_stretch;
  each_segment(table, segments, from, from + update_stretch < size ? from + update_stretch : size,
               [&](const DeviceSegment<Update>&, i64 begin, i64 end) {
                 for (i64 i = begin + threadIdx.x; i < end; i += update_threads) g[i] *= factor;
               });
}

}  // namespace ctnet::cuda
