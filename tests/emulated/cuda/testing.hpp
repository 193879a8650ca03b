// SPDX-License-Identifier: MIT
// What tests of the emulator share.
#pragma once

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <string>
#include <vector>

#include "emulation.hpp"

namespace ctnet_device {

template <class T>
struct DeviceArray {
  T* data = nullptr;
  std::size_t n;
  explicit DeviceArray(std::size_t count) : n(count) { REQUIRE(cudaMalloc(&data, n * sizeof(T)) == cudaSuccess); }
  explicit DeviceArray(const std::vector<T>& v) : DeviceArray(v.size()) {
    REQUIRE(cudaMemcpy(data, v.data(), n * sizeof(T), cudaMemcpyHostToDevice) == cudaSuccess);
  }
  DeviceArray(const DeviceArray&) = delete;
  ~DeviceArray() { cudaFree(data); }
  std::vector<T> host() const {
    std::vector<T> v(n);
    REQUIRE(cudaMemcpy(v.data(), data, n * sizeof(T), cudaMemcpyDeviceToHost) == cudaSuccess);
    return v;
  }
};

#define RUN(kernel, grid, block, shared, ...) \
  REQUIRE(launch(&kernel, grid, block, shared, nullptr, false, #kernel, __VA_ARGS__) == cudaSuccess)

// Every order, and what it gives must be the same.
template <class F>
void in_every_order(F f) {
  for (unsigned seed = 0; seed < 5; ++seed) {
    CAPTURE(seed);
    set_order(seed == 0 ? Order::forward : seed == 1 ? Order::backward : Order::shuffled, seed);
    f();
  }
  set_order(Order::forward);
}

// What a child process prints before the signal that kills it.
template <class F>
std::string last_words(F f) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], 2);
    close(1);
    struct sigaction plain {};
    plain.sa_handler = SIG_DFL;
    for (int s : {SIGSEGV, SIGABRT, SIGBUS}) sigaction(s, &plain, nullptr);
    cudaDeviceSynchronize();  // takes the signals
    f();
    cudaDeviceSynchronize();
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  char part[256];
  for (ssize_t n; (n = read(ends[0], part, sizeof part)) > 0;) text.append(part, static_cast<std::size_t>(n));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
  return text;
}
inline bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }
#define CHECK_HAS(text, part) \
  do {                        \
    INFO(text);               \
    CHECK(has(text, part));   \
  } while (false)

}  // namespace ctnet_device
