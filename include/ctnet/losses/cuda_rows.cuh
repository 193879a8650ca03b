// SPDX-License-Identifier: MIT
// The kernel of CrossEntropy and NLLLoss: softmax, its logarithm, value, gradient and the count of right answers in one
// pass over logits (N, C, S) with N * S labels. W is the weight of all rows that count.
//   value = 1/W sum over rows of  (1 - e) w(y) (-log p(y)) + e/C sum over c of w(c) (-log p(c))
//   g(c) = ((1 - e) w(y) + e/C sum of w) / W p(c) - [c = y] (1 - e) w(y) / W - e/C w(c) / W
// With class probabilities y(c) instead, t(c) = w(c) ((1 - e) y(c) + e/C) and W the number of rows:
//   value = 1/W sum over rows and c of  t(c) (-log p(c)),  g(c) = (sum of t) / W p(c) - t(c) / W
// NLLLoss has x(c) for log p(c), and no softmax to go through. Gradients of a sum are not divided by W.
// Lanes threads share a row: one where its classes are few or lie S apart (then neighbours in S are neighbours in the
// warp), eight or a whole warp where they lie side by side. Bound by memory where N C S is large (reads x, mostly from
// the caches the second time, writes g), else by the time of one block: exponentials in the logits' type, sums in
// double, as on the CPU. Up to 8192 labels every block adds up W by itself; more are added up by a launch before.
#pragma once

#include "cuda_call.cuh"

