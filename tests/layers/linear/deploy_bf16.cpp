// SPDX-License-Identifier: MIT
// Deployed Linear in bfloat16 and split bfloat16 against sums in double: odd sizes, inputs as they lie in maps, images
// from one to more than a tile takes, every way of computing (matrix tiles emulated), between inaccessible pages.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <ctnet/backends/cpu/cpu.hpp>
#include <ctnet/layers/linear/deploy_bf16.hpp>

#include "../../support/compare.hpp"
#include "../../support/emulated_tiles.hpp"
#include "../../support/guarded.hpp"
#include "../../support/targets.hpp"
#include "../../support/values.hpp"

namespace {

using namespace ctnet;
using namespace ctnet::cpu;

constexpr double bound(bool split) { return split ? 5e-5 : 1e-2; }

// f(name, run) for every way of computing that this machine has, and for emulated tiles.
template <bool Split, class F>
void every_path(F f) {
  const auto compute = [](const LinearBf16Plan& p, const LinearBf16Run& run) { run_linear_bf16<Split>(p, run); };
  test::on_every_target<Cpu<float>>([&](const std::string& target) {
    static constexpr const char* names[] = {", portable", ", avx512_bf16", ", amx"};
    for (const Bf16Path path : {Bf16Path::portable, Bf16Path::avx512_bf16, Bf16Path::amx}) {
      limit_bf16_path(path);
      if (bf16_path() == path) f(target + names[static_cast<int>(path)], compute);
    }
    limit_bf16_path(Bf16Path::amx);
  });
  f("emulated tiles", [](const LinearBf16Plan& p, const LinearBf16Run& run) {
    base::linear_bf16_tiles<base::PortableBf16, Split>(p, run, test::EmulatedTiles{});
  });
}

template <bool Split>
void check(int images, Layout in_layout, int outputs, Epilogue e) {
  const int inputs = in_layout.c * in_layout.h * in_layout.w;
  const LinearBf16Plan p{{inputs, outputs, 1}, in_layout, e, Split};
  const auto n = [](auto v) { return static_cast<std::size_t>(v); };
  const auto x_ = test::values<float>("x", n(images) * n(inputs));
  const auto w = test::values<float>("w", n(outputs) * n(inputs), 1 / std::sqrt(double{1} * inputs));
  const auto b = test::values<float>("b", n(outputs)), scale = test::values<float>("scale", n(outputs), 0.5, 1);
  std::vector<double> want;
  double largest = 0;  // of the products' sums: a bias may cancel them
  for (int m = 0; m < images; ++m)
    for (int o = 0; o < outputs; ++o) {
      double sum = 0;
      for (int i = 0; i < inputs; ++i)
        sum += static_cast<double>(x_[n(m * inputs + i)]) * static_cast<double>(w[n(o * inputs + i)]);
      sum *= static_cast<double>(scale[n(o)]);
      largest = std::fmax(largest, std::fabs(sum));
      sum += static_cast<double>(b[n(o)]);
      want.push_back(e.act == Fused::relu && sum < 0 ? 0 : sum);
    }
  every_path<Split>([&](const std::string& path, auto compute) {
    const std::string name = std::to_string(images) + " images, " + std::to_string(inputs) + " to " +
                             std::to_string(outputs) + (Split ? ", split, " : ", ") + path;
    for (const test::Flush flush : {test::Flush::end, test::Flush::start}) {
      const i64 in_step = p.in.size() + 3, out_step = p.outputs() + 5;
      test::Guarded<float> in(n((images - 1) * in_step + p.in.size()), flush),
          out(n((images - 1) * out_step + p.outputs()), flush), packed(n(packed_size(p)), flush),
          bias(n(p.outputs()), flush), scratch(n(scratch_size(p)), flush);
      in.fill(0);
      std::size_t at = 0;
      for (int m = 0; m < images; ++m)
        for (int c = 0; c < p.in.c; ++c)
          for (int y = 0; y < p.in.h; ++y)
            for (int q = 0; q < p.in.w; ++q) in[n(m * in_step + p.in.at(c, y, q))] = x_[at++];
      bias.fill(0);
      std::copy(b.begin(), b.end(), bias.begin());
      pack_linear_bf16(p, w.data(), scale.data(), packed.data());
      const auto taken = [&] {
        std::vector<float> v;
        bool zeros = true;
        for (int m = 0; m < images; ++m)
          for (int o = 0; o < p.outputs(); ++o)
            if (o < outputs)
              v.push_back(out[n(m * out_step + o)]);
            else
              zeros = zeros && out[n(m * out_step + o)] == 0;
        CHECK(zeros);
        for (int m = 0; m + 1 < images; ++m) CHECK(std::isnan(out[n(m * out_step + p.outputs())]));
        return v;
      };
      LinearBf16Run run{images,   in.data(),      in_step, packed.data(), bias.data(), out.data(),
                        out_step, scratch.data(), 0,       units(p)};
      compute(p, run);
      const auto got = taken();
      test::check_close(got, want, bound(Split), name, largest);
      out.fill(std::numeric_limits<float>::quiet_NaN());
      for (int u = units(p) - 1; u >= 0; --u) {
        run.first = u, run.last = u + 1;
        scratch.fill(std::numeric_limits<float>::quiet_NaN());
        compute(p, run);
      }
      test::check_same_bits(taken(), got, name + ", in pieces");
      CHECK(in.intact());
      CHECK(out.intact());
      CHECK(packed.intact());
      CHECK(bias.intact());
      CHECK(scratch.intact());
    }
  });
}
void check(int images, Layout in, int outputs, Epilogue e = {}) {
  check<false>(images, in, outputs, e);
  check<true>(images, in, outputs, e);
}

}  // namespace

TEST_CASE("deployed linear in bfloat16: sizes") {
  check(1, {1, 1, 1, 1, 0, 0}, 1);
  check(1, {37, 1, 1, 1, 0, 0}, 100, {.act = Fused::relu});
  check(1, {400, 1, 1, 1, 0, 0}, 144);
  check(2, {15, 1, 1, 1, 0, 0}, 48);
  check(7, {64, 1, 1, 1, 0, 0}, 70, {.act = Fused::relu});
  check(16, {33, 1, 1, 1, 0, 0}, 33);
  check(45, {50, 1, 1, 1, 0, 0}, 80);
}
TEST_CASE("deployed linear in bfloat16: inputs of blocked maps with borders") {
  check(1, {20, 3, 2, 16, 1, 1}, 40);
  check(5, {16, 2, 3, 16, 0, 2}, 16, {.act = Fused::relu});
  check(3, {5, 4, 3, 1, 1, 0}, 17);
}
TEST_CASE("deployed linear in bfloat16: few images at a time where inputs are many, accuracy at 4100") {
  check<false>(18, {4100, 1, 1, 1, 0, 0}, 20, {});
  check<true>(18, {4100, 1, 1, 1, 0, 0}, 20, {});
}
