// SPDX-License-Identifier: MIT
// Included once per CPU target. Direct and depthwise convolution of deployed networks over units first .. last - 1
// (deploy_plan.hpp): tile t of the rows, group g of output channels.
namespace ctnet::CTNET_TARGET {

// A tile's sums, [block][pixel][16], to the map at `to`, which is channel k of the tile's first pixel. Pixels before
// `skip` belong to the tile before.
inline void deploy_finish(const ::ctnet::cpu::ConvPlan& p, const ::ctnet::cpu::ConvRun& run, const float* sums, int k,
                          i64 to, int skip) {
  const int b = ::ctnet::cpu::channel_block, blocks = p.blocks;
  const i64 plane = p.out.plane(), from = skip * b, end = p.pixels * b;
  const ::ctnet::cpu::Fused act = p.epilogue.act;
  const float slope = p.epilogue.slope();
  for (int block = 0; block < blocks; ++block, k += b, to += plane, sums += end)
    for (int part = 0; part < b; part += lanes<float>) {
      const Vec<float> bias = load(run.bias + k + part);
      float* out = run.out + to + part;
      const float *add = run.add ? run.add + to + part : nullptr, *sum = sums + part;
      const auto each = [&](auto apply) __attribute__((always_inline)) {
#pragma GCC unroll 2
        for (i64 n = from; n < end; n += b) {
          Vec<float> v = load(sum + n) + bias;
          if (add) v += load(add + n);
          apply(v);
          store(out + n, v);
        }
      };
      if (k + b > p.op.k) {
        const Vec<int> exist = first_lanes(p.op.k - k - part);
        const int keep = p.epilogue.keep();
        each([&](Vec<float> & v)
                 __attribute__((always_inline)) { v = (Vec<float>)((Vec<int>)finish(v, slope, keep) & exist); });
      } else if (act == ::ctnet::cpu::Fused::relu) {
        each([](Vec<float> & v) __attribute__((always_inline)) { v = v < 0.0f ? Vec<float>{} : v; });
      } else {
        each([&](Vec<float> & v) __attribute__((always_inline)) { v = finish(v, slope, -1); });
      }
    }
}

template <class Tile>  // not a template of the variant: all share it
[[gnu::noinline]] void deploy_direct(const ::ctnet::cpu::ConvPlan& p, const ::ctnet::cpu::ConvRun& run, Tile* tile) {
  const ConvOp& o = p.op;
  constexpr int b = ::ctnet::cpu::channel_block;
  const int groups_of_blocks = p.groups_of_blocks(), tiles = p.tiles(), across = p.across();
  const bool planar = p.in.block == 1;
  const int whole = o.group_c() / b * b;
  ::ctnet::cpu::ConvTile t{};
  t.blocks = planar ? o.group_c() : (o.group_c() + b - 1) / b;
  t.in_block = p.in.plane();
  t.rows = o.r;
  t.in_row = o.dilation_h * p.in.row();
  // Taps that are neighbours in memory are steps, else channels are.
  const bool taps_are_steps = planar && o.dilation_w == 1;
  t.taps = taps_are_steps ? 1 : o.s;
  t.in_tap = o.dilation_w * p.in.block;
  t.steps = taps_are_steps ? o.s : planar ? 1 : b;
  t.last_steps = planar || whole == o.group_c() ? t.steps : o.group_c() - whole;
  t.weight_block = i64{o.taps()} * b;
  t.out_block = p.pixels * b;
  alignas(64) float sums[28 * b];
  t.out = sums;
  const float* in = run.in + (p.in.pad_h - o.pad_h) * p.in.row() + (p.in.pad_w - o.pad_w) * p.in.block;
  const i64 in_y = o.stride_h * p.in.row(), in_x = o.stride_w * p.in.block;
  const int last_x = p.columns() - p.pixels;
  for (int u = run.first_unit; u < run.last_unit;) {
    // The chunk's tiles, as many of them as are asked for, with one group of channels. They begin in the middle, where
    // no row of weights is left out: cold weights come in one stream (512 channels at 4 x 4: 0.8 ms, else 1.2 ms).
    // Prefetching those of the next group did not help.
    const int chunk = u / (p.chunk * groups_of_blocks), rest = u % (p.chunk * groups_of_blocks);
    const int first = chunk * p.chunk, size = tiles - first < p.chunk ? tiles - first : p.chunk;
    const int k = rest / size * p.blocks * b, c = k / o.group_k() * o.group_c();
    const int end = size - rest % size < run.last_unit - u ? u + size - rest % size : run.last_unit;
    const float* const channels = in + (planar ? c : c / b) * p.in.plane();
    const i64 to = k / b * p.out.plane() + p.out.pad_h * p.out.row() + p.out.pad_w * b;
    t.weight = run.packed + k / b * t.weight_block;
    int tile_number = first + (rest + size / 2) % size;
    int y = tile_number / across, x = tile_number % across * p.pixels;
    for (; u < end; ++u) {
      // Rows of the window that lie in the border above or below the map add nothing.
      const int top = y * o.stride_h - o.pad_h;
      t.above = top < 0 ? (o.dilation_h - 1 - top) / o.dilation_h : 0;
      const int until = top < o.h ? (o.h - top + o.dilation_h - 1) / o.dilation_h : 0;
      t.below = until < o.r ? o.r - until : 0;
      t.rows = o.r - t.above - t.below;
      const int x_tile = x < last_x ? x : last_x;  // a row's last tile may overlap the one before
      t.in = channels + y * in_y + t.above * t.in_row + x_tile * in_x;
      tile(t);
      deploy_finish(p, run, sums, k, to + y * p.out.row() + i64{x_tile} * b, x - x_tile);
      x += p.pixels;
      if (x >= last_x + p.pixels) x = 0, ++y;
      if (++tile_number == first + size) tile_number = first, y = first / across, x = first % across * p.pixels;
    }
  }
}

// Lanes are channels: a window of weights meets windows of pixels, element by element. Taps of a row are taken together
// (Window of them), so each pixel is loaded once for all.
template <int Pixels, int Window, int Step>
[[gnu::noinline]] void deploy_depthwise(const ::ctnet::cpu::ConvPlan& p, const ::ctnet::cpu::ConvRun& run) {
  constexpr int b = ::ctnet::cpu::channel_block, stride = Step / b;
  const ConvOp& o = p.op;
  const int across = p.across(), last_x = o.q - Pixels, rows = o.r, taps = o.s;
  const i64 in_r = o.dilation_h * p.in.row(), in_s = i64{o.dilation_w} * b * Window;
  const float slope = p.epilogue.slope();
  const int keep = p.epilogue.keep();
  for (int u = run.first_unit; u < run.last_unit; ++u) {
    const int k = u / o.p * b, y = u % o.p;
    const float* const in_y = run.in + k / b * p.in.plane() + (p.in.pad_h - o.pad_h + y * o.stride_h) * p.in.row() +
                              (p.in.pad_w - o.pad_w) * b;
    const i64 to_y = k / b * p.out.plane() + (y + p.out.pad_h) * p.out.row() + p.out.pad_w * b;
    for (int part = 0; part < b; part += lanes<float>) {
      const float* const weight = run.packed + i64{k} * rows * taps + part;
      const Vec<float> bias = load(run.bias + k + part);
      const Vec<int> exist = first_lanes(o.k - k - part);
      for (int tile = 0; tile < across; ++tile) {
        const int x = tile * Pixels < last_x ? tile * Pixels : last_x, skip = tile * Pixels - x;
        const float *w = weight, *in_row = in_y + i64{x} * Step + part;
        Vec<float> sum[Pixels];
        unroll<Pixels>([&](auto n) __attribute__((always_inline)) { sum[n] = bias; });
        for (int r = 0; r < rows; ++r, in_row += in_r) {
          const float* in = in_row;
          for (int s = 0; s < taps; s += Window, in += in_s, w += b * Window)
            unroll<(Pixels - 1) * stride + Window>([&](auto j) __attribute__((always_inline)) {
              const Vec<float> pixel = load(in + j * b);
              unroll<Window>([&](auto tap) __attribute__((always_inline)) {
                constexpr int first = j - tap, n = first / stride;
                if constexpr (first >= 0 && first % stride == 0 && n < Pixels) sum[n] += pixel * load(w + tap * b);
              });
            });
        }
        float* const out = run.out + to_y + i64{x} * b + part;
        const float* const add = run.add ? run.add + to_y + i64{x} * b + part : nullptr;
        unroll<Pixels>([&](auto n) __attribute__((always_inline)) {
          if (n < skip) return;
          if (add) sum[n] += load(add + n * b);
          store(out + n * b, (Vec<float>)((Vec<int>)finish(sum[n], slope, keep) & exist));
        });
      }
    }
  }
}

}  // namespace ctnet::CTNET_TARGET
