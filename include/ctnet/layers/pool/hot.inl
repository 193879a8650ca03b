// SPDX-License-Identifier: MIT
// Included once per CPU target. The pool of most networks, MaxPool<2>: windows of 2 x 2, stride 2, no padding.
//        a b     N columns of two rows make N / 2 outputs. Both rows are compared first, then neighbours, with every
//        c d     window's numbers in two lanes; the last vector of a row ends with the row's last window.
namespace ctnet::CTNET_TARGET {

// Vectors of N columns and their halves.
template <class T, int N>
struct PoolVec {
  typedef T type __attribute__((vector_size(N * sizeof(T))));
  typedef T half __attribute__((vector_size(N / 2 * sizeof(T))));
  typedef T unaligned __attribute__((vector_size(N * sizeof(T)), aligned(sizeof(T)), may_alias));
  typedef T unaligned_half __attribute__((vector_size(N / 2 * sizeof(T)), aligned(sizeof(T)), may_alias));
  typedef decltype(type{} < type{}) Mask;
};

// Indices are written out: nvcc loses packs among the arguments of this builtin.
// b a d c ..
template <int N, class V>
[[gnu::always_inline]] inline V swap_neighbours(V v) {
  if constexpr (N == 16)
    return __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
  else if constexpr (N == 8)
    return __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6);
  else if constexpr (N == 4)
    return __builtin_shufflevector(v, v, 1, 0, 3, 2);
  else
    return __builtin_shufflevector(v, v, 1, 0);
}
// a c e ..
template <int N, class Half, class V>
[[gnu::always_inline]] inline Half evens(V v) {
  if constexpr (N == 16)
    return __builtin_shufflevector(v, v, 0, 2, 4, 6, 8, 10, 12, 14);
  else if constexpr (N == 8)
    return __builtin_shufflevector(v, v, 0, 2, 4, 6);
  else if constexpr (N == 4)
    return __builtin_shufflevector(v, v, 0, 2);
  else
    return __builtin_shufflevector(v, v, 0);
}
// a a b b ..
template <int N, class V, class Half>
[[gnu::always_inline]] inline V each_twice(Half v) {
  if constexpr (N == 16)
    return __builtin_shufflevector(v, v, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
  else if constexpr (N == 8)
    return __builtin_shufflevector(v, v, 0, 0, 1, 1, 2, 2, 3, 3);
  else if constexpr (N == 4)
    return __builtin_shufflevector(v, v, 0, 0, 1, 1);
  else
    return __builtin_shufflevector(v, v, 0, 0);
}
// a a c c ..
template <int N, class V>
[[gnu::always_inline]] inline V evens_twice(V v) {
  if constexpr (N == 16)
    return __builtin_shufflevector(v, v, 0, 0, 2, 2, 4, 4, 6, 6, 8, 8, 10, 10, 12, 12, 14, 14);
  else if constexpr (N == 8)
    return __builtin_shufflevector(v, v, 0, 0, 2, 2, 4, 4, 6, 6);
  else if constexpr (N == 4)
    return __builtin_shufflevector(v, v, 0, 0, 2, 2);
  else
    return __builtin_shufflevector(v, v, 0, 0);
}
// b b d d ..
template <int N, class V>
[[gnu::always_inline]] inline V odds_twice(V v) {
  if constexpr (N == 16)
    return __builtin_shufflevector(v, v, 1, 1, 3, 3, 5, 5, 7, 7, 9, 9, 11, 11, 13, 13, 15, 15);
  else if constexpr (N == 8)
    return __builtin_shufflevector(v, v, 1, 1, 3, 3, 5, 5, 7, 7);
  else if constexpr (N == 4)
    return __builtin_shufflevector(v, v, 1, 1, 3, 3);
  else
    return __builtin_shufflevector(v, v, 1, 1);
}

// The maxima of N / 2 windows.
template <class T, int N>
[[gnu::always_inline]] inline void max_pool_windows(const T* top, const T* bottom, T* out) {
  using P = PoolVec<T, N>;
  const typename P::type a = *reinterpret_cast<const typename P::unaligned*>(top);
  const typename P::type c = *reinterpret_cast<const typename P::unaligned*>(bottom);
  typename P::type m = ((c > a) | (c != c)) ? c : a;
  const typename P::type other = swap_neighbours<N>(m);
  m = ((other > m) | (other != other)) ? other : m;
  *reinterpret_cast<typename P::unaligned_half*>(out) = evens<N, typename P::half>(m);
}

// Their gradients: g to the first of the largest, or the last NaN.
template <class T, int N, int... I>
[[gnu::always_inline]] inline void max_pool_gradients(const T* top, const T* bottom, const T* grad_out, T* grad_top,
                                                      T* grad_bottom, Ints<I...>) {
  using P = PoolVec<T, N>;
  using Mask = typename P::Mask;
  const typename P::type upper = *reinterpret_cast<const typename P::unaligned*>(top);
  const typename P::type lower = *reinterpret_cast<const typename P::unaligned*>(bottom);
  const typename P::half g = *reinterpret_cast<const typename P::unaligned_half*>(grad_out);
  const Mask gradient = (Mask)each_twice<N, typename P::type>(g);
  const typename P::type a = evens_twice<N>(upper);
  const typename P::type b = odds_twice<N>(upper);
  const typename P::type c = evens_twice<N>(lower);
  const typename P::type d = odds_twice<N>(lower);
  const Mask b_wins = (b > a) | (b != b);
  const typename P::type ab = b_wins ? b : a;
  const Mask c_wins = (c > ab) | (c != c);
  const typename P::type abc = c_wins ? c : ab;
  const Mask d_wins = (d > abc) | (d != d);
  const Mask odd = {(I & 1 ? -1 : 0)...};
  *reinterpret_cast<typename P::unaligned*>(grad_top) =
      (typename P::type)(gradient & ~(b_wins ^ odd) & ~(c_wins | d_wins));
  *reinterpret_cast<typename P::unaligned*>(grad_bottom) =
      (typename P::type)(gradient & (d_wins ^ ~odd) & (c_wins | odd | d_wins));
}

// f(q) for the first window of every vector of N columns of a row of q_end windows, N <= 2 * q_end.
template <int N, class F>
[[gnu::always_inline]] inline void each_windows(int q_end, F f) {
  for (int q = 0; q + N / 2 < q_end; q += N / 2) f(q);
  f(q_end - N / 2);
}

template <class T, int N>
[[gnu::noinline]] void max_pool_2x2_rows(i64 planes, int h, int w, const T* in, T* out) {
  const int q_end = w / 2;
  for (i64 plane = 0; plane < planes; ++plane, in += i64{h} * w)
    for (int p = 0; p < h / 2; ++p, out += q_end) {
      const T* top = in + 2 * p * i64{w};
      each_windows<N>(
          q_end, [&](int q)
                     __attribute__((always_inline)) { max_pool_windows<T, N>(top + 2 * q, top + w + 2 * q, out + q); });
    }
}

template <class T, int N>
[[gnu::noinline]] void max_pool_2x2_rows_backward(i64 planes, int h, int w, const T* in, const T* grad_out,
                                                  T* grad_in) {
  const int q_end = w / 2;
  for (i64 plane = 0; plane < planes; ++plane, in += i64{h} * w, grad_in += i64{h} * w) {
    for (int p = 0; p < h / 2; ++p, grad_out += q_end) {
      const T *top = in + 2 * p * i64{w}, *bottom = top + w;
      T *grad_top = grad_in + 2 * p * i64{w}, *grad_bottom = grad_top + w;
      each_windows<N>(
          q_end, [&](int q) __attribute__((always_inline)) {
            max_pool_gradients<T, N>(top + 2 * q, bottom + 2 * q, grad_out + q, grad_top + 2 * q, grad_bottom + 2 * q,
                                     Iota<N>{});
          });
      if (w % 2) grad_top[w - 1] = grad_bottom[w - 1] = T(0);
    }
    if (h % 2)
      for (int i = 0; i < w; ++i) grad_in[(i64{h} - 1) * w + i] = T(0);
  }
}

// Rows of 32 bytes of columns and more.
inline constexpr int half_pool_vector = CTNET_VECTOR_BYTES == 64 ? 2 : 1;  // on AVX-512 also vectors of half its width

template <class T>
void max_pool_2x2(i64 planes, int h, int w, const T* in, T* out) {
  if (w >= lanes<T>)
    max_pool_2x2_rows<T, lanes<T>>(planes, h, w, in, out);
  else
    max_pool_2x2_rows<T, lanes<T> / half_pool_vector>(planes, h, w, in, out);
}
template <class T>
void max_pool_2x2_backward(i64 planes, int h, int w, const T* in, const T* grad_out, T* grad_in) {
  if (w >= lanes<T>)
    max_pool_2x2_rows_backward<T, lanes<T>>(planes, h, w, in, grad_out, grad_in);
  else
    max_pool_2x2_rows_backward<T, lanes<T> / half_pool_vector>(planes, h, w, in, grad_out, grad_in);
}

}  // namespace ctnet::CTNET_TARGET
