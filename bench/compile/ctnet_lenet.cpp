// SPDX-License-Identifier: MIT
// A whole trainer, for its compile time: LeNet on CIFAR-10, images flipped and rotated by threads that run ahead, SGD
// with momentum, accuracy, save and load. dlib_lenet.cpp is the same with dlib. Usage: ctnet_lenet DIR [EPOCHS]
#include <ctnet/ctnet.hpp>

#include <cstdio>
#include <cstdlib>

namespace ct = ctnet;
namespace data = ctnet::data;

using LeNet =
    ct::Sequential<ct::Conv<3, 6, 5>, ct::ReLU, ct::MaxPool<2>, ct::Conv<6, 16, 5>, ct::ReLU, ct::MaxPool<2>,
                   ct::Flatten, ct::Linear<400, 120>, ct::ReLU, ct::Linear<120, 84>, ct::ReLU, ct::Linear<84, 10>>;

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const int epochs = argc > 2 ? std::atoi(argv[2]) : 2;

  const data::Normalize to_unit{{0.5f, 0.5f, 0.5f}, {0.5f, 0.5f, 0.5f}};
  const data::Compose augment{data::RandomHorizontalFlip{}, data::RandomRotation{.degrees = 10}, data::ToTensor{},
                              to_unit};
  const data::Compose plain{data::ToTensor{}, to_unit};
  const data::Cifar10 train_set{argv[1], data::Split::train};
  const data::Cifar10 test_set{argv[1], data::Split::test};
  data::Loader train{train_set, augment, {.batch_size = 4, .shuffle = true, .workers = 2, .seed = 1}};
  data::Loader test{test_set, plain, {.batch_size = 100}};

  ct::Network<LeNet, ct::Image<3, 32, 32>, ct::Cpu<>> net{ct::Seed{42}};
  const auto history = ct::fit(net, train, ct::SGD{.learning_rate = 0.001f, .momentum = 0.9}, ct::CrossEntropy{},
                               {.epochs = epochs, .progress = true});
  for (const auto& epoch : history) std::printf("epoch loss %.3f  %.1f s\n", epoch.loss, epoch.seconds);
  const auto before = ct::evaluate(net, test);
  std::printf("accuracy %.2f %%\n", 100.0 * before.accuracy);

  ct::save(net, "lenet.safetensors");
  ct::Network<LeNet, ct::Image<3, 32, 32>, ct::Cpu<>> again{ct::Seed{7}};
  ct::load(again, "lenet.safetensors");
  return ct::evaluate(again, test).accuracy == before.accuracy ? 0 : 1;
}
