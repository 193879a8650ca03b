// SPDX-License-Identifier: MIT
// Who makes which job; each in a unit of its own, so that they compile side by side. Null: there is no such job.
#pragma once

#include "../support/job.hpp"

namespace bench {

struct Wish {
  std::string kind, net;  // deploy or train
  std::size_t batch;
  std::string variant;  // strict or split_bf16
  bool threads;
};

std::unique_ptr<Job> make_lenet(const Wish&);
std::unique_ptr<Job> make_vgg_training(const Wish&);
std::unique_ptr<Job> make_vgg_inference(const Wish&);
std::unique_ptr<Job> make_layer(const Wish&);

}  // namespace bench
