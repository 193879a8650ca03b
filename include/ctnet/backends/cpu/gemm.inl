// SPDX-License-Identifier: MIT
// Included once per CPU target. Products of row-major matrices, for any sizes:
//   gemm       C(m,n) = [C +] [bias(m) +]  sum over p of  A(m,p) B(p,n)     A with any two strides, so also transposed
//   gemm_dot   C(m,n) = [C +] [bias(n) +]  sum over p of  A(m,p) B(n,p)     both contiguous along p
//
//        W columns                  gemm: a tile of C, rows x W, lives in registers; each step adds
//       +----------+                column p of A times row p of B. B's panel of depth x W is copied
//  rows |  C tile  |                to one piece where it is used often enough.
//       +----------+                gemm_dot: a tile of sums runs along p, then lanes are added up.
//
// All elements of C are summed in one order, whatever tile or remainder they fall into: gemm from the first p to the
// last, in runs of gemm_depth; gemm_dot every lane for itself, then the lanes (sum_each), in runs of 512.
namespace ctnet::CTNET_TARGET {

inline constexpr int gemm_rows = 6;
inline constexpr int gemm_vectors = CTNET_VECTOR_BYTES == 64 ? 4 : 2;  // of the tile's width; 16 registers allow 2
inline constexpr int gemm_depth = 256;

// C's tile of R rows and M vectors; only the last `keep` columns are written.
template <class T, int R, int M>
[[gnu::noinline]] void gemm_tile(int k, const T* a, i64 a_row, i64 a_step, const T* b, i64 b_step, T* c, i64 c_row,
                                 const T* bias, bool accumulate, int keep) {
  Vec<T> sum[R][M];
  unroll<R * M>([&](auto i) __attribute__((always_inline)) { sum[i / M][i % M] = Vec<T>{}; });
  for (int p = 0; p < k; ++p) {
    Vec<T> row[M];
    unroll<M>([&](auto m) __attribute__((always_inline)) { row[m] = load(b + m * lanes<T>); });
    unroll<R>([&](auto r) __attribute__((always_inline)) {
      const T v = a[r * a_row];
      unroll<M>([&](auto m) __attribute__((always_inline)) { sum[r][m] += v * row[m]; });
    });
    a += a_step;
    b += b_step;
  }
  if (keep == M * lanes<T>) {
    unroll<R>([&](auto r) __attribute__((always_inline)) {
      T* out = c + r * c_row;
      const T base = bias ? bias[r] : T(0);
      unroll<M>([&](auto m) __attribute__((always_inline)) {
        Vec<T> v = sum[r][m] + base;
        if (accumulate) v += load(out + m * lanes<T>);
        store(out + m * lanes<T>, v);
      });
    });
    return;
  }
  T part[R][lanes<T>];
  unroll<R>([&](auto r) __attribute__((always_inline)) { store(part[r], sum[r][M - 1]); });
#pragma GCC unroll 1
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 1
    for (int i = lanes<T> - keep; i < lanes<T>; ++i) {
      T* out = c + r * c_row + i;
      *out = part[r][i] + (bias ? bias[r] : T(0)) + (accumulate ? *out : T(0));
    }
}

template <class T, int M>
inline void gemm_panel(int m, int k, const T* a, i64 a_row, i64 a_step, const T* b, i64 b_step, T* c, i64 c_row,
                       const T* bias, bool accumulate, int keep) {
  int i = 0;
  for (; m - i >= gemm_rows && m - i != 8 && m - i != 9; i += gemm_rows)  // 8 is 4 + 4, not 6 + 1 + 1
    gemm_tile<T, gemm_rows, M>(k, a + i * a_row, a_row, a_step, b, b_step, c + i * c_row, c_row, bias ? bias + i : bias,
                               accumulate, keep);
  for (; i + 4 <= m; i += 4)
    gemm_tile<T, 4, M>(k, a + i * a_row, a_row, a_step, b, b_step, c + i * c_row, c_row, bias ? bias + i : bias,
                       accumulate, keep);
  for (; i < m; ++i)
    gemm_tile<T, 1, M>(k, a + i * a_row, a_row, a_step, b, b_step, c + i * c_row, c_row, bias ? bias + i : bias,
                       accumulate, keep);
}

template <class T>
void gemm(int m, int n, int k, const T* a, i64 a_row, i64 a_step, const T* b, i64 b_row, T* c, i64 c_row, const T* bias,
          bool accumulate) {
  constexpr int W = gemm_vectors * lanes<T>;
  constexpr int pack_from = 24;  // rows of A that make a copy of B's panel pay
  alignas(64) T packed[gemm_depth * W];
  for (int p = 0; p < k || p == 0; p += gemm_depth) {
    const int depth = k - p < gemm_depth ? k - p : gemm_depth;
    const T *ap = a + p * a_step, *bp = b + p * b_row;
    int j = 0;
    for (; j + W <= n; j += W) {
      const T* panel = bp + j;
      i64 step = b_row;
      if (m >= pack_from) {
        for (int q = 0; q < depth; ++q)
          unroll<gemm_vectors>([&](auto v) __attribute__((always_inline)) {
            store(packed + q * W + v * lanes<T>, load(panel + q * b_row + v * lanes<T>));
          });
        panel = packed;
        step = W;
      }
      gemm_panel<T, gemm_vectors>(m, depth, ap, a_row, a_step, panel, step, c + j, c_row, bias, accumulate, W);
    }
    for (; j + lanes<T> <= n; j += lanes<T>)
      gemm_panel<T, 1>(m, depth, ap, a_row, a_step, bp + j, b_row, c + j, c_row, bias, accumulate, lanes<T>);
    if (j < n) {
      // The rest: one vector that ends with the last column; its first lanes were done before and are left alone.
      const int keep = n - j, first = n - lanes<T>;
      const T* panel = bp + first;
      i64 step = b_row;
      if (first < 0) {
        for (int q = 0; q < depth; ++q)
          for (int i = 0; i < n; ++i) packed[q * lanes<T> + i - first] = bp[q * b_row + i];
        for (int q = 0; q < depth; ++q)
          for (int i = 0; i < -first; ++i) packed[q * lanes<T> + i] = T(0);
        panel = packed;
        step = lanes<T>;
      }
      gemm_panel<T, 1>(m, depth, ap, a_row, a_step, panel, step, c + first, c_row, bias, accumulate, keep);
    }
    accumulate = true;
    bias = nullptr;
  }
}

// Adds neighbours: the sums of a's pairs, then of b's.
template <class T>
[[gnu::always_inline]] inline Vec<T> add_pairs(Vec<T> a, Vec<T> b) {
  if constexpr (lanes<T> == 16)
    return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30) +
           __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
  else if constexpr (lanes<T> == 8)
    return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14) +
           __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
  else if constexpr (lanes<T> == 4)
    return __builtin_shufflevector(a, b, 0, 2, 4, 6) + __builtin_shufflevector(a, b, 1, 3, 5, 7);
  else
    return __builtin_shufflevector(a, b, 0, 2) + __builtin_shufflevector(a, b, 1, 3);
}

