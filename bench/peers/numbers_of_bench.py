# SPDX-License-Identifier: MIT
"""The same numbers as support/numbers.hpp."""
import numpy as np

IMAGES, LABELS, PARAMETERS = 1, 2, 3


def uniform(stream, count):
    with np.errstate(over="ignore"):
        h = np.arange(count, dtype=np.uint32) + np.uint32(0x9E3779B9 * stream & 0xFFFFFFFF)
        h = (h ^ h >> np.uint32(16)) * np.uint32(0x85EBCA6B)
        h = (h ^ h >> np.uint32(13)) * np.uint32(0xC2B2AE35)
        h ^= h >> np.uint32(16)
    return (h >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)


def symmetric(stream, count):
    return np.float32(2) * uniform(stream, count) - np.float32(1) + np.float32(2.0**-24)


def arrays_of(steps):
    """For each step of a network its arrays in PyTorch's order, the same as support/nets.hpp's; none for pools."""
    def sizes(step):
        if step[0] not in ("conv", "linear"):
            return []
        i, o = step[1:3]
        weight = (o, i, step[3], step[3]) if step[0] == "conv" else (o, i)
        bound = 2 / np.sqrt(np.float32(np.prod(weight[1:])))
        if step[0] == "conv" and step[6]:
            return [(weight, 0, bound), ((o,), 1, 0.25), ((o,), 0, 0.25), ((o,), 0, 0.25), ((o,), 1, 0.5)]
        return [(weight, 0, bound), ((o,), 0, bound)]

    wanted = [sizes(s) for s in steps]
    flat, at, found = symmetric(PARAMETERS, sum(int(np.prod(t[0])) for s in wanted for t in s)), 0, []
    for step in wanted:
        arrays = []
        for dims, center, radius in step:
            count = int(np.prod(dims))
            arrays.append((np.float32(center) + np.float32(radius) * flat[at:at + count]).reshape(dims))
            at += count
        found.append(arrays)
    return found
