# SPDX-License-Identifier: MIT
"""Parameters and images of the networks in shapes.py, the same numbers as support/nets.hpp's."""
import numpy as np

import numbers_of_bench as numbers
from shapes import shape, steps


def tensors(name):
    """For each step but the pools its arrays, in PyTorch's order: weight, bias | weight, norm's weight, bias, mean,
    variance."""
    return numbers.arrays_of(steps(name))


def batches(name):
    return 1 if name.startswith("conv_") else 8


def images(name, batch):
    """(batches, batch, C, H, W)"""
    dims = (batches(name), batch, *shape(name))
    return numbers.symmetric(numbers.IMAGES, int(np.prod(dims))).reshape(dims)


def labels(name, batch):
    count = batches(name) * batch
    return (10 * numbers.uniform(numbers.LABELS, count)).astype(np.int64).reshape(batches(name), batch)


def sample(outputs):
    """What is compared of the outputs: all of a few, every so manieth of many."""
    flat = np.asarray(outputs, dtype=np.float64).reshape(-1)
    return flat[::1 if flat.size <= 2048 else flat.size // 1024 | 1].tolist()
