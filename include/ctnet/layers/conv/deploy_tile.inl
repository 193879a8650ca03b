// SPDX-License-Identifier: MIT
// Included once per CPU target. The register tile of a deployed convolution (ConvTile in deploy.hpp):
//   out(n, k) = sum over i of  in(n * Step + offset(i)) * weight(i, k)
//
//               16 k  16 k           Each input value is spread over a vector and meets `blocks` of weights; the
//             +------+------+        sums stay in registers. i runs through blocks of channels, rows and taps of the
//   pixels n  | sums        |        window, and `steps` neighbours in memory.
namespace ctnet::CTNET_TARGET {

inline constexpr int vectors_of_block = ::ctnet::cpu::channel_block / lanes<float>;

template <int N, int Blocks, int Step>
[[gnu::noinline]] void conv_registers(const ::ctnet::cpu::ConvTile& t) {
  constexpr int B = vectors_of_block, V = Blocks * B, block = ::ctnet::cpu::channel_block;
  Vec<float> sum[N][V];
  unroll<N * V>([&](auto i) __attribute__((always_inline)) { sum[i / V][i % V] = Vec<float>{}; });
  const float* w = t.weight;
  const i64 next_block = t.weight_block;
  const float* in_block = t.in;
#pragma GCC unroll 1
  for (int a = t.blocks; a > 0; --a, in_block += t.in_block) {
    const int steps = a > 1 ? t.steps : t.last_steps;
    const i64 weight_row = i64{steps} * t.taps * block;
    const float* in_row = in_block;
    w += t.above * weight_row;
#pragma GCC unroll 1
    for (int r = t.rows; r > 0; --r, in_row += t.in_row) {
      const float* in_tap = in_row;
#pragma GCC unroll 1
      for (int s = t.taps; s > 0; --s, in_tap += t.in_tap) {
        const float *in = in_tap, *next = in_tap + N * Step;
#pragma GCC unroll 1
        for (int c = steps; c > 0; --c) {
          asm("" : "+r"(in));        // else g++ keeps what the next step reads again, and then has too few registers
          __builtin_prefetch(next);  // of the next tile: 256-64 channels at 56 x 56 gains 5 %, others up to 3 %
          next += Step;
          Vec<float> row[V];
          unroll<V>([&](auto v) __attribute__((always_inline)) {
            row[v] = load(w + v / B * next_block + v % B * lanes<float>);
          });
          unroll<N>([&](auto n) __attribute__((always_inline)) {
            const float x = in[n * Step];
            unroll<V>([&](auto v) __attribute__((always_inline)) { sum[n][v] += x * row[v]; });
          });
          ++in;
          w += block;
        }
      }
    }
    w += t.below * weight_row;
  }
  float* const out = t.out;
  const i64 out_block = t.out_block;
  unroll<V>([&](auto v) __attribute__((always_inline)) {
    unroll<N>([&](auto n) __attribute__((always_inline)) {
      store(out + v / B * out_block + v % B * lanes<float> + n * block, sum[n][v]);
    });
  });
}

// A tile of the plan's size, on targets of 16 registers in pieces of one block and at most 12 sums (with AVX2, 3 pixels
// x 2 blocks were no faster than 6 x 1: 1416 us against 1382 for 1 x 1, 512 to 2048 channels at 7 x 7).
template <int Pixels, int Blocks, int Step>
void conv_tile(const ::ctnet::cpu::ConvTile& t) {
  if constexpr (CTNET_VECTOR_BYTES == 64) {
    conv_registers<Pixels, Blocks, Step>(t);
  } else {
    constexpr int most = 12 / vectors_of_block, pieces = (Pixels + most - 1) / most;
    for (int k = 0; k < Blocks; ++k)
      unroll<pieces>([&](auto i) __attribute__((always_inline)) {
        constexpr int first = Pixels * i / pieces, size = Pixels * (i + 1) / pieces - first;
        ::ctnet::cpu::ConvTile part = t;
        part.in += first * Step;
        part.weight += k * t.weight_block;
        part.out += k * t.out_block + first * ::ctnet::cpu::channel_block;
        conv_registers<size, 1, Step>(part);
      });
  }
}

}  // namespace ctnet::CTNET_TARGET
