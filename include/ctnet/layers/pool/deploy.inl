// SPDX-License-Identifier: MIT
// Included once per CPU target. Pools on blocked activations: lanes are channels.
namespace ctnet::CTNET_TARGET {

// y(p,q) = max or sum times factor(p,q) over the window's pixels y0..y1, x0..x1, with steps for dilated max windows.
template <bool Max, class Window>
[[gnu::always_inline]] inline void pool_blocks(const cpu::Layout& in, const cpu::Layout& out, const float* x, float* y,
                                               int first, int last, int step_h, int step_w, Window window) {
  constexpr int L = lanes<float>, M = cpu::channel_block / L;
  for (int block = first; block < last; ++block)
    for (int p = 0; p < out.h; ++p)
      for (int q = 0; q < out.w; ++q) {
        const auto w = window(p, q);
        Vec<float> sum[M];
        const float* from = x + in.at(block * cpu::channel_block, w.y0, w.x0);
        unroll<M>([&](auto m) __attribute__((always_inline)) { sum[m] = Max ? load(from + m * L) : Vec<float>{}; });
        for (int v = w.y0; v < w.y1; v += step_h, from += step_h * in.row()) {
          const float* at = from;
          for (int u = w.x0; u < w.x1; u += step_w, at += step_w * cpu::channel_block)
            unroll<M>([&](auto m) __attribute__((always_inline)) {
              const Vec<float> a = load(at + m * L);
              if constexpr (Max)
                sum[m] = ((a > sum[m]) | (a != a)) ? a : sum[m];
              else
                sum[m] += a;
            });
        }
        float* to = y + out.at(block * cpu::channel_block, p, q);
        unroll<M>([&](auto m) __attribute__((always_inline)) {
          if constexpr (!Max) sum[m] = sum[m] / static_cast<float>(w.count);
          store(to + m * L, sum[m]);
        });
      }
}

inline void max_pool_blocks(const MaxPoolOp& o, const cpu::Layout& in, const cpu::Layout& out, const float* x, float* y,
                            int first, int last) {
  pool_blocks<true>(
      in, out, x, y, first, last, o.dilation_h,
      o.dilation_w, [&](int p, int q) __attribute__((always_inline)) { return cpu::window_of(o, p, q); });
}
template <class Op>
void mean_pool_blocks(const Op& o, const cpu::Layout& in, const cpu::Layout& out, const float* x, float* y, int first,
                      int last) {
  pool_blocks<false>(
      in, out, x, y, first, last, 1,
      1, [&](int p, int q) __attribute__((always_inline)) { return ctnet::detail::window_of(o, p, q); });
}

}  // namespace ctnet::CTNET_TARGET
