# SPDX-License-Identifier: MIT
"""What is measured beside PyTorch and what ctnet is to reach: plain data, the most important first."""
import dataclasses


@dataclasses.dataclass
class Goal:
    """ctnet in `ours` (PRECISION:WAY, "best" for the fastest) is to be `factor` times as fast as PyTorch in the best of
    `theirs` (a pattern)."""
    ours: str
    theirs: str
    words: str  # what `theirs` is, for the table
    factor: float = 0


@dataclasses.dataclass
class Work:
    title: str
    part: str
    kind: str  # see peers.py
    net: str
    batch: int
    seconds: float
    torch: list    # variants, the ordinary process
    compiled: list  # variants, each by torch.compile
    goals: list
    below_us: float = 0  # what a call is to take at most
    check_steps: int = 1

    @property
    def trains(self):
        return self.kind in ("train", "fed")

    @property
    def images(self):
        return self.batch


def works():
    found = []
    every = [f"{p}:{w}" for w in ("graph", "eager") for p in ("fp32", "tf32", "bf16")]
    for batch in (128, 1024, 4):
        goals = [Goal("fp32:*", "fp32:eager", "eager", 8), Goal("fp32:*", "fp32:*", "best, fp32", 3),
                 Goal("best", "*", "best, any precision")]
        compiled = ["fp32:compile_graph", "fp32:compile"] + ["bf16:compile_graph"] * (batch > 4)
        found.append(Work(f"LeNet training, batch {batch}", "lenet", "train", "lenet", batch, 0.15, every, compiled,
                          goals, check_steps=20))
    lenet = ["fp32:graph", "tf32:graph", "bf16:graph", "fp32:eager"]
    for kind, words, below in (("deploy", "call after call", 10), ("latency", "each awaited", 0),
                               ("host", "with host copies", 0)):
        found.append(Work(f"LeNet deployed, batch 1, {words}", "lenet", kind, "lenet", 1, 0.15, lenet,
                          ["fp32:compile_graph", "tf32:compile_graph"],
                          [Goal("fp32:*", "fp32:*", "best, fp32"), Goal("best", "*", "best, any precision")], below))

    ways = [f"{p}:{w}" for p in ("bf16", "tf32") for w in ("graph+last", "graph", "eager+last", "eager")]
    goals = [Goal("tf32:*", "tf32:*", "best, tf32", 1), Goal("bf16:*", "bf16:*", "best, bf16", 1),
             Goal("fp32:*", "fp32:*", "best, fp32"), Goal("best", "*", "best, any precision", 1)]
    compiled = ["bf16:compile_graph+last", "tf32:compile_graph+last", "bf16:compile+last", "tf32:compile+last"]
    found.append(Work("VGG training, batch 512", "vgg", "train", "vgg", 512, 0.3,
                      [*ways, "fp32:graph", "fp32:graph+last"], compiled, goals, check_steps=3))
    for batch in (1, 64, 1024):
        found.append(Work(f"VGG deployed, batch {batch}", "vgg", "deploy", "vgg", batch, 0.2,
                          [*(w for w in ways if "graph" in w), "fp32:graph"], compiled[:2], goals))
    found.append(Work("VGG deployed, batch 1, each awaited", "vgg", "latency", "vgg", 1, 0.15,
                      ["fp32:graph", *(w for w in ways if "graph" in w)], [], goals[:2]))
    found.append(Work("LeNet training from host memory, batch 1024", "lenet", "fed", "lenet", 1024, 0.15,
                      ["fp32:graph", "tf32:graph"], [], [Goal("best", "*", "graph")], check_steps=20))
    found.append(Work("VGG training from host memory, batch 512", "vgg", "fed", "vgg", 512, 0.3,
                      ["tf32:graph+last", "bf16:graph+last"], [], [Goal("best", "*", "graph")], check_steps=3))
    return found


# How far results may be from the exact one: of the loss; of the outputs, by norm. They are compared with PyTorch's in
# eager fp32, or what there is of it.
BOUNDS = {"fp32": 1e-4, "tf32": 5e-3, "bf16": 5e-2}
