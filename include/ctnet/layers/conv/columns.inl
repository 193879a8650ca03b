// SPDX-License-Identifier: MIT
// Included once per CPU target. Backward-data of a convolution of stride 1 whose output is smaller than its input,
// where a convolution of dY with its border would mostly multiply zeros. Lanes are (c, s), channel and column of the
// window:
//   t(c, s, q) = sum over k, r of  dY(k, y + pad - r, q) * w(k, c, r, s)     for one row y of dX, N pixels q in
//   registers dX(c, y, x) = sum over s of  t(c, s, x + pad - s)                        after t's transposition, shifted
//   loads
namespace ctnet::CTNET_TARGET {

// Sums of N pixels q over rows r and channels k; two vectors of lanes. dy: at row r = taps.from, pixel q.
template <class T, int N>
[[gnu::noinline]] void conv_columns_tile(const ConvOp& o, int rows, const T* dy, const T* w, T* t, i64 t_second) {
  constexpr int L = lanes<T>;
  Vec<T> sum[N][2];
  unroll<N * 2>([&](auto i) __attribute__((always_inline)) { sum[i / 2][i % 2] = Vec<T>{}; });
  const i64 plane = i64{o.p} * o.q;
  for (int r = 0; r < rows; ++r, dy -= o.q) {
    const T* in = dy;
    for (int k = 0; k < o.k; ++k, in += plane, w += 2 * L) {
      const Vec<T> low = load(w), high = load(w + L);
      unroll<N>([&](auto n) __attribute__((always_inline)) {
        const T g = in[n];
        sum[n][0] += g * low;
        sum[n][1] += g * high;
      });
    }
  }
  unroll<N>([&](auto n) __attribute__((always_inline)) {
    store(t + n * L, sum[n][0]);
    store(t + t_second + n * L, sum[n][1]);
  });
}

// dX of a batch; w: (K, C, R, S). N <= q.
template <class T, int N>
void conv_columns(const ConvOp& o, int batch, const T* dy, const T* w, T* dx, T* scratch) {
  constexpr int L = lanes<T>;
  const int pairs = (o.c * o.s + 2 * L - 1) / (2 * L), wide = o.q < L ? L : o.q, window = o.r * o.s;
  const i64 row = cpu::conv_columns_row(o, L), pair = i64{o.r} * o.k * 2 * L;
  T *packed = scratch, *sums = packed + pairs * pair, *turned = sums + i64{2} * pairs * wide * L;
  const i64 all = turned + 2 * pairs * L * row - scratch;
  for (i64 i = 0; i < all; ++i) scratch[i] = T(0);
  for (int k = 0; k < o.k; ++k)
    for (int c = 0; c < o.c; ++c)
      for (int t = 0; t < window; ++t) {
        const int r = t / o.s, lane = c * o.s + t % o.s;
        packed[lane / (2 * L) * pair + (i64{r} * o.k + k) * 2 * L + lane % (2 * L)] = *w++;
      }
  const T* shifted = turned + o.s - 1 + o.pad_w;
  for (int n = 0; n < batch; ++n, dy += i64{o.k} * o.p * o.q)
    for (int y = 0; y < o.h; ++y) {
      const int above = y + o.pad_h - o.p + 1, from = above > 0 ? above : 0;
      const int rows = (y + o.pad_h + 1 < o.r ? y + o.pad_h + 1 : o.r) - from;
      for (int i = 0; i < pairs; ++i) {
        for (int q = 0; q < o.q;) {
          conv_columns_tile<T, N>(o, rows, dy + i64{y + o.pad_h - from} * o.q + q,
                                  packed + i * pair + i64{from} * o.k * 2 * L, sums + (i64{2} * i * wide + q) * L,
                                  i64{wide} * L);
          q = q + N >= o.q ? o.q : q + 2 * N <= o.q ? q + N : o.q - N;
        }
        for (int j = 2 * i; j < 2 * i + 2; ++j)
          scatter_lanes(sums + i64{j} * wide * L, turned + j * L * row + o.s - 1, row, L, wide);
      }
      for (int c = 0; c < o.c; ++c)
        for (int x = 0; x < o.w;) {
          Vec<T> sum{};
          for (int s = 0; s < o.s; ++s) sum += load(shifted + (c * o.s + s) * row + x - s);
          T* to = dx + ((i64{n} * o.c + c) * o.h + y) * o.w + x;
          if (o.w >= L) {
            store(to, sum);
          } else {
            T part[L];
            store(part, sum);
            copy_row(to, part, o.w);
          }
          x = x + L >= o.w ? o.w : x + 2 * L <= o.w ? x + L : o.w - L;
        }
    }
}

}  // namespace ctnet::CTNET_TARGET
