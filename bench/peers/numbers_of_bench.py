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
