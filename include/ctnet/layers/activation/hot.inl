// SPDX-License-Identifier: MIT
// Included once per CPU target. The activations over n values, and their gradients from what backward keeps (y or x).
namespace ctnet::CTNET_TARGET {

template <class T>
void relu(const T* x, T* y, i64 n) {
  for (i64 i = 0; i < n; ++i) y[i] = x[i] < 0 ? T(0) : x[i];  // a NaN stays
}
template <class T>
void relu_backward(const T* y, const T* grad_out, T* grad_in, i64 n) {
  for (i64 i = 0; i < n; ++i) grad_in[i] = y[i] > 0 ? grad_out[i] : T(0);
}
template <class T>
void leaky_relu(const T* x, T* y, i64 n, T slope) {
  for (i64 i = 0; i < n; ++i) y[i] = x[i] > 0 ? x[i] : slope * x[i];
}
template <class T>
void leaky_relu_backward(const T* x, const T* grad_out, T* grad_in, i64 n, T slope) {
  for (i64 i = 0; i < n; ++i) grad_in[i] = x[i] > 0 ? grad_out[i] : slope * grad_out[i];
}

// f and df of the others, on vectors.
template <Act A, class T>
[[gnu::always_inline]] inline void activate(Vec<T>& v) {
  if constexpr (A == Act::sigmoid) v = sigmoid<T>(v);
  if constexpr (A == Act::tanh) v = tanh<T>(v);
  if constexpr (A == Act::silu) v = v * sigmoid<T>(v);
  if constexpr (A == Act::gelu) v = v * (T(0.5) + T(0.5) * erf<T>(v * T(0.70710678118654752440)));  // 1 / sqrt(2)
}
template <Act A, class T>
[[gnu::always_inline]] inline void slope_of(Vec<T>& v) {
  if constexpr (A == Act::sigmoid) v = v * (T(1) - v);
  if constexpr (A == Act::tanh) v = T(1) - v * v;
  if constexpr (A == Act::silu) {
    const Vec<T> s = sigmoid<T>(v);
    v = s * (T(1) + v * (T(1) - s));
  }
  if constexpr (A == Act::gelu)  // Phi(x) + x phi(x), phi(x) = exp(-x^2 / 2) / sqrt(2 pi)
    v = T(0.5) + T(0.5) * erf<T>(v * T(0.70710678118654752440)) +
        v * exp<T>(T(-0.5) * v * v) * T(0.39894228040143267794);
}

template <Act A, class T>
void activation(const T* x, T* y, i64 n) {
  each_vector<T>(
      static_cast<decltype(sizeof 0)>(n), [=](auto i, auto part) __attribute__((always_inline)) {
        Vec<T> v = part.load(x + i);
        activate<A, T>(v);
        part.store(y + i, v);
      });
}
template <Act A, class T>
void activation_backward(const T* kept, const T* grad_out, T* grad_in, i64 n) {
  each_vector<T>(
      static_cast<decltype(sizeof 0)>(n), [=](auto i, auto part) __attribute__((always_inline)) {
        Vec<T> v = part.load(kept + i);
        slope_of<A, T>(v);
        part.store(grad_in + i, v * part.load(grad_out + i));
      });
}

}  // namespace ctnet::CTNET_TARGET
