// SPDX-License-Identifier: MIT
// Included once per CPU target. Convolution of stride 1 with a vector's lanes over the columns of an output row, for
// few channels and wide rows. A tile of sums, channels x vectors of pixels, stays in registers over all taps:
//   y(k, pixels) += w(k, tap) * x(pixels shifted by tap)
// The last vector of a row ends with its last column; rows shorter than a vector are read beyond their end in a copy.
namespace ctnet::CTNET_TARGET {

inline constexpr int conv_rows_vectors = CTNET_VECTOR_BYTES == 64 ? 4 : 2;

// Where vector i of the image's rows begins.
struct RowVector {
  int p, q;
};
template <class T>
[[gnu::always_inline]] inline RowVector row_vector(const ConvOp& o, int per_row, int i) {
  const int p = i / per_row, v = i - p * per_row, last = o.q - lanes<T>;
  const int q = v * lanes<T>;
  return {p, q <= last ? q : last > 0 ? last : 0};
}

template <class T, int K, int N>
[[gnu::noinline]] void conv_rows_tile(const ConvOp& o, const cpu::Planes& g, TapRows taps, const T* const* x,
                                      const T* w, const T* bias, T* const* y, int channels) {
  Vec<T> sum[K][N];
#pragma GCC unroll 6
  for (int k = 0; k < K; ++k) {
    const Vec<T> start = splat(bias ? bias[k < channels ? k : 0] : T(0));
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) sum[k][n] = start;
  }
  const T* in[N];
  unroll<N>([&](auto n) __attribute__((always_inline)) { in[n] = x[n]; });
  const int wide = o.s;
  for (int c = 0; c < o.c; ++c)
    for (int r = taps.from; r < taps.to; ++r) {
      i64 at = c * g.plane + r * g.row;
      const T* weight = w + (i64{c} * o.r + r) * wide * K;
      for (int s = 0; s < wide; ++s, ++at, weight += K) {
        Vec<T> v[N];
#pragma GCC unroll 4
        for (int n = 0; n < N; ++n) v[n] = load(in[n] + at);
#pragma GCC unroll 6
        for (int k = 0; k < K; ++k) {
          const T f = weight[k];
#pragma GCC unroll 4
          for (int n = 0; n < N; ++n) sum[k][n] += f * v[n];
        }
      }
    }
  const i64 plane = i64{o.p} * o.q;
#pragma GCC unroll 6
  for (int k = 0; k < K; ++k) {
    if (k >= channels) break;
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) {
      T* to = y[n] + k * plane;
      if (o.q >= lanes<T>) {
        store(to, sum[k][n]);
      } else {
        T part[lanes<T>];
        store(part, sum[k][n]);
        copy_row(to, part, o.q);
      }
    }
  }
}

template <class T, int K>
void conv_rows_channels(const ConvOp& o, const cpu::Planes& g, const T* x, const T* w, const T* bias, T* y,
                        int channels) {
  constexpr int most = conv_rows_vectors;
  const int per_row = (o.q + lanes<T> - 1) / lanes<T>, all = per_row * o.p;
  for (int i = 0; i < all;) {
    const int left = all - i, n = left < most ? left : most;
    const T* in[most];
    T* out[most];
    for (int j = 0; j < most; ++j) {
      const RowVector v = row_vector<T>(o, per_row, j < n ? i + j : i + n - 1);
      in[j] = x + v.p * g.row + v.q;
      out[j] = y + i64{v.p} * o.q + v.q;
    }
    const TapRows taps = tap_rows(o, i / per_row, (i + n - 1) / per_row);
    conv_rows_tile<T, K, most>(o, g, taps, in, w, bias, out, channels);
    i += n;
  }
}

// A batch's forward, K channels a tile; with `turned`, o is mirrored and w are the weights of the convolution that it
// mirrors.
template <class T, int K>
void conv_rows(const ConvOp& o, int batch, const T* x, const T* w, bool turned, const T* bias, T* y, T* scratch) {
  const cpu::Planes g = cpu::planes_of(o, lanes<T>);
  const int window = o.r * o.s;
  T *packed = scratch, *planes = packed;
  for (int k0 = 0; k0 < o.k; k0 += K)
    for (int c = 0; c < o.c; ++c)
      for (int t = 0; t < window; ++t)
        for (int k = k0; k < k0 + K; ++k)
          *planes++ = k >= o.k ? T(0)
                      : turned ? w[(i64{c} * o.k + k) * window + window - 1 - t]
                               : w[(i64{k} * o.c + c) * window + t];
  if (g.copied) clear_planes(planes, cpu::planes_size(o, lanes<T>));
  for (int n = 0; n < batch; ++n, x += i64{o.c} * o.h * o.w, y += i64{o.k} * o.p * o.q) {
    const T *image = fill_planes(o, g, x, planes), *block = packed;
    for (int k = 0; k < o.k; k += K, block += i64{K} * o.c * window)
      conv_rows_channels<T, K>(o, g, image, block, bias ? bias + k : bias, y + i64{k} * o.p * o.q, o.k - k);
  }
}

