// SPDX-License-Identifier: MIT
// Included once per CPU target. Batch normalization's passes over one plane of n values. Sums are of one plane in T,
// several lanes side by side; the caller adds planes up in double.
namespace ctnet::CTNET_TARGET {

// the sum of f(x, g) over the plane
template <class T, class F>
[[gnu::always_inline]] inline T plane_sum(const T* x, const T* g, i64 n, F f) {
  Vec<T> sum[2] = {};
  i64 i = 0;
  for (; i + 2 * lanes<T> <= n; i += 2 * lanes<T>)
    unroll<2>([&](auto u) __attribute__((always_inline)) {
      Vec<T> a = load(x + i + u * lanes<T>), b = load(g + i + u * lanes<T>);
      f(a, b);
      sum[u] += a;
    });
  T rest = 0;
  for (; i < n; ++i) {
    T a = x[i], b = g[i];
    f(a, b);
    rest += a;
  }
  return rest + sum_lanes<T>(sum[0] + sum[1]);
}

template <class T>
T plane_squares(const T* v, i64 n, T mean) {
  return plane_sum<T>(
      v, v, n, [mean](auto& a, auto&) __attribute__((always_inline)) { a = (a - mean) * (a - mean); });
}
// the sum of g (x - mean) r
template <class T>
T plane_dot(const T* v, const T* g, i64 n, T mean, T r) {
  return plane_sum<T>(
      v, g, n, [ mean, r ](auto& a, auto& b) __attribute__((always_inline)) { a = b * ((a - mean) * r); });
}
template <class T>
void plane_scale(const T* in, T* out, i64 n, T mean, T r, T weight, T bias) {
  for (i64 i = 0; i < n; ++i) out[i] = weight * ((in[i] - mean) * r) + bias;
}
template <class T>
void plane_gradient(const T* in, const T* g, T* out, i64 n, T mean, T r, T scale, T g_mean, T gx_mean) {
  for (i64 i = 0; i < n; ++i) out[i] = scale * (g[i] - g_mean - (in[i] - mean) * r * gx_mean);
}

}  // namespace ctnet::CTNET_TARGET
