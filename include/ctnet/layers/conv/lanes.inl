// SPDX-License-Identifier: MIT
// Included once per CPU target. Convolution of stride 1 with a vector's lanes over the output's channels, for channels
// that fill vectors. A tile of sums, N neighbouring pixels of conv_lanes_rows rows, stays in registers over all taps:
//   y(k, pixel) += w(k, tap) * x(pixel shifted by tap)
// with the weights laid out (tap, k). Results are (pixel, k) and are transposed at the end.
namespace ctnet::CTNET_TARGET {

inline constexpr int conv_lanes_rows = CTNET_VECTOR_BYTES == 64 ? 2 : 1;

// x: the first pixel's; second: how far the second row of pixels is; y likewise.
template <class T, int N>
[[gnu::noinline]] void conv_lanes_tile(const ConvOp& o, const cpu::Planes& g, TapRows taps, const T* x, i64 second,
                                       const T* w, const T* bias, T* y, i64 y_second) {
  constexpr int L = lanes<T>, R = conv_lanes_rows;
  Vec<T> sum[R][N];
  const Vec<T> start = load(bias);
  unroll<R * N>([&](auto i) __attribute__((always_inline)) { sum[i / N][i % N] = start; });
  const int wide = o.s;
  for (int c = 0; c < o.c; ++c)
    for (int r = taps.from; r < taps.to; ++r) {
      const T *in = x + c * g.plane + r * g.row, *weight = w + (i64{c} * o.r + r) * wide * L;
      for (int s = 0; s < wide; ++s, ++in, weight += L) {
        const Vec<T> f = load(weight);
        unroll<N>([&](auto n) __attribute__((always_inline)) { sum[0][n] += in[n] * f; });
        if constexpr (R == 2) {
          const T* below = in + second;
          unroll<N>([&](auto n) __attribute__((always_inline)) { sum[1][n] += below[n] * f; });
        }
      }
    }
  unroll<N>([&](auto n) __attribute__((always_inline)) { store(y + n * L, sum[0][n]); });
  if constexpr (R == 2)
    unroll<N>([&](auto n) __attribute__((always_inline)) { store(y + y_second + n * L, sum[1][n]); });
}

// A batch's forward; with `turned`, o is mirrored and w are the weights of the convolution that it mirrors. N <= q.
template <class T, int N>
void conv_lanes(const ConvOp& o, int batch, const T* x, const T* w, bool turned, const T* bias, T* y, T* scratch) {
  constexpr int L = lanes<T>;
  const cpu::Planes g = cpu::planes_of(o, 1);
  const int window = o.r * o.s, taps = o.c * window, blocks = (o.k + L - 1) / L;
  T *starts = scratch, *packed = starts + blocks * L, *result = packed + i64{blocks} * taps * L,
    *planes = result + i64{o.p} * o.q * L;
  for (int k = 0; k < blocks * L; ++k) starts[k] = bias && k < o.k ? bias[k] : T(0);
  T* to = packed;
  for (int k0 = 0; k0 < o.k; k0 += L) {
    const int rows = o.k - k0 < L ? o.k - k0 : L;
    if (turned) {
      for (int c = 0; c < o.c; ++c)
        for (int t = window - 1; t >= 0; --t)
          for (int k = 0; k < L; ++k) *to++ = k < rows ? w[(i64{c} * o.k + k0 + k) * window + t] : T(0);
    } else {
      gather_lanes(w + i64{k0} * taps, taps, rows, taps, to);
      to += i64{taps} * L;
    }
  }
  if (g.copied) clear_planes(planes, cpu::planes_size(o, 1));
  for (int n = 0; n < batch; ++n, x += i64{o.c} * o.h * o.w) {
    const T* image = fill_planes(o, g, x, planes);
    for (int k0 = 0; k0 < o.k; k0 += L) {
      for (int p = 0; p < o.p; p += conv_lanes_rows) {
        const int last = p + conv_lanes_rows <= o.p ? p + conv_lanes_rows - 1 : p;
        const TapRows rows = tap_rows(o, p, last);
        for (int q = 0; q < o.q;) {
          conv_lanes_tile<T, N>(o, g, rows, image + p * g.row + q, (last - p) * g.row, packed + i64{k0} * taps,
                                starts + k0, result + (i64{p} * o.q + q) * L, i64{last - p} * o.q * L);
          q = q + N >= o.q ? o.q : q + 2 * N <= o.q ? q + N : o.q - N;
        }
      }
      const int channels = o.k - k0 < L ? o.k - k0 : L;
      scatter_lanes(result, y, i64{o.p} * o.q, channels, o.p * o.q);
      y += i64{channels} * o.p * o.q;
    }
  }
}

// Rows of the window in a tile of the weights' gradient, with a window S wide.
template <int S>
inline constexpr int weights_lanes_rows =
    (CTNET_VECTOR_BYTES == 64 ? 27 : 12) / S < S ? (CTNET_VECTOR_BYTES == 64 ? 27 : 12) / S : S;

// Sums (r, s) of one image, for one channel of x: over pixels, lanes are channels of dY; added to acc.
template <class T, int S, int R>
[[gnu::noinline]] void weights_lanes_tile(const ConvOp& o, i64 row, const T* x, const T* dy, T* acc) {
  constexpr int L = lanes<T>;
  Vec<T> sum[R][S];
  unroll<R * S>([&](auto i) __attribute__((always_inline)) { sum[i / S][i % S] = Vec<T>{}; });
  for (int p = 0; p < o.p; ++p, x += row) {
    const T* in = x;
    for (int q = 0; q < o.q; ++q, ++in, dy += L) {
      const Vec<T> d = load(dy);
      const T* at = in;
      unroll<R>([&](auto r) __attribute__((always_inline)) {
        unroll<S>([&](auto s) __attribute__((always_inline)) { sum[r][s] += at[s] * d; });
        at += row;
      });
    }
  }
  unroll<R * S>([&](auto i)
                    __attribute__((always_inline)) { store(acc + i * L, load(acc + i * L) + sum[i / S][i % S]); });
}

// The weights' gradient of a batch to `gradient` (K, C, R, S); the bias's, where there is one, is added to `bias`.
template <class T, int S>
void weights_lanes(const ConvOp& o, int batch, const T* x, const T* dy, T* gradient, T* bias, bool accumulate,
                   T* scratch) {
  constexpr int L = lanes<T>, R = weights_lanes_rows<S>;
  const cpu::Planes g = cpu::planes_of(o, 1);
  const int taps = o.taps(), blocks = (o.k + L - 1) / L, pixels = o.p * o.q;
  T *acc = scratch, *turned = acc + i64{blocks} * taps * L, *planes = turned + i64{pixels} * L;
  for (i64 i = 0; i < i64{blocks} * taps * L; ++i) acc[i] = T(0);
  if (g.copied) clear_planes(planes, cpu::planes_size(o, 1));
  for (int n = 0; n < batch; ++n, x += i64{o.c} * o.h * o.w, dy += i64{o.k} * pixels) {
    if (bias) add_plane_sums(o, dy, bias);
    const T* image = fill_planes(o, g, x, planes);
    T* to = acc;
    for (int k0 = 0; k0 < o.k; k0 += L) {
      gather_lanes(dy + i64{k0} * pixels, pixels, o.k - k0 < L ? o.k - k0 : L, pixels, turned);
      for (int c = 0; c < o.c; ++c)
        for (int r = 0; r < o.r;) {
          const T* from = image + c * g.plane + r * g.row;
          const int rows = r + R <= o.r ? R : 1;
          if (rows == R)
            weights_lanes_tile<T, S, R>(o, g.row, from, turned, to);
          else
            weights_lanes_tile<T, S, 1>(o, g.row, from, turned, to);
          r += rows;
          to += rows * S * L;
        }
    }
  }
  // The rest of the memory is free now.
  for (int k0 = 0; k0 < o.k; k0 += L) {
    const int rows = o.k - k0 < L ? o.k - k0 : L;
    T* to = gradient + i64{k0} * taps;
    if (!accumulate) {
      scatter_lanes(acc + i64{k0} * taps, to, taps, rows, taps);
    } else {
      scatter_lanes(acc + i64{k0} * taps, turned, taps, rows, taps);
      for (int i = 0; i < rows * taps; ++i) to[i] += turned[i];
    }
  }
}

}  // namespace ctnet::CTNET_TARGET
