// SPDX-License-Identifier: MIT
// Convolutions of deployed networks against the plain loops in double: odd shapes, every method, every epilogue, in
// one run and split into units, between inaccessible pages.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <ctnet/backends/cpu/cpu.hpp>
#include <ctnet/layers/conv/deploy.hpp>
#include <ctnet/layers/conv/reference.hpp>

#include "../../support/compare.hpp"
#include "../../support/guarded.hpp"
#include "../../support/targets.hpp"
#include "../../support/values.hpp"
#include "deployed.hpp"

namespace {

using namespace ctnet;
using namespace ctnet::cpu;

using namespace test::deployed;

constexpr ConvPlan plan_of(const Sizes& z, const Maps& m, const Epilogue& e, bool exact) {
  const ConvOp o = op_of(z);
  return plan_conv(o, {o.c, o.h, o.w, m.in_block, o.pad_h + m.more_in, o.pad_w + m.more_in},
                   {o.k, o.p, o.q, 16, m.border_out, m.border_out}, e, exact);
}

template <ConvPlan P>
void check(const std::string& what) {
  static constexpr const char* names[] = {"direct", "winograd2", "winograd4", "depthwise"};
  const ConvOp& o = P.op;
  const auto n = [](auto v) { return static_cast<std::size_t>(v); };
  const double one = 1 / std::sqrt(static_cast<double>(o.taps()));
  const auto x_ = test::values("x", n(o.c) * n(o.h) * n(o.w));
  auto parameters = test::values<float>("w", n(o.weights() + o.k), one);
  const auto scale = test::values<float>("scale", n(o.k), 0.5, 1), add = test::values<float>("add", n(o.k * o.p * o.q));
  const std::vector<double> parameters_d(parameters.begin(), parameters.end()), scale_d(scale.begin(), scale.end()),
      add_d(add.begin(), add.end());
  const auto want = expected(P.op, P.epilogue, x_, parameters_d, scale_d, add_d);
  test::on_every_target<Cpu<float>>([&](const std::string& target) {
    for (const test::Flush flush : {test::Flush::end, test::Flush::start}) {
      const std::string name = what + ", " + names[static_cast<int>(P.method)] + ", " + target;
      test::Guarded<float> in(n(P.in.size()), flush), out(n(P.out.size()), flush), packed(n(packed_size(P)), flush),
          more(n(P.out.size()), flush), scratch(n(scratch_size(P)), flush), bias(n(P.out.blocks() * 16), flush);
      place(P.in, x_, in);
      place(P.out, add_d, more);
      bias.fill(0);
      std::copy(parameters.begin() + o.weights(), parameters.end(), bias.begin());
      pack_conv(P, parameters.data(), scale.data(), packed.data());
      zero_border(P.out, out.data());
      const float* add_map = P.epilogue.add ? more.data() : nullptr;
      ConvRun run{in.data(), out.data(), packed.data(), bias.data(), add_map, scratch.data(), 0, units(P)};
      CTNET_PICK(run_conv<conv_variant(P)>)(P, run);
      const auto got = taken(P.out, out);
      test::check_close(got, want, test::layer_bound<float>, name);
      // in pieces, from the last to the first; add lies in out
      out.fill(std::numeric_limits<float>::quiet_NaN());
      if (P.epilogue.add) std::copy(more.begin(), more.end(), out.begin()), run.add = out.data();
      zero_border(P.out, out.data());
      const int step = std::max(1, units(P) / 3);
      for (int last = units(P); last > 0; last -= step) {
        run.first_unit = std::max(0, last - step), run.last_unit = last;
        CTNET_PICK(run_conv<conv_variant(P)>)(P, run);
      }
      test::check_same_bits(taken(P.out, out), got, name + ", in pieces");
      CHECK(in.intact());
      CHECK(out.intact());
      CHECK(packed.intact());
      CHECK(scratch.intact());
    }
  });
}

template <Sizes Z, Maps M = Maps{}, Epilogue E = plain, bool Exact = false>
void check(ConvMethod method, const std::string& what) {
  constexpr ConvPlan P = plan_of(Z, M, E, Exact);
  CHECK_MESSAGE(P.method == method, what);
  check<P>(what);
}

}  // namespace

