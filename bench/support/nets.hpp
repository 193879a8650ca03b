// SPDX-License-Identifier: MIT
// The networks that are measured, as lists of steps for peers that build them at run time, and their parameters: the
// same numbers in every language (peers/nets.py). ctnet's types of the same names are in ours/nets.hpp.
#pragma once

#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "numbers.hpp"

namespace bench {

// A convolution or a Linear, each with its BatchNorm (then without a bias) and ReLU, or a MaxPool.
struct NetStep {
  enum Kind { conv, linear, pool } kind;
  int in = 0, out = 0, kernel = 0, stride = 1, pad = 0;
  bool norm = false, relu = false;

  int fan_in() const { return kind == conv ? in * kernel * kernel : in; }
  std::size_t weights() const { return static_cast<std::size_t>(fan_in()) * static_cast<std::size_t>(out); }
};

struct NetSpec {
  int c = 3, h = 32, w = 32;
  std::vector<NetStep> steps;
};

// lenet, vgg, or one convolution of odd kernel with bias and ReLU, "conv K IN OUT SIZE STRIDE" joined by underscores.
inline NetSpec net_spec(const std::string& name) {
  using S = NetStep;
  if (name == "lenet")
    return {3,
            32,
            32,
            {{S::conv, 3, 6, 5, 1, 0, false, true},
             {S::pool, 0, 0, 2, 2},
             {S::conv, 6, 16, 5, 1, 0, false, true},
             {S::pool, 0, 0, 2, 2},
             {S::linear, 400, 120, 0, 1, 0, false, true},
             {S::linear, 120, 84, 0, 1, 0, false, true},
             {S::linear, 84, 10}}};
  if (name == "vgg") {
    NetSpec net{3, 32, 32, {}};
    int last = 3;
    for (int channels : {32, 64, 128})
      for (int twice = 0; twice < 2; ++twice) {
        net.steps.push_back({S::conv, last, channels, 3, 1, 1, true, true});
        if (twice) net.steps.push_back({S::pool, 0, 0, 2, 2});
        last = channels;
      }
    net.steps.push_back({S::linear, 2048, 256, 0, 1, 0, false, true});
    net.steps.push_back({S::linear, 256, 10});
    return net;
  }
  if (int k = 0, in = 0, out = 0, size = 0, stride = 0;
      std::sscanf(name.c_str(), "conv_%d_%d_%d_%d_%d", &k, &in, &out, &size, &stride) == 5)
    return {in, size, size, {{S::conv, in, out, k, stride, k / 2, false, true}}};
  throw std::invalid_argument("unknown network " + name);
}

// All tensors in PyTorch's order, one after the other: weight and bias within +-2 / sqrt(fan in); BatchNorm's weight
// and variance about 1, its bias and mean about 0.
inline std::vector<float> net_state(const NetSpec& net) {
  std::vector<float> state;
  const auto add = [&](std::size_t count, float center, float radius) {
    for (std::size_t n = 0; n < count; ++n)
      state.push_back(center + radius * symmetric(Stream::parameters, state.size()));
  };
  for (const NetStep& s : net.steps) {
    if (s.kind == NetStep::pool) continue;
    const float bound = 2 / std::sqrt(static_cast<float>(s.fan_in()));
    const auto out = static_cast<std::size_t>(s.out);
    add(s.weights(), 0, bound);
    if (!s.norm) add(out, 0, bound);
    if (s.norm) add(out, 1, 0.25f), add(out, 0, 0.25f), add(out, 0, 0.25f), add(out, 1, 0.5f);
  }
  return state;
}

// Weights (OIHW, or out x in) and biases of each step with BatchNorm folded in, as in evaluation; empty for pools.
struct FoldedStep {
  std::vector<float> weight, bias;
};
inline std::vector<FoldedStep> folded(const NetSpec& net, const std::vector<float>& state) {
  std::vector<FoldedStep> all;
  const float* at = state.data();
  for (const NetStep& s : net.steps) {
    FoldedStep& f = all.emplace_back();
    if (s.kind == NetStep::pool) continue;
    const auto out = static_cast<std::size_t>(s.out), fan = static_cast<std::size_t>(s.fan_in());
    f.weight.assign(at, at + s.weights());
    at += s.weights();
    f.bias.assign(at, at + out);
    at += (s.norm ? 4 : 1) * out;
    if (!s.norm) continue;
    const float *gamma = at - 4 * out, *beta = gamma + out, *mean = beta + out, *variance = mean + out;
    for (std::size_t o = 0; o < out; ++o) {
      const float scale = gamma[o] / std::sqrt(variance[o] + 1e-5f);
      for (std::size_t i = 0; i < fan; ++i) f.weight[o * fan + i] *= scale;
      f.bias[o] = beta[o] - mean[o] * scale;
    }
  }
  return all;
}

// Images and labels come in `pool` batches that are used in turn; a lone layer has one, as its input is warm in a net.
inline std::size_t batches_of(const std::string& net) { return net[0] == 'c' ? 1 : 8; }
inline std::vector<float> net_images(const NetSpec& net, std::size_t count) {
  std::vector<float> images(count * static_cast<std::size_t>(net.c * net.h * net.w));
  for (std::size_t i = 0; i < images.size(); ++i) images[i] = symmetric(Stream::images, i);
  return images;
}
inline int label(std::size_t i) { return static_cast<int>(10 * uniform(Stream::labels, i)); }

// What is compared of an output of n numbers: all of a few, every so manieth of many.
inline std::size_t sample_step(std::size_t n) { return n <= 2048 ? 1 : (n / 1024) | 1; }

}  // namespace bench
