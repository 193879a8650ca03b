// SPDX-License-Identifier: MIT
// Included once per CPU target. Y (images, K) = act(X (images, n) W + bias), W packed as [K / width][n][width], K a
// multiple of 16, width at most 64. One order of sums for every column and every image: with n in four quarters
// (the last takes the remainder), each summed from its first element to its last,
//   y = act((((bias + quarter 0) + quarter 1) + quarter 2) + quarter 3)
// Tiles are images x vectors in registers; where there are few vectors, several quarters are under way at once, so that
// enough additions are independent.
namespace ctnet::CTNET_TARGET {

template <int Images, int Vectors>
[[gnu::noinline]] void linear_tile(int n, const float* x, i64 x_step, const float* w, int width, const float* bias,
                                   float* y, i64 y_step, float slope, int keep) {
  constexpr int L = lanes<float>, Parts = 4 / Vectors;  // Parts quarters at once, Vectors times
  const int quarter = n / 4;
  Vec<float> all[Images][Vectors] = {};
#pragma GCC unroll 1
  for (int first = 0; first < 4; first += Parts) {
    Vec<float> sum[Parts][Images][Vectors];
    unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
      unroll<Parts * Images>([&](auto i)
                                 __attribute__((always_inline)) { sum[i / Images][i % Images][v] = Vec<float>{}; });
    });
    if (first == 0)
      unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
        unroll<Images>([&](auto m) __attribute__((always_inline)) { sum[0][m][v] = load(bias + v * L); });
      });
    const float* row = w + i64{first} * quarter * width;
    const float* in = x + first * quarter;
#pragma GCC unroll 1
    for (int i = quarter; i > 0; --i, row += width, ++in)
      unroll<Parts>([&](auto part) __attribute__((always_inline)) {
        Vec<float> weights[Vectors];
        unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
          weights[v] = load(row + i64{part * quarter} * width + v * L);
        });
        unroll<Images>([&](auto m) __attribute__((always_inline)) {
          const float a = in[m * x_step + part * quarter];
          unroll<Vectors>([&](auto v) __attribute__((always_inline)) { sum[part][m][v] += a * weights[v]; });
        });
      });
    if (first + Parts == 4) {
      row += i64{Parts - 1} * quarter * width;
      in += (Parts - 1) * quarter;
#pragma GCC unroll 1
      for (int i = n - 4 * quarter; i > 0; --i, row += width, ++in)
        unroll<Images>([&](auto m) __attribute__((always_inline)) {
          const float a = in[m * x_step];
          unroll<Vectors>([&](auto v)
                              __attribute__((always_inline)) { sum[Parts - 1][m][v] += a * load(row + v * L); });
        });
    }
    unroll<Images>([&](auto m) __attribute__((always_inline)) {
      unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
        all[m][v] += sum[0][m][v];
        unroll<Parts - 1>([&](auto part) __attribute__((always_inline)) { all[m][v] += sum[part + 1][m][v]; });
      });
    });
  }
  unroll<Images>([&](auto m) __attribute__((always_inline)) {
    unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
      store(y + m * y_step + v * L, finish(all[m][v], slope, keep));
    });
  });
}

// Columns 64 first .. 64 last - 1 of Y, those that exist.
inline void linear_columns(int images, int n, int k, int width, const float* x, i64 x_step, const float* w,
                           const float* bias, float* y, i64 y_step, const cpu::Epilogue& e, int first, int last) {
  constexpr int L = lanes<float>, Many = CTNET_VECTOR_BYTES == 64 ? 4 : 2;  // 16 registers hold 2 images
  const float slope = e.slope();
  const int keep = e.keep();
  for (int at = 64 * first, vectors = 0; at < 64 * last && at < k; at += vectors * L) {
    const int block = at / width * width, own = block + width <= k ? width : k - block;
    const int left = (block + own - at) / L;
    vectors = left >= 4 ? 4 : left >= 2 ? 2 : 1;
    const auto many = vectors == 4   ? &linear_tile<Many, 4>
                      : vectors == 2 ? &linear_tile<Many, 2>
                                     : &linear_tile<Many, 1>;
    const auto one = vectors == 4 ? &linear_tile<1, 4> : vectors == 2 ? &linear_tile<1, 2> : &linear_tile<1, 1>;
    const float* const wp = w + i64{block} * n + (at - block);
    int m = 0;
    for (; m + Many <= images; m += Many)
      many(n, x + m * x_step, x_step, wp, own, bias + at, y + m * y_step + at, y_step, slope, keep);
    for (; m < images; ++m)
      one(n, x + m * x_step, x_step, wp, own, bias + at, y + m * y_step + at, y_step, slope, keep);
  }
}

}  // namespace ctnet::CTNET_TARGET
