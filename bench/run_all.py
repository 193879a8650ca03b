#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""All that ctnet claims about speed, measured in one run beside PyTorch, oneDNN, ONNX Runtime and dlib: a table of
goals with ratios, their spreads and the share of the arithmetic floor; a table of all times; build times. Written as
results.md, results.json and ratios.svg.

Contenders are processes that stay warm, pinned to the same cores and asked in turns. Before anything is timed they must
agree on the outputs (or the loss after some steps) from the same weights and images. The first round measures all; of
each peer's ways (eager, compiled, ...) those far behind its best are not measured again, nor peers far behind the best
peer, unless a goal names them.
"""
import argparse
import concurrent.futures
import fnmatch
import json
import os
import subprocess
import sys
import time

BENCH = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
sys.path.insert(0, os.path.join(BENCH, "peers"))

import shapes
from support import report
from support.contest import BUILD, Contender, Ended, build, machine, print_machine
from support.works import works

options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("--peers", default="build/peers", metavar="DIR", help="the venv of setup_peers.sh (%(default)s)")
options.add_argument("--only", metavar="PATTERN", help="works of such titles, as '*LeNet*'; 'build' for build times")
options.add_argument("--rounds", type=int, default=5)
options.add_argument("--seconds", type=float, default=0.25, help="of each measurement (%(default)s)")
options.add_argument("--quick", action="store_true",
                     help="2 rounds of 0.05 s, no torch.compile, one build time: does it run?")
options.add_argument("--no-build-times", action="store_true")
options.add_argument("--no-compile", action="store_true", help="without torch.compile")
options.add_argument("--out", default=os.path.join(BUILD, "results"), metavar="DIR", help="(%(default)s)")
o = options.parse_args()
if o.quick:
    o.rounds, o.seconds, o.no_compile = 2, 0.05, True

wanted = [w for w in works() if not o.only or fnmatch.fnmatch(f"{w.title}, {w.threads} threads", o.only)]
build_times = not o.no_build_times and (not o.only or fnmatch.fnmatch("build", o.only))
if not wanted and not build_times:
    sys.exit(f"no work's title matches {o.only}: " + "; ".join(w.title for w in works()))
begin, notes = time.monotonic(), []


def say(text):
    print(f"[{time.monotonic() - begin:4.0f} s] {text}", flush=True)


def note(text):
    notes.append(text)
    say("NOTE: " + text)


# ---- contenders
def start():
    """{(name, threads): contender}; those of two threads only where something needs them."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    found = {}

    def add(name, threads, *command, **environment):
        if not any(w.threads == threads for w in wanted):
            return
        try:
            pinned = cores[-threads:] if len(cores) >= threads else None
            found[name, threads] = Contender(*command, str(threads), cores=pinned, environment=environment)
        except Exception as e:
            note(f"{name} does not start: {e or type(e).__name__}")

    say("building ctnet with g++ -O2 and with -O3 -march=native")
    try:
        ours = build("ctnet_worker", "ctnet_worker_native")
    except subprocess.CalledProcessError as e:
        sys.exit(f"ctnet's side does not build: {' '.join(e.cmd)}")
    python = os.path.join(o.peers, "bin", "python")
    for threads in (1, 2):
        if threads > max(1, len(cores)):
            note(f"this machine lends {len(cores)} core: works of {threads} threads are left out")
            wanted[:] = [w for w in wanted if w.threads < threads]
            continue
        add("ctnet", threads, ours["ctnet_worker"])
        if threads == 1:
            add("native", threads, ours["ctnet_worker_native"])
        for name, script in (("PyTorch", "torch_peer.py"), ("ONNX Runtime", "onnxruntime_peer.py")):
            if os.path.exists(python):
                add(name, threads, python, os.path.join(BENCH, "peers", script))
            elif threads == 1:
                note(f"{name} is missing: {python} is not there; bench/setup_peers.sh {o.peers}")
        for name, target in (("oneDNN", "onednn_peer"), ("dlib", "dlib_peer")):
            try:
                add(name, threads, build(target)[target], OPENBLAS_NUM_THREADS=str(threads))
            except subprocess.CalledProcessError:
                if threads == 1:
                    note(f"{name} is missing or does not build: bench/setup_peers.sh {o.peers}")
    return found


