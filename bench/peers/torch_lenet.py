# SPDX-License-Identifier: MIT
"""PyTorch's side of lenet_training.py: the same requests as lenet_training.cpp. Usage: torch_lenet.py [THREADS]"""
import json
import logging
import os
import sys
import time

replies = os.fdopen(os.dup(1), "w")  # libraries that print must not break the protocol
os.dup2(2, 1)
logging.disable(logging.WARNING)

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import numbers_of_bench as numbers

POOL = 8  # batches, used in turn


def lenet():
    return nn.Sequential(
        nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


class Training:
    """Forward, loss, backward, SGD with momentum (PyTorch's fused one, its fastest here)."""

    def __init__(self, variant, batch):
        self.batch = batch
        self.layout = torch.channels_last if variant == "channels_last" else torch.contiguous_format
        self.model = lenet().to(memory_format=self.layout)
        self.forward = lambda x, y: F.cross_entropy(self.model(x), y)
        if variant == "compile":
            self.forward = torch.compile(self.forward, dynamic=False)
        self.step = torch.optim.SGD(self.model.parameters(), lr=0.001, momentum=0.9, fused=True)
        count = POOL * batch
        images = torch.from_numpy(numbers.symmetric(numbers.IMAGES, count * 3072)).view(POOL, batch, 3, 32, 32)
        labels = torch.from_numpy((10 * numbers.uniform(numbers.LABELS, count)).astype(np.int64)).view(POOL, batch)
        self.batches = [(x.contiguous(memory_format=self.layout), y) for x, y in zip(images, labels)]
        self.restart()

    def restart(self):
        fan = [p[0].numel() for p in self.model.parameters() if p.dim() > 1 for _ in range(2)]  # weight, its bias
        total = sum(p.numel() for p in self.model.parameters())
        flat, at = torch.from_numpy(numbers.symmetric(numbers.PARAMETERS, total)), 0
        with torch.no_grad():
            for p, f in zip(self.model.parameters(), fan):
                p.copy_(flat[at:at + p.numel()].view(p.shape) / f**0.5)
                at += p.numel()
        self.step.state.clear()
        self.steps = 0

    def __call__(self):
        x, y = self.batches[self.steps % POOL]
        self.steps += 1
        self.step.zero_grad(set_to_none=True)
        self.loss = self.forward(x, y)
        self.loss.backward()
        self.step.step()


def measure(seconds, step):
    """Steps per second and CPU seconds per second, as support/worker.hpp's measure."""
    end = time.monotonic() + seconds / 5
    while time.monotonic() < end:
        step()
    start, cpu, steps = time.monotonic(), time.process_time(), 0
    while True:
        step()
        steps += 1
        elapsed = time.monotonic() - start
        if elapsed >= seconds:
            return steps / elapsed, (time.process_time() - cpu) / elapsed


made = {}


def training(variant, batch):
    if (variant, batch) not in made:
        made[variant, batch] = Training(variant, batch)
        for _ in range(30):  # torch.compile compiles at the first steps
            made[variant, batch]()
    made[variant, batch].restart()
    return made[variant, batch]


def answer(what, *words):
    if what == "describe":
        return {"name": f"PyTorch {torch.__version__}", "variants": ["eager", "channels_last", "compile"],
                "threads": torch.get_num_threads()}
    if what == "check":
        t = training("eager", int(words[0]))
        for _ in range(int(words[1])):
            t()
        return {"loss": t.loss.item()}
    if what == "train":
        variant, batch, seconds = words[0], int(words[1]), float(words[2])
        t = training(variant, batch)
        rate, share = measure(seconds, t)
        return {"images_per_second": rate * batch, "cpu_share": share, "loss": t.loss.item()}
    raise ValueError(f"unknown request {what}")


torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
for line in sys.stdin:
    try:
        reply = answer(*line.split())
    except Exception as e:
        reply = {"error": f"{type(e).__name__}: {e}".splitlines()[0]}
    print(json.dumps(reply), file=replies, flush=True)
