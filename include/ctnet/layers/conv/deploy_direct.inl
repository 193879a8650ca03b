// SPDX-License-Identifier: MIT
// Included once per CPU target. Direct and depthwise convolution of deployed networks over units first .. last - 1
// (deploy_plan.hpp): tile t of the rows, group g of output channels.
namespace ctnet::CTNET_TARGET {

// Tile number t of the output.
struct ConvPlace {
  int y, x, skip;  // its first `skip` pixels are the tile's before
};
[[gnu::always_inline]] inline ConvPlace conv_place(const ::ctnet::cpu::ConvPlan& p, int t) {
  const int across = p.across(), last = p.columns() - p.pixels;
  const int y = t / across, x = t % across * p.pixels;
  return {y, x < last ? x : last, x < last ? 0 : x - last};
}

// The map's values from the sums of a tile, [block][pixel][16].
inline void conv_finish(const ::ctnet::cpu::ConvPlan& p, const ::ctnet::cpu::ConvRun& run, const float* sums, int k,
                        ConvPlace at) {
  const int b = ::ctnet::cpu::channel_block, pixels = p.pixels, blocks = p.blocks;
  const float slope = p.epilogue.slope();
  const int keep = p.epilogue.keep();
  for (int block = 0; block < blocks; ++block, k += b, sums += pixels * b)
    for (int part = 0; part < b; part += lanes<float>) {
      const Vec<float> bias = load(run.bias + k + part);
      const Vec<int> exist = first_lanes(p.op.k - k - part);
      const i64 to = p.out.at(k, at.y, at.x) + part;
      float* out = run.out + to;
      const float* add = run.add ? run.add + to : nullptr;
#pragma GCC unroll 4
      for (int n = at.skip * b; n < pixels * b; n += b) {
        Vec<float> v = load(sums + n + part) + bias;
        if (add) v += load(add + n);
        store(out + n, (Vec<float>)((Vec<int>)finish(v, slope, keep) & exist));
      }
    }
}

template <class Tile>  // not a template of the variant: all share it
[[gnu::noinline]] void conv_direct(const ::ctnet::cpu::ConvPlan& p, const ::ctnet::cpu::ConvRun& run, Tile* tile) {
  const ConvOp& o = p.op;
  const int b = ::ctnet::cpu::channel_block, groups_of_blocks = p.groups_of_blocks(), tiles = p.tiles();
  const bool planar = p.in.block == 1;
  const int whole = o.group_c() / b * b;
  ::ctnet::cpu::ConvTile t{};
  t.blocks = planar ? o.group_c() : p.in.block == b ? (o.group_c() + b - 1) / b : 0;
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
  alignas(64) float sums[28 * 16];
  t.out = sums;
  const float* in = run.in + (p.in.pad_h - o.pad_h) * p.in.row() + (p.in.pad_w - o.pad_w) * p.in.block;
  for (int u = run.first_unit; u < run.last_unit; ++u) {
    const int chunk = u / (p.chunk * groups_of_blocks), rest = u % (p.chunk * groups_of_blocks);
    const int first = chunk * p.chunk, size = tiles - first < p.chunk ? tiles - first : p.chunk;
    const ConvPlace at = conv_place(p, first + rest % size);
    const int k = rest / size * p.blocks * b, c = k / o.group_k() * o.group_c();
    t.in =
        in + (planar ? c : c / b) * p.in.plane() + at.y * o.stride_h * p.in.row() + i64{at.x} * o.stride_w * p.in.block;
    t.weight = run.packed + k / b * t.weight_block;
    tile(t);
    conv_finish(p, run, sums, k, at);
  }
}

// Lanes are channels: a window of weights meets windows of pixels, element by element.
template <int Pixels, int Step>
[[gnu::noinline]] void conv_depthwise(const ::ctnet::cpu::ConvPlan& p, const ::ctnet::cpu::ConvRun& run) {
  const ConvOp& o = p.op;
  const int b = ::ctnet::cpu::channel_block, across = p.across();
  const float* start = run.in + (p.in.pad_h - o.pad_h) * p.in.row() + (p.in.pad_w - o.pad_w) * b;
  const float slope = p.epilogue.slope();
  const int keep = p.epilogue.keep();
  for (int u = run.first_unit; u < run.last_unit; ++u) {
    const int k = u / o.p * b, y = u % o.p;
    for (int tile = 0; tile < across; ++tile) {
      const ConvPlace at = conv_place(p, y * across + tile);
      const i64 to = p.out.at(k, y, at.x);
      for (int part = 0; part < b; part += lanes<float>) {
        const float* w = run.packed + i64{k} * o.r * o.s + part;
        const float* in_row = start + k / b * p.in.plane() + y * o.stride_h * p.in.row() + i64{at.x} * Step + part;
        Vec<float> sum[Pixels];
        unroll<Pixels>([&](auto n) __attribute__((always_inline)) { sum[n] = Vec<float>{}; });
        for (int r = 0; r < o.r; ++r, in_row += o.dilation_h * p.in.row()) {
          const float* in = in_row;
          for (int s = 0; s < o.s; ++s, in += o.dilation_w * b, w += b) {
            const Vec<float> weight = load(w);
            unroll<Pixels>([&](auto n) __attribute__((always_inline)) { sum[n] += load(in + n * Step) * weight; });
          }
        }
        const Vec<float> bias = load(run.bias + k + part);
        const Vec<int> exist = first_lanes(o.k - k - part);
        unroll<Pixels>([&](auto n) __attribute__((always_inline)) {
          if (n < at.skip) return;
          Vec<float> v = sum[n] + bias;
          if (run.add) v += load(run.add + to + part + n * b);
          store(run.out + to + part + n * b, (Vec<float>)((Vec<int>)finish(v, slope, keep) & exist));
        });
      }
    }
  }
}

}  // namespace ctnet::CTNET_TARGET
