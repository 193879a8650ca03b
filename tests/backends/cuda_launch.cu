// SPDX-License-Identifier: MIT
// Launches and their errors; kernels keyed by everything that DESIGN.md lets a kernel be keyed by.
#include <doctest/doctest.h>
#include <ctnet/backends/cuda/arguments.cuh>
#include <ctnet/backends/cuda/launch.cuh>
#include <ctnet/backends/cuda/memory.cuh>

#include "../support/device_memory.hpp"
#include "../support/error.hpp"

using namespace test;
namespace cuda = ctnet::cuda;
using ctnet::i64;

namespace {

struct Count {
  int* times;
  __device__ void operator()(i64 i) const { ++times[i]; }
};

enum class Colour { red, green };
struct Twice {
  __device__ int operator()(int v) const { return 2 * v; }
};
template <int K>
struct Plus {
  __device__ int operator()(int v) const { return v + K; }
};

// Keyed by a scalar, ints, a bool, an enum and the type of a functor.
template <class T, int A, unsigned B, bool Add, Colour C, class F>
__global__ void keyed(T* out, F f) {
  const T of_colour = C == Colour::green ? T(0.5) : T(0.25);
  out[threadIdx.x] = of_colour + static_cast<T>(f(A) + (Add ? static_cast<int>(B) : 0) + static_cast<int>(threadIdx.x));
}
// Keyed by several ints.
template <int... N>
__global__ void sum_of(int* out) {
  *out = (0 + ... + N);
}
// An operation is an argument.
__global__ void describe(ctnet::Draw draw, double* out) { *out = static_cast<double>(draw.seed) + draw.leaf; }

struct LargeRow {
  static constexpr int values = 16 * 1024;  // 64 KiB
};
__global__ void reversed(const float* in, float* out) {
  float* row = reinterpret_cast<float*>(cuda::dynamic_shared());
  const int step = static_cast<int>(blockDim.x), t = static_cast<int>(threadIdx.x);
  for (int i = t; i < LargeRow::values; i += step) row[i] = in[i];
  cuda::sync_block();
  for (int i = t; i < LargeRow::values; i += step) out[i] = row[LargeRow::values - 1 - i];
}

template <class T>
__global__ void block_sums(const T* in, T* out) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  const T first = cuda::block_sum(in[i]), second = cuda::block_sum(in[i] * in[i]);
  out[i] = first + T(1000) * second;  // in all threads
}

struct Fixture {
  TestStream stream;
  cuda::Queue queue{stream.get(), "forward", 3};
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "each: every index once") {
  for (const std::size_t n : {0u, 1u, 31u, 255u, 256u, 257u, 5000u}) {
    const DeviceBlock<int> times(n, Flush::end);
    stream.run(false, [&] { cuda::each(queue, "count", static_cast<i64>(n), Count{times.data()}); });
    CHECK(times.read() == std::vector<int>(n, 1));
    CHECK(times.intact());
  }
}
TEST_CASE_FIXTURE(Fixture, "each: more indices than a grid has threads") {
  const std::size_t n = 132 * 16 * 256 + 77;
  const DeviceBlock<int> times(n, Flush::end);
  stream.run(false, [&] { cuda::each(queue, "count", static_cast<i64>(n), Count{times.data()}); });
  CHECK(times.read() == std::vector<int>(n, 1));
}

TEST_CASE_FIXTURE(Fixture, "kernels are keyed by scalars, ints, enums and functors") {
  const DeviceBlock<float> f(4, Flush::end);
  const DeviceBlock<double> d(4, Flush::end);
  auto run = [&](auto kernel, auto* out, auto functor) {
    stream.run(false, [&] { cuda::launch(queue, "keyed", kernel, cuda::Grid{1, 4}, out, functor); });
  };
  run(&keyed<float, 5, 7u, true, Colour::green, Twice>, f.data(), Twice{});
  CHECK(f.read() == std::vector<float>{17.5f, 18.5f, 19.5f, 20.5f});
  run(&keyed<float, -5, 7u, false, Colour::red, Twice>, f.data(), Twice{});
  CHECK(f.read() == std::vector<float>{-9.75f, -8.75f, -7.75f, -6.75f});
  run(&keyed<double, 5, 7u, true, Colour::red, Plus<3>>, d.data(), Plus<3>{});
  CHECK(d.read() == std::vector<double>{15.25, 16.25, 17.25, 18.25});
  run(&keyed<double, 5, 7u, true, Colour::red, Plus<4>>, d.data(), Plus<4>{});
  CHECK(d.read() == std::vector<double>{16.25, 17.25, 18.25, 19.25});

  const DeviceBlock<int> sum(1, Flush::end);
  stream.run(false, [&] { cuda::launch(queue, "sum", &sum_of<1, 20, 300>, {}, sum.data()); });
  CHECK(sum.read() == std::vector<int>{321});
  stream.run(false, [&] { cuda::launch(queue, "sum", &sum_of<>, {}, sum.data()); });
  CHECK(sum.read() == std::vector<int>{0});
  const DeviceBlock<double> seed(1, Flush::end);
  stream.run(false, [&] { cuda::launch(queue, "describe", &describe, {}, ctnet::Draw{40, 1, 2}, seed.data()); });
  CHECK(seed.read() == std::vector<double>{42});
}

TEST_CASE_FIXTURE(Fixture, "launch: more than 48 KiB of dynamic shared memory") {
  std::vector<float> in(LargeRow::values);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<float>(i);
  const DeviceBlock<float> from(in, Flush::end), to(in.size(), Flush::end);
  stream.run(true, [&] {
    cuda::launch(queue, "reversed", &reversed, cuda::Grid{1, 128, LargeRow::values * sizeof(float)}, from.data(),
                 to.data());
  });
  CHECK(to.read() == std::vector<float>(in.rbegin(), in.rend()));
}