// sums[i] = the sum of v[i]'s lanes, for N = a power of two of vectors: of neighbours, then of neighbouring sums, and
// so on, whatever N is.
template <class T, int N>
[[gnu::always_inline]] inline void sum_each(Vec<T>* v, T* sums) {
  if constexpr (N > lanes<T>) {
    sum_each<T, N / 2>(v, sums);
    sum_each<T, N / 2>(v + N / 2, sums + N / 2);
  } else {
    unroll<N / 2>([&](auto i) __attribute__((always_inline)) { v[i] = add_pairs<T>(v[2 * i], v[2 * i + 1]); });
    if constexpr (N > 4)
      unroll<N / 4>([&](auto i) __attribute__((always_inline)) { v[i] = add_pairs<T>(v[2 * i], v[2 * i + 1]); });
    if constexpr (N > 8)
      unroll<N / 8>([&](auto i) __attribute__((always_inline)) { v[i] = add_pairs<T>(v[2 * i], v[2 * i + 1]); });
    if constexpr (N > 2) v[0] = add_pairs<T>(v[0], v[1]);
    // v[0] now holds, N by N, partial sums of every vector
    for (int have = lanes<T>; have > N; have /= 2) v[0] = add_pairs<T>(v[0], v[0]);
    T all[lanes<T>];
    store(all, v[0]);
    for (int i = 0; i < N; ++i) sums[i] = all[i];
  }
}

// Ones in the bits of the last k lanes, zeros before.
template <class T>
struct LastLanes {
  typedef decltype(Vec<T>{} < Vec<T>{}) Mask;
  [[gnu::always_inline]] static inline Mask of(int k) {
    Vec<T> lane;
    for (int i = 0; i < lanes<T>; ++i) lane[i] = T(i);
    return lane >= T(lanes<T> - k);
  }
};

