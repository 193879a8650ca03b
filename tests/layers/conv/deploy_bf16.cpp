// SPDX-License-Identifier: MIT
// Deployed convolutions in bfloat16 and split bfloat16 against the plain loops in double: odd shapes, every epilogue,
// every way of computing (matrix tiles emulated), in one run and in units, between inaccessible pages.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <ctnet/backends/cpu/cpu.hpp>
#include <ctnet/layers/conv/deploy_bf16.hpp>
#include <ctnet/layers/conv/reference.hpp>

#include "../../support/compare.hpp"
#include "../../support/emulated_tiles.hpp"
#include "../../support/guarded.hpp"
#include "../../support/targets.hpp"
#include "../../support/values.hpp"
#include "deployed.hpp"

namespace {

using namespace ctnet;
using namespace ctnet::cpu;

constexpr double bound(bool split) { return split ? 5e-5 : 1e-2; }

using namespace test::deployed;

Bf16Plan plan_of(const Sizes& z, const Maps& m, const Epilogue& e, bool split) {
  const ConvOp o = op_of(z);
  return plan_bf16(o, {o.c, o.h, o.w, m.in_block, o.pad_h + m.more_in, o.pad_w + m.more_in},
                   {o.k, o.p, o.q, 16, m.border_out, m.border_out}, e, split);
}

// f(name, run) for every way of computing that this machine has, and for emulated tiles.
template <bool Split, class F>
void every_path(F f) {
  test::on_every_target<Cpu<float>>([&](const std::string& target) {
    if (cpu::target() == Target::avx512) {
      static constexpr const char* names[] = {", portable", ", avx512_bf16", ", amx"};
      for (const Bf16Path path : {Bf16Path::portable, Bf16Path::avx512_bf16, Bf16Path::amx}) {
        limit_bf16_path(path);
        if (bf16_path() == path)
          f(target + names[static_cast<int>(path)], [](const Bf16Plan& p, const ConvRun& run) {
            CTNET_PICK(run_conv_bf16<Split>)(p, run);
          });
      }
      limit_bf16_path(Bf16Path::amx);
    } else {
      CHECK(bf16_path() == Bf16Path::portable);
      f(target, [](const Bf16Plan& p, const ConvRun& run) { CTNET_PICK(run_conv_bf16<Split>)(p, run); });
    }
  });
  f("emulated tiles", [](const Bf16Plan& p, const ConvRun& run) {
    base::conv_bf16_tiles<base::PortableBf16, Split>(p, run, test::EmulatedTiles{});
  });
}

template <bool Split>
void check(const Sizes& z, const Maps& m, const Epilogue& e, const std::string& what) {
  const Bf16Plan p = plan_of(z, m, e, Split);
  REQUIRE(p.valid);
  const ConvOp& o = p.op;
  const auto n = [](auto v) { return static_cast<std::size_t>(v); };
  const auto x_ = test::values("x", n(o.c) * n(o.h) * n(o.w));
  const auto parameters = test::values<float>("w", n(o.weights() + o.k), 1 / std::sqrt(double{1} * o.taps()));
  const auto scale = test::values<float>("scale", n(o.k), 0.5, 1), add = test::values<float>("add", n(o.k * o.p * o.q));
  const std::vector<double> add_d(add.begin(), add.end());
  const auto want =
      expected(p.op, p.epilogue, x_, {parameters.begin(), parameters.end()}, {scale.begin(), scale.end()}, add_d);
  every_path<Split>([&](const std::string& path, auto compute) {
    const std::string name = what + (Split ? ", split, " : ", ") + path;
    for (const test::Flush flush : {test::Flush::end, test::Flush::start}) {
      test::Guarded<float> in(n(p.in.size()), flush), out(n(p.out.size()), flush), packed(n(packed_size(p)), flush),
          more(n(p.out.size()), flush), scratch(n(scratch_size(p)), flush), bias(n(p.out.blocks() * 16), flush);
      place(p.in, x_, in);
      place(p.out, add_d, more);
      bias.fill(0);
      std::copy(parameters.begin() + o.weights(), parameters.end(), bias.begin());
      pack_bf16(p, parameters.data(), scale.data(), packed.data());
      zero_border(p.out, out.data());
      ConvRun run{in.data(),      out.data(), packed.data(), bias.data(), p.epilogue.add ? more.data() : nullptr,
                  scratch.data(), 0,          units(p)};
      compute(p, run);
      const auto got = taken(p.out, out);
      test::check_close(got, want, bound(Split), name);
      // in pieces, from the last to the first; add lies in out
      out.fill(std::numeric_limits<float>::quiet_NaN());
      if (p.epilogue.add) std::copy(more.begin(), more.end(), out.begin()), run.add = out.data();
      zero_border(p.out, out.data());
      const int step = std::max(1, units(p) / 3);
      for (int last = units(p); last > 0; last -= step) {
        run.first_unit = std::max(0, last - step), run.last_unit = last;
        scratch.fill(std::numeric_limits<float>::quiet_NaN());
        compute(p, run);
      }
      test::check_same_bits(taken(p.out, out), got, name + ", in pieces");
      CHECK(in.intact());
      CHECK(out.intact());
      CHECK(packed.intact());
      CHECK(scratch.intact());
      CHECK(bias.intact());
    }
  });
}
void check(const Sizes& z, const Maps& m, const Epilogue& e, const std::string& what) {
  check<false>(z, m, e, what);
  check<true>(z, m, e, what);
}

}  // namespace

