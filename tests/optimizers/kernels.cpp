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
  Arrays<T> start(random, n);
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
  const auto rmsprop = [&](const ct::RmspropNumbers& k, Arrays<T>& a) {
    T* const second = a.v.data() + guard;
    ct::reference::rmsprop(k, a.p.data() + guard, a.g.data() + guard, a.m.data() + guard, k.centered ? second : nullptr,
                           !k.with_buffer ? nullptr
                           : k.centered   ? a.largest.data() + guard
                                          : second,
                           n);
  };
  const auto lion = [&](const ct::LionNumbers& k, Arrays<T>& a) {
    ct::reference::lion(k, a.p.data() + guard, a.g.data() + guard, a.m.data() + guard, n);
  };
  // RMSprop's mean of squares and mean go together.
  for (std::size_t i = 0; i < start.m.size(); ++i)
    start.m[i] = std::fabs(start.m[i]) + static_cast<T>(0.3), start.v[i] = start.v[i] * start.m[i] / 2;
  for (const double momentum : {0.0, 0.9})
    for (const bool centered : {false, true}) compare(ct::RMSprop{.momentum = momentum, .centered = centered}, rmsprop);
  compare(ct::Lion{}, lion);
  compare(ct::SGD{}, sgd);
  compare(ct::SGD{.momentum = 0.9, .dampening = 0.1}, sgd);
  compare(ct::SGD{.momentum = 0.9, .nesterov = true}, sgd);
  compare(ct::Adam{}, adam(false));
  compare(ct::AdamW{.amsgrad = true}, adam(true));
}

template <class T>
void matrices(ct::i64 rows, ct::i64 cols) {
  const auto n = static_cast<std::size_t>(rows * cols);
  ct::Random random{ct::Seed{7}, n};
  const Arrays<T> start(random, n);
  for (const bool nesterov : {true, false}) {
    const ct::Muon config{.nesterov = nesterov, .adjust_lr = ct::MuonRate::match_rms_adamw};
    const ct::SegmentStep step{0.1, 0.05, 3};
    Arrays<T> want = start;
    ct::reference::muon(config.numbers(step, rows, cols), static_cast<std::size_t>(rows),
                        static_cast<std::size_t>(cols), want.p.data() + guard, want.g.data() + guard,
                        want.m.data() + guard);
    test::on_every_target<ct::Cpu<T>>([&](const std::string& target) {
      Arrays<T> got = start;
      T* state[] = {got.m.data() + guard, nullptr, nullptr};
      std::vector<T> work(ct::Muon::workspace(rows, cols) + 1, T(7));
      config.apply_matrix(step, rows, cols, got.p.data() + guard, got.g.data() + guard, state, work.data(), false);
      CAPTURE(rows);
      CAPTURE(cols);
      CAPTURE(target);
      CHECK(same(got, want, n));
      CHECK(work.back() == T(7));
    });
  }
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

TEST_CASE("every CPU target makes the reference's matrices orthogonal, square, wide and tall") {
  constexpr ct::i64 sizes[][2] = {{1, 1}, {1, 9}, {9, 1}, {5, 5}, {6, 150}, {64, 27}, {97, 20}, {17, 130}};
  for (const auto& [rows, cols] : sizes) {
    matrices<float>(rows, cols);
    matrices<double>(rows, cols);
  }
}

TEST_CASE("Muon's step is near an orthogonal matrix") {
  constexpr std::size_t rows = 6, cols = 20;
  ct::Random random{ct::Seed{8}, 1};
  std::vector<double> p(rows * cols), g(rows * cols), b(rows * cols), work(ct::Muon::workspace(rows, cols));
  for (double& x : g) x = random.uniform(-1, 1);
  double* const state[] = {b.data(), nullptr, nullptr};
  ct::Muon{.weight_decay = 0}.apply_matrix({1.0, 0.0, 1}, rows, cols, p.data(), g.data(), state, work.data(), false);
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < rows; ++j) {
      double sum = 0;
      for (std::size_t k = 0; k < cols; ++k) sum += p[i * cols + k] * p[j * cols + k];
      CHECK(std::fabs(sum - (i == j ? 1 : 0)) < 0.6);  // singular values lie between 0.7 and 1.2
      if (i == j) CHECK(sum > 0.4);
    }
}
