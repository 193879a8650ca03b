#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Training steps of LeNet (3 x 32 x 32, SGD with momentum 0.9) in a second: ctnet beside PyTorch, one thread each.

Forward, loss, backward and optimizer on images that lie in memory. PyTorch is given its best of eager, channels_last
and torch.compile. The floor is what the multiply-adds alone would take at the peak measured in the same rounds.
"""
import argparse
import os
import sys

from support.contest import BENCH, Contender, Figure, build, in_turns, print_machine, print_table, write_results

options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("--peers", default="build/peers", metavar="DIR", help="the venv of setup_peers.sh (%(default)s)")
options.add_argument("--batch", type=int, nargs="+", default=[4, 32, 128], metavar="N")
options.add_argument("--rounds", type=int, default=9)
options.add_argument("--seconds", type=float, default=1.0, help="of each measurement (%(default)s)")
options.add_argument("--quick", action="store_true", help="2 rounds of 0.1 s: does it run?")
o = options.parse_args()
if o.quick:
    o.rounds, o.seconds = 2, 0.1
python = os.path.join(o.peers, "bin", "python")
if not os.path.exists(python):
    sys.exit(f"{python}: not there; make it with bench/setup_peers.sh {o.peers}")

print_machine()
ours = Contender(build("lenet_training")["lenet_training"])
peer = Contender(python, os.path.join(BENCH, "peers", "torch_lenet.py"))
print(f"{ours.name} | {peer.name}, {peer.facts['threads']} thread | {o.rounds} rounds of {o.seconds} s\n")

# Both do the same work: from the same start, the same loss after 20 steps.
for batch in o.batch:
    a, b = (c.ask("check", batch, 20)["loss"] for c in (ours, peer))
    if not abs(a - b) <= 1e-4 * abs(b):
        sys.exit(f"batch {batch}: after 20 steps the loss is {a}, PyTorch's {b}: not the same work")

variants = []
for variant in peer.facts["variants"]:  # also compiles and warms up
    try:
        for batch in o.batch:
            peer.ask("train", variant, batch, 0.1)
        variants.append(variant)
    except RuntimeError as e:
        print(f"PyTorch's {variant} is left out: {e}")

rows, results, least_share = [], {}, 1.0
for batch in o.batch:
    peaks, own, *theirs = in_turns(
        o.rounds, lambda: ours.ask("peak", min(0.1, o.seconds)), lambda: ours.ask("train", "Network", batch, o.seconds),
        *(lambda v=v: peer.ask("train", v, batch, o.seconds) for v in variants))
    least_share = min(least_share, *(r["cpu_share"] for r in own + sum(theirs, [])))
    rate = Figure(r["images_per_second"] for r in own)
    rates = {v: Figure(r["images_per_second"] for r in t) for v, t in zip(variants, theirs)}
    best = max(rates, key=lambda v: rates[v].median)
    floor = Figure(p["operations_per_second"] / (2 * ours.facts["training_macs"]) for p in peaks)
    ratio, of_floor = rate.over(rates[best]), rate.over(floor)
    rows.append([f"LeNet training, batch {batch}", f"{rate.median:,.0f}", f"{rates[best].median:,.0f}", best,
                 f"{ratio.median:.2f}", ratio.spread(), f"{floor.median:,.0f}", f"{100 * of_floor.median:.0f} %"])
    results[batch] = {"ctnet": rate.values, "floor": floor.values,
                      "peak": [p["operations_per_second"] for p in peaks],
                      **{"PyTorch " + v: f.values for v, f in rates.items()}}

print_table(["images/s, one thread", "ctnet", "PyTorch", "its best is", "ratio", "spread", "floor", "of floor"], rows)
print(f"\nCPU share at worst {100 * least_share:.0f} %" +
      ("" if least_share > 0.95 else "  WARNING: others used the machine; run again when it is idle"))
write_results("lenet_training", {"ours": ours.name, "peer": peer.name, "cpu_share": least_share,
                                 "images_per_second": results})
for contender in (ours, peer):
    contender.close()
