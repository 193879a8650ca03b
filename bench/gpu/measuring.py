# SPDX-License-Identifier: MIT
"""Contenders side by side on one GPU: prepared while programs are built, compared, then asked in turns, round by round,
as long as there is time. PyTorch's libraries try kernels when they are first used, so what has large ones is prepared
when nothing else computes; torch.compile, which takes long, in two processes at a time."""
import fnmatch
import math
import os
import threading

from building import PRECISIONS, WAYS
from contenders import Contender, Silent
from support.contest import BENCH, Figure
from works import BOUNDS, works

PEERS = os.path.join(BENCH, "gpu", "peers.py")
QUIET = 0.1  # share of the run for what is prepared when nothing else computes, at most
NEAR = 1.4   # ways beyond so many times their owner's best are not measured again


def first_line(error):
    return str(error).strip().split("\n")[0][:240]


class Entry:
    def __init__(self, work, owner, contender, variant):
        self.work, self.owner, self.contender, self.variant = work, owner, contender, variant
        self.precision = variant.split(":")[0]
        self.seconds, self.low, self.high = [], [], []
        self.answer = self.why = self.difference = None
        self.ready = False

    def __str__(self):
        return f"{self.owner} {self.variant}"

    def ask(self, what, limit, last):
        w = self.work
        return self.contender.ask(limit, what, w.kind, w.net, w.batch, self.variant, last)

    def prepare(self, limit):
        try:
            self.answer = self.ask("check", limit, self.work.check_steps)
            self.ready = True
        except (RuntimeError, Silent) as e:
            self.why = first_line(e)

    def run(self, seconds, limit):
        try:
            reply = self.ask("run", limit, seconds)
        except (RuntimeError, Silent) as e:
            self.ready, self.why = False, first_line(e)
            return
        self.seconds.append(reply["seconds"])
        self.low.append(reply["low"])
        self.high.append(reply["high"])

    def facts(self):
        return {"seconds": self.seconds, "low": self.low, "high": self.high, "why": self.why,
                "difference": self.difference, "answer": self.answer and (self.answer.get("loss") or "outputs")}


