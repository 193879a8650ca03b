// SPDX-License-Identifier: MIT
// Included once per CPU target. Sums of the gradients of chunks; averages of weights.
namespace ctnet::CTNET_TARGET {

// first(i) = the sum over K buffers, as a tree: 0 + 1, 2 + 3, ..., then 0 + 2, 4 + 6, ... Buffer k > 0 begins at
// others + (k - 1) stride.
template <int K, class T>
void tree_sum_of(T* first, const T* others, i64 stride, i64 n) {
  each_vector<T>(
      static_cast<decltype(sizeof 0)>(n), [&](auto i, auto at) __attribute__((always_inline)) {
        Vec<T> v[K];
        v[0] = at.load(first + i);
        unroll<K - 1>([&](auto k) __attribute__((always_inline)) { v[k + 1] = at.load(others + k * stride + i); });
#pragma GCC unroll 4
        for (int distance = 1; distance < K; distance *= 2)
#pragma GCC unroll 8
          for (int k = 0; k < K; k += 2 * distance) v[k] += v[k + distance];
        at.store(first + i, v[0]);
      });
}
// chunks: 2, 4, 8 or 16
template <class T>
void tree_sum(T* first, const T* others, i64 stride, int chunks, i64 n) {
  if (chunks == 2) return tree_sum_of<2>(first, others, stride, n);
  if (chunks == 4) return tree_sum_of<4>(first, others, stride, n);
  if (chunks == 8) return tree_sum_of<8>(first, others, stride, n);
  tree_sum_of<16>(first, others, stride, n);
}

// to += part (from - to)
template <class T>
void approach(T* to, const T* from, T part, i64 n) {
  each_vector<T>(
      static_cast<decltype(sizeof 0)>(n), [&](auto i, auto at) __attribute__((always_inline)) {
        const Vec<T> v = at.load(to + i);
        at.store(to + i, v + part * (at.load(from + i) - v));
      });
}

}  // namespace ctnet::CTNET_TARGET
