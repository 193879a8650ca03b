// SPDX-License-Identifier: MIT
// Published networks as types, for facts that are known about them. torchvision's versions, 1000 classes.
#pragma once

#include <ctnet/layers/activation/layer.hpp>
#include <ctnet/layers/conv/layer.hpp>
#include <ctnet/layers/dropout/layer.hpp>
#include <ctnet/layers/linear/layer.hpp>
#include <ctnet/layers/norm/layer.hpp>
#include <ctnet/layers/pool/layer.hpp>
#include <ctnet/layers/reshape/layer.hpp>
#include <ctnet/program/containers.hpp>

namespace test::nets {

using namespace ctnet;

struct LeNet : Sequential<Conv<3, 6, 5>, ReLU, MaxPool<2>, Conv<6, 16, 5>, ReLU, MaxPool<2>, Flatten, Linear<400, 120>,
                          ReLU, Linear<120, 84>, ReLU, Linear<84, 10>> {};

// He et al. 2016, with the stride in the 3 x 3 convolution
template <int In, int Mid, int S>
struct BottleneckMain
    : Sequential<Conv<In, Mid, 1, NoBias>, BatchNorm<Mid>, ReLU, Conv<Mid, Mid, 3, Stride<S>, Pad<1>, NoBias>,
                 BatchNorm<Mid>, ReLU, Conv<Mid, 4 * Mid, 1, NoBias>, BatchNorm<4 * Mid>> {};
template <int Mid>
struct Bottleneck : Sequential<Residual<BottleneckMain<4 * Mid, Mid, 1>>, ReLU> {};
template <int In, int Mid, int S>
struct FirstBottleneck
    : Sequential<
          Residual<BottleneckMain<In, Mid, S>, Sequential<Conv<In, 4 * Mid, 1, Stride<S>, NoBias>, BatchNorm<4 * Mid>>>,
          ReLU> {};
struct ResNet50
    : Sequential<Conv<3, 64, 7, Stride<2>, Pad<3>, NoBias>, BatchNorm<64>, ReLU, MaxPool<3, Stride<2>, Pad<1>>,
                 Sequential<FirstBottleneck<64, 64, 1>, Bottleneck<64>, Bottleneck<64>>,
                 Sequential<FirstBottleneck<256, 128, 2>, Bottleneck<128>, Bottleneck<128>, Bottleneck<128>>,
                 Sequential<FirstBottleneck<512, 256, 2>, Bottleneck<256>, Bottleneck<256>, Bottleneck<256>,
                            Bottleneck<256>, Bottleneck<256>>,
                 Sequential<FirstBottleneck<1024, 512, 2>, Bottleneck<512>, Bottleneck<512>>, GlobalAvgPool, Flatten,
                 Linear<2048, 1000>> {};

// Simonyan and Zisserman 2015
template <int In, int Out>
struct C : Sequential<Conv<In, Out, 3, Pad<1>>, ReLU> {};
struct VggClassifier : Sequential<AdaptiveAvgPool<7>, Flatten, Linear<25088, 4096>, ReLU, Dropout<>, Linear<4096, 4096>,
                                  ReLU, Dropout<>, Linear<4096, 1000>> {};
struct Vgg11 : Sequential<C<3, 64>, MaxPool<2>, C<64, 128>, MaxPool<2>, C<128, 256>, C<256, 256>, MaxPool<2>,
                          C<256, 512>, C<512, 512>, MaxPool<2>, C<512, 512>, C<512, 512>, MaxPool<2>, VggClassifier> {};
struct Vgg16 : Sequential<C<3, 64>, C<64, 64>, MaxPool<2>, C<64, 128>, C<128, 128>, MaxPool<2>, C<128, 256>,
                          C<256, 256>, C<256, 256>, MaxPool<2>, C<256, 512>, C<512, 512>, C<512, 512>, MaxPool<2>,
                          C<512, 512>, C<512, 512>, C<512, 512>, MaxPool<2>, VggClassifier> {};

// Iandola et al. 2016, version 1.1
template <int In, int Squeeze, int Expand>
struct Fire
    : Sequential<
          Conv<In, Squeeze, 1>, ReLU,
          Concat<Sequential<Conv<Squeeze, Expand, 1>, ReLU>, Sequential<Conv<Squeeze, Expand, 3, Pad<1>>, ReLU>>> {};
struct SqueezeNet
    : Sequential<Conv<3, 64, 3, Stride<2>>, ReLU, MaxPool<3, Stride<2>, CeilMode>, Fire<64, 16, 64>, Fire<128, 16, 64>,
                 MaxPool<3, Stride<2>, CeilMode>, Fire<128, 32, 128>, Fire<256, 32, 128>,
                 MaxPool<3, Stride<2>, CeilMode>, Fire<256, 48, 192>, Fire<384, 48, 192>, Fire<384, 64, 256>,
                 Fire<512, 64, 256>, Dropout<>, Conv<512, 1000, 1>, ReLU, GlobalAvgPool, Flatten> {};

}  // namespace test::nets