TEST_CASE_FIXTURE(Fixture, "block_sum: in all threads, in every order the same bits") {
  for (const unsigned threads : {32u, 64u, 96u, 512u, 1024u}) {
    std::vector<float> in(2 * threads);
    for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<float>(i % 7) / 8;
    const DeviceBlock<float> from(in, Flush::end), to(in.size(), Flush::end);
    in_every_thread_order([&](const std::string& order) {
      INFO(threads, " threads, ", order);
      stream.run(false, [&] {
        cuda::launch(queue, "sums", &block_sums<float>, cuda::Grid{2, threads}, from.data(), to.data());
      });
      std::vector<float> want;
      for (int block = 0; block < 2; ++block) {
        float first = 0, second = 0;
        for (unsigned t = 0; t < threads; ++t) {
          const float v = in[static_cast<unsigned>(block) * threads + t];
          first += v, second += v * v;  // exact
        }
        want.insert(want.end(), threads, first + 1000 * second);
      }
      CHECK(to.read() == want);
    });
  }
}

TEST_CASE_FIXTURE(Fixture, "launch: a grid of no blocks is no work") {
  const DeviceBlock<int> out(1, Flush::end);
  for (const dim3 none : {dim3{0, 1, 1}, dim3{1, 0, 1}, dim3{1, 1, 0}})
    stream.run(false, [&] { cuda::launch(queue, "nothing", &sum_of<1>, cuda::Grid{none, 1}, out.data()); });
  CHECK(out.read() == std::vector<int>{0});
}

TEST_CASE_FIXTURE(Fixture, "launch: what fails names the kernel, the layer, the place and the error") {
  const DeviceBlock<int> out(1, Flush::end);
  const std::string said = error_of([&] {
    cuda::launch(queue, "too many threads", &sum_of<1>, cuda::Grid{1, 2048}, out.data());
  });
  CHECK(said.find("CUDA: launch for too many threads (layer 3, forward) at launch.cuh:") == 0);
  CHECK(said.find("cudaErrorInvalidConfiguration, ") != std::string::npos);
  // It is over with that: the next launch works.
  stream.run(false, [&] { cuda::launch(queue, "sum", &sum_of<1, 2>, {}, out.data()); });
  CHECK(out.read() == std::vector<int>{3});

  const std::string shared = error_of([&] {
    cuda::launch(queue, "too much", &reversed, cuda::Grid{1, 32, 1 << 30}, nullptr, nullptr);
  });
  CHECK(shared.find("CUDA: launch for too much (layer 3, forward) at launch.cuh:") == 0);
  stream.run(false, [&] { cuda::launch(queue, "sum", &sum_of<4>, {}, out.data()); });
  CHECK(out.read() == std::vector<int>{4});
}

TEST_CASE("CTNET_CUDA: what fails names the call, what it was for, the place and the error") {
  void* p = nullptr;
  const std::string said = error_of([&] { CTNET_CUDA(cudaMalloc(&p, std::size_t{1} << 62), "the arena"); });
  CHECK(said.find("CUDA: cudaMalloc(&p, std::size_t{1} << 62) for the arena at cuda_launch.cu:") == 0);
  CHECK(said.find(": cudaErrorMemoryAllocation, ") != std::string::npos);
  CHECK(cudaGetLastError() == cudaSuccess);
  CHECK(error_of([&] { CTNET_CUDA(cudaMalloc(&p, 64), "the arena"); }).empty());
  CHECK(error_of([&] { CTNET_CUDA(cudaFree(p), "the arena"); }).empty());
}

// Freed under a kernel, the memory would be others' while it is written; the emulator ends the program.
TEST_CASE_FIXTURE(Fixture, "DeviceBuffer: work under way on it ends before it grows, moves or goes") {
  const DeviceBlock<int> out(1, Flush::end);
  {
    cuda::DeviceBuffer<int> buffer;
    buffer.grow(4, "a test");
    cuda::launch(queue, "sum", &sum_of<1, 2>, {}, buffer.data());
    buffer.grow(1 << 20, "a test");
    cuda::launch(queue, "sum", &sum_of<2, 3>, {}, buffer.data());
    cuda::within_device(queue, out.data(), buffer.data(), 1, "a test");
  }
  CHECK(cudaStreamSynchronize(stream.get()) == cudaSuccess);
  CHECK(out.read() == std::vector<int>{5});
}

#ifdef CTNET_EMULATED_DEVICE
TEST_CASE_FIXTURE(Fixture, "launch: a failure of any kind is told once") {
  const DeviceBlock<int> out(1, Flush::end);
  ctnet_device::fail_next("cudaLaunchKernel", cudaErrorLaunchOutOfResources);
  const std::string said = error_of([&] { cuda::launch(queue, "sum", &sum_of<1>, {}, out.data()); });
  CHECK(said.find("CUDA: launch for sum (layer 3, forward) at launch.cuh:") == 0);
  CHECK(said.find("cudaErrorLaunchOutOfResources") != std::string::npos);
  ctnet_device::fail_next("cudaStreamSynchronize", cudaErrorIllegalAddress);
  CHECK(error_of([&] {
          CTNET_CUDA(cudaStreamSynchronize(stream.get()), "the step");
        }).find("CUDA: cudaStreamSynchronize(stream.get()) for the step at cuda_launch.cu:") == 0);
  CHECK(cudaGetLastError() == cudaSuccess);
  const std::size_t launches = ctnet_device::launches();
  cuda::launch(queue, "nothing", &sum_of<1>, cuda::Grid{0, 1}, out.data());
  CHECK(cudaStreamSynchronize(stream.get()) == cudaSuccess);
  CHECK(ctnet_device::launches() == launches);
}
#endif
