#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Pictures a second from a folder of JPEGs, a folder for each class: decoded alone, and as batches of 32 cropped at
random to 224 x 224, flipped and normalized, by 1 and 2 workers. Beside torchvision's DataLoader with as many, where
there is one, and beside ctnet at another commit with --against.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

from support.contest import BENCH, ROOT, Figure, build, in_turns, print_machine, print_table, write_results

options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("data", metavar="DIR")
options.add_argument("--peers", default="build/peers", metavar="DIR", help="the venv of setup_peers.sh (%(default)s)")
options.add_argument("--python", help="another one that has torch and torchvision, such as Debian's")
options.add_argument("--against", metavar="COMMIT", help="a commit of before libjpeg links libstb")
options.add_argument("--rounds", type=int, default=5)
options.add_argument("--epochs", type=int, default=2, help="the best of so many is a round's figure (%(default)s)")
o = options.parse_args()
peer = os.path.join(o.peers, "bin", "python")
o.python = o.python or (peer if os.path.exists(peer) else "python3")

print_machine()
programs = {"ctnet": [build("picture_folder")["picture_folder"]]}
work = tempfile.mkdtemp(prefix="ctnet-pictures-")
if o.against:
    archive = subprocess.run(["git", "-C", ROOT, "archive", o.against, "include"], check=True, stdout=subprocess.PIPE)
    subprocess.run(["tar", "-x", "-C", work], input=archive.stdout, check=True)
    old = os.path.join(work, "old")
    decoder = ["-ljpeg", "-lpng"] if os.path.exists(os.path.join(work, "include/ctnet/data/decode_jpeg.hpp")) else ["-lstb"]
    subprocess.run(["g++", "-std=c++20", "-O2", "-I", os.path.join(work, "include"),
                    os.path.join(BENCH, "picture_folder.cpp"), "-o", old, "-lz", *decoder, "-pthread"], check=True)
    programs["ctnet at " + o.against] = [old]
if subprocess.run([o.python, "-c", "import torchvision"], stderr=subprocess.DEVNULL).returncode == 0:
    programs["torchvision"] = [o.python, os.path.join(BENCH, "peers", "torch_picture_folder.py")]
else:
    print(f"{o.python} has no torchvision: left out")


def measure(command, workers):
    done = subprocess.run([*command, o.data, str(workers), str(o.epochs)], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{command[-1]} failed")
    return json.loads(done.stdout)


figures, rows = {}, []
for workers in (1, 2):
    runs = in_turns(o.rounds, *(lambda c=c: measure(c, workers) for c in programs.values()))
    for name, run in zip(programs, runs):
        for what in ("decoding", "loading") if workers == 1 else ("loading",):
            figures[what, workers, name] = Figure(r[what] for r in run)
for what, workers in (("decoding", 1), ("loading", 1), ("loading", 2)):
    ours = figures[what, workers, "ctnet"]
    for name in programs:
        f = figures[what, workers, name]
        label = "decoding" if what == "decoding" else f"batches, {workers} worker" + "s" * (workers > 1)
        rows.append([f"{label}, {name}", f"{f.median:.0f}", f.spread(0), f"{ours.over(f).median:.2f}"])
print_table(["", "pictures/s", "spread", "ctnet over it"], rows)
write_results("picture_folder", {" ".join(map(str, k)): f.values for k, f in figures.items()})
shutil.rmtree(work)