TEST_CASE("deployed conv in bfloat16: blocked input") {
  check({.c = 32, .h = 7, .w = 7, .k = 32}, {}, relu, "3 x 3");
  check({.c = 50, .h = 10, .w = 23, .k = 70}, {.more_in = 2}, leaky_add, "50 to 70 channels, wide border");
  check({.c = 80, .h = 6, .w = 5, .k = 16}, {.border_out = 2}, plain, "80 to 16 channels");
  check({.c = 40, .h = 11, .w = 7, .k = 72, .r = 1, .s = 1, .pad_h = 0, .pad_w = 0}, {}, leaky_add, "1 x 1");
  check({.c = 20, .h = 9, .w = 9, .k = 40, .r = 1, .s = 1, .stride_h = 2, .stride_w = 2, .pad_h = 0, .pad_w = 0}, {},
        relu, "1 x 1, stride 2");
  check({.c = 33, .h = 15, .w = 38, .k = 48, .stride_h = 2, .stride_w = 2}, {.more_in = 1}, relu_add, "stride 2");
  check({.c = 17, .h = 9, .w = 33, .k = 33, .r = 4, .s = 2, .stride_w = 3, .pad_h = 2, .dilation_h = 2}, {}, plain,
        "4 x 2");
  check({.c = 12, .h = 9, .w = 8, .k = 24, .pad_h = 2, .pad_w = 3, .dilation_h = 2, .dilation_w = 3}, {}, relu,
        "12 channels, dilation");
  check({.c = 16, .h = 5, .w = 9, .k = 16}, {}, plain, "16 channels");
  check({.c = 1, .h = 1, .w = 1, .k = 1, .r = 1, .s = 1, .pad_h = 0, .pad_w = 0}, {}, leaky_add, "one of all");
  check({.c = 19, .h = 2, .w = 1, .k = 70, .r = 2, .s = 1, .pad_h = 0, .pad_w = 0}, {}, relu, "one pixel");
  check({.c = 70, .h = 1, .w = 1, .k = 100}, {.border_out = 1}, relu, "one pixel, 100 channels");
}
TEST_CASE("deployed conv in bfloat16: planar input") {
  check({.c = 3, .h = 23, .w = 45, .k = 16, .r = 7, .s = 7, .stride_h = 2, .stride_w = 2, .pad_h = 3, .pad_w = 3},
        {.in_block = 1}, relu, "7 x 7, stride 2");
  check({.c = 5, .h = 6, .w = 9, .k = 20, .r = 2, .s = 3, .pad_h = 0, .pad_w = 1, .dilation_w = 2},
        {.in_block = 1, .more_in = 1, .border_out = 1}, plain, "dilation");
  check({.c = 37, .h = 5, .w = 19, .k = 17}, {.in_block = 1}, leaky_add, "37 channels");
  check({.c = 1, .h = 4, .w = 3, .k = 16, .r = 1, .s = 3, .pad_h = 0}, {.in_block = 1}, plain, "one channel");
}
TEST_CASE("deployed conv in bfloat16: groups") {
  check({.c = 64, .h = 5, .w = 6, .k = 96, .groups = 2}, {.border_out = 2}, leaky_add, "2 groups");
  check({.c = 64, .h = 6, .w = 5, .k = 64, .stride_h = 2, .groups = 4}, {}, relu, "4 groups of 16");
  check({.c = 96, .h = 3, .w = 4, .k = 32, .groups = 2}, {}, plain, "2 groups of 48");
  check({.c = 6, .h = 5, .w = 5, .k = 32, .groups = 2}, {.in_block = 1}, plain, "2 groups, planar");
  check({.c = 40, .h = 5, .w = 5, .k = 48, .groups = 1}, {.in_block = 1}, plain, "planar, one group");
}
TEST_CASE("deployed conv in bfloat16: several bands, accuracy at 512 channels") {
  const Sizes wide{.c = 512, .h = 18, .w = 16, .k = 24};
  CHECK(plan_of(wide, {}, plain, false).bands() > 1);
  check<false>(wide, {}, plain, "512 to 24 channels");
  check<true>(wide, {}, relu_add, "512 to 24 channels");
}
TEST_CASE("deployed conv in bfloat16: NaN and infinities pass through as in PyTorch") {
  const Bf16Plan p =
      plan_of({.c = 1, .h = 1, .w = 3, .k = 2, .r = 1, .s = 1, .pad_h = 0, .pad_w = 0}, {.in_block = 1}, relu, false);
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const float in[] = {nan, inf, -inf}, weight[] = {1, -1}, bias[16] = {};
  std::vector<float> packed(static_cast<std::size_t>(packed_size(p))), out(3 * 16),
      scratch(static_cast<std::size_t>(scratch_size(p)));
  pack_bf16(p, weight, nullptr, packed.data());
  test::on_every_target<Cpu<float>>([&](const std::string&) {
    CTNET_PICK(run_conv_bf16<false>)
    (p, {in, out.data(), packed.data(), bias, nullptr, scratch.data(), 0, units(p)});
    CHECK(std::isnan(out[0]));
    CHECK(out[16] == inf);
    CHECK((out[32] == 0 && !std::signbit(out[32])));
    CHECK(std::isnan(out[1]));
    CHECK(out[17] == 0);
    CHECK(out[33] == inf);
  });
}
TEST_CASE("deployed conv in bfloat16: what has no kernel here is said so") {
  CHECK_FALSE(plan_of({.c = 6, .h = 5, .w = 5, .k = 6, .groups = 2}, {}, plain, false).valid);
  CHECK_FALSE(plan_of({.c = 32, .h = 5, .w = 5, .k = 32, .groups = 32}, {}, plain, false).valid);
  CHECK_FALSE(plan_bf16(op_of({.c = 8, .h = 5, .w = 5, .k = 16}), {8, 5, 5, 16}, {16, 5, 5, 16}, plain, false).valid);
}
TEST_CASE("bfloat16 rounds to nearest, ties to even, and keeps NaN") {
  const auto rounded = [](float f) { return static_cast<float>(bfloat16{f}); };
  CHECK(rounded(1.0f) == 1.0f);
  CHECK(rounded(1 + 0x1p-8f) == 1.0f);
  CHECK(rounded(1 + 0x3p-8f) == 1 + 0x1p-6f);
  CHECK(rounded(1 + 0x1.01p-8f) == 1 + 0x1p-7f);
  CHECK(rounded(-3.39e38f) == -0x1.fep127f);
  CHECK(std::isinf(rounded(3.4e38f)));
  CHECK(rounded(0x1p-133f) == 0x1p-133f);
  CHECK(std::signbit(rounded(-0.0f)));
  const float low_nan = __builtin_bit_cast(float, 0x7F800001);
  CHECK(std::isnan(rounded(low_nan)));
  for (int i = 0; i < 1000; ++i) {
    const float x_ = static_cast<float>(std::ldexp(test::value_at("x", static_cast<std::size_t>(i)), i % 60 - 30));
    CHECK(std::fabs(rounded(x_) - x_) <= 0x1p-8f * std::fabs(x_));
  }
}
