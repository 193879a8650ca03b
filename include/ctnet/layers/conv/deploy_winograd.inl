// SPDX-License-Identifier: MIT
// Included once per CPU target. Winograd convolution F(M x M, 3 x 3) of deployed networks (deploy_plan.hpp), lanes over
// channels. Scratch: V [element][C / 16][tile][16] and M [element][block][tile][16].
namespace ctnet::CTNET_TARGET {

template <int M>
struct Winograd;

template <>
struct Winograd<2> {
  [[gnu::always_inline]] static inline void input(const Vec<float>* d, Vec<float>* o) {
    o[0] = d[0] - d[2];
    o[1] = d[1] + d[2];
    o[2] = d[2] - d[1];
    o[3] = d[3] - d[1];
  }
  [[gnu::always_inline]] static inline void output(const Vec<float>* m, Vec<float>* o) {
    o[0] = m[0] + m[1] + m[2];
    o[1] = m[1] - m[2] + m[3];
  }
};

// With the points 0, a, -a, b, -b, infinity.
template <>
struct Winograd<4> {
  static constexpr double a = ::ctnet::cpu::Winograd4::a, b = ::ctnet::cpu::Winograd4::b;
  static constexpr float a1 = static_cast<float>(a), a2 = static_cast<float>(a * a), a3 = static_cast<float>(a * a * a),
                         b1 = static_cast<float>(b), b2 = static_cast<float>(b * b), b3 = static_cast<float>(b * b * b),
                         sum = static_cast<float>(a * a + b * b), product = static_cast<float>(a * a * b * b);
  // Coefficients of the product of x - q over the other points q.
  [[gnu::always_inline]] static inline void input(const Vec<float>* d, Vec<float>* o) {
    o[0] = product * d[0] + (d[4] - sum * d[2]);
    const Vec<float> even_a = d[4] - b2 * d[2], odd_a = a1 * (d[3] - b2 * d[1]);
    const Vec<float> even_b = d[4] - a2 * d[2], odd_b = b1 * (d[3] - a2 * d[1]);
    o[1] = even_a + odd_a;
    o[2] = even_a - odd_a;
    o[3] = even_b + odd_b;
    o[4] = even_b - odd_b;
    o[5] = product * d[1] + (d[5] - sum * d[3]);
  }
  // Powers of the points.
  [[gnu::always_inline]] static inline void output(const Vec<float>* m, Vec<float>* o) {
    const Vec<float> even_a = m[1] + m[2], odd_a = m[1] - m[2], even_b = m[3] + m[4], odd_b = m[3] - m[4];
    o[0] = m[0] + even_a + even_b;
    o[1] = a1 * odd_a + b1 * odd_b;
    o[2] = a2 * even_a + b2 * even_b;
    o[3] = a3 * odd_a + (b3 * odd_b + m[5]);
  }
};

// V of the tiles first .. first + chunk - 1.
template <int M>
[[gnu::noinline]] void deploy_winograd_input(const ::ctnet::cpu::ConvPlan& p, const float* in, float* v, int first) {
  constexpr int A = M + 2, b = ::ctnet::cpu::channel_block;
  const i64 row = p.in.row(), step = winograd_v_step(p);
  const int off_h = p.in.pad_h - p.op.pad_h, off_w = p.in.pad_w - p.op.pad_w;
  const int height = p.in.h + 2 * p.in.pad_h - off_h, width = p.in.w + 2 * p.in.pad_w - off_w;
  const int tiles_w = p.tiles_w(), blocks = p.in.blocks();
  in += off_h * row + off_w * b;
  for (int c = 0; c < blocks; ++c, in += p.in.plane()) {
    int ty = first / tiles_w, tx = first % tiles_w;
    for (int t = 0; t < p.chunk; ++t, v += b) {
      const float* tile = in + ty * M * row + tx * (M * b);
      i64 tile_row = row;
      alignas(64) float rim[A * A * b];  // a tile that reaches beyond the map, filled up with zeros
      if (ty * M + A > height || tx * M + A > width) {
        for (int i = 0; i < A; ++i)
          for (int j = 0; j < A; ++j) {
            const bool there = ty * M + i < height && tx * M + j < width;
            for (int l = 0; l < b; ++l) rim[(i * A + j) * b + l] = there ? tile[i * row + j * b + l] : 0.0f;
          }
        tile = rim;
        tile_row = A * b;
      }
#pragma GCC unroll 1
      for (int part = 0; part < b; part += lanes<float>) {
        Vec<float> m[A][A];
#pragma GCC unroll 1
        for (int j = 0; j < A; ++j) {
          Vec<float> d[A], o[A];
          unroll<A>([&](auto i) __attribute__((always_inline)) { d[i] = load(tile + i * tile_row + j * b + part); });
          Winograd<M>::input(d, o);
          unroll<A>([&](auto i) __attribute__((always_inline)) { m[i][j] = o[i]; });
        }
        float* to = v + part;
#pragma GCC unroll 1
        for (int i = 0; i < A; ++i) {
          Vec<float> o[A];
          Winograd<M>::input(m[i], o);
          unroll<A>([&](auto j) __attribute__((always_inline)) { store(to + j * step, o[j]); });
          to += A * step;
        }
      }
      if (++tx == tiles_w) tx = 0, ++ty;
    }
  }
}

// The output of the tiles first + skip .. first + chunk - 1, channels k and on.
template <int M>
[[gnu::noinline]] void deploy_winograd_output(const ::ctnet::cpu::ConvPlan& p, const ::ctnet::cpu::ConvRun& run,
                                              const float* products, int first, int skip, int k) {
  constexpr int A = M + 2, b = ::ctnet::cpu::channel_block;
  const i64 step = winograd_m_step(p), row = p.out.row();
  const int tiles_w = p.tiles_w();
  const float slope = p.epilogue.slope();
  const int keep = p.epilogue.keep();
  for (int block = 0; block < p.blocks; ++block, k += b) {
    int ty = (first + skip) / tiles_w, tx = (first + skip) % tiles_w;
    for (int t = skip; t < p.chunk; ++t) {
      const int high = p.op.p - ty * M < M ? p.op.p - ty * M : M, wide = p.op.q - tx * M < M ? p.op.q - tx * M : M;
      const i64 to = k / b * p.out.plane() + (ty * M + p.out.pad_h) * row + i64{tx * M + p.out.pad_w} * b;
#pragma GCC unroll 1
      for (int part = 0; part < b; part += lanes<float>) {
        const float* m = products + (i64{block} * p.chunk + t) * b + part;
        Vec<float> y[M][A];
#pragma GCC unroll 1
        for (int i = 0; i < A; ++i) {  // row i of the tile to column i of y
          Vec<float> d[A], o[M];
          unroll<A>([&](auto j) __attribute__((always_inline)) { d[j] = load(m + j * step); });
          m += A * step;
          Winograd<M>::output(d, o);
          unroll<M>([&](auto j) __attribute__((always_inline)) { y[j][i] = o[j]; });
        }
        const Vec<float> bias = load(run.bias + k + part);
        const Vec<int> exist = first_lanes(p.op.k - k - part);
#pragma GCC unroll 1
        for (int j = 0; j < wide; ++j) {
          Vec<float> o[M];
          Winograd<M>::output(y[j], o);
          unroll<M>([&](auto i) __attribute__((always_inline)) {
            if (i >= high) return;
            const i64 at = to + i * row + j * b + part;
            Vec<float> value = o[i] + bias;
            if (run.add) value += load(run.add + at);
            store(run.out + at, (Vec<float>)((Vec<int>)finish(value, slope, keep) & exist));
          });
        }
      }
      if (++tx == tiles_w) tx = 0, ++ty;
    }
  }
}

template <int M, class Tile>
[[gnu::noinline]] void deploy_winograd(const ::ctnet::cpu::ConvPlan& p, const ::ctnet::cpu::ConvRun& run, Tile* tile) {
  constexpr int elements = (M + 2) * (M + 2), b = ::ctnet::cpu::channel_block;
  const i64 v_step = winograd_v_step(p), m_step = winograd_m_step(p);
  float *v = run.scratch, *products = v + elements * v_step;
  ::ctnet::cpu::ConvTile t{};
  t.blocks = p.in.blocks();
  t.rows = t.taps = 1;
  t.steps = b;
  t.last_steps = p.op.c - (p.in.blocks() - 1) * b;
  t.in_block = i64{p.chunk} * b;
  t.weight_block = i64{elements} * p.op.c * b;
  t.out_block = i64{p.chunk} * b;
  const int groups_of_blocks = p.groups_of_blocks(), last = p.tiles() - p.chunk;
  int have = -1;
  for (int u = run.first_unit; u < run.last_unit; ++u) {
    const int chunk = u / groups_of_blocks, k = u % groups_of_blocks * p.blocks;
    const int want = chunk * p.chunk, first = want < last ? want : last;  // the last chunk overlaps the one before
    if (chunk != have) deploy_winograd_input<M>(p, run.in, v, first);
    have = chunk;
    for (int e = 0; e < elements; ++e)
      for (int x = 0; x < p.chunk; x += p.pixels) {
        const int at = x < p.chunk - p.pixels ? x : p.chunk - p.pixels;
        t.in = v + e * v_step + at * b;
        t.weight = run.packed + k * t.weight_block + i64{e} * p.op.c * b;
        t.out = products + e * m_step + at * b;
        tile(t);
      }
    deploy_winograd_output<M>(p, run, products, first, want - first, k * b);
  }
}

}  // namespace ctnet::CTNET_TARGET
