// SPDX-License-Identifier: MIT
// The emulator itself: barriers, collectives of warps, copies, matrix instructions.
#include <cmath>
#include <random>
#include <vector>

#include "testing.hpp"

using namespace ctnet_device;

namespace {

struct Sums {
  float v[256];
};
__global__ void __launch_bounds__(256) sum(const float* x, float* y) {
  Sums& s = shared<Sums>();
  const unsigned t = threadIdx.x;
  s.v[t] = x[blockIdx.x * blockDim.x + t];
  sync_block();
  for (unsigned k = blockDim.x / 2; k > 0; k /= 2) {
    if (t < k) s.v[t] += s.v[t + k];
    sync_block();
  }
  if (t == 0) y[blockIdx.x] = s.v[0];
}
__global__ void sum_without_barrier(const float* x, float* y) {
  Sums& s = shared<Sums>();
  s.v[threadIdx.x] = x[threadIdx.x];
  if (threadIdx.x == 0)
    for (unsigned i = 0; i < blockDim.x; ++i) y[0] = (i ? y[0] : 0) + s.v[i];
}

}  // namespace

TEST_CASE("emulated device: barriers") {
  std::vector<float> x(5 * 256);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 31);
  in_every_order([&] {
    const DeviceArray<float> in(x), out(5);
    RUN(sum, 5, 256, 0, in.data, out.data);
    const auto y = out.host();
    for (std::size_t b = 0; b < 5; ++b) {
      float expected = 0;
      for (std::size_t i = 0; i < 256; ++i) expected += x[256 * b + i];
      CHECK(y[b] == expected);
    }
  });
  const DeviceArray<float> in(x), out(1);
  RUN(sum_without_barrier, 1, 256, 0, in.data, out.data);
  CHECK(std::isnan(out.host()[0]));  // thread 0 is first, and the rest is not there yet
}

namespace {
__global__ void indices(unsigned* out) {
  const unsigned thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  const unsigned block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  out[block * blockDim.x * blockDim.y * blockDim.z + thread] += 1;
}
}  // namespace

TEST_CASE("emulated device: every thread of every block runs once") {
  in_every_order([&] {
    const DeviceArray<unsigned> out(std::vector<unsigned>(2 * 3 * 4 * 5 * 6 * 7));
    RUN(indices, dim3(2, 3, 4), dim3(5, 6, 7), 0, out.data);
    for (unsigned v : out.host()) REQUIRE(v == 1);
  });
}

namespace {
__global__ void shuffles(int* out, double* sums) {
  const int t = static_cast<int>(threadIdx.x);
  int* mine = out + 4 * t;
  mine[0] = shuffle_xor(t, 5);
  mine[1] = shuffle_down(t, 3);
  mine[2] = shuffle(t, 7);
  mine[3] = shuffle(100 * t, (t + 1) % 32);
  double v = t;
  for (int mask = 16; mask > 0; mask /= 2) v += shuffle_xor(v, mask);
  sync_warp();
  sums[t] = v;
}
__global__ void partial_warp(float* out) { out[threadIdx.x] = shuffle_down(static_cast<float>(threadIdx.x), 2); }
}  // namespace

TEST_CASE("emulated device: shuffles") {
  in_every_order([&] {
    const DeviceArray<int> out(4 * 96);
    const DeviceArray<double> sums(96);
    RUN(shuffles, 1, 96, 0, out.data, sums.data);
    const auto y = out.host();
    const auto s = sums.host();
    for (int t = 0; t < 96; ++t) {
      const int warp = t / 32 * 32, lane = t % 32;
      const int* mine = &y[static_cast<std::size_t>(4 * t)];
      CHECK(mine[0] == warp + (lane ^ 5));
      CHECK(mine[1] == (lane + 3 < 32 ? t + 3 : t));
      CHECK(mine[2] == warp + 7);
      CHECK(mine[3] == 100 * (warp + (lane + 1) % 32));
      CHECK(s[static_cast<std::size_t>(t)] == 32 * warp + 31 * 16);
    }
  });
  const DeviceArray<float> out(20);
  RUN(partial_warp, 1, 20, 0, out.data);
  const auto y = out.host();
  CHECK(y[17] == 19);
  CHECK(std::isnan(y[18]));
}

TEST_CASE("emulated device: to_tf32, pack_bf16") {
  const auto tf32 = [](float v) { return static_cast<double>(__builtin_bit_cast(float, to_tf32(v))); };
  CHECK(tf32(1.0f) == 1.0);
  CHECK(tf32(1.0f + 0x1p-11f) == 1 + 0x1p-10);  // ties go away from zero
  CHECK(tf32(-1.0f - 0x1p-11f) == -1 - 0x1p-10);
  CHECK(tf32(1.0f + 0x1.FFCp-12f) == 1.0);
  CHECK(std::isinf(tf32(INFINITY)));
  CHECK(to_tf32(NAN) == 0x7FFFFFFFu);
  CHECK(pack_bf16(1.0f, -2.0f) == 0xC0003F80u);
  CHECK(pack_bf16(1.0f + 0x1p-8f, 1.0f + 0x1.8p-7f) == 0x3F823F80u);  // ties go to even
  CHECK(pack_bf16(NAN, INFINITY) == 0x7F807FFFu);
}

