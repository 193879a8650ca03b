// SPDX-License-Identifier: MIT
// Included once per CPU target. The vocabulary of the hot loops: vectors of one register, unaligned loads and stores,
// loops unrolled at compile time. The compiler's own vectors; nothing here is an intrinsic.
namespace ctnet::CTNET_TARGET {

// Lanes of T in one register of this target.
template <class T>
inline constexpr int lanes = static_cast<int>(CTNET_VECTOR_BYTES / sizeof(T));

template <class T>
struct VecOf {
  typedef T type __attribute__((vector_size(CTNET_VECTOR_BYTES)));
  typedef T unaligned __attribute__((vector_size(CTNET_VECTOR_BYTES), aligned(sizeof(T)), may_alias));
};
template <class T>
using Vec = typename VecOf<T>::type;

template <class T>
[[gnu::always_inline]] inline Vec<T> load(const T* p) {
  return *reinterpret_cast<const typename VecOf<T>::unaligned*>(p);
}
template <class T>
[[gnu::always_inline]] inline void store(T* p, Vec<T> v) {
  *reinterpret_cast<typename VecOf<T>::unaligned*>(p) = v;
}
template <class T>
[[gnu::always_inline]] inline Vec<T> splat(T s) {
  return s - Vec<T>{};  // s - 0 keeps the sign of a negative zero
}
// Sum of the lanes, as a tree.
template <class T>
[[gnu::always_inline]] inline T sum_lanes(Vec<T> v) {
  T a[lanes<T>];
  __builtin_memcpy(a, &v, sizeof a);
#pragma GCC unroll 8
  for (int step = lanes<T> / 2; step > 0; step /= 2)
#pragma GCC unroll 16
    for (int i = 0; i < step; ++i) a[i] += a[i + step];
  return a[0];
}

// f(Int<0>{}), f(Int<1>{}), ... f(Int<N - 1>{})
template <int... I, class F>
[[gnu::always_inline]] inline void unroll_each(::ctnet::Ints<I...>, F&& f) {
  (f(::ctnet::Int<I>{}), ...);
}
template <int N, class F>
[[gnu::always_inline]] inline void unroll(F&& f) {
  unroll_each(::ctnet::Iota<N>{}, static_cast<F&&>(f));
}

}  // namespace ctnet::CTNET_TARGET
