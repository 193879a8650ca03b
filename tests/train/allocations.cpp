// SPDX-License-Identifier: MIT
// Memory grows with the first call of the largest batch and never after: operator new and malloc are counted.
#include <atomic>
#include <cstdlib>
#include <new>

#include <doctest/doctest.h>
#include <ctnet/ctnet.hpp>

#include "support/sanitizers.hpp"

#define CTNET_TEST_COUNTS (!CTNET_TEST_ASAN && !CTNET_TEST_TSAN)  // which have operators of their own

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
#  if defined(__GLIBC__)
extern "C" void* __libc_malloc(std::size_t);
extern "C" [[gnu::noinline]] void* malloc(std::size_t n) {
  ++allocations;
  return __libc_malloc(n);
}
#  endif
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

template <class B>
static void trains_without_allocations(const char* what) {
  Network<Net, In, B> net{Seed{1}};
  Optimizer step{net, AdamW{}};
  const std::vector<float> x(40 * 36, 0.5f);
  const std::span<const float> all{x}, half = all.first(20 * 36);
  std::vector<float> gradient(40 * 4, 0.1f);
  const std::span<float> grad{gradient}, half_grad = grad.first(20 * 4);
  const std::vector<int> labels(40, 1);
  const auto train = [&](std::span<const float> images, std::span<float> g) {
    const auto logits = net.forward(images);
    CrossEntropy{}.compute(logits, std::span(labels).first(logits.shape(0)), g);
    net.backward(g);
    step.clip_grad_norm(1.0);
    step();
  };
  INFO(what);
  if (CTNET_TEST_COUNTS) CHECK(counted([&] { net.predict(half); }) > 0);  // the count counts
  net.predict(half);
  CHECK(counted([&] { net.predict(half); }) == 0);
  net.predict(all);
  CHECK(counted([&] {
          for (int i = 0; i < 3; ++i) net.predict(all), net.predict(half);
        }) == 0);
  train(all, grad);
  CHECK(counted([&] {
          for (int i = 0; i < 10; ++i) train(all, grad), train(half, half_grad), net.predict(all);
        }) == 0);
  net.forward(all);
  net.backward_to_input(gradient);
  CHECK(counted([&] {
          net.forward(all);
          net.backward_to_input(gradient);
        }) == 0);
}
TEST_CASE("no allocation after the first call of the largest batch") {
  trains_without_allocations<Cpu<float>>("one thread");
  const int n = get_num_threads();
  set_num_threads(2);
  trains_without_allocations<Cpu<float, OpenMP>>("two threads");
  set_num_threads(n);
}

TEST_CASE("a loop of one's own does not allocate either: a loss's gradient has the memory of the last one") {
  Network<Net, In> net{Seed{1}};
  Optimizer step{net, Adam{}};
  const std::vector<float> x(8 * 36, 0.5f);
  const std::vector<int> labels(8, 1);
  const auto train = [&] {
    const auto logits = net.forward(x);
    const auto loss = CrossEntropy{}(logits, labels);
    net.backward(loss.gradient);
    step();
  };
  train();
  CHECK(counted([&] {
          for (int i = 0; i < 10; ++i) train();
        }) == 0);
}

TEST_CASE("gradients of losses own their numbers") {
  const std::vector<float> x{1, 2, 3, 4}, y{0, 0, 0, 0};
  auto a = MeanSquaredError{}(x, y);
  const auto b = MeanSquaredError{}(y, y);  // while a lives it has memory of its own
  const auto copy = a;
  a.gradient = b.gradient;
  CHECK(copy.gradient[3] == 2);
  CHECK((a.gradient[3] == 0 && a.gradient.data() != b.gradient.data()));
  LossResult<float> moved = std::move(a);
  CHECK(moved.gradient.size() == 4);
  moved = copy;
  CHECK(moved.gradient[0] == 0.5f);
  std::vector<LossResult<float>> many;
  for (int i = 0; i < 20; ++i) {
    const std::vector<float> v(static_cast<std::size_t>(1 + i * 37 % 11), static_cast<float>(i));
    many.push_back(MeanSquaredError{}(v, std::vector<float>(v.size())));
    if (i % 3 == 0) many.erase(many.begin());
  }
  for (const auto& r : many) {  // (v, v, ...): the value is v^2, its gradient 2 v / n
    const float half = r.gradient[0] * static_cast<float>(r.gradient.size()) / 2;
    CHECK(r.value == doctest::Approx(half * half));
  }
  static const auto last = MeanSquaredError{}(x, y);  // dropped after the thread's own memory
  CHECK(last.gradient.size() == 4);
}

namespace {
// Batches that lie in memory.
struct Batch {
  std::span<const float> images;
  std::span<const int> labels;
};
}  // namespace

TEST_CASE("fit: more batches cost no more allocations") {
  const std::vector<float> x(8 * 36, 0.5f);
  const std::vector<int> labels(8, 1);
  const auto run = [&](std::size_t batches) {
    Network<Net, In> net{Seed{1}};
    const std::vector<Batch> loader(batches, Batch{x, labels});
    return counted([&] {
      fit(net, loader, Adam{}, CrossEntropy{},
          {.epochs = 2, .schedule = CosineAnnealing{}, .clip_grad_norm = 1, .record_steps = true});
    });
  };
  const long few = run(2);
  CHECK(run(40) == few);
}
