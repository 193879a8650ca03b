// SPDX-License-Identifier: MIT
// The vector functions of backends/cpu/math.inl against double, on every CPU target, over the whole range of float.
#include <doctest/doctest.h>
#include <ctnet/backends/cpu/cpu.hpp>
#include <ctnet/backends/cpu/math.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/targets.hpp"

// the blank lines keep clang-format from sorting these
#include <ctnet/backends/cpu/begin_base.hpp>

#include "probe.inl"

#include <ctnet/backends/cpu/end_target.hpp>
#if CTNET_HAS_AVX2
#  include <ctnet/backends/cpu/begin_avx2.hpp>

#  include "probe.inl"

#  include <ctnet/backends/cpu/end_target.hpp>
#endif
#if CTNET_HAS_AVX512
#  include <ctnet/backends/cpu/begin_avx512.hpp>

#  include "probe.inl"

#  include <ctnet/backends/cpu/end_target.hpp>
#endif

#ifndef CTNET_MATH_STRIDE
#  define CTNET_MATH_STRIDE 6007  // every so many-th float; 1 takes them all, in minutes
#endif

namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

template <class T>
using Probe = void (*)(const T*, T*, std::size_t);

struct Function {
  const char* name;
  double (*exact)(double);
  double bound;  // relative
  Probe<float> (*single)();
  Probe<double> (*full)();
};
template <int F>
constexpr Function function(const char* name, double (*exact)(double), double bound) {
  return {name, exact, bound, [] { return CTNET_PICK(probe<float, F>); }, [] { return CTNET_PICK(probe<double, F>); }};
}
const Function functions[] = {
    function<0>("exp", std::exp, 9e-8),     function<1>("log", std::log, 9e-8),
    function<2>("log1p", std::log1p, 2e-7), function<3>("sqrt", std::sqrt, 6e-8),
    function<4>("tanh", std::tanh, 1.5e-7), function<5>("sigmoid", sigmoid, 2e-7),
    function<6>("erf", std::erf, 1e-7),
};

// Relative to the exact result, but never finer than the spacing of the subnormal numbers. Special values must be
// equal.
double error(float got, double exact) {
  const auto rounded = static_cast<float>(exact);
  if (std::isnan(exact) || std::isinf(rounded) || std::isnan(got) || std::isinf(got))
    return (std::isnan(exact) && std::isnan(got)) || got == rounded ? 0 : HUGE_VAL;
  const double off = std::fabs(static_cast<double>(got) - exact);
  return off <= 1.5 * 1.4012984643e-45 ? 0 : off / std::fmax(std::fabs(exact), 1.17549435e-38);
}

}  // namespace

TEST_CASE("vector functions of float, over all of its range") {
  test::on_every_target<ctnet::Cpu<float>>([](const std::string& target) {
    for (const Function& f : functions) {
      double worst = 0;
      float worst_at = 0;
      std::vector<float> x, y;
      for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << 32);) {
        x.clear();
        for (; x.size() < 4099 && bits < (std::uint64_t{1} << 32); bits += CTNET_MATH_STRIDE)
          x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
        y.assign(x.size(), 0);
        f.single()(x.data(), y.data(), x.size());
        for (std::size_t i = 0; i < x.size(); ++i) {
          const double e = error(y[i], f.exact(static_cast<double>(x[i])));
          if (e > worst) worst = e, worst_at = x[i];
        }
      }
      CAPTURE(target);
      CAPTURE(std::string(f.name));
      CAPTURE(worst_at);
      CHECK(worst <= f.bound);
#ifdef CTNET_MATH_REPORT
      MESSAGE(std::string(f.name) << ' ' << target << ": " << worst << " at " << worst_at);
#endif
    }
  });
}

TEST_CASE("vector functions at special values and around the ends of the range") {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> x{0.0f,    -0.0f,           inf,           -inf,           nan,         1.0f,    -1.0f,   1e-45f,
                       -1e-45f, 1.17549435e-38f, 3.4028235e38f, -3.4028235e38f, 0.625f,      -0.625f, 3.9999f, 4.0f,
                       -4.0f,   1e-30f,          -1e-30f,       0.99999994f,    -0.99999994f};
  for (const float v :
       {88.72283f, 88.72284f, 89.0f, 128.0f, 87.33654f, 87.33655f, 103.27893f, 103.97208f, 104.0f, 150.0f})
    x.insert(x.end(), {v, -v});
  test::on_every_target<ctnet::Cpu<float>>([&](const std::string& target) {
    for (const Function& f : functions)
      for (std::size_t n = 1; n <= x.size(); ++n) {  // every split in whole vectors and a rest
        std::vector<float> y(n + 1, 7.0f);
        f.single()(x.data(), y.data(), n);
        CHECK(y[n] == 7.0f);
        CAPTURE(target);
        CAPTURE(std::string(f.name));
        CAPTURE(x[n - 1]);
        CHECK(error(y[n - 1], f.exact(static_cast<double>(x[n - 1]))) <= f.bound);
      }
  });
}

TEST_CASE("vector functions of double are the C library's") {
  std::vector<double> x, y(801);
  for (int i = 0; i <= 800; ++i) x.push_back(0.05 * (i - 400));
  test::on_every_target<ctnet::Cpu<float>>([&](const std::string& target) {
    for (const Function& f : functions) {
      f.full()(x.data(), y.data(), x.size());
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double exact = f.exact(x[i]);
        CAPTURE(target);
        CAPTURE(std::string(f.name));
        CAPTURE(x[i]);
        CHECK((std::isnan(exact) ? std::isnan(y[i])
                                 : y[i] == exact || std::fabs(y[i] - exact) <= 4e-16 * std::fabs(exact)));
      }
    }
  });
}
