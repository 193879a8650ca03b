# SPDX-License-Identifier: MIT
"""What run_all.py measures, and what ctnet is to reach in each: plain data."""
import dataclasses


@dataclasses.dataclass
class Goal:
    """ctnet's `variant` is to be `factor` times as fast as `against`: a peer, a peer's variant, or the "best" peer."""
    against: str
    factor: float
    variant: str = "strict"


@dataclasses.dataclass
class Work:
    title: str
    kind: str  # deploy: an inference; train: a training step
    net: str
    batch: int
    threads: int
    goals: list
    check_steps: int = 1

    @property
    def variants(self):
        """ctnet's."""
        return list(dict.fromkeys(["strict", *(g.variant for g in self.goals)]))


def works():
    lenet = [Work("LeNet inference, batch 1", "deploy", "lenet", 1, 1,
                  [Goal("oneDNN", 1 / 0.35), Goal("PyTorch", 1 / 0.08)])]
    lenet += [Work("LeNet inference, batch 128", "deploy", "lenet", 128, t, [Goal("oneDNN", 2.2)]) for t in (1, 2)]
    lenet += [Work(f"LeNet training, batch {b}", "train", "lenet", b, t, [Goal("PyTorch", g)], 20)
              for b, g in ((4, 8), (32, 3.5), (128, 3)) for t in (1, 2)]
    layers = [Work(f"{k}x{k} {i}-{o} at {s}" + (f", stride {d}" if d > 1 else ""), "deploy",
                   f"conv_{k}_{i}_{o}_{s}_{d}", 1, 1, [Goal("oneDNN auto", g), Goal("oneDNN auto", 2, "split_bf16")])
              for k, i, o, s, d, g in ((3, 64, 64, 56, 1, 1.8), (3, 128, 128, 28, 1, 1.8), (3, 256, 256, 14, 1, 1.8),
                                       (3, 512, 512, 7, 1, 1.25), (1, 256, 64, 56, 1, 0.95), (1, 64, 256, 56, 1, 0.95),
                                       (7, 3, 64, 224, 2, 0.95))]
    vgg = [Work("VGG training, batch 128", "train", "vgg", 128, t,
                [Goal("PyTorch", 1.6), Goal("PyTorch", 2, "split_bf16")], 2) for t in (1, 2)]
    vgg += [Work(f"VGG inference, batch {b}", "deploy", "vgg", b, t, [Goal("best", 1.8)])
            for b, t in ((1, 1), (64, 1), (64, 2))]
    return lenet + layers + vgg


NATIVE_GOAL = 0.9          # g++ -O2 without -march over -O3 -march=native
TWO_THREADS_GOAL = 1.85    # over one, on work of more than
TWO_THREADS_FROM = 0.010   # seconds
