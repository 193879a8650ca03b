// SPDX-License-Identifier: MIT
// Matrix products on the GPU: tiles of every size, operands along k and across it, odd sizes, batches, k cut into
// parts, against sums in double.
#include <ctnet/backends/cuda/gemm.cuh>

#include <cmath>

#include "../support/compare.hpp"
#include "../support/device_memory.hpp"
#include "../support/values.hpp"

namespace {

using namespace ctnet;
using cuda::Compute;
using test::DeviceBlock, test::Flush;
using Doubles = std::vector<double>;

std::size_t count(i64 n) { return static_cast<std::size_t>(n); }

// A row's elements lie side by side along k, or all rows' of one k do.
double& element(Doubles& v, bool along_k, const cuda::GemmSizes& s, int rows, int z, int row, int k) {
  const i64 product = i64{z} * rows * s.k;
  return v[count(product + (along_k ? i64{row} * s.k + k : i64{k} * rows + row))];
}

template <class Tile, Compute C, bool AlongA, bool AlongB, class T = float>
void check(const cuda::GemmSizes& s, i64 scratch_elements, bool accumulate, Flush flush) {
  const std::string what = std::to_string(s.products) + " products of " + std::to_string(s.m) + " x " +
                           std::to_string(s.k) + " and " + std::to_string(s.k) + " x " + std::to_string(s.n) +
                           ", tile " + std::to_string(Tile::rows) + ", scratch " + std::to_string(scratch_elements);
  INFO(what);
  Doubles a = test::values(what + "a", count(i64{s.m} * s.k * s.products)),
          b = test::values(what + "b", count(i64{s.n} * s.k * s.products)),
          c = test::values(what + "c", count(i64{s.m} * s.n * s.products)),
          sums = test::values(what + "sums", count(i64{s.m} * s.products));
  const DeviceBlock<T> a_(a, flush), b_(b, flush), c_(c, flush), sums_(sums, flush);
  const DeviceBlock<T> scratch(count(scratch_elements), flush);
  const test::TestStream stream;
  const cuda::Matrix<T, AlongA> left{a_.data(), AlongA ? s.k : s.m, i64{s.m} * s.k};
  const cuda::Matrix<T, AlongB> right{b_.data(), AlongB ? s.k : s.n, i64{s.n} * s.k};
  const cuda::GradStore<T> store{c_.data(), s.n, accumulate, sums_.data(), i64{s.m} * s.n, s.m};
  stream.run(false, [&] {
    cuda::gemm_with<Tile, C>({stream.get(), "test", 0}, "a product", s, left, right, store, scratch.data(),
                             scratch_elements);
  });
  for (int z = 0; z < s.products; ++z)
    for (int m = 0; m < s.m; ++m) {
      double row = 0;
      for (int k = 0; k < s.k; ++k) row += element(a, AlongA, s, s.m, z, m, k);
      double& sum = sums[count(i64{z} * s.m + m)];
      sum = accumulate ? sum + row : row;
      for (int n = 0; n < s.n; ++n) {
        double v = 0;
        for (int k = 0; k < s.k; ++k) v += element(a, AlongA, s, s.m, z, m, k) * element(b, AlongB, s, s.n, z, n, k);
        double& to = c[count((i64{z} * s.m + m) * s.n + n)];
        to = accumulate ? to + v : v;
      }
    }
  const double bound = C == Compute::tf32 ? 2e-3 : C == Compute::bf16 ? 1e-2 : C == Compute::fp64 ? 1e-12 : 2e-5;
  test::check_close(c_.template read<double>(), c, bound, what);
  test::check_close(sums_.template read<double>(), sums, bound, what + ", sums of rows");
  CHECK(a_.intact());
  CHECK(b_.intact());
  CHECK(c_.intact());
  CHECK(sums_.intact());
  CHECK(scratch.intact());
}

template <class Tile, Compute C, bool AlongA, bool AlongB, class T = float>
void sizes() {
  const int r = Tile::rows, c = Tile::columns;
  const cuda::GemmSizes each[] = {{1, 1, 1}, {3, 5, 7, 2}, {r, c, 32}, {r + 1, c - 1, 33}, {r - 1, c + 1, 15, 2}};
  int turn = 0;
  test::in_every_thread_order([&](const std::string&) {
    for (const cuda::GemmSizes& s : each) {
      check<Tile, C, AlongA, AlongB, T>(s, 0, turn % 2 == 0, turn % 3 == 0 ? Flush::start : Flush::end);
      ++turn;
    }
  });
  check<Tile, C, AlongA, AlongB, T>({5, 9, 259}, 3 * 50, false, Flush::end);  // in 3 parts
  check<Tile, C, AlongA, AlongB, T>({6, 3, 643}, 10 * 24, true, Flush::end);  // in 10
  check<Tile, C, AlongA, AlongB, T>({6, 3, 300, 2}, 4 * 48 + 1, true, Flush::end);
}

}  // namespace

