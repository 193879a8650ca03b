// SPDX-License-Identifier: MIT
// The emulator's memory, its traps, and what else ends a program.
#include <cmath>
#include <cstdint>
#include <vector>

#include "testing.hpp"

using namespace ctnet_device;

namespace {

__global__ void write_at(float* x, long i) { x[i] = 1; }
__global__ void read_at(const float* x, long i, float* y) { y[0] = x[i]; }
__global__ void write_shared_at(int i) { dynamic_shared()[i] = 1; }
__global__ void half_a_barrier() {
  if (threadIdx.x < 32) sync_block();
}
__global__ void barrier_after_return() {
  if (threadIdx.x == 3) return;
  sync_block();
}
__global__ void mixed_collectives() {
  if (threadIdx.x % 2)
    sync_warp();
  else
    shuffle(1.0f, 0);
}

}  // namespace

TEST_CASE("emulated device: fresh memory is NaN, and accesses beside it end the program with a message") {
  const DeviceArray<float> x(100), y(1);
  for (float v : x.host()) CHECK(std::isnan(v));
  CHECK_HAS(last_words([&] { static_cast<void>(*static_cast<volatile float*>(x.data)); }), "by host code");
  const std::string write = last_words([&] { launch(&write_at, 1, 1, 0, nullptr, false, "write_at", x.data, 128); });
  CHECK_HAS(write, "kernel write_at");
  CHECK_HAS(write, "112 bytes behind the end of allocation");
  CHECK_HAS(write, "block (0, 0, 0), thread (0, 0, 0)");
  CHECK_HAS(last_words([&] { launch(&read_at, 1, 1, 0, nullptr, false, "read_at", x.data, -1000, y.data); }),
            "kernel read_at");
  CHECK_HAS(last_words([&] {
              launch(&write_at, 1, 1, 0, nullptr, false, "write_at", x.data, 101);
              cudaFree(x.data);
            }),
            "4 bytes behind the end of allocation");
  set_flush(Flush::start);
  const DeviceArray<float> z(100);
  set_flush(Flush::end);
  CHECK_HAS(last_words([&] { launch(&write_at, 1, 1, 0, nullptr, false, "write_at", z.data, -1); }),
            "4 bytes before allocation");
  CHECK(overruns() == "");
  CHECK(reinterpret_cast<std::uintptr_t>(x.data) % 256 == 0);
}

TEST_CASE("emulated device: freed memory traps") {
  float* x = nullptr;
  REQUIRE(cudaMalloc(&x, 400) == cudaSuccess);
  REQUIRE(cudaFree(x) == cudaSuccess);
  CHECK(cudaFree(x) == cudaErrorInvalidValue);
  CHECK(cudaMemset(x, 0, 4) == cudaErrorInvalidValue);
  CHECK_HAS(last_words([&] { launch(&write_at, 1, 1, 0, nullptr, false, "write_at", x, 0); }), "kernel write_at");
}

TEST_CASE("emulated device: cudaFree waits for work only where the memory is no pool's") {
  float* x = nullptr;
  REQUIRE(cudaMalloc(&x, 400) == cudaSuccess);
  launch(&write_at, 1, 1, 0, nullptr, false, "write_at", x, 0);
  CHECK(cudaFree(x) == cudaSuccess);
  CHECK(cudaDeviceSynchronize() == cudaSuccess);
  REQUIRE(cudaMallocAsync(&x, 400, nullptr) == cudaSuccess);
  CHECK_HAS(last_words([&] {
              launch(&write_at, 1, 1, 0, nullptr, false, "write_at", x, 0);
              cudaFree(x);
              cudaDeviceSynchronize();
            }),
            "kernel write_at");
  CHECK(cudaFree(x) == cudaSuccess);
}

TEST_CASE("emulated device: shared memory ends where the launch said") {
  CHECK_HAS(last_words([&] { launch(&write_shared_at, 1, 1, 256, nullptr, false, "write_shared_at", 256); }),
            "kernel write_shared_at");
  CHECK_HAS(last_words([&] { launch(&write_shared_at, 1, 1, 200, nullptr, false, "write_shared_at", 203); }),
            "a byte 3 behind the dynamic shared memory");
  CHECK_HAS(last_words([&] { launch(&write_shared_at, 1, 1, 0, nullptr, false, "write_shared_at", 0); }), "without");
}

TEST_CASE("emulated device: collectives that not all reach") {
  CHECK_HAS(last_words([] { launch(&half_a_barrier, 1, 64, 0, nullptr, false, "half"); }), "in sync_block");
  CHECK_HAS(last_words([] { launch(&barrier_after_return, 1, 64, 0, nullptr, false, "returned"); }),
            "1 of 64 threads have returned, but 63 still wait");
  CHECK_HAS(last_words([] { launch(&mixed_collectives, 1, 64, 0, nullptr, false, "mixed"); }), "lanes of a warp meet");
}

TEST_CASE("emulated device: copies look at what they are given") {
  const DeviceArray<float> x(std::vector<float>{1, 2, 3, 4});
  float host[4]{};
  CHECK(cudaMemcpy(host, x.data, 20, cudaMemcpyDeviceToHost) == cudaErrorInvalidValue);
  CHECK(cudaMemcpy(x.data, host, 4, cudaMemcpyDeviceToHost) == cudaErrorInvalidValue);
  CHECK(cudaMemcpy(nullptr, host, 4, cudaMemcpyHostToDevice) == cudaErrorInvalidValue);
  CHECK(cudaMemset(x.data + 1, 0, 16) == cudaErrorInvalidValue);
  CHECK(cudaMemcpy2DAsync(host, 4, x.data, 8, 4, 2, cudaMemcpyDefault, nullptr) == cudaSuccess);
  CHECK(host[0] == 1);  // pageable: was waited for
  CHECK(host[1] == 3);
  cudaPointerAttributes of{};
  CHECK(cudaPointerGetAttributes(&of, x.data) == cudaSuccess);
  CHECK(of.type == cudaMemoryTypeDevice);
  CHECK(cudaPointerGetAttributes(&of, host) == cudaSuccess);
  CHECK(of.type == cudaMemoryTypeUnregistered);
  cudaGetLastError();
}

TEST_CASE("emulated device: memory is counted, limited, and looked for when it leaks") {
  const std::size_t bytes = allocated_bytes(), count = allocations();
  const std::string before = leaks();
  {
    const DeviceArray<float> x(1000);
    CHECK(allocated_bytes() == bytes + 4000);
    CHECK(allocations() == count + 1);
    CHECK_HAS(leaks(), "of 4000 bytes");
    set_memory_limit(bytes + 10000);
    float* p = nullptr;
    CHECK(cudaMalloc(&p, 7000) == cudaErrorMemoryAllocation);
    CHECK(cudaGetLastError() == cudaErrorMemoryAllocation);
    CHECK(cudaGetLastError() == cudaSuccess);
    CHECK(cudaMalloc(&p, 6000) == cudaSuccess);
    std::size_t unused = 1, all = 0;
    CHECK(cudaMemGetInfo(&unused, &all) == cudaSuccess);
    CHECK(unused == 0);
    CHECK(cudaFreeAsync(p, nullptr) == cudaSuccess);
    set_memory_limit(std::size_t{16} << 30);
  }
  CHECK(cudaDeviceSynchronize() == cudaSuccess);
  CHECK(allocated_bytes() == bytes);
  CHECK(leaks() == before);
}