namespace {
// d (16, 8) = c + a (16, k) b (k, 8), all row by row.
__global__ void product_tf32(const float* a, const float* b, const float* c, float* out) {
  const unsigned lane = threadIdx.x, g = lane / 4, t = lane % 4;
  const auto bits = [](float v) { return __builtin_bit_cast(unsigned, v); };
  const unsigned fa[4] = {bits(a[g * 8 + t]), bits(a[(g + 8) * 8 + t]), bits(a[g * 8 + t + 4]),
                          bits(a[(g + 8) * 8 + t + 4])};
  const unsigned fb[2] = {bits(b[t * 8 + g]), bits(b[(t + 4) * 8 + g])};
  float d[4];
  for (unsigned i = 0; i < 4; ++i) d[i] = c[(g + i / 2 * 8) * 8 + 2 * t + i % 2];
  mma_tf32(d, fa, fb);
  for (unsigned i = 0; i < 4; ++i) out[(g + i / 2 * 8) * 8 + 2 * t + i % 2] = d[i];
}
__global__ void product_bf16(const float* a, const float* b, const float* c, float* out) {
  const unsigned lane = threadIdx.x, g = lane / 4, t = lane % 4;
  const auto row = [&](unsigned r, unsigned k) { return pack_bf16(a[r * 16 + k], a[r * 16 + k + 1]); };
  const auto column = [&](unsigned k, unsigned n) { return pack_bf16(b[k * 8 + n], b[(k + 1) * 8 + n]); };
  const unsigned fa[4] = {row(g, 2 * t), row(g + 8, 2 * t), row(g, 2 * t + 8), row(g + 8, 2 * t + 8)};
  const unsigned fb[2] = {column(2 * t, g), column(2 * t + 8, g)};
  float d[4];
  for (unsigned i = 0; i < 4; ++i) d[i] = c[(g + i / 2 * 8) * 8 + 2 * t + i % 2];
  mma_bf16(d, fa, fb);
  for (unsigned i = 0; i < 4; ++i) out[(g + i / 2 * 8) * 8 + 2 * t + i % 2] = d[i];
}
}  // namespace

TEST_CASE("emulated device: matrix instructions") {
  std::mt19937 random(1);
  for (std::size_t k : {8u, 16u}) {
    std::vector<float> a(16 * k), b(k * 8), c(16 * 8);
    for (auto* m : {&a, &b, &c})
      for (float& v : *m) v = static_cast<float>(static_cast<int>(random() % 255) - 127) / 64;  // exact in bfloat16
    in_every_order([&] {
      const DeviceArray<float> da(a), db(b), dc(c), out(16 * 8);
      RUN((*(k == 8 ? &product_tf32 : &product_bf16)), 1, 32, 0, da.data, db.data, dc.data, out.data);
      const auto y = out.host();
      for (std::size_t i = 0; i < 16; ++i)
        for (std::size_t j = 0; j < 8; ++j) {
          float expected = c[i * 8 + j];
          for (std::size_t l = 0; l < k; ++l) expected += a[i * k + l] * b[l * 8 + j];
          CHECK(y[i * 8 + j] == expected);
        }
    });
  }
  // Bits that tf32 has not are not read; sums are cut towards zero.
  std::vector<float> a(16 * 8), b(8 * 8), c(16 * 8);
  a[0] = 1 + 0x1.8p-11f, b[0] = 1, c[0] = 0;
  a[8] = 0x1.8p-24f, c[8] = 1;
  const DeviceArray<float> da(a), db(b), dc(c), out(16 * 8);
  RUN(product_tf32, 1, 32, 0, da.data, db.data, dc.data, out.data);
  CHECK(out.host()[0] == 1);
  CHECK(out.host()[8] == 1);
}

namespace {
__global__ void copy_two_groups(const float* x, float* y, int wait_for) {
  float* s = reinterpret_cast<float*>(dynamic_shared());
  const unsigned t = threadIdx.x;
  copy_async16(s + 4 * t, x + 4 * t);
  commit_copies();
  copy_async4(s + 128 + t, x + 128 + t);
  commit_copies();
  if (wait_for == 1) wait_copies<1>();
  if (wait_for == 2) wait_copies<0>();
  sync_block();
  for (unsigned i = t; i < 160; i += 32) y[i] = s[i];
}
}  // namespace

TEST_CASE("emulated device: asynchronous copies arrive when they are waited for") {
  std::vector<float> x(160);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);
  const DeviceArray<float> in(x), out(160);
  for (int wait_for = 0; wait_for < 3; ++wait_for) {
    RUN(copy_two_groups, 1, 32, 160 * sizeof(float), in.data, out.data, wait_for);
    const auto y = out.host();
    for (std::size_t i = 0; i < 160; ++i) CHECK((y[i] == x[i]) == (wait_for > (i < 128 ? 0 : 1)));
  }
}

namespace {
__global__ void grid_barrier(unsigned* count, unsigned* seen) {
  if (threadIdx.x == 0) {
    atomic_add(count, 1);
    while (atomic_add(count, 0) < gridDim.x) {
    }
  }
  sync_block();
  seen[blockIdx.x * blockDim.x + threadIdx.x] = *count;
  sync_grid();
  if (threadIdx.x == 0) atomic_add(count, 1);
}
}  // namespace

TEST_CASE("emulated device: cooperative launches") {
  in_every_order([&] {
    const DeviceArray<unsigned> count(std::vector<unsigned>{0}), seen(8 * 64);
    REQUIRE(launch(&grid_barrier, 8, 64, 0, nullptr, true, "grid_barrier", count.data, seen.data) == cudaSuccess);
    for (unsigned v : seen.host()) REQUIRE(v == 8);
    CHECK(count.host()[0] == 16);
  });
  CHECK(launch(&grid_barrier, 9, 64, 0, nullptr, true, "", nullptr, nullptr) == cudaErrorCooperativeLaunchTooLarge);
}
