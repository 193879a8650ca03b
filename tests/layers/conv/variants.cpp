// SPDX-License-Identifier: MIT
// The kernels that a convolution's numbers choose, and those that they could have chosen: each on every case it serves.
#include "../conformance.hpp"
#include "cases.hpp"

using namespace ctnet;
using cpu::ConvChoice;

namespace {

// Sizes around a vector's, a tile's and a window's ends: rows of one pixel, rows that end a vector, a window as large
// as the image, borders up to the window's reach, odd numbers of channels and of rows.
test::conv::Cases direct(int wide) {
  test::conv::Cases cases = test::conv::recorded();
  for (const auto& c : test::conv::wide()) cases.push_back(c);
  cases.push_back(test::on<Conv<32, 34, 3, Pad<1>>>("3 x 3, images that share a block", {32, 8, 8}));
  cases.push_back(test::on<Conv<20, 18, 3, Pad<2>>>("3 x 3, full", {20, 5, 35}));
  cases.push_back(test::on<Conv<3, 16, 3>>("3 x 3, several blocks of an image", {3, 36, 42}));
  Random random{Seed{static_cast<std::uint64_t>(wide)}};
  auto from = [&](int low, int high) {
    return low + static_cast<int>(random.below(static_cast<std::uint32_t>(high - low + 1)));
  };
  for (const int q : {1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 15, 16, 17, 20, 31, 33}) {
    ConvOp o{};
    o.c = from(1, q < 9 ? 19 : 7), o.k = from(1, q < 9 ? 37 : 20);
    o.r = from(1, 2 * wide - 1), o.s = wide;
    o.stride_h = o.stride_w = o.dilation_h = o.dilation_w = o.groups = 1;
    o.pad_h = from(0, o.r - 1), o.bias = from(0, 1);
    o.pad_w = from(0, wide - 1);
    o.q = q > wide ? q : q + 2 * o.pad_w - wide + 1 > 0 ? q : wide;
    o.w = o.q + wide - 1 - 2 * o.pad_w;
    if (o.w < 1) o.w = 1, o.pad_w = wide - 1, o.q = wide;
    o.p = from(1, 9);
    o.h = o.p + o.r - 1 - 2 * o.pad_h;
    if (o.h < 1) o.h = 1, o.pad_h = o.r - 1, o.p = o.r;
    std::string name = "direct";
    for (const int n : {o.c, o.h, o.w, o.k, o.p, o.q, o.r, o.s, o.pad_h, o.pad_w, o.bias})
      name += " " + std::to_string(n);
    cases.push_back(test::conv::case_of(o, name));
  }
  return cases;
}

template <int V>
void every_case() {
  constexpr ConvChoice choice = ConvChoice::of(V);
  static_assert(choice.code() == V);
  test::conv::Cases cases;
  for (const auto& c : direct(choice.s))
    if (cpu::serves(choice, c.op)) cases.push_back(c);
  CHECK(cases.size() >= 9);
  test::conforms<Cpu<float>, V>(cases);
  if constexpr (choice.s == 5) test::conforms<Cpu<double>, V>(cases, {2});  // the same code
}

// Of a pass with K channels or N pixels in a tile and of the weights' gradient with a window S wide.
template <int K>
constexpr ConvChoice::Pass rows{ConvChoice::rows, K};
template <int N>
constexpr ConvChoice::Pass lanes{ConvChoice::lanes, N};
template <int N>
constexpr ConvChoice::Pass columns{ConvChoice::columns, N};
constexpr int code(ConvChoice::Pass forward, ConvChoice::Pass data, ConvChoice::Method weights, int s) {
  ConvChoice c;
  c.forward = forward, c.data = data, c.weights = weights, c.s = s;
  return c.code();
}

}  // namespace

TEST_CASE("conv variants: windows 3 wide") {
  every_case<code(rows<6>, columns<4>, ConvChoice::rows, 3)>();
  every_case<code(lanes<4>, rows<4>, ConvChoice::lanes, 3)>();
}
TEST_CASE("conv variants: Winograd") {
  constexpr ConvChoice::Pass winograd{ConvChoice::winograd, 0};
  every_case<code(winograd, winograd, ConvChoice::winograd, 3)>();
}
TEST_CASE("conv variants: windows 5 wide") {
  every_case<code(rows<6>, lanes<8>, ConvChoice::rows, 5)>();
  every_case<code(lanes<5>, columns<5>, ConvChoice::lanes, 5)>();
}
TEST_CASE("conv variants: windows 2, 6 and 7 wide") {
  every_case<code(lanes<6>, columns<6>, ConvChoice::rows, 2)>();
  every_case<code(lanes<7>, rows<4>, ConvChoice::lanes, 6)>();
  every_case<code(rows<4>, rows<6>, ConvChoice::rows, 7)>();
  every_case<code(rows<6>, rows<4>, ConvChoice::lanes, 7)>();
}

TEST_CASE("conv variants: what LeNet's convolutions choose") {
  constexpr ConvOp wide = Conv<3, 6, 5>::op({3, 32, 32}, {6, 28, 28}),
                   narrow = Conv<6, 16, 5>::op({6, 14, 14}, {16, 10, 10});
  constexpr ConvChoice first = cpu::choose_conv<float>(wide), second = cpu::choose_conv<float>(narrow);
  CHECK(first.code() == code(rows<6>, first.data, ConvChoice::rows, 5));
  CHECK(second.code() == code(lanes<5>, columns<5>, ConvChoice::lanes, 5));
  CHECK(variant_of<ConvOp, Cpu<float>>(wide) == first.code());
  constexpr ConvOp strided = Conv<3, 64, 7, Stride<2>, Pad<3>>::op({3, 224, 224}, {64, 112, 112});
  CHECK(variant_of<ConvOp, Cpu<float>>(strided) == 0);
}
