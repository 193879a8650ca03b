#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Test accuracy of LeNet on CIFAR-10: ctnet and PyTorch, the same program, settings and files, several seeds.

DIR holds data_batch_*.bin and test_batch.bin. Batches of 4, SGD 0.001 with momentum 0.9, images flipped at random and
rotated by up to 10 degrees. One program runs at a time; PyTorch computes on one thread and loads with two processes,
ctnet computes on one thread and loads with two threads.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

from support.contest import BENCH, build, print_machine, print_table, write_results

options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("data", metavar="DIR")
options.add_argument("--peers", default="build/peers", metavar="DIR", help="the venv of setup_peers.sh (%(default)s)")
options.add_argument("--seeds", type=int, default=5, metavar="N", help="seeds 1 to N (%(default)s)")
options.add_argument("--epochs", type=int, default=2)
o = options.parse_args()
python = os.path.join(o.peers, "bin", "python")
for needed in (python, os.path.join(o.data, "test_batch.bin")):
    if not os.path.exists(needed):
        sys.exit(f"{needed}: not there" + (f"; make it with bench/setup_peers.sh {o.peers}" if needed == python else ""))

print_machine()
programs = {"PyTorch": [python, os.path.join(BENCH, "peers", "torch_lenet_accuracy.py")],
            "ctnet": [build("lenet_accuracy")["lenet_accuracy"]]}
runs = {name: [] for name in programs}
for seed in range(1, o.seeds + 1):
    for name, command in programs.items():
        done = subprocess.run([*command, o.data, str(seed), str(o.epochs)], stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            sys.exit(f"{name} failed with seed {seed}")
        epochs = [json.loads(line) for line in done.stdout.splitlines()]
        runs[name].append(epochs)
        print(f"seed {seed}  {name:8}" + "  ".join(
            f"epoch {e['epoch']}: {100 * e['accuracy']:.2f} %, loss {e['loss']:.3f}, {e['seconds']:.1f} s"
            for e in epochs), flush=True)

rows, last = [], {}
for name, seeds in runs.items():
    last[name] = [100 * epochs[-1]["accuracy"] for epochs in seeds]
    deviation = statistics.stdev(last[name]) if len(last[name]) > 1 else float("nan")
    seconds = statistics.median(e["seconds"] for epochs in seeds for e in epochs)
    rows.append([name, f"{statistics.mean(last[name]):.2f}", f"{deviation:.2f}",
                 " ".join(f"{a:.2f}" for a in last[name]), f"{seconds:.1f}"])
print(f"\nTest accuracy after {o.epochs} epochs, in %")
print_table(["", "mean", "deviation", "by seed", "seconds an epoch"], rows)
if o.seeds > 1:
    difference = statistics.mean(last["ctnet"]) - statistics.mean(last["PyTorch"])
    error = (sum(statistics.variance(v) for v in last.values()) / o.seeds) ** 0.5
    print(f"ctnet - PyTorch: {difference:+.2f}, standard error of the difference {error:.2f}")
write_results("lenet_accuracy", {"epochs": o.epochs, "runs": runs})
