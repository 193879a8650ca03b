// SPDX-License-Identifier: MIT
// The kernels that deployed networks have beside their convolutions (tests/layers/conv/deploy.cpp): in odd sizes
// against the plain loops in double, every buffer between inaccessible pages, also cut into units.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctnet/backends/cpu/cpu.hpp>
#include <ctnet/layers/conv.hpp>
#include <ctnet/layers/conv/deploy_rows.hpp>
#include <ctnet/layers/linear.hpp>
#include <ctnet/layers/linear/deploy.hpp>
#include <ctnet/layers/norm/deploy.hpp>
#include <ctnet/layers/pool.hpp>
#include <ctnet/layers/pool/deploy.hpp>

#include "../support/compare.hpp"
#include "../support/guarded.hpp"
#include "../support/targets.hpp"
#include "../support/values.hpp"

namespace {
using namespace ctnet;
using cpu::Layout;
using test::Flush;
using test::Guarded;
using Doubles = std::vector<double>;

std::size_t size_of(i64 n) { return static_cast<std::size_t>(n); }

// A dense image in a layout; zeros elsewhere.
Guarded<float> placed(const Doubles& dense, const Layout& l, Flush flush) {
  Guarded<float> map(size_of(l.size()), flush);
  map.fill(0);
  std::size_t i = 0;
  for (int c = 0; c < l.c; ++c)
    for (int y = 0; y < l.h; ++y)
      for (int u = 0; u < l.w; ++u) map[size_of(l.at(c, y, u))] = static_cast<float>(dense[i++]);
  return map;
}
Doubles dense_of(const Guarded<float>& map, const Layout& l) {
  Doubles v;
  for (int c = 0; c < l.c; ++c)
    for (int y = 0; y < l.h; ++y)
      for (int u = 0; u < l.w; ++u) v.push_back(static_cast<double>(map[size_of(l.at(c, y, u))]));
  return v;
}
double activated(double v, const cpu::Epilogue& e) {
  if (e.act == cpu::Fused::none || v >= 0) return v;
  return e.act == cpu::Fused::relu ? 0 : v * e.slope_numerator / e.slope_denominator;
}
template <class Op>
Doubles reference(const Op& op, const Doubles& x, const Doubles& parameters, std::size_t outputs) {
  Doubles y(outputs);
  Forward<double> a;
  a.batch = 1;
  a.in[0] = x.data();
  a.out = y.data();
  a.parameters = parameters.data();
  Kernel<Op, Reference<double>>::forward(op, a);
  return y;
}
const cpu::Epilogue epilogues[] = {{}, {cpu::Fused::relu}, {cpu::Fused::leaky_relu, 1, 4}};

template <int Variant>
void rows_case(cpu::RowsPlan p, const std::string& what) {
  const ConvOp& o = p.op;
  REQUIRE(cpu::rows_fit(o, p.in));
  const auto x = test::values(what + ".x", size_of(i64{o.c} * o.h * o.w)),
             w = test::values(what + ".w", size_of(o.weights() + o.k), 0.5);
  auto want = reference(o, x, w, size_of(i64{o.k} * o.p * o.q));
  for (double& v : want) v = activated(v, p.epilogue);
  if (p.pool)
    want = reference(MaxPoolOp{o.k, o.p, o.q, o.p / 2, o.q / 2, 2, 2, 2, 2, 0, 0, 1, 1}, want, {},
                     size_of(i64{o.k} * (o.p / 2) * (o.q / 2)));
  test::on_every_target<Cpu<float>>([&](const std::string& target) {
    for (const Flush flush : {Flush::end, Flush::start}) {
      const auto in = placed(x, p.in, flush);
      const std::vector<float> weight(w.begin(), w.end());
      Guarded<float> packed(size_of(cpu::packed_size(p)), flush), bias(size_of(p.outputs()), flush),
          out(size_of(p.out.size()), flush);
      cpu::pack_rows(p, weight.data(), nullptr, packed.data());
      bias.fill(0);
      for (int k = 0; k < o.k; ++k) bias[size_of(k)] = weight[size_of(o.weights() + k)];
      for (int unit = cpu::units(p) - 1; unit >= 0; --unit)
        cpu::run_rows<Variant>(p, in.data(), packed.data(), bias.data(), out.data(), unit, unit + 1);
      test::check_close(dense_of(out, p.out), want, 2e-5, what + ", " + target);
      CHECK(out.intact());
    }
  });
}
}  // namespace

TEST_CASE("deploy: convolutions by rows") {
  struct Sizes {
    int c, h, w, r, s, pad_h, pad_w, dilation;
  };
  int n = 0;
  for (const Sizes& t : {Sizes{1, 9, 21, 3, 3, 1, 1, 1}, Sizes{3, 8, 36, 5, 5, 0, 0, 1}, Sizes{2, 7, 43, 2, 4, 2, 0, 2},
                         Sizes{5, 3, 17, 1, 1, 0, 0, 1}})
    for (const auto& e : epilogues) {
      const auto op = [&](int k) {
        const int p = t.h + 2 * t.pad_h - t.dilation * (t.r - 1), q = t.w + 2 * t.pad_w - t.dilation * (t.s - 1);
        return ConvOp{t.c, t.h, t.w, k, p, q, t.r, t.s, 1, 1, t.pad_h, t.pad_w, t.dilation, t.dilation, 1, 1};
      };
      const auto plan = [&](int k, bool pool) {
        const ConvOp o = op(k);
        return cpu::RowsPlan{o,
                             {t.c, t.h, t.w, 1, t.pad_h, t.pad_w + 1},
                             {k, pool ? o.p / 2 : o.p, pool ? o.q / 2 : o.q, 1, 1, 0},
                             e,
                             pool};
      };
      const std::string name = "rows " + std::to_string(n++);
      rows_case<12>(plan(6, false), name + ", 6");
      rows_case<13>(plan(6, true), name + ", 6, pool");
      rows_case<8>(plan(7, false), name + ", 7");
      rows_case<9>(plan(3, true), name + ", 3, pool");
    }
}

