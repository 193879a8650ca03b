// SPDX-License-Identifier: MIT
// Included once per CPU target. Jobs of bf16.hpp in matrix tiles (amx.hpp): twice 16 pixels x twice 16 outputs. A run
// of 16 pixels is equally spaced; where a whole map is, a run goes on into the next row, and what falls between two
// rows is computed and left out.
namespace ctnet::CTNET_TARGET {

// The map's values from the sums of a run, [pixel][16].
inline void bf16_finish(const ::ctnet::cpu::Bf16Job& job, const float* sums, int k, const i64* at) {
  const i64 first = k / 16 * job.out_block;
  for (int part = 0; part < 16; part += lanes<float>) {
    const Vec<float> bias = load(job.bias + k + part);
    const Vec<int> exist = first_lanes(job.exist - k - part);
    for (int n = 0; n < 16; ++n) {
      if (at[n] < 0) continue;
      const i64 to = first + at[n] + part;
      Vec<float> v = load(sums + n * 16 + part) + bias;
      if (job.add) v += load(job.add + to);
      store(job.out + to, (Vec<float>)((Vec<int>)finish(v, job.slope, job.keep) & exist));
    }
  }
}

template <class Tiles>
[[gnu::always_inline]] inline void bf16_dots(Tiles& tiles) {
  tiles.template dot<0, 4, 6>();
  tiles.template dot<1, 4, 7>();
  tiles.template dot<2, 5, 6>();
  tiles.template dot<3, 5, 7>();
}

// Two runs of pixels, a and b, and the outputs k .. k + 31 (next_k 0: k .. k + 15, twice).
template <bool Split, class Tiles>
[[gnu::noinline]] void bf16_tile(Tiles& tiles, const ::ctnet::cpu::Bf16Job& job, const int* a, const int* b, int k,
                                 i64 next_k, float* sums) {
  const int* w = job.weight + k / 16 * job.weight_block;
  const i64 step = job.pixel_step, low = i64{job.pieces} * 256;
  tiles.template zero<0>();
  tiles.template zero<1>();
  tiles.template zero<2>();
  tiles.template zero<3>();
  i64 in_block = 0;
  for (int block = job.blocks; block > 0; --block, in_block += job.in_block) {
    i64 in_row = in_block;
    for (int r = job.rows; r > 0; --r, in_row += job.in_row) {
      i64 in_tap = in_row;
      for (int s = job.taps; s > 0; --s, in_tap += job.in_tap) {
        i64 at = in_tap;
        for (int piece = job.pieces; piece > 0; --piece, at += 16, w += 256) {
          tiles.template load<6>(w, 16);
          tiles.template load<7>(w + next_k, 16);
          if constexpr (Split) {
            tiles.template load<4>(a + at + job.in_low, step);
            tiles.template load<5>(b + at + job.in_low, step);
            bf16_dots(tiles);
          }
          tiles.template load<4>(a + at, step);
          tiles.template load<5>(b + at, step);
          bf16_dots(tiles);
          if constexpr (Split) {
            tiles.template load<6>(w + low, 16);
            tiles.template load<7>(w + low + next_k, 16);
            bf16_dots(tiles);
          }
        }
        if constexpr (Split) w += low;
      }
    }
  }
  tiles.template store<0>(sums);
  tiles.template store<1>(sums + 256);
  tiles.template store<2>(sums + 512);
  tiles.template store<3>(sums + 768);
}

template <bool Split, class Tiles>
[[gnu::noinline]] void bf16_tiles(const ::ctnet::cpu::Bf16Job& job, Tiles& tiles) {
  const i64 pitch = job.pixel_step ? job.pixel_row / job.pixel_step : 0;  // pixels from row to row
  const int row_runs = (job.width + 15) / 16;
  i64 flat_runs = ((job.height - 1) * pitch + job.width + 15) / 16;
  const bool flat = pitch * job.pixel_step == job.pixel_row && pitch >= job.width && flat_runs < job.height * row_runs;
  const int runs = flat ? static_cast<int>(flat_runs) : job.height * row_runs;
  alignas(64) float sums[4 * 256];
  i64 at[2][16];
  for (int k = 0; k < job.outputs; k += 32) {
    const bool wide = k + 32 <= job.outputs;
    for (int run = 0; run < runs; run += 2) {
      const int* in[2] = {};
      const int both = run + 1 < runs ? 2 : 1;
      for (int j = 0; j < both; ++j) {
        i64 y, x;
        if (flat) {
          in[j] = job.in + i64{16} * (run + j) * job.pixel_step;
          y = i64{16} * (run + j) / pitch;
          x = i64{16} * (run + j) % pitch;
        } else {
          y = (run + j) / row_runs;
          x = i64{16} * ((run + j) % row_runs);
          in[j] = job.in + y * job.pixel_row + x * job.pixel_step;
        }
        for (i64& to : at[j]) {
          to = x < job.width && y < job.height ? y * job.out_row + x * job.out_step : -1;
          if (++x == pitch && flat) x = 0, ++y;
        }
      }
      bf16_tile<Split>(tiles, job, in[0], in[both - 1], k, wide ? job.weight_block : 0, sums);
      for (int j = 0; j < both; ++j) {
        bf16_finish(job, sums + j * 512, k, at[j]);
        if (wide) bf16_finish(job, sums + j * 512 + 256, k + 16, at[j]);
      }
    }
  }
}

}  // namespace ctnet::CTNET_TARGET
