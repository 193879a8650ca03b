#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ctnet beside ctnet as it was at another commit: all works of run_all.py, both sides built from their own sources with
g++ -O2, asked in turns on the same core. Prints how many times as fast this tree is, and whether the results are the same
bits. The other commit's sources are laid out in build/bench/against; its own bench/ is built there.
"""
import argparse
import fnmatch
import os
import subprocess
import sys

BENCH = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, BENCH)

from support.contest import BUILD, ROOT, Contender, Figure, build, in_turns, print_machine, print_table
from support.works import works

options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("commit")
options.add_argument("--only", default="*", metavar="PATTERN", help="works of such titles, as '*LeNet*'")
options.add_argument("--rounds", type=int, default=7)
options.add_argument("--seconds", type=float, default=0.25, help="of each measurement (%(default)s)")
o = options.parse_args()


def other_worker():
    """The worker of the other commit."""
    source, binary = os.path.join(BUILD, "against"), os.path.join(BUILD, "against-build")
    os.makedirs(source, exist_ok=True)
    archive = subprocess.run(["git", "-C", ROOT, "archive", o.commit], check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(["tar", "-x", "-C", source], check=True, input=archive)
    run = lambda *command: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    run("cmake", "-S", source, "-B", binary, "-DCMAKE_BUILD_TYPE=Release", "-DCTNET_BUILD_BENCH=ON",
        "-DCTNET_BUILD_TESTS=OFF", "-DCTNET_BUILD_EXAMPLES=OFF")
    run("cmake", "--build", binary, "--parallel", "2", "--target", "ctnet_worker")
    return os.path.join(binary, "bench", "ctnet_worker")


sides = {"now": build("ctnet_worker")["ctnet_worker"], "then": other_worker()}
print_machine()
cores = sorted(os.sched_getaffinity(0))
rows = []
for threads in (1, 2):
    wanted = [w for w in works() if w.threads == threads and fnmatch.fnmatch(w.title, o.only)]
    if not wanted or threads > len(cores):
        continue
    now, then = (Contender(path, str(threads), cores=cores[-threads:]) for path in sides.values())
    for w in wanted:
        words = (w.kind, w.net, w.batch, "strict")
        same = now.ask("check", *words, w.check_steps) == then.ask("check", *words, w.check_steps)
        mine, others = (Figure(r["seconds"] for r in results) for results in
                        in_turns(o.rounds, *(lambda c=c: c.ask("run", *words, o.seconds) for c in (now, then))))
        ratio = others.over(mine)
        rows.append([f"{w.title}, {threads} thread{'s' * (threads > 1)}", f"{others.median * 1e6:.1f}",
                     f"{mine.median * 1e6:.1f}", f"{ratio.median:.3f}", ratio.spread(3), "same" if same else "differ"])
        print(rows[-1][0], rows[-1][3], flush=True)
    now.close(), then.close()
print()
print_table(["", "us then", "us now", "times as fast", "spread", "bits"], rows)