TEST_CASE("deploy: linear layers of every width") {
  for (const int inputs : {1, 7, 65})
    for (const int outputs : {1, 10, 16, 17, 40, 64, 84, 120, 130})
      for (const int images : {1, 2, 3, 4, 7}) {
        const auto& e = epilogues[(inputs + outputs) % 3];
        const cpu::LinearPlan p{{inputs, outputs, 1}, {inputs, 1, 1, 1, 0, 0}, e};
        const std::string what =
            "linear " + std::to_string(inputs) + " " + std::to_string(outputs) + ", images " + std::to_string(images);
        const auto x = test::values(what, size_of(i64{images} * inputs)),
                   w = test::values(what + ".w", size_of(i64{inputs} * outputs + outputs), 0.5);
        const std::vector<float> weight(w.begin(), w.end());
        test::on_every_target<Cpu<float>>([&](const std::string& target) {
          for (const Flush flush : {Flush::end, Flush::start}) {
            const Guarded<float> in(x, flush);
            Guarded<float> packed(size_of(cpu::packed_size(p)), flush), bias(size_of(p.outputs()), flush),
                out(size_of(i64{images} * p.outputs()), flush);
            cpu::pack_linear(p, weight.data(), nullptr, packed.data());
            bias.fill(0);
            for (int k = 0; k < outputs; ++k) bias[size_of(k)] = weight[size_of(i64{inputs} * outputs + k)];
            for (int unit = 0; unit < cpu::units(p); ++unit)
              cpu::run_linear(p, images, in.data(), inputs, packed.data(), bias.data(), out.data(), p.outputs(), unit,
                              unit + 1);
            for (int i = 0; i < images; ++i) {
              auto want =
                  reference(p.op, Doubles(x.begin() + i * inputs, x.begin() + (i + 1) * inputs), w, size_of(outputs));
              for (double& v : want) v = activated(v, e);
              const float* y = out.data() + i64{i} * p.outputs();
              test::check_close(std::vector<float>(y, y + outputs), want, 2e-5, what + ", " + target,
                                0.5);  // one may cancel
            }
            CHECK(out.intact());
          }
        });
      }
}

TEST_CASE("deploy: pools and normalization on blocked maps") {
  for (const int c : {3, 16, 37})
    for (const int side : {1, 5, 8}) {
      const int w = side + 2;
      const auto x = test::values("pool", size_of(i64{c} * side * w));
      const auto check = [&](const std::string& what, const Layout& to, const Doubles& want, auto run) {
        test::on_every_target<Cpu<float>>([&](const std::string& target) {
          for (const Flush flush : {Flush::end, Flush::start}) {
            const Layout from{c, side, w, 16, 1, 0};
            const auto in = placed(x, from, flush);
            Guarded<float> out(size_of(to.size()), flush);
            out.fill(0);
            for (int block = 0; block < to.blocks(); ++block) run(from, in.data(), out.data(), block);
            test::check_close(dense_of(out, to), want, 1e-6, what + " of " + std::to_string(side) + ", " + target);
            CHECK(out.intact());
          }
        });
      };
      const int p = (side + 1) / 2, q = (w + 1) / 2;
      const Layout half{c, p, q, 16, 0, 1};
      const MaxPoolOp max{c, side, w, p, q, 3, 3, 2, 2, 1, 1, 1, 1};
      check("max", half, reference(max, x, {}, size_of(i64{c} * p * q)),
            [&](const Layout& from, const float* in, float* out, int block) {
              CTNET_PICK(max_pool_blocks)(max, from, half, in, out, block, block + 1);
            });
      for (const int include : {0, 1}) {
        const AvgPoolOp mean{c, side, w, p, q, 3, 3, 2, 2, 1, 1, include};
        check("mean", half, reference(mean, x, {}, size_of(i64{c} * p * q)),
              [&](const Layout& from, const float* in, float* out, int block) {
                CTNET_PICK(mean_pool_blocks<AvgPoolOp>)(mean, from, half, in, out, block, block + 1);
              });
      }
      const Layout cells{c, 2, 3, 16, 0, 0};
      const AdaptiveAvgPoolOp adaptive{c, side, w, 2, 3};
      check("adaptive", cells, reference(adaptive, x, {}, size_of(i64{c} * 6)),
            [&](const Layout& from, const float* in, float* out, int block) {
              CTNET_PICK(mean_pool_blocks<AdaptiveAvgPoolOp>)(adaptive, from, cells, in, out, block, block + 1);
            });
      const Layout same{c, side, w, 16, 0, 2};
      Doubles want = x;
      for (std::size_t i = 0; i < want.size(); ++i)
        want[i] = want[i] * static_cast<double>(i / size_of(side * w)) + 0.5;
      std::vector<float> scale(size_of(same.blocks() * 16)), shift(scale.size());
      for (int k = 0; k < c; ++k) scale[size_of(k)] = static_cast<float>(k), shift[size_of(k)] = 0.5f;
      check("affine", same, want, [&](const Layout& from, const float* in, float* out, int block) {
        CTNET_PICK(affine_blocks)(from, same, scale.data(), shift.data(), in, out, block, block + 1);
      });
    }
}
