// SPDX-License-Identifier: MIT
// Included once per CPU target. Squares of numbers, as many vectors as a vector has lanes, turned in registers.
namespace ctnet::CTNET_TARGET {

// a0 b0 a1 b1 .. of the lower and of the upper halves
template <class T>
[[gnu::always_inline]] inline void zip(Vec<T> a, Vec<T> b, Vec<T>& low, Vec<T>& high) {
  if constexpr (lanes<T> == 16) {
    low = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    high = __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  } else if constexpr (lanes<T> == 8) {
    low = __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
    high = __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
  } else if constexpr (lanes<T> == 4) {
    low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
    high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  } else {
    low = __builtin_shufflevector(a, b, 0, 2);
    high = __builtin_shufflevector(a, b, 1, 3);
  }
}

// v becomes its transpose.
template <class T>
[[gnu::always_inline]] inline void transpose_square(Vec<T>* v) {
  constexpr int n = lanes<T>;
  unroll<(n == 16  ? 4
          : n == 8 ? 3
          : n == 4 ? 2
                   : 1)>([&](auto) __attribute__((always_inline)) {
    Vec<T> next[n];
    unroll<n / 2>([&](auto i)
                      __attribute__((always_inline)) { zip<T>(v[i], v[i + n / 2], next[2 * i], next[2 * i + 1]); });
    unroll<n>([&](auto i) __attribute__((always_inline)) { v[i] = next[i]; });
  });
}

}  // namespace ctnet::CTNET_TARGET