TEST_CASE("deployed conv: direct") {
  check<Sizes{.c = 3, .h = 23, .w = 25, .k = 16, .r = 7, .s = 7, .stride_h = 2, .stride_w = 2, .pad_h = 3, .pad_w = 3},
        Maps{.in_block = 1}, relu>(ConvMethod::direct, "7 x 7, stride 2, planar");
  check<Sizes{.c = 5, .h = 6, .w = 9, .k = 20, .r = 2, .s = 3, .pad_h = 0, .pad_w = 1, .dilation_w = 2},
        Maps{.in_block = 1, .more_in = 1, .border_out = 1}>(ConvMethod::direct, "planar, dilation");
  check<Sizes{.c = 1, .h = 1, .w = 1, .k = 1, .r = 1, .s = 1, .pad_h = 0, .pad_w = 0}, Maps{}, leaky_add>(
      ConvMethod::direct, "one of all");
  check<Sizes{.c = 40, .h = 11, .w = 7, .k = 72, .r = 1, .s = 1, .pad_h = 0, .pad_w = 0}, Maps{}, leaky_add>(
      ConvMethod::direct, "1 x 1");
  check<Sizes{.c = 24, .h = 7, .w = 7, .k = 64, .r = 1, .s = 1, .pad_h = 0, .pad_w = 0}, Maps{.border_out = 1}, relu>(
      ConvMethod::direct, "1 x 1 into a border");
  check<Sizes{.c = 20, .h = 9, .w = 13, .k = 60, .r = 1, .s = 1, .stride_h = 2, .stride_w = 2, .pad_h = 0, .pad_w = 0}>(
      ConvMethod::direct, "1 x 1, stride 2");
  check<Sizes{.c = 33, .h = 15, .w = 14, .k = 64, .stride_h = 2, .stride_w = 2}, Maps{.more_in = 1}, relu_add>(
      ConvMethod::direct, "3 x 3, stride 2");
  check<Sizes{.c = 17, .h = 9, .w = 33, .k = 96, .r = 4, .s = 2, .stride_w = 3, .pad_h = 2, .dilation_h = 2}>(
      ConvMethod::direct, "4 x 2");
  check<Sizes{.c = 64, .h = 5, .w = 7, .k = 64, .groups = 2}, Maps{.border_out = 2}, leaky_add>(ConvMethod::direct,
                                                                                                "2 groups");
  check<Sizes{.c = 6, .h = 5, .w = 7, .k = 64, .groups = 2}, Maps{.in_block = 1}>(ConvMethod::direct,
                                                                                  "2 groups, planar");
  check<Sizes{.c = 19, .h = 2, .w = 1, .k = 13}, Maps{}, relu>(ConvMethod::direct, "3 x 3 on 2 x 1");
  check<Sizes{.c = 5, .h = 2, .w = 1, .k = 32, .s = 1, .pad_h = 4, .pad_w = 3}, Maps{}, relu>(
      ConvMethod::direct, "padding beyond the window");
}
TEST_CASE("deployed conv: winograd") {
  check<Sizes{.c = 64, .h = 14, .w = 13, .k = 64}, Maps{.border_out = 1}, relu>(ConvMethod::winograd4, "64 channels");
  check<Sizes{.c = 50, .h = 6, .w = 50, .k = 70}, Maps{.more_in = 2}, leaky_add>(ConvMethod::winograd4,
                                                                                 "50 to 70 channels, wide border");
  check<Sizes{.c = 32, .h = 9, .w = 48, .k = 33, .pad_h = 0, .pad_w = 2}>(ConvMethod::winograd4, "pads 0 and 2");
  check<Sizes{.c = 40, .h = 7, .w = 7, .k = 32}, Maps{}, leaky_add, true>(ConvMethod::winograd2, "7 x 7");
  check<Sizes{.c = 36, .h = 6, .w = 5, .k = 32}, Maps{.border_out = 1}, plain, true>(ConvMethod::winograd2, "6 x 5");
  check<Sizes{.c = 48, .h = 8, .w = 8, .k = 32}, Maps{}, relu, true>(ConvMethod::winograd2, "exact");
}
TEST_CASE("deployed conv: accuracy at 512 channels") {
  check<Sizes{.c = 512, .h = 10, .w = 10, .k = 32}>(ConvMethod::winograd4, "512 channels");
}
TEST_CASE("deployed conv: depthwise") {
  check<Sizes{.c = 40, .h = 9, .w = 17, .k = 40, .groups = 40}, Maps{.border_out = 1}, relu>(ConvMethod::depthwise,
                                                                                             "3 x 3");
  check<Sizes{.c = 32,
              .h = 16,
              .w = 18,
              .k = 32,
              .r = 5,
              .s = 5,
              .stride_h = 2,
              .stride_w = 2,
              .pad_h = 2,
              .pad_w = 2,
              .groups = 32},
        Maps{.more_in = 1}, leaky_add>(ConvMethod::depthwise, "5 x 5, stride 2");
  check<Sizes{.c = 3, .h = 1, .w = 1, .k = 3, .groups = 3}>(ConvMethod::depthwise, "one pixel");
}
TEST_CASE("deployed conv: NaN and infinities pass through the activation as in PyTorch") {
  constexpr ConvPlan P =
      plan_of({.c = 1, .h = 1, .w = 3, .k = 2, .r = 1, .s = 1, .pad_h = 0, .pad_w = 0}, {.in_block = 1}, relu, false);
  test::on_every_target<Cpu<float>>([&](const std::string&) {
    const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
    const float in[] = {nan, inf, -inf}, weight[] = {1, -1}, bias[16] = {};
    alignas(64) float packed[packed_size(P)], out[P.out.size()];
    pack_conv(P, weight, nullptr, packed);
    CTNET_PICK(run_conv<conv_variant(P)>)(P, {in, out, packed, bias, nullptr, nullptr, 0, units(P)});
    CHECK(std::isnan(out[0]));
    CHECK(out[16] == inf);
    CHECK((out[32] == 0 && !std::signbit(out[32])));
    CHECK(std::isnan(out[1]));
    CHECK(out[17] == 0);
    CHECK(out[33] == inf);
    for (int x_ = 0; x_ < 3; ++x_)
      for (int k = 2; k < 16; ++k) CHECK(out[x_ * 16 + k] == 0);
  });
}
TEST_CASE("deployed conv: what has no kernel here is said so") {
  CHECK(plan_of({.c = 6, .h = 5, .w = 5, .k = 6, .groups = 2}, {}, plain, false).method == ConvMethod::none);
  CHECK(plan_of({.c = 8, .h = 5, .w = 5, .k = 16, .groups = 8}, {}, plain, false).method == ConvMethod::none);
  CHECK(plan_conv(op_of({.c = 8, .h = 5, .w = 5, .k = 16}), {8, 5, 5, 16}, {16, 5, 5, 16}, plain, false).method ==
        ConvMethod::none);
}
