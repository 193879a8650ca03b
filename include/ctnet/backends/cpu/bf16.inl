// SPDX-License-Identifier: MIT
// Included once per CPU target. Jobs of bf16.hpp in vector registers: `N` pixels x `V` vectors of outputs.
namespace ctnet::CTNET_TARGET {

typedef unsigned short Halves __attribute__((vector_size(CTNET_VECTOR_BYTES / 2)));
typedef unsigned short HalvesAt __attribute__((vector_size(CTNET_VECTOR_BYTES / 2), aligned(2), may_alias));
typedef int PairAt __attribute__((may_alias));

struct PortableBf16 {
  static constexpr int pixels = CTNET_VECTOR_BYTES == 64 ? 12 : 4;

  [[gnu::always_inline]] static inline Halves narrow(Vec<float> x) {
    const Vec<unsigned> u = (Vec<unsigned>)x;
    const Vec<unsigned> rounded = u + 0x7FFFu + (u >> 16 & 1u);
    const Vec<unsigned> kept = x == x ? rounded : u | 0x400000u;
    return __builtin_convertvector(kept >> 16, Halves);
  }
  template <int N, int V>
  [[gnu::always_inline]] static inline void dot(Vec<float> (&sum)[N][V], const int* const* in, i64 at, const int* w,
                                                i64 next_block) {
    constexpr int B = 16 / lanes<int>;
    constexpr int upper = static_cast<int>(0xFFFF0000u);
    Vec<float> even[V], odd[V];
    unroll<V>([&](auto v) __attribute__((always_inline)) {
      const Vec<int> pair = load(w + v / B * next_block + v % B * lanes<int>);
      even[v] = (Vec<float>)(pair << 16);
      odd[v] = (Vec<float>)(pair & upper);
    });
    unroll<N>([&](auto n) __attribute__((always_inline)) {
      const Vec<int> pair = *reinterpret_cast<const PairAt*>(in[n] + at) - Vec<int>{};
      const Vec<float> x_even = (Vec<float>)(pair << 16), x_odd = (Vec<float>)(pair & upper);
      unroll<V>([&](auto v) __attribute__((always_inline)) { sum[n][v] += x_even * even[v]; });
      unroll<V>([&](auto v) __attribute__((always_inline)) { sum[n][v] += x_odd * odd[v]; });
    });
  }
};

#if CTNET_VECTOR_BYTES == 64
struct NativeBf16 {
  static constexpr int pixels = 14;

