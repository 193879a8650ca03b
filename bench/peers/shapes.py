# SPDX-License-Identifier: MIT
"""The networks of support/nets.hpp; conv_K_IN_OUT_SIZE_STRIDE is a lone convolution with bias and ReLU."""


def steps(name):
    """[("conv", in, out, kernel, stride, pad, norm, relu) | ("linear", in, out, relu) | ("pool", size)]"""
    if name == "lenet":
        return [("conv", 3, 6, 5, 1, 0, False, True), ("pool", 2), ("conv", 6, 16, 5, 1, 0, False, True), ("pool", 2),
                ("linear", 400, 120, True), ("linear", 120, 84, True), ("linear", 84, 10, False)]
    if name == "vgg":
        found, last = [], 3
        for channels in (32, 64, 128):
            found += [("conv", last, channels, 3, 1, 1, True, True), ("conv", channels, channels, 3, 1, 1, True, True),
                      ("pool", 2)]
            last = channels
        return found + [("linear", 2048, 256, True), ("linear", 256, 10, False)]
    k, channels, out, _, stride = map(int, name.split("_")[1:])
    return [("conv", channels, out, k, stride, k // 2, False, True)]


def shape(name):
    if not name.startswith("conv_"):
        return 3, 32, 32
    _, channels, _, size, _ = map(int, name.split("_")[1:])
    return channels, size, size


def macs(name):
    """Multiply-adds of one image: (forward, a training step: thrice that, less the first layer's input gradient)."""
    (c, h, w), each = shape(name), []
    for step in steps(name):
        if step[0] == "conv":
            _, i, o, k, stride, pad, _, _ = step
            h, w = ((s + 2 * pad - k) // stride + 1 for s in (h, w))
            each.append(i * o * k * k * h * w)
        elif step[0] == "linear":
            each.append(step[1] * step[2])
        else:
            h, w = h // step[1], w // step[1]
    return sum(each), 3 * sum(each) - each[0]