class Contest:
    def __init__(self, parts, programs, logs, cache, python, clock, until, say, no_compile=False):
        """programs: {name: building.Program}; until: the share of the run by which preparing ends."""
        self.clock, self.until, self.say, self.logs, self.python = clock, until, say, logs, python
        self.works = [w for w in works() if w.part in parts]
        self.programs, self.entries, self.threads = programs, [], []
        self.cache, self.contenders, self.compiling = cache, [], threading.Semaphore(2)
        self.quiet = threading.Event()
        queues, self.main_thread = {}, None
        torch = self.torch("torch")
        self.torch_main = torch
        for w in self.works:
            use = "train" if w.trains else "deploy"
            for precision in PRECISIONS:
                for way in WAYS:
                    program = programs.get(f"{w.net}-{precision}-{way}")
                    if program:
                        entry = Entry(w, "ctnet", None, f"{precision}:{way}")
                        queues.setdefault(("ctnet", program.name), []).append(entry)
            for variant in w.torch:
                queues.setdefault(("torch", "torch"), []).append(Entry(w, "PyTorch", torch, variant))
            for variant in w.compiled * (not no_compile):
                precision = variant.split(":")[0]
                name = f"torch-{w.net}-{use}-{w.batch if w.trains else ''}{precision}"
                queues.setdefault(("compiled", name), []).append(Entry(w, "PyTorch", None, variant))
        order = sorted(queues.items(), key=lambda q: q[0][0] == "compiled" and not q[0][1].startswith("torch-vgg"))
        for (kind, name), entries in order:
            self.entries += entries
            thread = threading.Thread(target=self.prepare, args=(kind, name, entries), daemon=True)
            self.threads.append(thread)
            if kind == "torch":
                self.main_thread = thread
            thread.start()

    def torch(self, name):
        environment = {"TORCHINDUCTOR_CACHE_DIR": self.cache, "TORCHINDUCTOR_COMPILE_THREADS": "4",
                       "OMP_NUM_THREADS": "4", "PYTHONWARNINGS": "ignore"}
        c = Contender(name, [self.python, PEERS], os.path.join(self.logs, name + ".log"), environment)
        self.contenders.append(c)
        return c

    def prepare(self, kind, name, entries):
        limit = lambda most: max(1, min(most, self.clock.left(self.until)))
        if kind == "ctnet":
            program = self.programs[name]
            program.done.wait(max(0, self.clock.left(self.until)))
            if not program.path:
                for e in entries:
                    e.why = f"{name}: {program.why}"
                return
            contender = Contender(name, [program.path], os.path.join(self.logs, f"run-{name}.log"))
            self.contenders.append(contender)
            for e in entries:
                e.contender = contender
                e.prepare(limit(60))
            return
        if kind == "torch":
            for e in sorted(entries, key=lambda e: e.work.net == "vgg"):
                late = self.until
                if e.work.net == "vgg":
                    self.quiet.wait()
                    late += QUIET
                if self.clock.left(late) < 12:  # at the limit it would be ended, with all that it has prepared
                    return
                e.prepare(min(60, self.clock.left(late)))
            return
        with self.compiling:
            contender = self.torch(name)
            for e in entries:
                e.contender = contender
                if self.clock.left(self.until) < 35:
                    e.why = "not compiled: no time was left"
                    continue
                e.prepare(limit(150))

    def wait(self):
        """Until all are prepared or their time is over."""
        for t in self.threads:
            if t is not self.main_thread:
                t.join(max(0, self.clock.left(self.until)))
        self.quiet.set()
        if self.main_thread:
            self.main_thread.join(max(0, self.clock.left(self.until + QUIET)))
        for e in self.entries:
            if not e.ready and e.why is None:
                e.why = "not prepared in time"
                if e.contender and e.variant.split(":")[1].startswith("compile"):
                    e.contender.kill()  # it must not compute while others are measured
        for t in self.threads:
            t.join(5)
        self.compare()

    def compare(self):
        for w in self.works:
            entries = [e for e in self.entries if e.work is w and e.answer]
            rank = lambda e: (e.owner != "PyTorch", list(BOUNDS).index(e.precision), "eager" not in e.variant)
            reference = min(entries, key=rank, default=None)
            for e in entries:
                e.difference = difference(e.answer, reference.answer)
                if not e.difference <= BOUNDS[e.precision] + BOUNDS[reference.precision]:
                    e.ready = False
                    e.why = f"its result is {e.difference:.1e} from that of {reference}: not the same work"

    def run(self, until, rounds, factor=1.0):
        """Round by round until so many are done or that share of the run is over."""
        for r in range(rounds):
            for w in self.works:
                active = [e for e in self.entries if e.work is w and e.ready and (r == 0 or self.worth(e))]
                for e in active if r % 2 == 0 else reversed(active):
                    left = self.clock.left(until)
                    if left < 1:
                        self.say(f"measuring stopped in round {r + 1} of {rounds}: no time was left")
                        return r
                    e.run(w.seconds * factor, min(20, left + 5))
        return rounds

    def worth(self, e):
        """Whether it is, or may be, its owner's best in its precision; PyTorch's eager is asked for by name."""
        if e.variant == "fp32:eager" or e.owner == "ctnet":
            return True
        same = [x for x in self.entries if x.work is e.work and x.owner == e.owner and x.precision == e.precision and
                x.seconds]
        return bool(e.seconds) and e.seconds[0] <= NEAR * min(x.seconds[0] for x in same)

    def close(self):
        for c in self.contenders:
            c.end()

    # ---- what came of it
    def best(self, work, owner, pattern):
        pattern = "*" if pattern == "best" else pattern
        found = [e for e in self.entries if e.work is work and e.owner == owner and e.seconds and
                 fnmatch.fnmatch(e.variant, pattern)]
        most = max((len(e.seconds) for e in found), default=0)
        found = [e for e in found if len(e.seconds) == most]
        return min(found, key=lambda e: Figure(e.seconds).median, default=None)

    def goals(self):
        """[{work, against, goal, figure, ours, theirs, met}]; figure None where something is missing."""
        found = []
        for w in self.works:
            for g in w.goals:
                ours, theirs = self.best(w, "ctnet", g.ours), self.best(w, "PyTorch", g.theirs)
                figure = Figure(theirs.seconds).over(Figure(ours.seconds)) if ours and theirs else None
                found.append({"work": w.title, "against": f"PyTorch, {g.words}", "goal": g.factor or None,
                              "figure": figure, "ours": ours, "theirs": theirs,
                              "met": figure.median >= g.factor if figure and g.factor else None})
            if w.below_us:
                ours = self.best(w, "ctnet", "best")
                figure = Figure(w.below_us / 1e6 / s for s in ours.seconds) if ours else None
                found.append({"work": w.title, "against": f"{w.below_us:g} us", "goal": 1.0, "figure": figure,
                              "ours": ours, "theirs": None, "met": figure.median >= 1 if figure else None})
        return found


def difference(a, b):
    if "loss" in a:
        return abs(a["loss"] - b["loss"]) / abs(b["loss"])
    x, y = a["outputs"], b["outputs"]
    if len(x) != len(y):
        return math.inf
    far = math.sqrt(sum(v * v for v in y))
    d = math.sqrt(sum((u - v) ** 2 for u, v in zip(x, y)))
    return d / far if far and d == d else math.inf