namespace ctnet::cuda {

template <class T>
struct CrossEntropyCall {
  const T* x;
  const int* y;
  T* g;  // or null
  i64 rows, plane, ignore;
  int classes;
  const float* weight;  // of each class, or null
  double weights;       // their sum
  double smoothing;
  unsigned weight_blocks;   // that have added up labels' weights; 0: none have
  const T* soft = nullptr;  // class probabilities in the place of labels, or null
  bool softmax = true;      // false: x are logarithms of probabilities
  bool mean = true;         // false: gradients of the sum
};

// 0 where the label is ignored. One that is no class, which nobody has checked then, makes a NaN of everything.
template <class T>
__device__ double weight_of(const CrossEntropyCall<T>& a, int label) {
  if (label == a.ignore) return 0;
  if (label < 0 || label >= a.classes) return std::nan("");
  return a.weight ? static_cast<double>(a.weight[label]) : 1.0;
}
template <class T>
__device__ double sum_of_weights(const CrossEntropyCall<T>& a, i64 from, i64 step) {
  double sum = 0;
  for (i64 i = from; i < a.rows; i += step) sum += weight_of(a, a.y[i]);
  return block_sum(sum);
}

inline constexpr int row_threads = 256, most_row_threads = 512;  // of many blocks, of one
inline constexpr i64 most_labels = 8192;                         // that every block adds up by itself
inline constexpr unsigned weight_blocks = 256;                   // that do it before, where there are more

// Part `block` of a.weight_blocks.
template <class T>
__device__ void label_weights(const CrossEntropyCall<T>& a, const LossParts& parts, unsigned block) {
  const double sum = sum_of_weights(a, i64{block} * row_threads + threadIdx.x, i64{a.weight_blocks} * row_threads);
  if (threadIdx.x == 0) parts.weight[block] = sum;
}
template <class T>
__global__ void __launch_bounds__(row_threads) label_weights_kernel(CrossEntropyCall<T> a, LossParts parts) {
  label_weights(a, parts, blockIdx.x);
}

// A score and its class. Of equals the first is the larger; a NaN comes last.
template <class T>
struct Score {
  T v;
  int c;
  __device__ void take(T v2, int c2) {
    if (v2 > v || (v2 == v && c2 < c) || (v != v && (v2 == v2 || c2 < c))) v = v2, c = c2;
  }
};

// Over the Lanes threads that share a row.
template <int Lanes, class V>
__device__ V row_sum(V v) {
  for (int mask = Lanes / 2; mask > 0; mask /= 2) v += shuffle_xor(v, mask);
  return v;
}
template <int Lanes, class T>
__device__ Score<T> row_largest(Score<T> s) {
  for (int mask = Lanes / 2; mask > 0; mask /= 2) {
    const T v = shuffle_xor(s.v, mask);
    const int c = shuffle_xor(s.c, mask);
    s.take(v, c);
  }
  return s;
}

template <class T, int Lanes>
__device__ void cross_entropy(const CrossEntropyCall<T>& a, const LossParts& parts, const LossBlocks& at_block) {
  const double whole = a.soft                ? static_cast<double>(a.rows)
                       : a.weight_blocks > 0 ? sum_of_parts(parts.weight, a.weight_blocks)
                                             : sum_of_weights(a, threadIdx.x, blockDim.x);
  const double over = a.mean ? whole : 1.0;
  const double each = a.smoothing / a.classes;
  const int lane = static_cast<int>(threadIdx.x) % Lanes, rows_here = static_cast<int>(blockDim.x) / Lanes;
  double value = 0;
  unsigned long long hits = 0;
  // All threads of a block go round equally often: the lanes of a warp meet in sums.
  for (i64 first = i64{at_block.block} * rows_here; first < a.rows; first += i64{at_block.blocks} * rows_here) {
    const i64 row = first + static_cast<int>(threadIdx.x) / Lanes;
    const bool mine = row < a.rows;
    const i64 at = mine ? row / a.plane * a.classes * a.plane + row % a.plane : 0;
    const T* x = a.x + at;
    const int classes = mine ? a.classes : 0;
    int label = mine && !a.soft ? a.y[row] : 0;
    const bool counts = mine && (a.soft || label != a.ignore), spread = a.soft || a.smoothing > 0;
    // What is asked of class c beside the label's own share.
    const auto share = [&](int c) {
      const double w = a.weight ? static_cast<double>(a.weight[c]) : 1.0;
      return a.soft ? w * ((1 - a.smoothing) * static_cast<double>(a.soft[at + c * a.plane]) + each) : w * each;
    };

    Score<T> best{static_cast<T>(std::nan("")), 0x7FFFFFFF};
    for (int c = lane; c < classes; c += Lanes) best.take(x[c * a.plane], c);
    best = row_largest<Lanes>(best);
    double sum = 0, shares = each * a.weights;
    if (a.softmax) {
      for (int c = lane; c < classes; c += Lanes) sum += static_cast<double>(std::exp(x[c * a.plane] - best.v));
      sum = row_sum<Lanes>(sum);
    }
    if (a.soft) {
      Score<T> likely{static_cast<T>(std::nan("")), 0x7FFFFFFF};
      shares = 0;
      for (int c = lane; c < classes; c += Lanes) {
        likely.take(a.soft[at + c * a.plane], c);
        shares += share(c);
      }
      label = row_largest<Lanes>(likely).c;
      shares = row_sum<Lanes>(shares);
    }

    if (a.plane == 1 && lane == 0 && counts)
      hits += 1ull << 32 | static_cast<unsigned long long>(best.c == label && best.v == best.v);
    const double hit = counts && !a.soft ? (1 - a.smoothing) * weight_of(a, label) : 0;
    if (counts && (spread || lane == 0)) {
      const double log_sum = a.softmax ? std::log(sum) : 0, top = a.softmax ? static_cast<double>(best.v) : 0;
      if (lane == 0 && hit != 0 && label >= 0 && label < a.classes)
        value += hit * (log_sum + (top - static_cast<double>(x[label * a.plane])));
      if (spread)
        for (int c = lane; c < classes; c += Lanes) {
          const double t = share(c);
          if (t != 0) value += t * (log_sum + (top - static_cast<double>(x[c * a.plane])));
        }
    }
    if (a.g && mine) {
      T* g = a.g + at;
      const T scale = static_cast<T>((hit + shares) / over / sum), own = static_cast<T>(hit / over);
      const T flat = static_cast<T>(each / over);
      for (int c = lane; c < classes; c += Lanes) {
        T v = 0;
        if (counts) {
          if (a.softmax) v = std::exp(x[c * a.plane] - best.v) * scale;
          if (c == label) v -= own;
          if (a.soft)
            v -= static_cast<T>(share(c) / over);
          else if (a.smoothing > 0)
            v -= a.weight ? flat * static_cast<T>(a.weight[c]) : flat;
        }
        g[c * a.plane] = v;
      }
    }
  }
  finish_loss(parts, at_block, value, hits, whole, whole);
}
template <class T, int Lanes>
__global__ void __launch_bounds__(most_row_threads) cross_entropy_kernel(CrossEntropyCall<T> a, LossParts parts) {
  cross_entropy<T, Lanes>(a, parts, loss_grid());
}

template <class T, int Lanes>
void launch_rows(const Queue& queue, const CrossEntropyCall<T>& a, const LossParts& parts) {
  const i64 threads = (a.rows * Lanes + warp_size - 1) / warp_size * warp_size;
  Grid grid;
  if (threads <= 4 * most_row_threads) {  // one block: no other to wait for
    grid.threads = static_cast<unsigned>(threads < most_row_threads ? threads : most_row_threads);
  } else {
    const i64 blocks = ceil_div(threads, row_threads);
    grid.threads = row_threads;
    grid.blocks = static_cast<unsigned>(blocks < most_loss_blocks ? blocks : most_loss_blocks);
  }
  launch(queue, "CrossEntropy", &cross_entropy_kernel<T, Lanes>, grid, a, parts);
}

// How many lanes share a row.
constexpr int row_lanes(i64 classes, i64 plane) { return classes <= 4 || plane >= 32 ? 1 : classes <= 64 ? 8 : 32; }

template <class T>
void queue_rows(const Queue& queue, CrossEntropyCall<T> a, const LossParts& parts) {
  if (a.rows > most_labels && !a.soft) {
    a.weight_blocks = weight_blocks;
    launch(queue, "CrossEntropy's weights", &label_weights_kernel<T>, Grid{a.weight_blocks, row_threads}, a, parts);
  }
  switch (row_lanes(a.classes, a.plane)) {
    case 1:
      return launch_rows<T, 1>(queue, a, parts);
    case 8:
      return launch_rows<T, 8>(queue, a, parts);
    default:
      return launch_rows<T, 32>(queue, a, parts);
  }
}

}  // namespace ctnet::cuda
