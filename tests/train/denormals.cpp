// SPDX-License-Identifier: MIT
// Within a step on the CPU denormal numbers are zero; outside of it arithmetic is as the program had it.
#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>
#include <ctnet/ctnet.hpp>

using namespace ctnet;

namespace {

using Flush = cpu::FlushDenormals;
constexpr float small = 1e-40f;  // a denormal

// What the thread makes of a denormal.
bool flushes() {
  volatile float v = small, one = 1;
  volatile float product = v * one;
  std::uint32_t bits;
  const float p = product;
  std::memcpy(&bits, &p, sizeof bits);
  return bits == 0;
}
bool set() { return Flush::bits != 0 && (Flush::read() & Flush::bits) == Flush::bits; }

// Calls f, and sees to it that the register is afterwards as it was before.
template <class F>
void guarded(const char* what, F f) {
  const auto before = Flush::read() & Flush::bits;
  CHECK_MESSAGE(!flushes(), what);
  f();
  CHECK_MESSAGE((Flush::read() & Flush::bits) == before, what);
  CHECK_MESSAGE(!flushes(), what);
}

template <class B>
std::vector<float> linear(float weight, float x) {
  Network<Sequential<Linear<1, 2>>, Features<1>, B> net{Seed{1}};
  for (float& p : net.parameters()) p = weight;
  net.parameters()[2] = net.parameters()[3] = 0;
  std::vector<float> out;
  const std::vector<float> in(2, x), g(4, x);
  guarded("predict", [&] { out = net.predict(in); });
  guarded("forward", [&] { out.push_back(net.forward(in)[0]); });
  guarded("backward", [&] { net.backward(g); });
  out.insert(out.end(), net.gradients().begin(), net.gradients().end());
  return out;
}

}  // namespace

TEST_CASE("denormals: the register is set while one lives, and as before after") {
  if (Flush::bits == 0) {
    MESSAGE("skipped: this machine has no such bits, or ctnet does not know them");
    return;
  }
  CHECK(!flushes());
  {
    const Flush outer;
    CHECK((set() && flushes()));
    { const Flush inner; }
    CHECK((set() && flushes()));
  }
  CHECK(!flushes());
  try {
    const Flush f;
    throw Error("x");
  } catch (const Error&) {
    CHECK(!flushes());
  }
}

TEST_CASE("denormals: inputs, parameters and gradients count as zero in a network on the CPU") {
  if (Flush::bits == 0) return;
  for (const auto& [weight, x] : {std::pair{1.0f, small}, {small, 1.0f}}) {
    const auto kept = linear<Reference<float>>(weight, x);
    CHECK(kept[0] != 0);  // the plain backend is by the book
    for (const auto& y : {linear<Cpu<float>>(weight, x), linear<Cpu<float, OpenMP>>(weight, x)})
      for (std::size_t i = 0; i < 5; ++i) CHECK(y[i] == 0);
  }
  for (const float v : linear<Cpu<float>>(1.0f, small)) CHECK(v == 0);
}

TEST_CASE("denormals: errors that leave a step, and steps that a caller wraps") {
  if (Flush::bits == 0) return;
  Network<Sequential<BatchNorm<2>>, Features<2>> net{Seed{1}};
  guarded("an error", [&] { CHECK_THROWS_AS(net.forward(std::vector<float>{1, 2}), Error); });
  const Flush own;  // a program that flushes anyway goes on to
  net.forward(std::vector<float>{1, 2, 3, 4});
  CHECK(set());
}

TEST_CASE("denormals: losses and optimizers") {
  if (Flush::bits == 0) return;
  const std::vector<float> x{small, 2 * small}, y{0, 0};
  guarded("a loss", [&] {
    const auto loss = MeanSquaredError{}(x, y);
    CHECK((loss.gradient[0] == 0 && loss.gradient[1] == 0));
  });
  Network<Sequential<Linear<1, 1>>, Features<1>> net{Seed{1}};
  Optimizer step{net, SGD{.learning_rate = 1, .momentum = 0.5}};
  net.parameters()[0] = 1;
  net.parameters()[1] = 0;
  step.state()[0].values[1] = std::numeric_limits<float>::min();  // its half is a denormal
  step.set_steps(1);
  guarded("a step", [&] { step(); });
  CHECK(step.state()[0].values[1] == 0);
  CHECK(net.parameters()[1] == 0);
  net.gradients()[0] = small;
  guarded("clipping", [&] { step.clip_grad_norm(1e-50); });
}

TEST_CASE("denormals: on every worker") {
  if (Flush::bits == 0) return;
  const int n = get_num_threads();
  set_num_threads(3);
  std::vector<int> seen(16);
  guarded("a stretch of chunks", [&] {
    const Flush f;
    cpu::each_chunk(cpu::workers_for(true, 16), 16, [&](int k, int) { seen[static_cast<std::size_t>(k)] = flushes(); });
  });
  for (const int s : seen) CHECK(s == 1);
#ifdef _OPENMP
  int after = 0;  // the threads of the program's own regions are as they were
#  pragma omp parallel num_threads(3) reduction(+ : after)
  after += flushes();
  CHECK(after == 0);
#endif
  set_num_threads(n);
}
