// SPDX-License-Identifier: MIT
// LeNet for 3 x 32 x 32 images, as in PyTorch's CIFAR-10 tutorial.
#pragma once

#include <ctnet/ctnet.hpp>

namespace bench {

namespace ct = ctnet;

using LeNet = ct::Sequential<ct::Conv<3, 6, 5>, ct::ReLU, ct::MaxPool<2>,   //
                             ct::Conv<6, 16, 5>, ct::ReLU, ct::MaxPool<2>,  //
                             ct::Flatten,                                   //
                             ct::Linear<400, 120>, ct::ReLU,                //
                             ct::Linear<120, 84>, ct::ReLU,                 //
                             ct::Linear<84, 10>>;
using LeNetInput = ct::Image<3, 32, 32>;

// Multiply-adds of one image's training step: each layer forward, its weights' gradient, its input's gradient; the
// first layer's input needs none. The optimizer is not counted.
template <class Net, class Input>
constexpr double training_macs() {
  using Facts = ct::Analysis<Net, Input>;
  return static_cast<double>(3 * Facts::macs - Facts::layers[0].macs);
}

}  // namespace bench
