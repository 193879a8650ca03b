// SPDX-License-Identifier: MIT
// What passes by Thrust give, beside plain loops. Where: a place to compute in, with Where::Block<T> memory.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <ctnet/optimizers/update.hpp>
#include <ctnet/thrust.hpp>

#include "../support/compare.hpp"
#include "../support/error.hpp"
#include "../support/values.hpp"

namespace test {

namespace passes = ctnet::algorithms;
using ctnet::i64;

inline const std::vector<std::size_t> lengths{0, 1, 2, 31, 257, 5000};

template <class T, class Where>
class Passes {
  using Block = typename Where::template Block<T>;
  using Numbers = std::vector<T>;

 public:
  explicit Passes(const Where& where) : where_(where) {}

  void transforms() const {
    for (const std::size_t n : lengths) {
      const Numbers v = values<T>("passes", n, 2);
      auto check = [&](const char* what, auto pass, auto f, double bound) {
        const Block b(v);
        pass(b.data(), static_cast<i64>(n));
        Numbers want = v;
        for (T& e : want) e = f(e);
        check_close(b.read(), want, bound, std::string(what) + " of " + std::to_string(n));
      };
      const auto policy = where_.policy();
      check(
          "scale", [&](T* p, i64 m) { passes::scale(policy, p, m, T(0.75)); }, [](T e) { return T(0.75) * e; }, 0);
      check(
          "clamp", [&](T* p, i64 m) { passes::clamp(policy, p, m, T(-1), T(0.5)); },
          [](T e) { return std::clamp(e, T(-1), T(0.5)); }, 0);
      for (int act = ctnet::no_act; act < 6; ++act)
        check(
            "activate", [&](T* p, i64 m) { passes::activate(policy, p, m, act, T(0.25)); },
            [&](T e) { return ctnet::activate(act, e, T(0.25)); }, 1e-6);
    }
    const T nan = std::numeric_limits<T>::quiet_NaN();
    const Block b(Numbers{nan, T(7), T(-7)});
    passes::clamp(where_.policy(), b.data(), 3, T(-1), T(1));
    CHECK(std::isnan(b.read()[0]));
    CHECK(b.read()[1] == T(1));
    CHECK(b.read()[2] == T(-1));
  }

  void reductions() const {
    for (const std::size_t n : lengths) {
      Numbers v = values<T>("passes", n, 8, 1);
      double sum = 0, squares = 0;
      for (const T e : v) sum += static_cast<double>(e), squares += static_cast<double>(e) * static_cast<double>(e);
      const Block b(v);
      CHECK(passes::sum(where_.policy(), b.data(), size(v)) == sum);  // exact: 19 bits and 13 bits
      CHECK(passes::squared_norm(where_.policy(), b.data(), size(v)) == doctest::Approx(squares).epsilon(1e-14));
      passes::Extremes<T> got = passes::extremes(where_.policy(), b.data(), size(v));
      const T inf = std::numeric_limits<T>::infinity();
      CHECK(got.least == (v.empty() ? inf : *std::min_element(v.begin(), v.end())));
      CHECK(got.most == (v.empty() ? -inf : *std::max_element(v.begin(), v.end())));
      CHECK(got.not_finite == 0);
      if (n < 31) continue;
      const T nan = std::numeric_limits<T>::quiet_NaN();
      v[0] = nan, v[7] = inf, v[30] = -inf, v[8] = T(100), v[9] = T(-100);
      const Block wild(v);
      got = passes::extremes(where_.policy(), wild.data(), size(v));
      CHECK(got.least == T(-100));
      CHECK(got.most == T(100));
      CHECK(got.not_finite == 3);
    }
  }

  void pruning() const {
    for (const std::size_t n : {1u, 2u, 31u, 1000u}) {
      const std::vector<double> exact = distinct_values(n, n);
      Numbers v(exact.begin(), exact.end());
      const Block b(v), scratch(v), mask(v);
      for (const std::size_t kept : {std::size_t{1}, (n + 1) / 2, n}) {
        const T threshold =
            passes::magnitude_threshold(where_.policy(), b.data(), size(v), static_cast<i64>(kept), scratch.data());
        Numbers sorted = v;
        for (T& e : sorted) e = std::abs(e);
        std::sort(sorted.rbegin(), sorted.rend());
        CHECK(threshold == sorted[kept - 1]);
        passes::magnitude_mask(where_.policy(), b.data(), size(v), threshold, mask.data());
        const Numbers m = mask.read();
        for (std::size_t i = 0; i < n; ++i) CHECK(m[i] == (std::abs(v[i]) >= threshold ? T(1) : T(0)));
        const Block pruned(v);
        passes::multiply(where_.policy(), pruned.data(), mask.data(), size(v));
        const Numbers left = pruned.read();
        for (std::size_t i = 0; i < n; ++i) CHECK(left[i] == (m[i] == T(1) ? v[i] : T(0)));
      }
      for (const i64 kept : {i64{0}, size(v) + 1})
        CHECK(error_of([&] {
                passes::magnitude_threshold(where_.policy(), b.data(), size(v), kept, scratch.data());
              }) == "magnitude_threshold: " + std::to_string(kept) + " values are to be kept, expected 1 to " +
                        std::to_string(n));
    }
  }

  void updates() const {
    ctnet::SgdUpdate<T> sgd{};
    sgd.rate = T(0.1), sgd.decay = T(0.01), sgd.momentum = T(0.9), sgd.share = T(1), sgd.nesterov = true;
    ctnet::AdamUpdate<T> adam{};
    adam.rate = T(0.01), adam.l2 = T(0.1), adam.keep = T(0.99), adam.beta1 = T(0.9), adam.rest1 = T(0.1);
    adam.beta2 = T(0.99), adam.rest2 = T(0.01), adam.eps = T(1e-8), adam.root_scale = T(1.25);
    for (const std::size_t n : lengths) {
      const Numbers g = values<T>("gradient", n);
      Numbers p = values<T>("parameters", n), a(n), b(n), c(n);
      const Block pb(p), gb(g), ab(a), bb(b), cb(c);
      const i64 m = size(p);
      const auto policy = where_.policy();
      for (int k = 0; k < 3; ++k) {
        passes::update(policy, sgd, m, pb.data(), gb.data());
        passes::update(policy, sgd, m, pb.data(), gb.data(), ab.data());
        passes::update(policy, adam, m, pb.data(), gb.data(), ab.data(), bb.data());
        passes::update(policy, adam, m, pb.data(), gb.data(), ab.data(), bb.data(), cb.data());
        for (std::size_t i = 0; i < n; ++i) {
          sgd(p[i], g[i]);
          sgd(p[i], g[i], a[i]);
          adam(p[i], g[i], a[i], b[i]);
          adam(p[i], g[i], a[i], b[i], c[i]);
        }
      }
      check_close(pb.read(), p, 1e-6, "parameters");
      check_close(ab.read(), a, 1e-6, "first part of the state");
      check_close(bb.read(), b, 1e-6, "second part");
      check_close(cb.read(), c, 1e-6, "third part");
    }
  }

  void all() const {
    transforms();
    reductions();
    pruning();
    updates();
  }

 private:
  static i64 size(const Numbers& v) { return static_cast<i64>(v.size()); }
  const Where& where_;
};

// Thrust's host system.
struct OnHost {
  template <class T>
  struct Block {
    explicit Block(const std::vector<T>& v) : values(v) {}
    T* data() const { return values.data(); }
    const std::vector<T>& read() const { return values; }
    mutable std::vector<T> values;
  };
  auto policy() const { return thrust::host; }
};

}  // namespace test
