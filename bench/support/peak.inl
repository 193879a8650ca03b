// SPDX-License-Identifier: MIT
// Included once per CPU target. As many multiply-adds as the target can do: twelve independent chains hide the latency
// of two units and fit, with their two constants, into sixteen registers.
namespace ctnet::CTNET_TARGET {

// Gives the number of operations, multiplications and additions counted apart.
template <class T>
[[gnu::noinline]] double multiply_adds(long steps, T factor, T term, T* result) {
  constexpr int chains = 12;
  Vec<T> sum[chains];
  unroll<chains>([&](auto i) __attribute__((always_inline)) { sum[i] = splat(static_cast<T>(i)); });
  const Vec<T> a = splat(factor), b = splat(term);
  for (long s = 0; s < steps; ++s)
    unroll<chains>([&](auto i) __attribute__((always_inline)) { sum[i] = sum[i] * a + b; });
  Vec<T> total{};
  unroll<chains>([&](auto i) __attribute__((always_inline)) { total += sum[i]; });
  *result = sum_lanes<T>(total);
  return 2.0 * chains * lanes<T> * static_cast<double>(steps);
}

}  // namespace ctnet::CTNET_TARGET
