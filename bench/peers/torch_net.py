# SPDX-License-Identifier: MIT
"""The benches' networks as PyTorch's modules, from their steps (shapes.py, ../gpu/networks.py)."""
from torch import nn


def module(steps):
    layers, flat = [], False
    for step in steps:
        if step[0] == "conv":
            _, i, o, k, stride, pad, norm, relu = step
            layers += [nn.Conv2d(i, o, k, stride, pad, bias=not norm)] + [nn.BatchNorm2d(o)] * norm
            layers += [nn.ReLU(inplace=True)] * relu
        elif step[0] == "linear":
            layers += [nn.Flatten()] * (not flat) + [nn.Linear(*step[1:3])] + [nn.ReLU(inplace=True)] * step[3]
            flat = True
        else:
            layers.append(nn.MaxPool2d(step[1]) if step[0] == "pool" else nn.AdaptiveAvgPool2d(1))
    return nn.Sequential(*layers)
