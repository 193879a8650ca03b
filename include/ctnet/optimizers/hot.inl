// SPDX-License-Identifier: MIT
// Included once per CPU target. One pass over a segment of n parameters p with gradients g; formulas in reference.hpp.
namespace ctnet::CTNET_TARGET {

template <class T>
void sgd_step(const ::ctnet::SgdNumbers& k, T* p, const T* g, decltype(sizeof 0) n) {
  const T rate = static_cast<T>(k.rate), decay = static_cast<T>(k.decay);
  each_vector<T>(
      n, [&](auto i, auto at) __attribute__((always_inline)) {
        const Vec<T> w = at.load(p + i);
        at.store(p + i, w - rate * (at.load(g + i) + decay * w));
      });
}

template <class T>
void sgd_momentum_step(const ::ctnet::SgdNumbers& k, T* p, const T* g, T* b, decltype(sizeof 0) n) {
  const T rate = static_cast<T>(k.rate), decay = static_cast<T>(k.decay), momentum = static_cast<T>(k.momentum),
          share = static_cast<T>(k.share), of_gradient = static_cast<T>(k.nesterov ? 1 : 0),
          of_buffer = static_cast<T>(k.nesterov ? k.momentum : 1);
  each_vector<T>(
      n, [&](auto i, auto at) __attribute__((always_inline)) {
        const Vec<T> w = at.load(p + i), d = at.load(g + i) + decay * w;
        const Vec<T> buffer = momentum * at.load(b + i) + share * d;
        at.store(b + i, buffer);
        at.store(p + i, w - rate * (of_gradient * d + of_buffer * buffer));
      });
}

// largest: the running maximum of v (AMSGrad), or null.
template <class T>
void adam_step(const ::ctnet::AdamNumbers& k, T* p, const T* g, T* m, T* v, T* largest, decltype(sizeof 0) n) {
  const T rate = static_cast<T>(k.rate), l2 = static_cast<T>(k.l2), keep = static_cast<T>(k.keep),
          beta1 = static_cast<T>(k.beta1), rest1 = static_cast<T>(1 - k.beta1), beta2 = static_cast<T>(k.beta2),
          rest2 = static_cast<T>(1 - k.beta2), eps = static_cast<T>(k.eps), root_scale = static_cast<T>(k.root_scale);
  const auto pass = [&](auto with_largest) __attribute__((always_inline)) {
    each_vector<T>(
        n, [&](auto i, auto at) __attribute__((always_inline)) {
          const Vec<T> w = at.load(p + i), d = at.load(g + i) + l2 * w;
          const Vec<T> first = beta1 * at.load(m + i) + rest1 * d;
          Vec<T> second = beta2 * at.load(v + i) + rest2 * (d * d);
          at.store(m + i, first);
          at.store(v + i, second);
          if constexpr (with_largest.value) {
            second = max<T>(at.load(largest + i), second);
            at.store(largest + i, second);
          }
          at.store(p + i, keep * w - rate * first / (sqrt<T>(second) * root_scale + eps));
        });
  };
  if (largest)
    pass(::ctnet::Int<1>{});
  else
    pass(::ctnet::Int<0>{});
}

// Sum of squares in double, in an order of 16 partial sums that is the same on every target.
template <class T>
double squared_norm(const T* g, decltype(sizeof 0) n) {
  double part[16] = {};
  decltype(sizeof 0) i = 0;
  for (; i + 16 <= n; i += 16)
    for (unsigned k = 0; k < 16; ++k) part[k] += static_cast<double>(g[i + k]) * static_cast<double>(g[i + k]);
  for (unsigned k = 0; i < n; ++i, ++k) part[k] += static_cast<double>(g[i]) * static_cast<double>(g[i]);
  for (int step = 8; step > 0; step /= 2)
    for (int k = 0; k < step; ++k) part[k] += part[k + step];
  return part[0];
}

template <class T>
void scale(T* g, decltype(sizeof 0) n, double factor) {
  const T f = static_cast<T>(factor);
  each_vector<T>(
      n, [&](auto i, auto at) __attribute__((always_inline)) { at.store(g + i, at.load(g + i) * f); });
}

}  // namespace ctnet::CTNET_TARGET
