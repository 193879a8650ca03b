// SPDX-License-Identifier: MIT
// The networks of support/nets.hpp as types.
#pragma once

#include <ctnet/layers.hpp>

namespace bench {

namespace ct = ctnet;

// For 3 x 32 x 32 images, as in PyTorch's CIFAR-10 tutorial.
using LeNet = ct::Sequential<ct::Conv<3, 6, 5>, ct::ReLU, ct::MaxPool<2>,   //
                             ct::Conv<6, 16, 5>, ct::ReLU, ct::MaxPool<2>,  //
                             ct::Flatten,                                   //
                             ct::Linear<400, 120>, ct::ReLU,                //
                             ct::Linear<120, 84>, ct::ReLU,                 //
                             ct::Linear<84, 10>>;
using CifarInput = ct::Image<3, 32, 32>;

template <int In, int Out>
struct ConvNormReLU : ct::Sequential<ct::Conv<In, Out, 3, ct::Pad<1>, ct::NoBias>, ct::BatchNorm<Out>, ct::ReLU> {};

struct Vgg : ct::Sequential<ConvNormReLU<3, 32>, ConvNormReLU<32, 32>, ct::MaxPool<2>,      //
                            ConvNormReLU<32, 64>, ConvNormReLU<64, 64>, ct::MaxPool<2>,     //
                            ConvNormReLU<64, 128>, ConvNormReLU<128, 128>, ct::MaxPool<2>,  //
                            ct::Flatten, ct::Linear<2048, 256>, ct::ReLU, ct::Linear<256, 10>> {};

template <int K, int In, int Out, int Step>
using Layer = ct::Sequential<ct::Conv<In, Out, K, ct::Stride<Step>, ct::Pad<K / 2>>, ct::ReLU>;

}  // namespace bench
