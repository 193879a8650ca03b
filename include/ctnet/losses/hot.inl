// SPDX-License-Identifier: MIT
// Included once per CPU target. Softmax of a row, and the losses that go element by element.
namespace ctnet::CTNET_TARGET {

// The sum of n numbers in double, in an order of 16 partial sums that is the same on every target.
template <class T>
[[gnu::always_inline]] inline double sum_in_double(const T* x, decltype(sizeof 0) n) {
  double part[16] = {};
  decltype(sizeof 0) i = 0;
  for (; i + 16 <= n; i += 16)
    for (int k = 0; k < 16; ++k) part[k] += static_cast<double>(x[i + static_cast<unsigned>(k)]);
  for (int k = 0; i < n; ++i, ++k) part[k] += static_cast<double>(x[i]);
  for (int step = 8; step > 0; step /= 2)
    for (int k = 0; k < step; ++k) part[k] += part[k + step];
  return part[0];
}

// p(c) = factor * exp(x(c)) / sum over c of exp(x(c)), with the largest x taken off first. Returns that sum's
// logarithm; log softmax(x)(c) = x(c) - largest - log_sum. A NaN or +infinity in the row makes all of it NaN.
template <class T>
double softmax_row(const T* x, T* p, decltype(sizeof 0) n, double factor, T& largest) {
  const T lowest = -static_cast<T>(__builtin_inf());
  Vec<T> m = splat<T>(lowest);
  each_vector<T>(
      n, [&](auto i, auto at) __attribute__((always_inline)) { m = max<T>(m, at.load(x + i, lowest)); });
  T top[lanes<T>];
  __builtin_memcpy(top, &m, sizeof top);
  largest = top[0];
  for (int k = 1; k < lanes<T>; ++k) largest = top[k] > largest ? top[k] : largest;
  const Vec<T> base = splat<T>(largest);
  each_vector<T>(
      n, [&](auto i, auto at) __attribute__((always_inline)) { at.store(p + i, exp<T>(at.load(x + i) - base)); });
  const double sum = sum_in_double(p, n);
  const Vec<T> scale = splat<T>(static_cast<T>(factor / sum));
  each_vector<T>(
      n, [&](auto i, auto at) __attribute__((always_inline)) { at.store(p + i, at.load(p + i) * scale); });
  return __builtin_log(sum);
}

// Sum over i of l(x(i), y(i)) in double; g(i) = dl/dx. f(x, y, g) takes vectors, sets g and gives l.
template <class T, class F>
[[gnu::always_inline]] inline double sum_elements(const T* x, const T* y, T* g, decltype(sizeof 0) n, F f) {
  constexpr decltype(sizeof 0) block = 512;
  T l[block];
  double sum = 0;
  for (decltype(sizeof 0) from = 0; from < n; from += block) {
    const auto count = n - from < block ? n - from : block;
    each_vector<T>(
        count, [&](auto i, auto at) __attribute__((always_inline)) {
          Vec<T> gradient;
          at.store(l + i, f(at.load(x + from + i), at.load(y + from + i), gradient));
          at.store(g + from + i, gradient);
        });
    sum += sum_in_double(l, count);
  }
  return sum;
}

// l = d^2, dl/dx = factor * d with d = x - y
template <class T>
double squared_error(const T* x, const T* y, T* g, decltype(sizeof 0) n, double factor) {
  const T f = static_cast<T>(factor);
  return sum_elements(
      x, y, g, n, [&](Vec<T> a, Vec<T> b, Vec<T> & gradient) __attribute__((always_inline)) {
        const Vec<T> d = a - b;
        gradient = d * f;
        return d * d;
      });
}

// l = d^2 / (2 beta) where |d| < beta, else |d| - beta / 2; dl/dx = factor * (d / beta or the sign of d)
template <class T>
double smooth_l1(const T* x, const T* y, T* g, decltype(sizeof 0) n, double factor, double beta_) {
  const T f = static_cast<T>(factor), beta = static_cast<T>(beta_);
  const T inverse = beta > T{0} ? T{1} / beta : T{0};
  return sum_elements(
      x, y, g, n, [&](Vec<T> a, Vec<T> b, Vec<T> & gradient) __attribute__((always_inline)) {
        const Vec<T> d = a - b, size = abs<T>(d), zero = splat<T>(T{0});
        const Vec<T> sign = d > zero ? splat<T>(T{1}) : d < zero ? splat<T>(T{-1}) : d;  // a NaN stays one
        const auto near = size < beta;
        gradient = (near ? d * inverse : sign) * f;
        return near ? T(0.5) * d * d * inverse : size - T(0.5) * beta;
      });
}

// l = (1 - y) x + (1 + (w - 1) y) log(1 + e^-x), dl/dx = factor * (1 - y - (1 + (w - 1) y) sigmoid(-x))
template <class T>
double bce_with_logits(const T* x, const T* y, T* g, decltype(sizeof 0) n, double factor, double positive_weight) {
  const T f = static_cast<T>(factor), extra = static_cast<T>(positive_weight - 1);
  return sum_elements(
      x, y, g, n, [&](Vec<T> a, Vec<T> b, Vec<T> & gradient) __attribute__((always_inline)) {
        const Vec<T> e = exp<T>(-abs<T>(a)), weight = T{1} + extra * b, zero = splat<T>(T{0});
        const Vec<T> softplus = log1p<T>(e) + (a < zero ? -a : zero);  // log(1 + e^-x)
        const Vec<T> sigmoid_minus = (a < zero ? splat<T>(T{1}) : e) / (T{1} + e);
        gradient = (T{1} - b - weight * sigmoid_minus) * f;
        return (T{1} - b) * a + weight * softplus;
      });
}

}  // namespace ctnet::CTNET_TARGET