class Entry:
    """A contender in a work, in one of its ways."""

    def __init__(self, work, contender, name, variant):
        self.work, self.contender, self.name, self.variant = work, contender, name, variant
        self.seconds, self.shares, self.answer, self.alive = [], [], None, True
        self.waits = variant.startswith("compile") and work.threads > 1  # for what one thread says of it

    def __str__(self):
        return f"{self.name} {self.variant}"

    def ask(self, what, last):
        w = self.work
        return self.contender.ask(what, w.kind, w.net, w.batch, self.variant, last)

    def fail(self, why):
        self.alive = False
        note(f"{self.work.title}, {self.work.threads} threads: {self} is left out: {why}")

    def check(self):
        if self.variant.startswith("compile"):
            say(f"{self} compiles: {self.work.title}, {self.work.threads} thread{'s' * (self.work.threads > 1)}")
        try:
            self.answer = self.ask("check", self.work.check_steps)
        except (RuntimeError, Ended) as e:
            self.fail(str(e)[:160])

    def run(self):
        try:
            reply = self.ask("run", o.seconds)
        except (RuntimeError, Ended) as e:
            self.fail(str(e)[:160])
            return
        self.seconds.append(reply["seconds"])
        self.shares.append(reply["cpu_share"] / self.work.threads)


def entries_of(work, contenders):
    found = []
    for (name, threads), contender in contenders.items():
        if threads != work.threads or (name == "dlib" and work.net.startswith("conv")):
            continue
        for variant in work.variants if name in ("ctnet", "native") else contender.facts[work.kind]:
            if variant == "winograd" and not ("conv_3" in work.net or work.net == "vgg"):
                continue  # 3x3 only
            if variant.startswith("compile") and (o.no_compile or work.net.startswith("conv")):
                continue  # one convolution is a call of oneDNN's, compiled or not
            if variant == "compile_last" and work.net == "lenet" or name == "native" and variant != "strict":
                continue  # never LeNet's best, by far
            found.append(Entry(work, contender, name, variant))
    return found


# ---- do all compute the same?
def difference(a, b):
    if "loss" in a:
        return abs(a["loss"] - b["loss"]) / abs(b["loss"])
    x, y = a["outputs"], b["outputs"]
    if len(x) != len(y):
        return float("inf")
    far = max(abs(v) for v in y)
    return max((abs(u - v) if u == u else float("inf")) for u, v in zip(x, y)) / far if far else float("inf")


def check(entries):
    """All against PyTorch, or the next who is there."""
    ranked = ("PyTorch", "oneDNN", "ONNX Runtime", "dlib", "ctnet", "native")
    reference = min((e for e in entries if e.answer), key=lambda e: ranked.index(e.name), default=None)
    differences = {}
    for e in entries:
        if e.alive and e.answer:
            d = difference(e.answer, reference.answer)
            differences[str(e)] = d
            if not d <= (1e-3 if e.variant == "split_bf16" else 1e-4):
                e.fail(f"its result differs from {reference}'s by {d:.1e} of the largest: not the same work")
    return differences


def wake(work, entries, active):
    """torch.compile takes long: with two threads it is tried where it was near the best with one."""
    near = {e.variant for e in active.get((work.title, 1), []) if e.name == "PyTorch" and e.alive}
    known = any(w.title == work.title and w.threads == 1 for w in wanted)
    for e in entries:
        if e.waits and e.alive:
            e.waits, e.alive = False, e.variant in near or not known
            if e.alive:
                e.check()


