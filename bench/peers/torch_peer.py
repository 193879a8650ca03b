# SPDX-License-Identifier: MIT
"""PyTorch, in every way it knows to be fast on a CPU. Usage: torch_peer.py THREADS; requests as in service.py."""
import sys

import service  # first: it takes stdout

import logging
import warnings

logging.disable(logging.WARNING)
warnings.filterwarnings("ignore")

import torch
import torch._inductor.config as inductor
import torch.nn.functional as F
from torch import nn
from torch.utils import mkldnn

import nets
import torch_net

DEPLOY = ["eager", "channels_last", "mkldnn", "script", "compile"]
TRAIN = ["eager", "channels_last", "compile", "compile_last"]


def network(name):
    return torch_net.module(nets.steps(name))


def load(model, name):
    arrays = [a for step in nets.tensors(name) for a in step]
    own = [v for k, v in model.state_dict().items() if not k.endswith("num_batches_tracked")]
    assert len(own) == len(arrays)
    with torch.no_grad():
        for mine, array in zip(own, arrays):
            mine.copy_(torch.from_numpy(array))


def without_norm(model):
    """Every BatchNorm folded into its convolution, for those variants that do not do it themselves."""
    layers = []
    for layer in model:
        if isinstance(layer, nn.BatchNorm2d):
            layers[-1] = nn.utils.fusion.fuse_conv_bn_eval(layers[-1], layer)
        else:
            layers.append(layer)
    return nn.Sequential(*layers).eval()


class Deployed:
    def __init__(self, name, batch, variant):
        model = network(name)
        load(model, name)
        model.eval()
        layout = torch.channels_last if variant == "channels_last" else torch.contiguous_format
        self.images = [torch.from_numpy(x).contiguous(memory_format=layout) for x in nets.images(name, batch)]
        with torch.inference_mode():
            if variant in ("eager", "channels_last"):
                model = without_norm(model).to(memory_format=layout)
            elif variant == "mkldnn":  # oneDNN's own layouts from end to end
                inner = mkldnn.to_mkldnn(without_norm(model))
                model = lambda x: inner(x.to_mkldnn()).to_dense()
        if variant == "script":
            with torch.no_grad():
                model = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(model, self.images[0])))
        elif variant == "compile":
            inductor.freezing = True
            inductor.cpp_wrapper = batch == 1  # less of Python's share in a small net
            model = torch.compile(model, dynamic=False)
        self.model, self.steps = model, 0
        context = torch.no_grad if variant == "compile" else torch.inference_mode
        with context():
            for _ in range(5):
                self()

    def restart(self):
        self.steps = 0

    def __call__(self):
        x = self.images[self.steps % len(self.images)]
        self.steps += 1
        with torch.inference_mode():
            self.outputs = self.model(x)

    def check(self, _):
        self()
        return {"outputs": nets.sample(self.outputs.contiguous().numpy())}


class Training:
    """Forward, loss, backward, SGD with momentum (PyTorch's fused one, its fastest here)."""

    def __init__(self, name, batch, variant):
        self.name = name
        layout = torch.channels_last if variant.endswith("_last") else torch.contiguous_format
        self.model = network(name).to(memory_format=layout)
        self.forward = lambda x, y: F.cross_entropy(self.model(x), y)
        if variant.startswith("compile"):
            inductor.freezing = inductor.cpp_wrapper = False
            self.forward = torch.compile(self.forward, dynamic=False)
        self.step = torch.optim.SGD(self.model.parameters(), lr=0.001, momentum=0.9, fused=True)
        images = [torch.from_numpy(x).contiguous(memory_format=layout) for x in nets.images(name, batch)]
        self.batches = list(zip(images, map(torch.from_numpy, nets.labels(name, batch))))
        self.restart()
        for _ in range(3):  # torch.compile compiles at the first steps
            self()

    def restart(self):
        load(self.model, self.name)
        self.step.state.clear()
        self.steps = 0

    def __call__(self):
        x, y = self.batches[self.steps % len(self.batches)]
        self.steps += 1
        self.step.zero_grad(set_to_none=True)
        self.loss = self.forward(x, y)
        self.loss.backward()
        self.step.step()

    def check(self, steps):
        for _ in range(steps):
            self()
        return {"loss": self.loss.item()}


torch.set_num_threads(int(sys.argv[1]))
service.serve(
    lambda: {"name": f"PyTorch {torch.__version__}", "deploy": DEPLOY, "train": TRAIN},
    lambda kind, *words: (Deployed if kind == "deploy" else Training)(*words))
