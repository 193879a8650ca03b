// SPDX-License-Identifier: MIT
// ctnet's side of lenet_accuracy.py: LeNet on CIFAR-10, batches of 4, SGD with momentum, images flipped and rotated.
// Usage: lenet_accuracy DIR SEED EPOCHS; a line of JSON per epoch.
#include <cstdio>
#include <cstdlib>

#include <ctnet/ctnet.hpp>

#include "ours/nets.hpp"

namespace data = ctnet::data;
using namespace bench;

int main(int argc, char** argv) {
  if (argc != 4) return std::fprintf(stderr, "usage: lenet_accuracy DIR SEED EPOCHS\n"), 2;
  const char* dir = argv[1];
  const auto seed = std::strtoull(argv[2], nullptr, 10);
  const int epochs = std::atoi(argv[3]);
  try {
    const data::Normalize to_unit{{0.5f, 0.5f, 0.5f}, {0.5f, 0.5f, 0.5f}};
    const data::Compose augment{data::RandomHorizontalFlip{}, data::RandomRotation{.degrees = 10}, data::ToTensor{},
                                to_unit};
    const data::Compose plain{data::ToTensor{}, to_unit};

    const data::Cifar10 train_set{dir, data::Split::train};
    const data::Cifar10 test_set{dir, data::Split::test};
    data::Loader train{train_set, augment, {.batch_size = 4, .shuffle = true, .workers = 2, .seed = seed}};
    data::Loader test{test_set, plain, {.batch_size = 100}};

    ct::Network<LeNet, CifarInput> net{ct::Seed{seed}};
    const auto report = [&](const ct::EpochReport& e) {
      std::printf("{\"epoch\": %d, \"loss\": %.4f, \"accuracy\": %.4f, \"seconds\": %.2f}\n", e.record.epoch,
                  e.record.loss, ct::evaluate(net, test).accuracy, e.record.seconds);
      std::fflush(stdout);
    };
    ct::fit(net, train, ct::SGD{.learning_rate = 0.001f, .momentum = 0.9}, ct::CrossEntropy{},
            {.epochs = epochs, .on_epoch = report});
  } catch (const ct::Error& e) {
    return std::fprintf(stderr, "%s\n", e.what()), 1;
  }
}
