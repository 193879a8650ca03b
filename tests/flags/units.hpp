// SPDX-License-Identifier: MIT
// What the units say that are built with different flags and linked into one program (CMakeLists.txt beside it).
#pragma once

#include <ctnet/infer.hpp>

using Small = ctnet::Sequential<ctnet::Conv<3, 8, 3, ctnet::Pad<1>>, ctnet::ReLU, ctnet::Flatten, ctnet::Linear<512, 4>,
                                ctnet::Softmax>;
using Picture = ctnet::Image<3, 8, 8>;
inline constexpr int state_size = ctnet::Analysis<Small, Picture>::state_size;

struct Answer {
  int threads, workers;  // get_num_threads, workers_for 8 pieces
  const char* target;
  float score;  // of a constant image and a constant state
};
Answer with_everything(), without_exceptions(), without_threads(), without_targets();
