// SPDX-License-Identifier: MIT
// Memory grows with the first call of the largest batch and never after: operator new is counted.
#include <atomic>
#include <cstdlib>
#include <new>

#include <doctest/doctest.h>
#include <ctnet/ctnet.hpp>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#  define CTNET_TEST_COUNTS 0  // the sanitizer has operators of its own
#elif defined(__has_feature)
#  if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#    define CTNET_TEST_COUNTS 0
#  endif
#endif
#ifndef CTNET_TEST_COUNTS
#  define CTNET_TEST_COUNTS 1
#endif

namespace {
std::atomic<long> allocations{0};
}

#if CTNET_TEST_COUNTS
[[gnu::noinline]] void* operator new(std::size_t n) {
  ++allocations;
  if (void* p = std::malloc(n ? n : 1)) return p;
  throw std::bad_alloc{};
}
[[gnu::noinline]] void* operator new(std::size_t n, std::align_val_t a) {
  ++allocations;
  const auto align = static_cast<std::size_t>(a);
  if (void* p = std::aligned_alloc(align, (n + align - 1) / align * align)) return p;
  throw std::bad_alloc{};
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
#endif

using namespace ctnet;

namespace {
using Net = Sequential<Conv<1, 4, 3, Pad<1>>, BatchNorm<4>, ReLU, Residual<Sequential<Conv<4, 4, 1>, ReLU>>, MaxPool<2>,
                       Dropout<>, Flatten, Linear<36, 4>>;
using In = Image<1, 6, 6>;

template <class F>
long counted(F f) {
  const long before = allocations;
  f();
  return allocations - before;
}
}  // namespace

TEST_CASE("no allocation after the first call of the largest batch") {
  Network<Net, In> net{Seed{1}};
  Optimizer step{net, AdamW{}};
  const std::vector<float> x(8 * 36, 0.5f);
  const std::span<const float> all{x}, half = all.first(4 * 36);
  std::vector<float> gradient(8 * 4, 0.1f);
  const std::span<float> grad{gradient}, half_grad = grad.first(4 * 4);
  const std::vector<int> labels(8, 1);
  const auto train = [&](std::span<const float> images, std::span<float> g) {
    const auto logits = net.forward(images);
    CrossEntropy{}.compute(logits, std::span(labels).first(logits.shape(0)), g);
    net.backward(g);
    step.clip_grad_norm(1.0);
    step();
  };
  if (CTNET_TEST_COUNTS) CHECK(counted([&] { net.predict(half); }) > 0);  // the count counts
  CHECK(counted([&] { net.predict(half); }) == 0);
  net.predict(all);
  CHECK(counted([&] {
          for (int i = 0; i < 3; ++i) net.predict(all), net.predict(half);
        }) == 0);
  train(all, grad);
  CHECK(counted([&] {
          for (int i = 0; i < 3; ++i) train(all, grad), train(half, half_grad), net.predict(all);
        }) == 0);
  net.forward(all);
  net.backward_to_input(gradient);
  CHECK(counted([&] {
          net.forward(all);
          net.backward_to_input(gradient);
        }) == 0);
}
