// SPDX-License-Identifier: MIT
// Included once per CPU target. Training of 3 x 3 convolutions of stride 1 by Winograd's F(4x4, 3x3): a tile of 4 x 4
// outputs takes 36 multiplications per pair of channels, not 144.
//   y = A^T [(G w G^T) . (B^T x B)] A,   dw = G^T [sum over tiles of (B^T x B) . (A dy A^T)] G
// with x a tile of 6 x 6, and . a matrix product over channels (over tiles for dw) for each of the 36 points. The
// points of evaluation are 0, +-a, +-b and infinity with a^2 = 1/2, b^2 = 2, whose products stay near 1.
// Lavin, Gray: Fast Algorithms for Convolutional Neural Networks, 2015.
// A vector's lanes are channels; images are turned to (channels / lanes, pixel, lane) and back.
namespace ctnet::CTNET_TARGET {

inline constexpr int winograd_rows = CTNET_VECTOR_BYTES == 64 ? 8 : 4;  // of a product's tile

// Channels, filled up to whole vectors and whole tiles of a product.
template <class T>
constexpr int winograd_channels(int n) {
  return static_cast<int>(cpu::round_up(n, lanes<T> > winograd_rows ? lanes<T> : winograd_rows));
}

template <class T>
struct WinogradPoints {
  static constexpr T a = T(0.70710678118654752440), b = T(1.41421356237309504880);
  static constexpr T na = T(-2.0 / 3), nb = T(1.0 / 6);  // 1 / (2 a^2 (a^2 - b^2)), 1 / (2 b^2 (b^2 - a^2))
};

// B^T d, G w, A^T m, A d and G^T u of one row of vectors, in place.
template <class V, class T>
[[gnu::always_inline]] inline void winograd_input(V (&d)[6]) {
  using P = WinogradPoints<T>;
  const V t = d[4] - T(2) * d[2], u = P::a * (d[3] - T(2) * d[1]);
  const V v = d[4] - T(0.5) * d[2], w = P::b * (d[3] - T(0.5) * d[1]);
  d[0] = (d[0] + d[4]) - T(2.5) * d[2];
  d[5] = (d[1] + d[5]) - T(2.5) * d[3];
  d[1] = t + u, d[2] = t - u, d[3] = v + w, d[4] = v - w;
}
template <class V, class T>
[[gnu::always_inline]] inline void winograd_filter(V (&w)[6]) {
  using P = WinogradPoints<T>;
  const V first = w[0], middle = w[1], last = w[2];
  const V at_a = first + T(0.5) * last, at_b = first + T(2) * last;
  w[1] = P::na * (at_a + P::a * middle), w[2] = P::na * (at_a - P::a * middle);
  w[3] = P::nb * (at_b + P::b * middle), w[4] = P::nb * (at_b - P::b * middle);
  w[5] = last;
}
template <class V, class T>
[[gnu::always_inline]] inline void winograd_output(V (&m)[6]) {
  using P = WinogradPoints<T>;
  const V sum_a = m[1] + m[2], sum_b = m[3] + m[4], by_a = P::a * (m[1] - m[2]), by_b = P::b * (m[3] - m[4]);
  m[0] = m[0] + (sum_a + sum_b);
  m[1] = by_a + by_b;
  m[2] = T(0.5) * sum_a + T(2) * sum_b;
  m[3] = (T(0.5) * by_a + T(2) * by_b) + m[5];
}
template <class V, class T>
[[gnu::always_inline]] inline void winograd_gradient(V (&d)[6]) {  // A d, d of 4
  using P = WinogradPoints<T>;
  const V even_a = d[0] + T(0.5) * d[2], odd_a = P::a * (d[1] + T(0.5) * d[3]);
  const V even_b = d[0] + T(2) * d[2], odd_b = P::b * (d[1] + T(2) * d[3]);
  d[5] = d[3];
  d[1] = even_a + odd_a, d[2] = even_a - odd_a, d[3] = even_b + odd_b, d[4] = even_b - odd_b;
}
template <class V, class T>
[[gnu::always_inline]] inline void winograd_taps(V (&u)[6]) {  // G^T u
  using P = WinogradPoints<T>;
  const V sum_a = P::na * (u[1] + u[2]), sum_b = P::nb * (u[3] + u[4]);
  u[1] = P::na * P::a * (u[1] - u[2]) + P::nb * P::b * (u[3] - u[4]);
  u[0] = u[0] + (sum_a + sum_b);
  u[2] = (T(0.5) * sum_a + T(2) * sum_b) + u[5];
}

// f over the columns, then over the rows, of 6 x 6 vectors of which in_n x in_n are given and out_n x out_n come out.
template <class V, int In, int Out, class F>
[[gnu::always_inline]] inline void winograd_both(V (&t)[6][6], F f) {
  unroll<In>([&](auto j) __attribute__((always_inline)) {
    V line[6];
    unroll<In>([&](auto i) __attribute__((always_inline)) { line[i] = t[i][j]; });
    f(line);
    unroll<Out>([&](auto i) __attribute__((always_inline)) { t[i][j] = line[i]; });
  });
  unroll<Out>([&](auto i) __attribute__((always_inline)) { f(t[i]); });
}

// 36 points of one tile, `point` elements apart, from rows of vectors; and 4 x 4 outputs from them.
template <class T>
[[gnu::noinline]] void winograd_input_tile(const T* x, i64 row, T* to, i64 point) {
  Vec<T> t[6][6];
  unroll<36>([&](auto i)
                 __attribute__((always_inline)) { t[i / 6][i % 6] = load(x + i / 6 * row + i % 6 * lanes<T>); });
  winograd_both<Vec<T>, 6, 6>(
      t, [](auto& line) __attribute__((always_inline)) { winograd_input<Vec<T>, T>(line); });
  unroll<36>([&](auto i) __attribute__((always_inline)) { store(to + i * point, t[i / 6][i % 6]); });
}
template <class T>
[[gnu::noinline]] void winograd_gradient_tile(const T* x, i64 row, T* to, i64 point) {
  Vec<T> t[6][6];
  unroll<16>([&](auto i)
                 __attribute__((always_inline)) { t[i / 4][i % 4] = load(x + i / 4 * row + i % 4 * lanes<T>); });
  winograd_both<Vec<T>, 4, 6>(
      t, [](auto& line) __attribute__((always_inline)) { winograd_gradient<Vec<T>, T>(line); });
  unroll<36>([&](auto i) __attribute__((always_inline)) { store(to + i * point, t[i / 6][i % 6]); });
}
template <class T>
[[gnu::noinline]] void winograd_output_tile(const T* from, i64 point, const T* bias, T* y, i64 row) {
  Vec<T> t[6][6];
  unroll<36>([&](auto i) __attribute__((always_inline)) { t[i / 6][i % 6] = load(from + i * point); });
  winograd_both<Vec<T>, 6, 4>(
      t, [](auto& line) __attribute__((always_inline)) { winograd_output<Vec<T>, T>(line); });
  const Vec<T> start = load(bias);
  unroll<16>([&](auto i) __attribute__((always_inline)) {
    store(y + i / 4 * row + i % 4 * lanes<T>, t[i / 4][i % 4] + start);
  });
}

// L channels' 3 x 3 taps to 36 points, and back.
template <class T>
[[gnu::noinline]] void winograd_filter_tile(const T (*taps)[lanes<T>], T* to, i64 point) {
  Vec<T> t[6][6];
  unroll<9>([&](auto i) __attribute__((always_inline)) { t[i / 3][i % 3] = load(taps[i]); });
  winograd_both<Vec<T>, 3, 6>(
      t, [](auto& line) __attribute__((always_inline)) { winograd_filter<Vec<T>, T>(line); });
  unroll<36>([&](auto i) __attribute__((always_inline)) { store(to + i * point, t[i / 6][i % 6]); });
}
template <class T>
[[gnu::noinline]] void winograd_taps_tile(const T* from, i64 point, T (*taps)[lanes<T>]) {
  Vec<T> t[6][6];
  unroll<36>([&](auto i) __attribute__((always_inline)) { t[i / 6][i % 6] = load(from + i * point); });
  winograd_both<Vec<T>, 6, 3>(
      t, [](auto& line) __attribute__((always_inline)) { winograd_taps<Vec<T>, T>(line); });
  unroll<9>([&](auto i) __attribute__((always_inline)) { store(taps[i], t[i / 3][i % 3]); });
}

// An image (channels, h, w) as (channels / lanes, rows, columns, lane) inside a border of zeros, and back.
template <class T>
void winograd_turn(const T* x, int channels, int h, int w, T* to, int rows, int columns, int pad_h, int pad_w,
                   T* flat) {
  constexpr int L = lanes<T>;
  for (int c = 0; c < channels; c += L, x += i64{L} * h * w, to += i64{rows} * columns * L) {
    const int some = channels - c < L ? channels - c : L;
    if (w < L) gather_lanes(x, i64{h} * w, some, h * w, flat);
    for (int y = 0; y < h; ++y) {
      T* row = to + (i64{y + pad_h} * columns + pad_w) * L;
      if (w >= L)
        gather_lanes(x + i64{y} * w, i64{h} * w, some, w, row);
      else
        for (int i = 0; i < w; ++i) store(row + i * L, load(flat + (i64{y} * w + i) * L));
    }
  }
}
template <class T>
void winograd_turn_back(const T* from, int channels, int h, int w, T* y, int rows, int columns, T* flat) {
  constexpr int L = lanes<T>;
  for (int c = 0; c < channels; c += L, y += i64{L} * h * w, from += i64{rows} * columns * L) {
    const int some = channels - c < L ? channels - c : L;
    for (int r = 0; r < h; ++r) {
      const T* row = from + i64{r} * columns * L;
      if (w >= L)
        scatter_lanes(row, y + i64{r} * w, i64{h} * w, some, w);
      else
        for (int i = 0; i < w; ++i) store(flat + (i64{r} * w + i) * L, load(row + i * L));
    }
    if (w < L) scatter_lanes(flat, y, i64{h} * w, some, h * w);
  }
}

// C(m, n) for each point: m a multiple of winograd_rows, n of the lanes.
template <class T>
void winograd_products(int m, int n, int k, const T* a, i64 a_point, i64 a_row, i64 a_step, const T* b, i64 b_point,
                       i64 b_row, T* c, i64 c_point, bool accumulate) {
  constexpr int L = lanes<T>, R = winograd_rows;
  for (int point = 0; point < 36; ++point, a += a_point, b += b_point, c += c_point)
    for (int j = 0; j < n;) {
      const bool two = j + 2 * L <= n;
      for (int i = 0; i < m; i += R)
        if (two)
          gemm_tile<T, R, 2>(k, a + i * a_row, a_row, a_step, b + j, b_row, c + i64{i} * n + j, n, nullptr, accumulate,
                             2 * L);
        else
          gemm_tile<T, R, 1>(k, a + i * a_row, a_row, a_step, b + j, b_row, c + i64{i} * n + j, n, nullptr, accumulate,
                             L);
      j += two ? 2 * L : L;
    }
}

// A batch's forward; with `turned`, o is mirrored and w are the weights of the convolution that it mirrors.
template <class T>
void conv_winograd(const ConvOp& o, int batch, const T* x, const T* w, bool turned, const T* bias, T* y, T* scratch) {
  constexpr int L = lanes<T>;
  const cpu::WinogradTiles g = cpu::winograd_tiles<T>(o);
  const int c_all = winograd_channels<T>(o.c), k_all = winograd_channels<T>(o.k);
  const i64 out_row = i64{4} * g.wide * L, out_plane = i64{4} * g.high * out_row;
  const i64 in_row = i64{4 * g.wide + 2} * L, in_plane = i64{4 * g.high + 2} * in_row;
  T *starts = scratch, *filter = starts + k_all, *image = filter + i64{36} * c_all * k_all,
    *result = image + c_all / L * in_plane, *flat = result + k_all / L * out_plane, *in = flat + g.pixels * L,
    *out = in + i64{36} * g.block * c_all;
  for (int k = 0; k < k_all; ++k) starts[k] = bias && k < o.k ? bias[k] : T(0);
  if (c_all > o.c || k_all > o.k) clear_planes(filter, image - filter);
  clear_planes(image, result - image);
  for (int c = 0; c < o.c; ++c)
    for (int k0 = 0; k0 < o.k; k0 += L) {
      T taps[9][L] = {};
      for (int k = k0; k < k0 + L && k < o.k; ++k) {
        const T* from = turned ? w + (i64{c} * o.k + k) * 9 + 8 : w + (i64{k} * o.c + c) * 9;
        for (int i = 0; i < 9; ++i) taps[i][k - k0] = turned ? from[-i] : from[i];
      }
      winograd_filter_tile<T>(taps, filter + i64{c} * k_all + k0, i64{c_all} * k_all);
    }
  for (int n0 = 0; n0 < batch; n0 += g.images) {
    const int images = batch - n0 < g.images ? batch - n0 : g.images, all = g.wide * g.high;
    for (int first = 0; first < all; first += g.block) {  // one round where several images share a block
      const int last = first + g.block < all ? first + g.block : all, count = last - first;
      for (int n = 0; n < images; ++n) {
        if (first == 0)
          winograd_turn(x + i64{n0 + n} * o.c * o.h * o.w, o.c, o.h, o.w, image, 4 * g.high + 2, 4 * g.wide + 2,
                        o.pad_h, o.pad_w, flat);
        for (int c = 0; c < c_all; c += L)
          for (int t = first; t < last; ++t)
            winograd_input_tile(image + c / L * in_plane + t / g.wide * 4 * in_row + t % g.wide * 4 * L, in_row,
                                in + (i64{n} * count + t - first) * c_all + c, i64{g.block} * c_all);
      }
      const int m = static_cast<int>(cpu::round_up(images * count, winograd_rows));
      winograd_products(m, k_all, c_all, in, i64{g.block} * c_all, c_all, 1, filter, i64{c_all} * k_all, k_all, out,
                        i64{g.block} * k_all, false);
      for (int n = 0; n < images; ++n) {
        for (int k = 0; k < k_all; k += L)
          for (int t = first; t < last; ++t)
            winograd_output_tile(out + (i64{n} * count + t - first) * k_all + k, i64{g.block} * k_all, starts + k,
                                 result + k / L * out_plane + t / g.wide * 4 * out_row + t % g.wide * 4 * L, out_row);
        if (last == all)
          winograd_turn_back(result, o.k, o.p, o.q, y + i64{n0 + n} * o.k * o.p * o.q, 4 * g.high, 4 * g.wide, flat);
      }
    }
  }
}

// The weights' gradient of a batch to `gradient` (K, C, 3, 3); the bias's, where there is one, is added to `bias`.
template <class T>
void weights_winograd(const ConvOp& o, int batch, const T* x, const T* dy, T* gradient, T* bias, bool accumulate,
                      T* scratch) {
  constexpr int L = lanes<T>;
  const cpu::WinogradTiles g = cpu::winograd_tiles<T>(o);
  const int c_all = winograd_channels<T>(o.c), k_all = winograd_channels<T>(o.k);
  const i64 out_row = i64{4} * g.wide * L, out_plane = i64{4} * g.high * out_row;
  const i64 in_row = i64{4 * g.wide + 2} * L, in_plane = i64{4 * g.high + 2} * in_row;
  T *sums = scratch, *image = sums + i64{36} * c_all * k_all, *result = image + c_all / L * in_plane,
    *flat = result + k_all / L * out_plane, *in = flat + g.pixels * L, *out = in + i64{36} * g.block * c_all;
  clear_planes(sums, flat - sums);
  for (int n0 = 0; n0 < batch; n0 += g.images) {
    const int images = batch - n0 < g.images ? batch - n0 : g.images, all = g.wide * g.high;
    for (int first = 0; first < all; first += g.block) {
      const int last = first + g.block < all ? first + g.block : all, count = last - first;
      for (int n = 0; n < images; ++n) {
        if (first == 0) {
          if (bias) add_plane_sums(o, dy + i64{n0 + n} * o.k * o.p * o.q, bias);
          winograd_turn(x + i64{n0 + n} * o.c * o.h * o.w, o.c, o.h, o.w, image, 4 * g.high + 2, 4 * g.wide + 2,
                        o.pad_h, o.pad_w, flat);
          winograd_turn(dy + i64{n0 + n} * o.k * o.p * o.q, o.k, o.p, o.q, result, 4 * g.high, 4 * g.wide, 0, 0, flat);
        }
        for (int c = 0; c < c_all; c += L)
          for (int t = first; t < last; ++t)
            winograd_input_tile(image + c / L * in_plane + t / g.wide * 4 * in_row + t % g.wide * 4 * L, in_row,
                                in + (i64{n} * count + t - first) * c_all + c, i64{g.block} * c_all);
        for (int k = 0; k < k_all; k += L)
          for (int t = first; t < last; ++t)
            winograd_gradient_tile(result + k / L * out_plane + t / g.wide * 4 * out_row + t % g.wide * 4 * L, out_row,
                                   out + (i64{n} * count + t - first) * k_all + k, i64{g.block} * k_all);
      }
      winograd_products(c_all, k_all, images * count, in, i64{g.block} * c_all, 1, c_all, out, i64{g.block} * k_all,
                        k_all, sums, i64{c_all} * k_all, true);
    }
  }
  for (int c = 0; c < o.c; ++c)
    for (int k0 = 0; k0 < o.k; k0 += L) {
      T taps[9][L];
      winograd_taps_tile<T>(sums + i64{c} * k_all + k0, i64{c_all} * k_all, taps);
      for (int k = k0; k < k0 + L && k < o.k; ++k) {
        T* to = gradient + (i64{k} * o.c + c) * 9;
        for (int i = 0; i < 9; ++i) to[i] = (accumulate ? to[i] : T(0)) + taps[i][k - k0];
      }
    }
}

}  // namespace ctnet::CTNET_TARGET
