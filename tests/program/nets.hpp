// SPDX-License-Identifier: MIT
// Small whole networks with what real ones have: shortcuts, branches, taps. tests/fixtures/make_layers.py has them in
// PyTorch.
#pragma once

#include <ctnet/layers.hpp>
#include <ctnet/train/network.hpp>

namespace test::nets {

using namespace ctnet;

struct LeNet : Sequential<Conv<3, 6, 5>, ReLU, MaxPool<2>, Conv<6, 16, 5>, ReLU, MaxPool<2>, Flatten, Linear<400, 120>,
                          ReLU, Linear<120, 84>, ReLU, Linear<84, 10>> {};

template <int N, int M, int S>
struct Main : Sequential<Conv<N, M, 3, Stride<S>, Pad<1>, NoBias>, BatchNorm<M>, ReLU, Conv<M, M, 3, Pad<1>, NoBias>,
                         BatchNorm<M>> {};
struct ResNet : Sequential<Conv<3, 8, 3, Pad<1>, NoBias>, BatchNorm<8>, ReLU, MaxPool<3, Stride<2>, Pad<1>>,
                           Residual<Main<8, 8, 1>>, ReLU,
                           Residual<Main<8, 12, 2>, Sequential<Conv<8, 12, 1, Stride<2>, NoBias>, BatchNorm<12>>>, ReLU,
                           GlobalAvgPool, Flatten, Linear<12, 7>> {};

struct Inception
    : Sequential<Conv<3, 6, 3, Pad<1>>, SiLU,
                 Concat<Conv<6, 4, 1>, Sequential<Conv<6, 3, 1>, LeakyReLU<>, Conv<3, 5, 3, Pad<1>>, BatchNorm<5>>,
                        Sequential<Conv<6, 2, 1>, Tanh, Conv<2, 3, 5, Pad<2>>, Sigmoid>,
                        Sequential<AvgPool<3, Stride<1>, Pad<1>>, Conv<6, 2, 1>>>,
                 GELU, MaxPool<2, CeilMode>, AdaptiveAvgPool<2, 3>, Flatten, Linear<84, 5>, Softmax> {};

struct UNet : Sequential<Conv<2, 4, 3, Pad<1>>, ReLU, Tap<"a">, Conv<4, 4, 3, Pad<1>, Groups<2>>, BatchNorm<4>, ReLU,
                         Tap<"b">, Conv<4, 6, 3, Pad<2>, Dilation<2>>, ReLU, ConcatTap<"b">, Conv<10, 4, 3, Pad<1>>,
                         AddTap<"a">, ReLU, ConcatTap<"a">, Conv<8, 3, 1>> {};

}  // namespace test::nets
