// SPDX-License-Identifier: MIT
// What this machine can do at most, apart from ctnet: bytes a second, fp32 multiply-adds, and what launching costs.
// Requests: describe | ceilings SECONDS (of each measurement).
#include <cstdint>

#include "timing.cuh"

namespace {

using namespace bench;

__global__ void nothing() {}

// Eight independent chains a thread.
__global__ void multiply_add(float* out, float a, float b, int rounds) {
  float v[8];
  for (int i = 0; i < 8; ++i) v[i] = static_cast<float>(threadIdx.x + static_cast<unsigned>(i));
  for (int r = 0; r < rounds; ++r)
#pragma unroll
    for (int u = 0; u < 16; ++u)
#pragma unroll
      for (int i = 0; i < 8; ++i) v[i] = v[i] * a + b;
  float sum = 0;
  for (int i = 0; i < 8; ++i) sum += v[i];
  if (sum == -1) *out = sum;  // never; the compiler cannot know
}

__global__ void fill(float4* p, std::size_t n, std::uint32_t seed) {
  const std::size_t step = std::size_t{gridDim.x} * blockDim.x;
  for (std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x; i < n; i += step) {
    std::uint32_t h = (static_cast<std::uint32_t>(i) ^ seed) * 0x85EBCA6Bu;
    h ^= h >> 13;
    p[i] = {static_cast<float>(h & 1023), static_cast<float>(h >> 22), static_cast<float>(h >> 12 & 511), 1};
  }
}

__global__ void copy(float4* __restrict__ to, const float4* __restrict__ from, std::size_t n) {
  const std::size_t step = std::size_t{gridDim.x} * blockDim.x;
  for (std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x; i < n; i += step) to[i] = from[i];
}

class Graph {
 public:
  Graph(cudaStream_t stream, int nodes) {
    cudaGraph_t graph = nullptr;
    succeeds(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
    for (int i = 0; i < nodes; ++i) nothing<<<1, 32, 0, stream>>>();
    succeeds(cudaStreamEndCapture(stream, &graph), "cudaStreamEndCapture");
    succeeds(cudaGraphInstantiate(&ready_, graph, 0), "cudaGraphInstantiate");
    cudaGraphDestroy(graph);
  }
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  ~Graph() { cudaGraphExecDestroy(ready_); }
  void launch(cudaStream_t stream) const { succeeds(cudaGraphLaunch(ready_, stream), "cudaGraphLaunch"); }

 private:
  cudaGraphExec_t ready_ = nullptr;
};

std::string ceilings(double seconds) {
  cudaDeviceProp device{};
  succeeds(cudaGetDeviceProperties(&device, 0), "cudaGetDeviceProperties");
  cudaStream_t s = nullptr;
  succeeds(cudaStreamCreate(&s), "cudaStreamCreate");
  const auto blocks = static_cast<unsigned>(16 * device.multiProcessorCount);
  std::string text;
  const auto add = [&](const char* name, double value) {
    char t[120];
    std::snprintf(t, sizeof t, "%s\"%s\": %.6g", text.empty() ? "{" : ", ", name, value);
    text += t;
  };

  {
    DeviceArray<float> out(1);
    const int rounds = 2000, threads = 256;
    const double t = time_stretches(seconds, s, [&] {
                       multiply_add<<<blocks, threads, 0, s>>>(out.data(), 0.999f, 0.1f, rounds);
                     }).seconds;
    add("fp32 multiply-adds", 2.0 * 16 * 8 * rounds * threads * blocks / t);
  }
  // Copies: of arrays far larger than the cache, and of one that stays in it.
  for (const auto& [name, bytes] : {std::pair{"copy by a kernel", std::size_t{2} << 30},
                                    std::pair{"copy within the cache", std::size_t{8} << 20}}) {
    const std::size_t n = bytes / sizeof(float4);
    DeviceArray<float4> a(n), b(n);
    fill<<<blocks, 256, 0, s>>>(a.data(), n, 1);
    const double t = time_stretches(seconds, s, [&] { copy<<<blocks, 256, 0, s>>>(b.data(), a.data(), n); }).seconds;
    add(name, 2.0 * static_cast<double>(bytes) / t);
    if (bytes > std::size_t{1} << 30) {
      const double u = time_stretches(seconds, s, [&] {
                         cudaMemcpyAsync(b.data(), a.data(), bytes, cudaMemcpyDeviceToDevice, s);
                       }).seconds;
      add("copy by the runtime", 2.0 * static_cast<double>(bytes) / u);
    }
  }
  {
    float* host = nullptr;
    const std::size_t bytes = std::size_t{64} << 20;
    succeeds(cudaMallocHost(reinterpret_cast<void**>(&host), bytes), "cudaMallocHost");
    for (std::size_t i = 0; i < bytes / 4; ++i) host[i] = static_cast<float>(i % 977);
    DeviceArray<float> a(bytes / 4);
    const double t =
        time_stretches(seconds, s, [&] { cudaMemcpyAsync(a.data(), host, bytes, cudaMemcpyHostToDevice, s); }).seconds;
    add("copy from pinned memory", static_cast<double>(bytes) / t);
    cudaFreeHost(host);
  }
  add("kernel launched, s", time_stretches(seconds, s, [&] { nothing<<<1, 32, 0, s>>>(); }).seconds);
  add("kernel launched and awaited, s", time_awaited(seconds, [&] {
                                          nothing<<<1, 32, 0, s>>>();
                                          succeeds(cudaStreamSynchronize(s), "a kernel");
                                        }).seconds);
  const Graph one(s, 1), many(s, 200);
  add("graph of one kernel, s", time_stretches(seconds, s, [&] { one.launch(s); }).seconds);
  add("graph of one kernel, awaited, s", time_awaited(seconds, [&] {
                                           one.launch(s);
                                           succeeds(cudaStreamSynchronize(s), "a graph");
                                         }).seconds);
  add("kernel within a graph, s", time_stretches(seconds, s, [&] { many.launch(s); }).seconds / 200);
  wait();
  cudaStreamDestroy(s);
  return text + "}";
}

}  // namespace

int main() {
  return serve([](std::istringstream& words) -> std::string {
    std::string what;
    double seconds = 0;
    words >> what;
    if (what == "describe") {
      cudaDeviceProp p{};
      succeeds(cudaGetDeviceProperties(&p, 0), "cudaGetDeviceProperties");
      int driver = 0, runtime = 0;
      cudaDriverGetVersion(&driver);
      cudaRuntimeGetVersion(&runtime);
      char s[400];
      std::snprintf(s, sizeof s,
                    "{\"name\": \"%s\", \"multiprocessors\": %d, \"l2\": %d, \"memory\": %zu, \"driver\": %d, "
                    "\"runtime\": %d}",
                    p.name, p.multiProcessorCount, p.l2CacheSize, p.totalGlobalMem, driver, runtime);
      return s;
    }
    if (what != "ceilings" || !(words >> seconds)) throw std::invalid_argument("unknown request");
    return ceilings(seconds);
  });
}
