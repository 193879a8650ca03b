// SPDX-License-Identifier: MIT
// Main of the test programs that need a GPU: without one they are skipped.
#define DOCTEST_CONFIG_IMPLEMENT
#define DOCTEST_CONFIG_NO_POSIX_SIGNALS  // the emulator has a handler that names the kernel
#include <cuda_runtime.h>
#include <doctest/doctest.h>

#include <cstdio>

int main(int argc, char** argv) {
  int devices = 0;
  const cudaError_t status = cudaGetDeviceCount(&devices);
  if (status != cudaSuccess || devices == 0) {
    std::printf("skipped: no GPU (%s)\n", status == cudaSuccess ? "none found" : cudaGetErrorString(status));
    return 77;
  }
  return doctest::Context(argc, argv).run();
}