TEST_CASE("products on the GPU: fp32") {
  sizes<cuda::LargeTile, Compute::fp32, true, false>();
  sizes<cuda::SmallTile, Compute::fp32, false, true>();
  sizes<cuda::TinyTile, Compute::fp32, true, true>();
  sizes<cuda::TinyTile, Compute::fp32, false, false>();
}
TEST_CASE("products on the GPU: tf32") {
  sizes<cuda::LargeTile, Compute::tf32, false, true>();
  sizes<cuda::SmallTile, Compute::tf32, true, true>();
  sizes<cuda::TinyTile, Compute::tf32, false, false>();
}
TEST_CASE("products on the GPU: bfloat16") {
  sizes<cuda::LargeTile, Compute::bf16, true, true>();
  sizes<cuda::SmallTile, Compute::bf16, false, false>();
  sizes<cuda::TinyTile, Compute::bf16, true, false>();
}
TEST_CASE("products on the GPU: double") {
  sizes<cuda::DoubleTile, Compute::fp64, true, false, double>();
  sizes<cuda::DoubleTile, Compute::fp64, false, true, double>();
}

TEST_CASE("division by a multiplication") {
  for (const int d : {1, 2, 3, 5, 7, 25, 49, 64, 100, 121, 641, 65535, 65536, 16777217, 2147483647}) {
    const cuda::FastDivide divide(d);
    for (const int n : {0, 1, 2, d - 1, d, d > 1 << 30 ? d : d + 1, 12345678, 1073741823, 2147483646, 2147483647}) {
      CHECK(divide(n) == n / d);
      CHECK(divide.rest(n, divide(n)) == n % d);
    }
  }
}
TEST_CASE("how deep products are cut") {
  CHECK(cuda::gemm_splits({64, 64, 4096}, 1, 1 << 30) == 64);
  CHECK(cuda::gemm_splits({64, 64, 4096}, 100, 1 << 30) == 2);
  CHECK(cuda::gemm_splits({64, 64, 4096}, 1, 0) == 1);
  CHECK(cuda::gemm_splits({64, 64, 4096}, 1, 64 * 65 * 5) == 5);
  CHECK(cuda::gemm_splits({64, 64, 100}, 1, 1 << 30) == 1);
}
TEST_CASE("which tiles") {
  const auto best = [](const cuda::GemmSizes& s) {
    const i64 scratch = i64{cuda::gemm_blocks} * 128 * 128, large = cuda::gemm_cost<cuda::LargeTile>(s, scratch),
              small = cuda::gemm_cost<cuda::SmallTile>(s, scratch), tiny = cuda::gemm_cost<cuda::TinyTile>(s, scratch);
    return large <= small && large <= tiny ? 128 : small <= tiny ? 64 : 32;
  };
  CHECK(best({4096, 4096, 4096}) == 128);
  CHECK(best({512, 8192, 4608}) == 128);
  CHECK(best({64, 1 << 19, 576}) == 64);
  CHECK(best({64, 27, 1 << 19}) == 32);
  CHECK(best({128, 120, 400}) == 32);
  CHECK(best({10, 84, 128}) == 32);
}