template <class T, int R, int S>
[[gnu::noinline]] void dot_tile(int k, const T* a, i64 a_row, const T* b, i64 b_row, T* c, i64 c_row, const T* bias,
                                bool accumulate) {
  Vec<T> sum[R * S];
  unroll<R * S>([&](auto i) __attribute__((always_inline)) { sum[i] = Vec<T>{}; });
  auto step = [&](auto keep) __attribute__((always_inline)) {
    Vec<T> right[S];
    unroll<S>([&](auto s) __attribute__((always_inline)) { right[s] = load(b + s * b_row); });
    unroll<R>([&](auto r) __attribute__((always_inline)) {
      Vec<T> left = load(a + r * a_row);
      keep(left);
      unroll<S>([&](auto s) __attribute__((always_inline)) { sum[r * S + s] += left * right[s]; });
    });
  };
  const bool whole = k >= lanes<T>;
  for (; k >= lanes<T>; k -= lanes<T>, a += lanes<T>, b += lanes<T>) step([](auto&) __attribute__((always_inline)){});
  if (k > 0 && whole) {  // one more vector, which ends with the last element: what was done before counts as zero
    a -= lanes<T> - k, b -= lanes<T> - k;
    const typename LastLanes<T>::Mask mask = LastLanes<T>::of(k);
    step([mask](auto& v) __attribute__((always_inline)) { v = (Vec<T>)((typename LastLanes<T>::Mask)v & mask); });
  } else if (k > 0) {
    T a_rest[R * lanes<T>] = {}, b_rest[S * lanes<T>] = {};
    for (int i = 0; i < k; ++i) {
      for (int r = 0; r < R; ++r) a_rest[r * lanes<T> + i] = a[r * a_row + i];
      for (int s = 0; s < S; ++s) b_rest[s * lanes<T> + i] = b[s * b_row + i];
    }
    a = a_rest, b = b_rest, a_row = b_row = lanes<T>;
    step([](auto&) __attribute__((always_inline)){});
  }
  T total[R * S];
  sum_each<T, R * S>(sum, total);
#pragma GCC unroll 1
  for (int i = 0; i < R * S; ++i) {
    T* out = c + i / S * c_row + i % S;
    *out = total[i] + (bias ? bias[i % S] : T(0)) + (accumulate ? *out : T(0));
  }
}

template <class T>
void gemm_dot(int m, int n, int k, const T* a, i64 a_row, const T* b, i64 b_row, T* c, i64 c_row, const T* bias,
              bool accumulate) {
  constexpr int R = 4, S = CTNET_VECTOR_BYTES == 64 ? 4 : 2;
  constexpr int depth_most = 512;
  for (int p = 0; p < k || p == 0; p += depth_most) {
    const int depth = k - p < depth_most ? k - p : depth_most;
    const T *ap = a + p, *bp = b + p;
    int j = 0;
    for (; j + S <= n; j += S) {
      int i = 0;
      for (; i + R <= m; i += R)
        dot_tile<T, R, S>(depth, ap + i * a_row, a_row, bp + j * b_row, b_row, c + i * c_row + j, c_row,
                          bias ? bias + j : bias, accumulate);
      for (; i < m; ++i)
        dot_tile<T, 1, S>(depth, ap + i * a_row, a_row, bp + j * b_row, b_row, c + i * c_row + j, c_row,
                          bias ? bias + j : bias, accumulate);
    }
    for (; j < n; ++j) {
      int i = 0;
      for (; i + R <= m; i += R)
        dot_tile<T, R, 1>(depth, ap + i * a_row, a_row, bp + j * b_row, b_row, c + i * c_row + j, c_row,
                          bias ? bias + j : bias, accumulate);
      for (; i < m; ++i)
        dot_tile<T, 1, 1>(depth, ap + i * a_row, a_row, bp + j * b_row, b_row, c + i * c_row + j, c_row,
                          bias ? bias + j : bias, accumulate);
    }
    accumulate = true;
    bias = nullptr;
  }
}

// The sum of n numbers.
template <class T>
T sum_of(const T* v, i64 n) {
  Vec<T> sum[4] = {};
  i64 i = 0;
  for (; i + 4 * lanes<T> <= n; i += 4 * lanes<T>)
    unroll<4>([&](auto u) __attribute__((always_inline)) { sum[u] += load(v + i + u * lanes<T>); });
  for (; i + lanes<T> <= n; i += lanes<T>) sum[0] += load(v + i);
  T rest = 0;
  for (; i < n; ++i) rest += v[i];
  return rest + sum_lanes<T>((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

}  // namespace ctnet::CTNET_TARGET
