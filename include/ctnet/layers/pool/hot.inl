// SPDX-License-Identifier: MIT
// Included once per CPU target. The pool of most networks, MaxPool<2>: windows of 2 x 2, stride 2, no padding.
namespace ctnet::CTNET_TARGET {

// b wins over a where it is larger or NaN, as in the definition.
template <class T>
[[gnu::always_inline]] inline bool wins(T b, T a) {
  return (b > a) | (b != b);
}

template <class T>
void max_pool_2x2(i64 planes, int h, int w, const T* in, T* out) {
  const int p_end = h / 2, q_end = w / 2;
  for (i64 plane = 0; plane < planes; ++plane, in += i64{h} * w)
    for (int p = 0; p < p_end; ++p, out += q_end) {
      const T *top = in + 2 * p * i64{w}, *bottom = top + w;
      for (int q = 0; q < q_end; ++q) {
        T m = top[2 * q];
        m = wins(top[2 * q + 1], m) ? top[2 * q + 1] : m;
        m = wins(bottom[2 * q], m) ? bottom[2 * q] : m;
        out[q] = wins(bottom[2 * q + 1], m) ? bottom[2 * q + 1] : m;
      }
    }
}

template <class T>
void max_pool_2x2_backward(i64 planes, int h, int w, const T* in, const T* grad_out, T* grad_in) {
  const int p_end = h / 2, q_end = w / 2;
  if (h % 2 || w % 2)
    for (i64 i = 0; i < planes * h * w; ++i) grad_in[i] = T(0);
  for (i64 plane = 0; plane < planes; ++plane, in += i64{h} * w, grad_in += i64{h} * w)
    for (int p = 0; p < p_end; ++p, grad_out += q_end) {
      const T *top = in + 2 * p * i64{w}, *bottom = top + w;
      T *grad_top = grad_in + 2 * p * i64{w}, *grad_bottom = grad_top + w;
      for (int q = 0; q < q_end; ++q) {
        const T a = top[2 * q], b = top[2 * q + 1], c = bottom[2 * q], d = bottom[2 * q + 1], g = grad_out[q];
        T m = a;
        const bool b_wins = wins(b, m);
        m = b_wins ? b : m;
        const bool c_wins = wins(c, m);
        m = c_wins ? c : m;
        const bool d_wins = wins(d, m);
        grad_top[2 * q] = (b_wins | c_wins | d_wins) ? T(0) : g;
        grad_top[2 * q + 1] = (b_wins & !c_wins & !d_wins) ? g : T(0);
        grad_bottom[2 * q] = (c_wins & !d_wins) ? g : T(0);
        grad_bottom[2 * q + 1] = d_wins ? g : T(0);
      }
    }
}

}  // namespace ctnet::CTNET_TARGET
