// SPDX-License-Identifier: MIT
// Included once per CPU target. Convolutions of deployed networks in bfloat16 (deploy_bf16.hpp).
namespace ctnet::CTNET_TARGET {

// Rows first .. first + rows - 1 of the map with the convolution's padding, rounded into scratch.
template <class Dot, bool Split>
[[gnu::noinline]] void bf16_band(const ::ctnet::cpu::Bf16Plan& p, const float* map, unsigned short* to, int first,
                                 int rows) {
  const ConvOp& o = p.op;
  const int depth = p.depth(), width = p.width(), b = p.in.block;
  const i64 low = p.map_size(), row = i64{width} * depth;
  map += (p.in.pad_h - o.pad_h + first) * p.in.row() + (p.in.pad_w - o.pad_w) * b;
  for (int g = 0; g < o.groups; ++g)
    for (int chunk = 0; chunk < p.chunks(); ++chunk, to += p.plane()) {
      const int c = g * o.group_c() + chunk * 32;
      const int rest = o.group_c() - chunk * 32, channels = rest < depth ? rest : depth;
      const float* from = map + c / b * p.in.plane();
      unsigned short* line = to;
      for (int y = 0; y < rows; ++y, from += p.in.row(), line += row) {
        if (b != 1) {
          const float* other = channels > 16 ? from + p.in.plane() : nullptr;
          unsigned short* pixel = line;
          for (int x = 0; x < width; ++x, pixel += depth) {
            bf16_narrow<Dot, Split>(from + x * 16, pixel, low, 16);
            if (other) {
              bf16_narrow<Dot, Split>(other + x * 16, pixel + 16, low, 16);
            } else if (depth > 16) {
              __builtin_memset(pixel + 16, 0, 32);
              if (Split) __builtin_memset(pixel + low + 16, 0, 32);
            }
          }
          continue;
        }
        for (int e = 0; e < depth; e += 2)  // two planes make pairs
          for (int x = 0; x < width; x += 16) {
            const int n = width - x < 16 ? width - x : 16;
            float two[2][16] = {};
            for (int j = 0; j < 2; ++j)
              if (e + j < channels) {
                const float* plane = from + (e + j) * p.in.plane() + x;
                if (n == 16) {
                  __builtin_memcpy(two[j], plane, 64);
                } else {
                  for (int i = 0; i < n; ++i) two[j][i] = plane[i];
                }
              }
            unsigned short parts[2][32];
            bf16_narrow<Dot, Split>(two[0], parts[0], 32, 32);
            for (int part = 0; part < (Split ? 2 : 1); ++part) {
              unsigned short* pixel = line + (part ? low : 0) + i64{x} * depth + e;
              for (int i = 0; i < n; ++i, pixel += depth) {
                pixel[0] = parts[part][i];
                pixel[1] = parts[part][i + 16];
              }
            }
          }
      }
      // Weights of zero may meet these; the next plane overwrites them.
      __builtin_memset(line, 0, 64);
      if (Split) __builtin_memset(line + low, 0, 64);
    }
}

// Units run.first_unit .. run.last_unit - 1; compute(job) does one.
template <class Dot, bool Split, class Compute>
[[gnu::always_inline]] inline void bf16_units(const ::ctnet::cpu::Bf16Plan& p, const ::ctnet::cpu::ConvRun& run,
                                              Compute&& compute) {
  const ConvOp& o = p.op;
  const int depth = p.depth(), per_group = p.pairs_of_blocks(), per_band = per_group * o.groups;
  const int group_k = o.groups > 1 ? o.group_k() : p.out.blocks() * 16;
  const int* const scratch = reinterpret_cast<const int*>(run.scratch);
  ::ctnet::cpu::Bf16Job job{};
  job.blocks = p.chunks();
  job.rows = o.r;
  job.taps = p.taps();
  job.pairs = p.steps() / 2;
  const int last = o.group_c() - 32 * (p.chunks() - 1);
  job.last_pairs = p.merged() ? job.pairs : (last + 1) / 2;
  job.pieces = p.pieces();
  job.in_block = p.plane() / 2;
  job.in_row = i64{o.dilation_h} * p.width() * depth / 2;
  job.in_tap = i64{o.dilation_w} * depth / 2;
  job.in_low = p.map_size() / 2;
  job.weight_block = ::ctnet::cpu::packed_size(p) / p.out.blocks();
  job.width = o.q;
  job.pixel_row = i64{o.stride_h} * p.width() * depth / 2;
  job.pixel_step = i64{o.stride_w} * depth / 2;
  job.out_row = p.out.row();
  job.out_step = 16;
  job.out_block = p.out.plane();
  job.slope = p.epilogue.slope();
  job.keep = p.epilogue.keep();
  int have = -1;
  for (int u = run.first_unit; u < run.last_unit; ++u) {
    const int band = u / per_band, g = u % per_band / per_group, part = u % per_group;
    const int y = band * p.band;
    job.height = o.p - y < p.band ? o.p - y : p.band;
    if (band != have)
      bf16_band<Dot, Split>(p, run.in, reinterpret_cast<unsigned short*>(run.scratch), y * o.stride_h,
                            p.in_rows(job.height));
    have = band;
    const int k = g * group_k + part * 32, left = group_k - part * 32;
    job.in = scratch + g * p.chunks() * job.in_block;
    job.weight = reinterpret_cast<const int*>(run.packed) + k / 16 * job.weight_block;
    job.outputs = left < 32 ? left : 32;
    job.exist = o.k - k;
    const i64 to = p.out.at(k, y, 0);
    job.out = run.out + to;
    job.add = run.add ? run.add + to : nullptr;
    job.bias = run.bias + k;
    compute(job);
  }
}

template <class Dot, bool Split>
[[gnu::noinline]] void conv_bf16_vectors(const ::ctnet::cpu::Bf16Plan& p, const ::ctnet::cpu::ConvRun& run) {
  bf16_units<Dot, Split>(
      p, run, [](const ::ctnet::cpu::Bf16Job& job) __attribute__((always_inline)) { bf16_vectors<Dot, Split>(job); });
}
template <class Dot, bool Split, class Tiles>
[[gnu::noinline]] void conv_bf16_tiles(const ::ctnet::cpu::Bf16Plan& p, const ::ctnet::cpu::ConvRun& run, Tiles tiles) {
  tiles.begin();
  bf16_units<Dot, Split>(
      p, run, [&](const ::ctnet::cpu::Bf16Job& job) __attribute__((always_inline)) { bf16_tiles<Split>(job, tiles); });
  tiles.end();
}

template <bool Split>
void run_conv_bf16(const ::ctnet::cpu::Bf16Plan& p, const ::ctnet::cpu::ConvRun& run) {
#if CTNET_VECTOR_BYTES == 64
  const auto path = ::ctnet::cpu::bf16_path();
  if (path == ::ctnet::cpu::Bf16Path::amx) return conv_bf16_tiles<NativeBf16, Split>(p, run, ::ctnet::cpu::AmxTiles{});
  if (path == ::ctnet::cpu::Bf16Path::avx512_bf16) return conv_bf16_vectors<NativeBf16, Split>(p, run);
#endif
  conv_bf16_vectors<PortableBf16, Split>(p, run);
}

}  // namespace ctnet::CTNET_TARGET
