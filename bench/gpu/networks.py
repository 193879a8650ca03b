# SPDX-License-Identifier: MIT
"""The networks of nets.hpp for peers that build them at run time, their numbers, and what they cost at least."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "peers"))

BATCHES = 4  # of images and labels, used in turn


def steps(name):
    """[("conv", in, out, kernel, stride, pad, norm, relu) | ("linear", in, out, relu) | ("pool", size) | ("mean",)]"""
    if name == "lenet":
        return [("conv", 3, 6, 5, 1, 0, False, True), ("pool", 2), ("conv", 6, 16, 5, 1, 0, False, True), ("pool", 2),
                ("linear", 400, 120, True), ("linear", 120, 84, True), ("linear", 84, 10, False)]
    if name == "vgg":
        found, last = [], 3
        for channels in (64, 128, 256, 512):
            found += [("conv", last, channels, 3, 1, 1, True, True), ("conv", channels, channels, 3, 1, 1, True, True),
                      ("pool", 2)]
            last = channels
        return found + [("mean",), ("linear", 512, 10, False)]
    raise ValueError(f"unknown network {name}")


def tensors(name):
    """For each step its arrays in PyTorch's order, the same numbers as support/nets.hpp's net_state."""
    import numbers_of_bench as numbers
    return numbers.arrays_of(steps(name))


def images(batch):
    """(BATCHES, batch, 3, 32, 32)"""
    import numbers_of_bench as numbers
    return numbers.symmetric(numbers.IMAGES, BATCHES * batch * 3072).reshape(BATCHES, batch, 3, 32, 32)


def labels(batch):
    import numpy as np
    import numbers_of_bench as numbers
    count = BATCHES * batch
    return (10 * numbers.uniform(numbers.LABELS, count)).astype(np.int64).reshape(BATCHES, batch)


def cost(name):
    """Of one image: multiply-adds (forward, training), and the network's parameters."""
    side, each, parameters = 32, [], 0
    for step in steps(name):
        if step[0] == "conv":
            _, i, o, k, stride, pad, norm, _ = step
            side = (side + 2 * pad - k) // stride + 1
            each.append(i * o * k * k * side * side)
            parameters += i * o * k * k + o * (2 if norm else 1)
        elif step[0] == "linear":
            each.append(step[1] * step[2])
            parameters += step[1] * step[2] + step[2]
        elif step[0] == "pool":
            side //= step[1]
    return {"forward": sum(each), "train": 3 * sum(each) - each[0], "parameters": parameters}


def least_bytes(name, kind, batch):
    """What must go through device memory however clever the kernels: images and labels once, parameters once; in
    training gradients are written and read, parameters and momentum read and written. Activations might stay on the
    chip, so they are not counted."""
    passes = 6 if kind == "train" else 1
    return 4 * (batch * 3073 + passes * cost(name)["parameters"])


LENET = ["ct::Conv<3, 6, 5>", "ct::ReLU", "ct::MaxPool<2>", "ct::Conv<6, 16, 5>", "ct::ReLU", "ct::MaxPool<2>",
         "ct::Flatten", "ct::Linear<400, 120>", "ct::ReLU", "ct::Linear<120, 84>", "ct::ReLU", "ct::Linear<84, 10>"]


def convolutions(channels, pools):
    layers, last = [], 3
    for i, c in enumerate(channels):
        layers += [f"ct::Conv<{last}, {c}, 3, ct::Pad<1>, ct::NoBias>", f"ct::BatchNorm<{c}>", "ct::ReLU"]
        layers += ["ct::MaxPool<2>"] * (i in pools)
        last = c
    return layers + ["ct::GlobalAvgPool", "ct::Flatten", f"ct::Linear<{last}, 10>"]


VGG = convolutions([c for c in (64, 128, 256, 512) for _ in range(2)], {1, 3, 5, 7})


def growth(n):
    """n convolutions, each of another width, by which the compiler cannot share them."""
    return convolutions([16 + i for i in range(n)], {n // 2 - 1, n - 1})


def training_program(layers):
    return f"""#include <ctnet/ctnet.hpp>
#include <ctnet/cuda.hpp>
#include <vector>
namespace ct = ctnet;
using Net = ct::Sequential<{", ".join(layers)}>;
struct Batch {{
  std::vector<float> images = std::vector<float>(8 * 3072);
  std::vector<int> labels = std::vector<int>(8);
}};
int main() {{
  ct::Network<Net, ct::Image<3, 32, 32>, ct::Cuda<ct::tf32>> net{{ct::Seed{{1}}}};
  const std::vector<Batch> batches(2);
  const auto history = ct::fit(net, batches, ct::SGD{{.learning_rate = 0.001f, .momentum = 0.9}}, ct::CrossEntropy{{}});
  return history.back().loss > 0 ? 0 : 1;
}}
"""
