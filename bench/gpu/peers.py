#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""PyTorch in every way it knows to be fast on a GPU, as a contender: a request a line, a line of JSON each.

  describe
  check KIND NET BATCH VARIANT STEPS     the loss after so many steps, or the outputs
  run KIND NET BATCH VARIANT SECONDS     seconds of a step: median, smallest, largest of stretches
  ceilings SECONDS                       bandwidth of copies, rates of matrix products

KIND: train (forward, cross entropy, backward, SGD with momentum; images and labels in device memory), fed (the same
from pinned memory of the host), deploy (call after call, input and output in device memory), latency (each call
awaited), host (with copies from and to the host, awaited).
VARIANT: PRECISION:WAY. PRECISION: fp32 (no tf32 anywhere), tf32, bf16 (training: autocast; deployed: all bf16).
WAY: eager, graph (all in one CUDA graph), compile (torch.compile max-autotune, its own graphs), compile_graph (kernels
of max-autotune, all in one CUDA graph); "+last": channels_last.
On a machine without a GPU eager and compile run on the CPU, to try this program.
"""
import contextlib
import functools
import json
import os
import statistics
import sys
import time
import types

_replies = os.fdopen(os.dup(1), "w")  # libraries that print must not break the protocol
os.dup2(2, 1)

import warnings

warnings.filterwarnings("ignore")

import numpy as np
import torch
import torch._inductor.config as inductor
import torch.nn.functional as F
from torch import nn

import networks  # also lets Python find the other peers' files
import torch_net

CUDA = torch.cuda.is_available()
DEVICE = "cuda" if CUDA else "cpu"
SLOPE = dict(lr=0.001, momentum=0.9)
torch.backends.cudnn.benchmark = True


def wait():
    if CUDA:
        torch.cuda.synchronize()


def use(precision):
    allow = precision != "fp32"
    torch.backends.cuda.matmul.allow_tf32 = allow
    torch.backends.cudnn.allow_tf32 = allow


def network(name):
    return torch_net.module(networks.steps(name)).to(DEVICE)


@functools.cache
def start_of(name):
    return [torch.from_numpy(a).to(DEVICE) for step in networks.tensors(name) for a in step]


def load(model, name):
    arrays = start_of(name)
    own = [v for k, v in model.state_dict().items() if not k.endswith("num_batches_tracked")]
    assert len(own) == len(arrays)
    with torch.no_grad():
        for mine, array in zip(own, arrays):
            mine.copy_(array)


def without_norm(model):
    layers = []
    for layer in model:
        if isinstance(layer, nn.BatchNorm2d):
            layers[-1] = nn.utils.fusion.fuse_conv_bn_eval(layers[-1], layer)
        else:
            layers.append(layer)
    return nn.Sequential(*layers).eval()


class Captured:
    """calls[i]() replays the i-th of some functions; their memory is shared, as one runs at a time."""

    def __init__(self, functions):
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                for f in functions:
                    f()
        torch.cuda.current_stream().wait_stream(side)
        self.calls, self.results, self.graphs, pool = [], [], [], None
        for f in functions:
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, pool=pool):
                self.results.append(f())
            pool = graph.pool()
            self.graphs.append(graph)
            self.calls.append(graph.replay)


class Work:
    def __init__(self, kind, name, batch, variant):
        self.kind, self.name, self.batch, self.steps = kind, name, batch, 0
        self.precision, way = variant.split(":")
        self.way, _, last = way.partition("+")
        self.layout = torch.channels_last if last else torch.contiguous_format
        self.images = [torch.from_numpy(x).to(DEVICE).contiguous(memory_format=self.layout)
                       for x in networks.images(batch)]
        self.labels = [torch.from_numpy(y).to(DEVICE) for y in networks.labels(batch)]
        self.on_host = [[x.cpu().pin_memory() if CUDA else x.clone() for x in all]
                        for all in (self.images, self.labels)]
        use(self.precision)

    def compiled(self, f):
        """By max-autotune: with graphs of its own, or without them for a graph around all of the work."""
        if not self.way.startswith("compile"):
            return f
        mode = "max-autotune" if self.way == "compile" else "max-autotune-no-cudagraphs"
        # Code of its own, or all works' compilations were tried one after the other at each call.
        f = types.FunctionType(f.__code__.replace(), f.__globals__, f.__name__, f.__defaults__, f.__closure__)
        return torch.compile(f, mode=mode if CUDA else None, dynamic=False)

    def restart(self):
        use(self.precision)
        self.steps = 0

    def fetch(self):
        self.images[self.at].copy_(self.on_host[0][self.at], non_blocking=True)
        if self.kind == "fed":
            self.labels[self.at].copy_(self.on_host[1][self.at], non_blocking=True)

    def begin_step(self):
        if self.way == "compile":
            torch.compiler.cudagraph_mark_step_begin()


class Training(Work):
    def __init__(self, *words):
        super().__init__(*words)
        inductor.freezing = False
        self.model = network(self.name).to(memory_format=self.layout)
        cast = (lambda: torch.autocast(DEVICE, torch.bfloat16)) if self.precision == "bf16" else contextlib.nullcontext
        self.cast = cast

        def forward(x, y):
            return F.cross_entropy(self.model(x).float(), y)

        self.forward = self.compiled(forward)
        self.optimizer = torch.optim.SGD(self.model.parameters(), fused=CUDA or None, **SLOPE)
        self.prepare()
        self.run = [lambda x=x, y=y: self.whole(x, y) for x, y in zip(self.images, self.labels)]
        if "graph" in self.way:
            self.captured = Captured(self.run)
            self.run = self.captured.calls
        for i in range(2 * len(self.run)):
            self()

    def prepare(self):
        load(self.model, self.name)
        for p in self.model.parameters():
            buffer = self.optimizer.state[p].get("momentum_buffer")
            if buffer is None:  # graphs and restart() need them in place
                self.optimizer.state[p]["momentum_buffer"] = torch.zeros_like(p)
            else:
                buffer.zero_()

    def whole(self, x, y):
        self.optimizer.zero_grad(set_to_none=True)
        with self.cast():
            loss = self.forward(x, y)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def restart(self):
        super().restart()
        self.prepare()

    def __call__(self):
        self.begin_step()
        self.at = self.steps % len(self.run)
        if self.kind == "fed":
            self.fetch()
        self.loss = self.run[self.at]()
        self.steps += 1

    def check(self, steps):
        for _ in range(steps):
            self()
        wait()
        loss = self.captured.results[self.at] if "graph" in self.way else self.loss
        return {"loss": loss.item()}


class Deployed(Work):
    def __init__(self, *words):
        super().__init__(*words)
        inductor.freezing = self.way.startswith("compile")
        model = network(self.name).to(memory_format=self.layout)
        load(model, self.name)
        model.eval()
        number = torch.bfloat16 if self.precision == "bf16" else torch.float32
        with torch.no_grad():
            model = without_norm(model).to(number)
            if DEVICE == "cpu":
                inductor.freezing = False
        self.forward = self.compiled(lambda x: model(x.to(number)).float())
        self.model = model
        self.run = [lambda x=x: self.forward(x) for x in self.images]
        self.result = torch.empty((self.batch, 10), pin_memory=CUDA)
        with torch.no_grad():
            if "graph" in self.way:
                self.captured = Captured(self.run)
                self.run = self.captured.calls
            for i in range(2 * len(self.run)):
                self()

    def __call__(self):
        with torch.no_grad():
            self.begin_step()
            self.at = self.steps % len(self.run)
            self.steps += 1
            if self.kind == "host":
                self.fetch()
            out = self.run[self.at]()
            self.out = self.captured.results[self.at] if "graph" in self.way else out
            if self.kind == "host":
                self.result.copy_(self.out, non_blocking=True)
        if self.kind in ("host", "latency"):
            wait()

    def check(self, _):
        self()
        wait()
        return {"outputs": np.asarray(self.out.float().cpu(), dtype=np.float64).reshape(-1)[:2048].tolist()}


def stretches(seconds, call, awaited):
    """Seconds of a call: median, smallest and largest of stretches between two events; of single calls by the host's
    clock where each is awaited."""
    def several(count):
        wait()
        begin = time.perf_counter()
        for _ in range(count):
            call()
        wait()
        return (time.perf_counter() - begin) / count

    # Calls return before their work is done, so how many there are to be is known from a few that are awaited.
    once = several(max(3, int(seconds / 5 / several(3))))
    found = []
    end = time.perf_counter() + seconds
    if awaited:
        while time.perf_counter() < end or len(found) < 5:
            start = time.perf_counter()
            call()
            found.append(time.perf_counter() - start)
        found.sort()
        return {"seconds": statistics.median(found), "low": found[len(found) // 100],
                "high": found[-1 - len(found) // 100], "stretches": len(found)}
    length = max(1, int(seconds / 12 / once))
    while time.perf_counter() < end or len(found) < 5:
        if CUDA:
            a, b = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            a.record()
            for _ in range(length):
                call()
            b.record()
            b.synchronize()
            found.append(a.elapsed_time(b) / 1000 / length)
        else:
            start = time.perf_counter()
            for _ in range(length):
                call()
            found.append((time.perf_counter() - start) / length)
    return {"seconds": statistics.median(found), "low": min(found), "high": max(found), "stretches": len(found),
            "length": length}


def ceilings(seconds):
    """Of this machine: copies of 4 GB (bytes read and written), products of 8192 x 8192 random matrices."""
    n, count = (8192, 1 << 30) if CUDA else (256, 1 << 20)
    a, b = torch.randn(count, device=DEVICE), torch.empty(count, device=DEVICE)
    found = {"copy": 8 * count / stretches(seconds, lambda: b.copy_(a), False)["seconds"]}
    del a, b
    for name, precision, number in (("fp32 product", "fp32", torch.float32), ("tf32 product", "tf32", torch.float32),
                                    ("bf16 product", "tf32", torch.bfloat16)):
        use(precision)
        x, y = (torch.randn(n, n, device=DEVICE, dtype=number) for _ in range(2))
        out = torch.empty(n, n, device=DEVICE, dtype=number)
        found[name] = 2 * n**3 / stretches(seconds, lambda: torch.mm(x, y, out=out), False)["seconds"]
    return found


def describe():
    facts = {"name": f"PyTorch {torch.__version__}", "cuda": CUDA, "cudnn": torch.backends.cudnn.version()}
    if CUDA:
        p = torch.cuda.get_device_properties(0)
        facts.update(device=p.name, multiprocessors=p.multi_processor_count, memory=p.total_memory)
    return facts


made = {}


def work(kind, name, batch, variant):
    make = Training if kind in ("train", "fed") else Deployed
    key = make, name, int(batch), variant
    if key not in made:
        made[key] = make(kind, name, int(batch), variant)
    made[key].kind = kind
    made[key].restart()
    return made[key]


def answer(what, *words):
    if what == "describe":
        return describe()
    if what == "ceilings":
        return ceilings(float(words[0]))
    if what == "check":
        return work(*words[:4]).check(int(words[4]))
    if what == "run":
        w = work(*words[:4])
        return stretches(float(words[4]), w, w.kind in ("host", "latency"))
    raise ValueError(f"unknown request {what}")


if __name__ == "__main__":
    for line in sys.stdin:
        try:
            reply = answer(*line.split())
        except Exception as e:
            reply = {"error": f"{type(e).__name__}: {e}"[:500]}
        print(json.dumps(reply), file=_replies, flush=True)