// Channels of dY in a tile of the weights' gradient, with a window S wide.
template <int S>
inline constexpr int weights_rows_channels = CTNET_VECTOR_BYTES == 64 ? (S >= 5   ? 3
                                                                         : S >= 3 ? 4
                                                                                  : 6)
                                                                      : (S >= 7   ? 1
                                                                         : S >= 5 ? 2
                                                                         : S >= 3 ? 3
                                                                                  : 4);

// sums(k, s) of one image, for one c and r: over pixels, lanes apart; added to acc. dy: per channel, vector of a row
// and row, one vector.
template <class T, int S, int K>
[[gnu::noinline]] void weights_rows_tile(const ConvOp& o, const cpu::Planes& g, const T* x, const T* dy, T* acc) {
  const int per_row = (o.q + lanes<T> - 1) / lanes<T>;
  const i64 channel = i64{per_row} * o.p * lanes<T>;
  Vec<T> sum[K][S];
  unroll<K * S>([&](auto i) __attribute__((always_inline)) { sum[i / S][i % S] = Vec<T>{}; });
  for (int v = 0; v < per_row; ++v) {
    const T* in = x + row_vector<T>(o, per_row, v).q;
    for (int p = 0; p < o.p; ++p, in += g.row, dy += lanes<T>) {
      Vec<T> d[K];
      unroll<K>([&](auto k) __attribute__((always_inline)) { d[k] = load(dy + k * channel); });
      unroll<S>([&](auto s) __attribute__((always_inline)) {
        Vec<T> pixels = load(in + s);
        in_register(pixels);
        unroll<K>([&](auto k) __attribute__((always_inline)) { sum[k][s] += d[k] * pixels; });
      });
    }
  }
  unroll<K * S>([&](auto i) __attribute__((always_inline)) {
    store(acc + i * lanes<T>, load(acc + i * lanes<T>) + sum[i / S][i % S]);
  });
}

// dY's rows as vectors: [channel][vector of a row][row]; what the last vector of a row has twice, or beyond the row's
// end, counts as zero.
template <class T>
inline void split_rows(const ConvOp& o, const T* dy, T* to) {
  constexpr int L = lanes<T>;
  const int per_row = (o.q + L - 1) / L, whole = o.q / L;
  for (int k = 0; k < o.k; ++k, dy += i64{o.p} * o.q)
    for (int v = 0; v < per_row; ++v)
      for (int p = 0; p < o.p; ++p, to += L) {
        const T* row = dy + i64{p} * o.q;
        if (v < whole) {
          store(to, load(row + v * L));
          continue;
        }
        const int rest = o.q - whole * L;
        T* at = o.q >= L ? to + L - rest : to;
        store(to, Vec<T>{});
        copy_row(at, row + whole * L, rest);
      }
}

// The weights' gradient of a batch to `gradient` (K, C, R, S); the bias's, where there is one, is added to `bias`.
template <class T, int S>
void weights_rows(const ConvOp& o, int batch, const T* x, const T* dy, T* gradient, T* bias, bool accumulate,
                  T* scratch) {
  constexpr int L = lanes<T>, K = weights_rows_channels<S>;
  const int tiles = (o.k + K - 1) / K, per_row = (o.q + L - 1) / L;
  const cpu::Planes g = cpu::planes_of(o, L);
  const i64 channel = i64{per_row} * o.p * L, sums = i64{tiles} * K * o.taps();
  T *acc = scratch, *split = acc + sums * L + L * L, *planes = split + tiles * K * channel;
  for (i64 i = 0; i < sums * L + L * L; ++i) acc[i] = T(0);
  for (i64 i = o.k * channel; i < tiles * K * channel; ++i) split[i] = T(0);
  if (g.copied) clear_planes(planes, cpu::planes_size(o, L));
  for (int n = 0; n < batch; ++n, x += i64{o.c} * o.h * o.w, dy += i64{o.k} * o.p * o.q) {
    if (bias) add_plane_sums(o, dy, bias);
    const T* image = fill_planes(o, g, x, planes);
    split_rows(o, dy, split);
    T* to = acc;
    for (int tile = 0; tile < tiles; ++tile)
      for (int c = 0; c < o.c; ++c)
        for (int r = 0; r < o.r; ++r, to += K * S * L)
          weights_rows_tile<T, S, K>(o, g, image + c * g.plane + r * g.row, split + tile * K * channel, to);
  }
  for (i64 i = 0; i < sums; i += L) {  // L sums at a time, to where they no longer are in the way
    Vec<T> v[L];
    unroll<L>([&](auto j) __attribute__((always_inline)) { v[j] = load(acc + (i + j) * L); });
    sum_each<T, L>(v, acc + i);
  }
  const T* sum = acc;
  for (int k0 = 0; k0 < o.k; k0 += K)
    for (int row = 0; row < o.c * o.r; ++row)
      for (int k = k0; k < k0 + K; ++k, sum += S)
        for (int s = 0; s < S && k < o.k; ++s) {
          T* to = gradient + (i64{k} * o.c * o.r + row) * S + s;
          *to = (accumulate ? *to : T(0)) + sum[s];
        }
}

}  // namespace ctnet::CTNET_TARGET