  [[gnu::always_inline]] static inline Halves narrow(Vec<float> x) {
    Halves h;
    asm("vcvtneps2bf16 %1, %0" : "=v"(h) : "v"(x));
    return h;
  }
  [[gnu::always_inline]] static inline void add(Vec<float>& sum, Vec<int> pairs, const PairAt& x) {
    asm("vdpbf16ps %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(pairs), "m"(x));
  }
  template <int N, int V>
  [[gnu::always_inline]] static inline void dot(Vec<float> (&sum)[N][V], const int* const* in, i64 at, const int* w,
                                                i64 next_block) {
    Vec<int> pairs[V];
    unroll<V>([&](auto v) __attribute__((always_inline)) { pairs[v] = load(w + v * next_block); });
    unroll<N>([&](auto n) __attribute__((always_inline)) {
      const PairAt& x = *reinterpret_cast<const PairAt*>(in[n] + at);
      unroll<V>([&](auto v) __attribute__((always_inline)) { add(sum[n][v], pairs[v], x); });
    });
  }
};
#endif

template <class Dot, bool Split, int N, int V>
[[gnu::noinline]] void bf16_registers(const ::ctnet::cpu::Bf16Tile& t) {
  constexpr int L = lanes<float>, B = 16 / L;
  const ::ctnet::cpu::Bf16Job& job = *t.job;
  Vec<float> sum[N][V];
  unroll<V>([&](auto v) __attribute__((always_inline)) {
    const Vec<float> bias = load(job.bias + t.k + v * L);
    unroll<N>([&](auto n) __attribute__((always_inline)) { sum[n][v] = bias; });
  });
  const i64 next_block = job.weight_block, low = i64{job.pieces} * 256, in_low = job.in_low;
  const int* tap_weight = job.weight + t.k / 16 * next_block + t.k % 16;
  const int* const* const in = t.in;
  i64 in_block = 0;
#pragma GCC unroll 1
  for (int a = job.blocks; a > 0; --a, in_block += job.in_block) {
    const int pairs = a > 1 ? job.pairs : job.last_pairs;
    i64 in_row = in_block;
#pragma GCC unroll 1
    for (int r = job.rows; r > 0; --r, in_row += job.in_row) {
      i64 in_tap = in_row;
#pragma GCC unroll 1
      for (int s = job.taps; s > 0; --s, in_tap += job.in_tap, tap_weight += Split ? 2 * low : low) {
        const int* w = tap_weight;
        i64 at = in_tap;
#pragma GCC unroll 1
        for (const i64 end = at + pairs; at < end; ++at, w += 16) {
          asm("" : "+r"(at));  // else the compiler keeps one address for each pixel
          Dot::dot(sum, in, at, w, next_block);
          if constexpr (Split) {
            Dot::dot(sum, in, at, w + low, next_block);
            Dot::dot(sum, in, at + in_low, w, next_block);
          }
        }
      }
    }
  }
  const float slope = job.slope;
  const int keep = job.keep, count = t.count;
  Vec<int> exist[V];
  unroll<V>([&](auto v) __attribute__((always_inline)) { exist[v] = first_lanes(job.exist - t.k - v * L); });
  const i64 first = t.k / 16 * job.out_block + t.k % 16;
  float* const out = job.out + first;
  const float* const add = job.add ? job.add + first : nullptr;
  unroll<N>([&](auto n) __attribute__((always_inline)) {
    if (n >= count) return;
    unroll<V>([&](auto v) __attribute__((always_inline)) {
      const i64 to = t.at[n] + v / B * job.out_block + v % B * L;
      Vec<float> value = sum[n][v];
      if (add) value += load(add + to);
      store(out + to, (Vec<float>)((Vec<int>)finish(value, slope, keep) & exist[v]));
    });
  });
}

// What computes `outputs` outputs of up to `pixels` pixels, or of up to `few`.
struct Bf16Registers {
  typedef void Run(const ::ctnet::cpu::Bf16Tile&);
  Run *run, *run_few;
  int pixels, few, outputs;
};
template <class Dot, bool Split>
Bf16Registers bf16_registers_for(int pixels, int outputs) {
  constexpr int N = Dot::pixels, L = lanes<float>;
  if (pixels == 1 && outputs >= 4 * L) {
    const auto one = &bf16_registers<Dot, Split, 1, 4>;
    return {one, one, 1, 0, 4 * L};
  }
  if constexpr (L == 16) {
    const auto narrow = &bf16_registers<Dot, Split, N, 1>;
    if (outputs < 32) return {narrow, narrow, N, 0, 16};
    return {&bf16_registers<Dot, Split, N, 2>, &bf16_registers<Dot, Split, N / 2, 2>, N, N / 2, 32};
  } else {
    const auto all = &bf16_registers<Dot, Split, N, 2>;
    return {all, all, N, 0, 2 * L};
  }
}

template <class Dot, bool Split>
[[gnu::noinline]] void bf16_vectors(const ::ctnet::cpu::Bf16Job& job) {
  const int pixels = job.height * job.width;
  ::ctnet::cpu::Bf16Tile t;
  t.job = &job;
  Bf16Registers with;
  for (t.k = 0; t.k < job.outputs; t.k += with.outputs) {
    with = bf16_registers_for<Dot, Split>(pixels, job.outputs - t.k);
    const int* row = job.in;
    const int* in = row;
    i64 out_row = 0, at = 0;
    int x = 0;
    for (int left = pixels; left > 0;) {
      const bool few = left <= with.few;
      const int size = few ? with.few : with.pixels;
      t.count = left < size ? left : size;
      for (int n = 0; n < t.count; ++n, ++x, in += job.pixel_step, at += job.out_step) {
        if (x == job.width) {
          in = row += job.pixel_row;
          at = out_row += job.out_row;
          x = 0;
        }
        t.in[n] = in;
        t.at[n] = at;
      }
      for (int n = t.count; n < size; ++n) t.in[n] = t.in[0];
      (few ? with.run_few : with.run)(t);
      left -= t.count;
    }
  }
}

// n floats, a multiple of 16, to bfloat16; split: to + low gets what is left of each.
template <class Dot, bool Split>
[[gnu::always_inline]] inline void bf16_narrow(const float* from, unsigned short* to, i64 low, i64 n) {
  for (i64 i = 0; i < n; i += lanes<float>) {
    const Vec<float> x = load(from + i);
    const Halves high = Dot::narrow(x);
    *reinterpret_cast<HalvesAt*>(to + i) = high;
    if constexpr (Split) {
      const Vec<float> taken = (Vec<float>)(__builtin_convertvector(high, Vec<unsigned>) << 16);
      *reinterpret_cast<HalvesAt*>(to + low + i) = Dot::narrow(x - taken);
    }
  }
}

}  // namespace ctnet::CTNET_TARGET
