// SPDX-License-Identifier: MIT
// Included once per CPU target. Linear of deployed networks in bfloat16 (deploy_bf16.hpp): images are the pixels.
namespace ctnet::CTNET_TARGET {

template <class Dot, bool Split, class Compute>
[[gnu::always_inline]] inline void linear_bf16_images(const ::ctnet::cpu::LinearBf16Plan& p,
                                                      const ::ctnet::cpu::LinearBf16Run& run, int pixels,
                                                      Compute&& compute) {
  const i64 n = p.in.size(), whole = n / 16 * 16, row = p.row(), low = p.images() * row;
  const int first = run.first * 64, last = run.last * 64 < p.outputs() ? run.last * 64 : p.outputs();
  auto* const scratch = reinterpret_cast<unsigned short*>(run.scratch);
  ::ctnet::cpu::Bf16Job job{};
  job.blocks = job.rows = job.taps = 1;
  job.pairs = job.last_pairs = static_cast<int>((n + 1) / 2);
  job.pieces = p.pieces();
  job.in = reinterpret_cast<const int*>(run.scratch);
  job.in_low = low / 2;
  job.weight_block = ::ctnet::cpu::packed_size(p) / (p.outputs() / 16);
  job.weight = reinterpret_cast<const int*>(run.packed) + first / 16 * job.weight_block;
  job.height = 1;
  job.pixel_step = row / 2;
  job.pixel_row = job.pixel_step * p.images();
  job.out_step = run.out_step;
  job.outputs = last - first;
  job.exist = p.op.out - first;
  job.out_block = 16;
  job.bias = run.bias + first;
  job.slope = p.epilogue.slope();
  job.keep = p.epilogue.keep();
  const int most = p.images() / pixels * pixels;  // whole tiles
  for (int image = 0; image < run.images; image += most) {
    job.width = run.images - image < most ? run.images - image : most;
    for (int m = 0; m < job.width; ++m) {
      const float* from = run.in + (image + m) * run.in_step;
      float rest[32] = {};
      for (i64 i = whole; i < n; ++i) rest[i - whole] = from[i];
      bf16_narrow<Dot, Split>(from, scratch + m * row, low, whole);
      bf16_narrow<Dot, Split>(rest, scratch + m * row + whole, low, p.pieces() * 32 - whole);
    }
    job.out = run.out + image * run.out_step + first;
    compute(job);
  }
}

template <class Dot, bool Split>
[[gnu::noinline]] void linear_bf16_vectors(const ::ctnet::cpu::LinearBf16Plan& p,
                                           const ::ctnet::cpu::LinearBf16Run& run) {
  linear_bf16_images<Dot, Split>(
      p, run, Dot::pixels,
      [](const ::ctnet::cpu::Bf16Job& job) __attribute__((always_inline)) { bf16_vectors<Dot, Split>(job); });
}
template <class Dot, bool Split, class Tiles>
[[gnu::noinline]] void linear_bf16_tiles(const ::ctnet::cpu::LinearBf16Plan& p, const ::ctnet::cpu::LinearBf16Run& run,
                                         Tiles tiles) {
  tiles.begin();
  linear_bf16_images<Dot, Split>(
      p, run,
      16, [&](const ::ctnet::cpu::Bf16Job& job) __attribute__((always_inline)) { bf16_tiles<Split>(job, tiles); });
  tiles.end();
}

template <bool Split>
void linear_bf16(const ::ctnet::cpu::LinearBf16Plan& p, const ::ctnet::cpu::LinearBf16Run& run) {
#if CTNET_VECTOR_BYTES == 64
  const auto path = ::ctnet::cpu::bf16_path();
  if (path == ::ctnet::cpu::Bf16Path::amx)
    return linear_bf16_tiles<NativeBf16, Split>(p, run, ::ctnet::cpu::AmxTiles{});
  if (path == ::ctnet::cpu::Bf16Path::avx512_bf16) return linear_bf16_vectors<NativeBf16, Split>(p, run);
#endif
  linear_bf16_vectors<PortableBf16, Split>(p, run);
}

}  // namespace ctnet::CTNET_TARGET
