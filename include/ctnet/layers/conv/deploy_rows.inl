// SPDX-License-Identifier: MIT
// Included once per CPU target. Convolution of stride 1 for few output channels and wide rows (a first layer): lanes
// are columns of the output; a tile is 2 rows x some vectors x KB channels in registers. The last vector of a row ends
// with its last column and may overlap the one before, so nothing beyond a row is read or written.
namespace ctnet::CTNET_TARGET {

// The larger of each two neighbours, a NaN first.
template <class T>
[[gnu::always_inline]] inline void store_pooled(T* to, Vec<T> v) {
  typedef T Half __attribute__((vector_size(CTNET_VECTOR_BYTES / 2)));
  Half even, odd;
  if constexpr (lanes<T> == 16) {
    even = __builtin_shufflevector(v, v, 0, 2, 4, 6, 8, 10, 12, 14);
    odd = __builtin_shufflevector(v, v, 1, 3, 5, 7, 9, 11, 13, 15);
  } else if constexpr (lanes<T> == 8) {
    even = __builtin_shufflevector(v, v, 0, 2, 4, 6);
    odd = __builtin_shufflevector(v, v, 1, 3, 5, 7);
  } else {
    even = __builtin_shufflevector(v, v, 0, 2);
    odd = __builtin_shufflevector(v, v, 1, 3);
  }
  const Half m = ((odd > even) | (odd != odd)) ? odd : even;
  __builtin_memcpy(to, &m, sizeof m);
}

// Output rows 2 first .. 2 last - 1 (the last pair may overlap the one before), all channels. w: [K / KB][C][R][S][KB].
template <int KB, bool Pool>
void conv_rows(const ConvOp& o, const cpu::Layout& in, const cpu::Layout& out, const cpu::Epilogue& e, const float* x,
               float* y, const float* w, const float* bias, int first, int last) {
  constexpr int M = CTNET_VECTOR_BYTES == 64 ? 2 : 1, L = lanes<float>;
  const float slope = e.slope();
  const int keep = e.keep();
  const int p_end = Pool ? o.p & ~1 : o.p, q_end = Pool ? o.q & ~1 : o.q;
  for (int pair = first; pair < last; ++pair) {
    const int p = 2 * pair + 2 <= p_end ? 2 * pair : p_end - 2;
    for (int k = 0; k < o.k; k += KB) {
      const float* const wk = w + i64{k} * o.taps();
      for (int q0 = 0; q0 < q_end; q0 += M * L) {
        int q[M];
#pragma GCC unroll 4
        for (int m = 0; m < M; ++m) q[m] = q0 + (m + 1) * L <= q_end ? q0 + m * L : q_end - L;
        Vec<float> sum[2][M][KB];
        unroll<KB>([&](auto j) __attribute__((always_inline)) {
          const Vec<float> b = splat(bias[k + j]);
          unroll<M>([&](auto m) __attribute__((always_inline)) { sum[0][m][j] = sum[1][m][j] = b; });
        });
        const float* wp = wk;
        for (int c = 0; c < o.c; ++c)
          for (int r = 0; r < o.r; ++r) {
            const float* top = x + in.at(c, p + r * o.dilation_h - o.pad_h, -o.pad_w);
            const float* bottom = top + in.row();
#pragma GCC unroll 1
            for (int s = 0; s < o.s; ++s) {
              Vec<float> a[2][M];
              unroll<M>([&](auto m) __attribute__((always_inline)) {
                a[0][m] = load(top + q[m]);
                a[1][m] = load(bottom + q[m]);
              });
              unroll<KB>([&](auto j) __attribute__((always_inline)) {
                const float v = wp[j];
                unroll<M>([&](auto m) __attribute__((always_inline)) {
                  sum[0][m][j] += v * a[0][m];
                  sum[1][m][j] += v * a[1][m];
                });
              });
              wp += KB;
              top += o.dilation_w;
              bottom += o.dilation_w;
            }
          }
        unroll<KB>([&](auto j) __attribute__((always_inline)) {
          if (k + j >= o.k) return;
          unroll<M>([&](auto m) __attribute__((always_inline)) {
            Vec<float> a = sum[0][m][j], b = sum[1][m][j];
            if constexpr (Pool) {
              a = finish(((b > a) | (b != b)) ? b : a, slope, keep);
              store_pooled(y + out.at(k + j, p / 2, q[m] / 2), a);
            } else {
              float* to = y + out.at(k + j, p, q[m]);
              store(to, finish(a, slope, keep));
              store(to + out.row(), finish(b, slope, keep));
            }
          });
        });
      }
    }
  }
}

}  // namespace ctnet::CTNET_TARGET
