# SPDX-License-Identifier: MIT
"""Parameters and images of the networks in shapes.py, the same numbers as support/nets.hpp's."""
import numpy as np

import numbers_of_bench as numbers
from shapes import shape, steps


def tensors(name):
    """For each step but the pools its arrays, in PyTorch's order: weight, bias | weight, norm's weight, bias, mean,
    variance."""
    def sizes(step):
        if step[0] == "pool":
            return []
        i, o = step[1:3]
        weight = (o, i, step[3], step[3]) if step[0] == "conv" else (o, i)
        bound = 2 / np.sqrt(np.float32(np.prod(weight[1:])))
        if step[0] == "conv" and step[6]:
            return [(weight, 0, bound), ((o,), 1, 0.25), ((o,), 0, 0.25), ((o,), 0, 0.25), ((o,), 1, 0.5)]
        return [(weight, 0, bound), ((o,), 0, bound)]

    wanted = [sizes(s) for s in steps(name)]
    flat, at, found = numbers.symmetric(numbers.PARAMETERS, sum(int(np.prod(t[0])) for s in wanted for t in s)), 0, []
    for step in wanted:
        arrays = []
        for dims, center, radius in step:
            count = int(np.prod(dims))
            arrays.append((np.float32(center) + np.float32(radius) * flat[at:at + count]).reshape(dims))
            at += count
        found.append(arrays)
    return found


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
