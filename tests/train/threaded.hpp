// SPDX-License-Identifier: MIT
// A network that has of everything, to be run on threads, and numbers for it.
#pragma once

#include <vector>

#include <ctnet/ctnet.hpp>

namespace test {

// BatchNorms of different sizes, one that ends a branch and one over features; values with several readers.
using Block = ctnet::Residual<ctnet::Sequential<ctnet::Conv<8, 8, 3, ctnet::Pad<1>>, ctnet::BatchNorm<8>, ctnet::ReLU,
                                                ctnet::Conv<8, 8, 3, ctnet::Pad<1>>, ctnet::BatchNorm<8>>,
                              ctnet::ReLU>;
using Mixed =
    ctnet::Sequential<ctnet::Conv<3, 8, 3, ctnet::Pad<1>>, ctnet::BatchNorm<8>, ctnet::ReLU, Block, ctnet::MaxPool<2>,
                      ctnet::Dropout<30>, ctnet::Conv<8, 12, 3, ctnet::Pad<1>>, ctnet::BatchNorm<12>, ctnet::ReLU,
                      ctnet::MaxPool<2>, ctnet::Flatten, ctnet::Linear<192, 9>, ctnet::BatchNorm<9>, ctnet::ReLU,
                      ctnet::Dropout<>, ctnet::Linear<9, 10>>;
template <class B>
using MixedOn = ctnet::Network<Mixed, ctnet::Image<3, 16, 16>, B>;

struct RestoreThreads {
  int n = ctnet::get_num_threads();
  ~RestoreThreads() { ctnet::set_num_threads(n); }
};

template <class T>
std::vector<T> random_numbers(std::size_t n, std::uint64_t stream) {
  ctnet::Random random{ctnet::Seed{5}, stream};
  std::vector<T> v(n);
  for (T& x : v) x = static_cast<T>(random.uniform(-1, 1));
  return v;
}

}  // namespace test
