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

// m: of a centered one, b: with momentum; null where there is none.
template <class T>
void rmsprop_step(const ::ctnet::RmspropNumbers& k, T* p, const T* g, T* v, T* m, T* b, decltype(sizeof 0) n) {
  const T rate = static_cast<T>(k.rate), l2 = static_cast<T>(k.l2), alpha = static_cast<T>(k.alpha),
          rest = static_cast<T>(1 - k.alpha), eps = static_cast<T>(k.eps), momentum = static_cast<T>(k.momentum);
  const auto pass = [&](auto centered, auto buffered) __attribute__((always_inline)) {
    each_vector<T>(
        n, [&](auto i, auto at) __attribute__((always_inline)) {
          const Vec<T> w = at.load(p + i), d = at.load(g + i) + l2 * w;
          Vec<T> variance = alpha * at.load(v + i) + rest * (d * d);
          at.store(v + i, variance);
          if constexpr (centered.value) {
            const Vec<T> mean = alpha * at.load(m + i) + rest * d;
            at.store(m + i, mean);
            variance = variance - mean * mean;
            variance = variance < T(0) ? splat<T>(T(0)) : variance;
          }
          Vec<T> e = d / (sqrt<T>(variance) + eps);
          if constexpr (buffered.value) {
            e = momentum * at.load(b + i) + e;
            at.store(b + i, e);
          }
          at.store(p + i, w - rate * e);
        });
  };
  if (m && b)
    pass(::ctnet::Int<1>{}, ::ctnet::Int<1>{});
  else if (m)
    pass(::ctnet::Int<1>{}, ::ctnet::Int<0>{});
  else if (b)
    pass(::ctnet::Int<0>{}, ::ctnet::Int<1>{});
  else
    pass(::ctnet::Int<0>{}, ::ctnet::Int<0>{});
}

template <class T>
void lion_step(const ::ctnet::LionNumbers& k, T* p, const T* g, T* m, decltype(sizeof 0) n) {
  const T rate = static_cast<T>(k.rate), keep = static_cast<T>(k.keep), beta1 = static_cast<T>(k.beta1),
          rest1 = static_cast<T>(1 - k.beta1), beta2 = static_cast<T>(k.beta2), rest2 = static_cast<T>(1 - k.beta2);
  each_vector<T>(
      n, [&](auto i, auto at) __attribute__((always_inline)) {
        const Vec<T> d = at.load(g + i), mean = at.load(m + i), c = beta1 * mean + rest1 * d;
        Vec<T> sign = c > T(0) ? splat<T>(T(1)) : c;
        sign = c < T(0) ? splat<T>(T(-1)) : sign;
        at.store(p + i, keep * at.load(p + i) - rate * sign);
        at.store(m + i, beta2 * mean + rest2 * d);
      });
}

// The buffer b takes g in; x: what is to be made orthogonal.
template <class T>
void muon_momentum(const ::ctnet::MuonNumbers& k, const T* g, T* b, T* x, decltype(sizeof 0) n) {
  const T momentum = static_cast<T>(k.momentum), rest = static_cast<T>(1 - k.momentum),
          of_gradient = static_cast<T>(k.nesterov ? 1 - k.momentum : 0),
          of_buffer = static_cast<T>(k.nesterov ? k.momentum : 1);
  each_vector<T>(
      n, [&](auto i, auto at) __attribute__((always_inline)) {
        const Vec<T> d = at.load(g + i), buffer = momentum * at.load(b + i) + rest * d;
        at.store(b + i, buffer);
        at.store(x + i, of_gradient * d + of_buffer * buffer);
      });
}
// square = b gram + c square + a, of n x n
template <class T>
void muon_polynomial(const ::ctnet::MuonNumbers& k, const T* gram, T* square, int n) {
  const T b = static_cast<T>(k.b), c = static_cast<T>(k.c);
  const auto side = static_cast<decltype(sizeof 0)>(n);
  each_vector<T>(
      side * side, [&](auto i, auto at) __attribute__((always_inline)) {
        at.store(square + i, b * at.load(gram + i) + c * at.load(square + i));
      });
  for (decltype(sizeof 0) i = 0; i < side; ++i) square[i * (side + 1)] += static_cast<T>(k.a);
}
template <class T>
void muon_move(const ::ctnet::MuonNumbers& k, T* p, const T* x, decltype(sizeof 0) n) {
  const T rate = static_cast<T>(k.rate), keep = static_cast<T>(k.keep);
  each_vector<T>(
      n, [&](auto i, auto at)
             __attribute__((always_inline)) { at.store(p + i, keep * at.load(p + i) - rate * at.load(x + i)); });
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
