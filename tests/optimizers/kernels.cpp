// SPDX-License-Identifier: MIT
// The update loops of every CPU target against the plain ones, over many sizes and offsets; nothing outside is written.
#include <doctest/doctest.h>
#include <ctnet/backends/cpu/cpu.hpp>
#include <ctnet/core/random.hpp>
#include <ctnet/optimizers.hpp>
#include <ctnet/optimizers/reference.hpp>

#include <string>

#include "support/targets.hpp"

namespace ct = ctnet;

namespace {

constexpr std::size_t guard = 19;  // odd, so that segments start unaligned

template <class T>
struct Arrays {
  std::vector<T> p, g, m, v, largest;

  Arrays(ct::Random& random, std::size_t n) {
    for (auto* a : {&p, &g, &m, &v, &largest}) {
      a->resize(n + 2 * guard);
      for (T& x : *a) x = static_cast<T>(random.uniform(a == &v || a == &largest ? 0 : -1, 1));
    }
  }
};

// All of a and b agree, the n in the middle to rounding and the guards exactly.
template <class T>
bool same(const Arrays<T>& a, const Arrays<T>& b, std::size_t n) {
  const auto near = [&](const std::vector<T>& x, const std::vector<T>& y) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double off = std::fabs(static_cast<double>(x[i]) - static_cast<double>(y[i]));
      if (off > (i < guard || i >= guard + n ? 0 : (sizeof(T) == 8 ? 1e-14 : 4e-6))) return false;
    }
    return true;
  };
  return near(a.p, b.p) && near(a.g, b.g) && near(a.m, b.m) && near(a.v, b.v) && near(a.largest, b.largest);
}

template <class T>
void all_rules(std::size_t n) {
  ct::Random random{ct::Seed{5}, n};
  const Arrays<T> start(random, n);
  const auto compare = [&](const auto& config, auto plain) {
    const ct::SegmentStep step{0.1, 0.05, 3};
    Arrays<T> want = start;
    plain(config.numbers(step), want);
    test::on_every_target<ct::Cpu<T>>([&](const std::string& target) {
      Arrays<T> got = start;
      T* state[] = {got.m.data() + guard, got.v.data() + guard, got.largest.data() + guard};
      config.apply(step, got.p.data() + guard, got.g.data() + guard, state, n);
      CAPTURE(n);
      CAPTURE(std::string(config.name));
      CAPTURE(target);
      CHECK(same(got, want, n));
    });
  };
  const auto sgd = [&](const ct::SgdNumbers& k, Arrays<T>& a) {
    ct::reference::sgd(k, a.p.data() + guard, a.g.data() + guard, k.momentum == 0 ? nullptr : a.m.data() + guard, n);
  };
  const auto adam = [&](bool amsgrad) {
    return [&, amsgrad](const ct::AdamNumbers& k, Arrays<T>& a) {
      ct::reference::adam(k, a.p.data() + guard, a.g.data() + guard, a.m.data() + guard, a.v.data() + guard,
                          amsgrad ? a.largest.data() + guard : nullptr, n);
    };
  };
  compare(ct::SGD{}, sgd);
  compare(ct::SGD{.momentum = 0.9, .dampening = 0.1}, sgd);
  compare(ct::SGD{.momentum = 0.9, .nesterov = true}, sgd);
  compare(ct::Adam{}, adam(false));
  compare(ct::AdamW{.amsgrad = true}, adam(true));
}

template <class T>
void norms(std::size_t n) {
  ct::Random random{ct::Seed{6}, n};
  const Arrays<T> a(random, n);
  double want = 0;
  for (std::size_t i = 0; i < n; ++i) want += static_cast<double>(a.g[guard + i]) * static_cast<double>(a.g[guard + i]);
  test::on_every_target<ct::Cpu<T>>([&](const std::string& target) {
    CAPTURE(target);
    using Kernel = ct::OptimizerKernel<ct::SGD, void>;
    CHECK(std::fabs(Kernel::squared_norm(a.g.data() + guard, n) - want) <= 1e-14 * want);
    Arrays<T> scaled = a, wanted = a;
    for (std::size_t i = 0; i < n; ++i) wanted.g[guard + i] *= static_cast<T>(0.3);
    Kernel::scale(scaled.g.data() + guard, n, 0.3);
    CHECK(scaled.g == wanted.g);
  });
}

}  // namespace

TEST_CASE("every CPU target takes the reference's steps") {
  constexpr std::size_t sizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 257};
  for (const std::size_t n : sizes) {
    all_rules<float>(n);
    all_rules<double>(n);
    norms<float>(n);
    norms<double>(n);
  }
}