def still_worth(work, entries):
    """After the first round: each contender's best ways, and the peers that come near the best one."""
    best = {}
    for e in entries:
        if e.alive:
            best[e.name] = min(best.get(e.name, e.seconds[0]), e.seconds[0])
    peers = [s for n, s in best.items() if n not in ("ctnet", "native")]
    named = {g.against for g in work.goals}
    for e in entries:
        if e.name in ("ctnet", "native") or not e.alive or str(e) in named:
            yield e
        elif e.seconds[0] <= 1.35 * best[e.name] and (e.name in named or e.seconds[0] <= 2 * min(peers)):
            yield e


# ---- the run
print_machine()
contenders = start() if wanted else {}
for (name, threads), c in contenders.items():
    say(f"{name}, {threads} thread{'s' * (threads > 1)}: {c.name}")

rows = [(w, entries_of(w, contenders)) for w in wanted]
say("the same results?")
by_contender = {}
for _, entries in rows:
    for e in entries:
        by_contender.setdefault(id(e.contender), []).append(e)
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    # The longest first; one thread a process.
    jobs = sorted(by_contender.values(), key=lambda es: es[0].name != "PyTorch")
    list(pool.map(lambda es: [e.check() for e in es if not e.waits], jobs))
differences = {}
for w, entries in rows:
    check(entries)

peaks = {id(w): [] for w in wanted}
measured = time.monotonic()
active = {}
for r in range(o.rounds):
    for n, (work, entries) in enumerate(rows):
        now = time.monotonic()
        left = ""
        if r:
            share = (r - 1 + n / len(rows)) if r > 1 or n else 0
            each = (now - first_end) / share if share > 0.2 else first_seconds * 0.7
            left = f", still about {each * (o.rounds - r - n / len(rows)):.0f} s"
        say(f"round {r + 1} of {o.rounds}, {work.title}, {work.threads} thread{'s' * (work.threads > 1)}{left}")
        if r == 0:
            wake(work, entries, active)
            differences[id(work)] = check(entries)
        turn = [e for e in active.get((work.title, work.threads), entries) if e.alive]
        if ("ctnet", work.threads) in contenders:
            peaks[id(work)].append(contenders["ctnet", work.threads].ask("peak", 0.03)["operations_per_second"])
        for e in turn if r % 2 == 0 else reversed(turn):
            time.sleep(0.02)  # the one before goes to sleep
            e.run()
        if r == 0:
            active[work.title, work.threads] = list(still_worth(work, entries))
    if r == 0:
        first_end, first_seconds = time.monotonic(), time.monotonic() - measured

for c in contenders.values():
    c.close()

# ---- convolutions alone, ours and oneDNN's each in the layout that it likes
alone = None
layers = [w for w in wanted if w.net.startswith("conv")]
if layers and not o.quick:
    say("convolutions without the planar ends: conv_layers")
    try:
        names = ("7x7/2" if w.net.startswith("conv_7") else w.title for w in layers)
        command = [build("conv_layers")["conv_layers"], *names]
        alone = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=120).stdout
    except (subprocess.SubprocessError, OSError) as e:
        note(f"conv_layers is left out: {type(e).__name__}")

# ---- build times
compiled = None
if build_times:
    say("build times: compile/run.py")
    part = "deploy" if o.quick else "suite"
    command = [sys.executable, os.path.join(BENCH, "compile", "run.py"), part] + (["--quick"] if o.quick else [])
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    print(done.stdout)
    path = os.path.join(BUILD, "results", f"compile_{part}.json")
    if done.returncode == 0:
        with open(path) as f:
            compiled = json.load(f)
    else:
        note("compile/run.py failed")

cells = [report.Row(w, shapes.macs(w.net), entries, active[w.title, w.threads], peaks[id(w)], differences[id(w)])
         for w, entries in rows]
names = {f"{n}, {t} thread{'s' * (t > 1)}": c.name for (n, t), c in contenders.items()}
facts = {"machine": machine(), "contenders": names,
         "rounds": o.rounds, "seconds_each": o.seconds, "took": round(time.monotonic() - begin), "notes": notes}
ok = report.write(o.out, facts, cells, compiled, alone)
say(f"done; {os.path.relpath(o.out)}/results.md, results.json, ratios.svg")
sys.exit(0 if ok else 1)
