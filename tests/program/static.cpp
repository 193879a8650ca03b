// SPDX-License-Identifier: MIT
// What the compiler knows about networks. To compile is to pass; parameter counts are torchvision's.
#include <doctest/doctest.h>

#include <ctnet/program/analysis.hpp>

#include "big_nets.hpp"

using namespace test::nets;

// ---- shapes: PyTorch's output sizes
template <class L, class In>
constexpr Shape out = Analysis<Sequential<L>, In>::output;
static_assert(out<Conv<3, 8, 3>, Image<3, 32, 31>> == Shape{8, 30, 29});
static_assert(out<Conv<3, 8, 3, Stride<2>, Pad<1>>, Image<3, 32, 31>> == Shape{8, 16, 16});
static_assert(out<Conv<3, 8, 3, Pad<1>, Stride<2>>, Image<3, 32, 31>> == Shape{8, 16, 16});
static_assert(out<Conv<3, 8, Size{3, 5}>, Image<3, 32, 31>> == Shape{8, 30, 27});
static_assert(out<Conv<3, 8, 3, Dilation<2, 3>>, Image<3, 32, 31>> == Shape{8, 28, 25});
static_assert(out<Conv<3, 8, 7, Stride<2>, Pad<3>>, Image<3, 224, 224>> == Shape{8, 112, 112});
static_assert(out<Conv<1, 1, 1>, Image<1, 1, 1>> == Shape{1, 1, 1});
static_assert(out<MaxPool<2>, Image<3, 7, 8>> == Shape{3, 3, 4});
static_assert(out<MaxPool<2, CeilMode>, Image<3, 7, 8>> == Shape{3, 4, 4});
static_assert(out<MaxPool<3, Stride<2>, CeilMode>, Image<64, 111, 111>> == Shape{64, 55, 55});
static_assert(out<MaxPool<3, Stride<2>, CeilMode>, Image<64, 112, 112>> == Shape{64, 56, 56});
static_assert(out<MaxPool<2, Stride<3>, CeilMode>, Image<1, 6, 6>> ==
              Shape{1, 2, 2});                                               // no window begins beyond the image
static_assert(out<MaxPool<2, CeilMode>, Image<1, 1, 1>> == Shape{1, 1, 1});  // a window larger than what there is
static_assert(out<MaxPool<3, Stride<2>, CeilMode>, Image<1, 2, 2>> == Shape{1, 1, 1});
static_assert(out<AvgPool<3, Stride<2>, CeilMode>, Image<1, 2, 5>> == Shape{1, 1, 2});
static_assert(out<AvgPool<3, Stride<2>, Pad<1>, CeilMode>, Image<1, 6, 8>> == Shape{1, 4, 5});
static_assert(out<AdaptiveAvgPool<7>, Image<512, 3, 20>> == Shape{512, 7, 7});
static_assert(out<AdaptiveAvgPool<2, 5>, Image<4, 9, 9>> == Shape{4, 2, 5});
static_assert(out<GlobalAvgPool, Image<9, 5, 6>> == Shape{9, 1, 1});
static_assert(out<Flatten, Image<3, 4, 5>> == Shape{60});
static_assert(out<Flatten, Features<7>> == Shape{7});
static_assert(out<Linear<7, 9>, Features<7>> == Shape{9});
static_assert(out<Softmax, Features<7>> == Shape{7});
static_assert(out<Concat<Conv<3, 4, 1>, ReLU, Sequential<>>, Image<3, 5, 6>> == Shape{10, 5, 6});
static_assert(out<Concat<Linear<3, 4>, ReLU>, Features<3>> == Shape{7});
static_assert(out<Residual<Conv<3, 5, 1>, Conv<3, 5, 1>>, Image<3, 5, 6>> == Shape{5, 5, 6});
static_assert(out<Sequential<Tap<"a">, Conv<3, 5, 1>, ConcatTap<"a">>, Image<3, 4, 4>> == Shape{8, 4, 4});
static_assert(Analysis<Sequential<>, Image<3, 4, 4>>::output == Shape{3, 4, 4});
static_assert(Analysis<Sequential<Sequential<>, Sequential<Sequential<>>>, Features<2>>::output == Shape{2});
static_assert(Analysis<ReLU, Features<2>>::output == Shape{2});

// ---- LeNet
using LeNetFacts = Analysis<LeNet, Image<3, 32, 32>>;
static_assert(LeNetFacts::output == Shape{10});
static_assert(LeNetFacts::parameters == 62'006 && LeNetFacts::state_size == 62'006);
static_assert(LeNetFacts::macs == 651'720);
static_assert(LeNetFacts::inference_bytes <= 32 * 1024);
static_assert(LeNetFacts::inference_bytes >= 4 * (3 * 32 * 32 + 6 * 28 * 28));  // the first layer has both at once
static_assert(LeNetFacts::training_bytes > LeNetFacts::inference_bytes);
static_assert(LeNetFacts::layers.size() == 12);
static_assert(LeNetFacts::layers[3].in == Shape{6, 14, 14} && LeNetFacts::layers[3].out == Shape{16, 10, 10});
static_assert(LeNetFacts::layers[3].parameters == 2'416 && LeNetFacts::layers[3].macs == 240'000);
static_assert(LeNetFacts::layers[3].bytes == 4 * 1600);
static_assert(LeNetFacts::layers[4].bytes == 0 &&
              LeNetFacts::layers[6].bytes == 0);  // ReLU in place; Flatten is no work
constexpr i64 sum_of_macs() {
  i64 sum = 0;
  for (const LayerFacts& f : LeNetFacts::layers) sum += f.macs;
  return sum;
}
static_assert(sum_of_macs() == LeNetFacts::macs);

// ---- torchvision's networks
using ResNet50Facts = Analysis<ResNet50, Image<3, 224, 224>>;
static_assert(ResNet50Facts::output == Shape{1000});
static_assert(ResNet50Facts::parameters == 25'557'032);
static_assert(ResNet50Facts::state_size == 25'557'032 + 53'120);  // running means and variances
static_assert(ResNet50Facts::macs == 4'089'184'256);
static_assert(Analysis<ResNet50, Image<3, 65, 33>>::parameters == 25'557'032);  // not the input's business
using Vgg11Facts = Analysis<Vgg11, Image<3, 224, 224>>;
static_assert(Vgg11Facts::parameters == 132'863'336 && Vgg11Facts::macs == 7'609'090'048);
using Vgg16Facts = Analysis<Vgg16, Image<3, 224, 224>>;
static_assert(Vgg16Facts::parameters == 138'357'544 && Vgg16Facts::macs == 15'470'264'320);
using SqueezeNetFacts = Analysis<SqueezeNet, Image<3, 224, 224>>;
static_assert(SqueezeNetFacts::output == Shape{1000});
static_assert(SqueezeNetFacts::parameters == 1'235'496 && SqueezeNetFacts::macs == 349'151'936);

// A residual block holds three values at most at once: its input, and the input and output of a layer.
static_assert(Analysis<Sequential<Residual<Sequential<Conv<4, 4, 1>, Conv<4, 4, 1>, Conv<4, 4, 1>>>>,
                       Image<4, 4, 4>>::inference_bytes == 4 * 3 * 64);
// A chain of layers of one size needs two.
static_assert(
    Analysis<Sequential<Conv<4, 4, 1>, ReLU, Conv<4, 4, 1>, Conv<4, 4, 1>, ReLU>, Image<4, 4, 4>>::inference_bytes ==
    4 * 2 * 64);

TEST_CASE("facts about networks are constants") { CHECK(ResNet50Facts::parameters == 25'557'032); }
