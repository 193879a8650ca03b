#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Everything that wants a GPU in one go (../gpu.sh): the CUDA backend is built, tested, checked with compute-sanitizer
and timed beside PyTorch and the machine's own ceilings.

While programs are built, tests run and PyTorch compiles; then the GPU belongs to the measurements, one contender at a
time; then to ncu and the sanitizers. Each step has its own limit, and what fails or was not reached is named in the
table. Sanitizers have more time in a run of their own: --only test,sanitize. Parts: build (build times of contract
programs, examples and networks of 2 to 16 convolutions), test, sanitize, lenet, vgg, limits, ops (single operations),
profile (ncu on a training step).
"""
import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import threading

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), os.path.join(os.path.dirname(HERE), "peers")]

import profiling
import result
from building import PACKED, PRECISIONS, Builder, programs_of
from checking import Checks
from commands import Clock, end_all
from contenders import Contender, Silent
from measuring import Contest
from support.contest import ROOT, machine

PARTS = ("build", "test", "sanitize", "lenet", "vgg", "limits", "ops", "profile")
BUILDING, PREPARED, MEASURED = 0.4, 0.43, 0.74  # shares of the run by which these are over

options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("--out", metavar="DIR", help="(build/gpu/results)")
options.add_argument("--minutes", type=float, default=9, help="of the whole run (%(default)s)")
options.add_argument("--only", metavar="PART,...", default=",".join(PARTS), help="of " + ", ".join(PARTS))
options.add_argument("--rounds", type=int, default=7, help="of measurements, at most (%(default)s)")
options.add_argument("--seconds", type=float, default=1, metavar="F", help="factor of each measurement's time")
options.add_argument("--jobs", type=int, default=max(1, (os.cpu_count() or 1) - 3), help="(%(default)s)")
options.add_argument("--arch", help="as 90; what nvidia-smi says")
options.add_argument("--dry", action="store_true", help="builds, runs nothing that needs a GPU")
options.add_argument("--no-compile", action="store_true", help="without torch.compile")
o = options.parse_args()
parts = set(o.only.split(","))
if not parts <= set(PARTS):
    options.error(f"PART is one of {', '.join(PARTS)}")

clock = Clock(60 * o.minutes)
work = os.path.join(ROOT, "build", "gpu")
out = os.path.abspath(o.out or os.path.join(work, "results"))
logs = os.path.join(work, "logs")
shutil.rmtree(logs, ignore_errors=True)
for folder in (work, out, logs):
    os.makedirs(folder, exist_ok=True)


def say(text):
    print(f"[{clock.now():4.0f} s] {text}", flush=True)


def asked_of_gpu(query):
    try:
        text = subprocess.run(["nvidia-smi", "--query-gpu=" + query, "--format=csv,noheader"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, timeout=20, check=True).stdout
        return text.strip().splitlines()[0]
    except (OSError, subprocess.SubprocessError, IndexError):
        return ""


facts = {"machine": machine(), "gpu": asked_of_gpu("name,driver_version,memory.total,clocks.max.sm"),
         "minutes": o.minutes, "dry": o.dry, "parts": sorted(parts)}
found = result.Found(facts)
gpu = bool(facts["gpu"]) and not o.dry
arch = o.arch or asked_of_gpu("compute_cap").replace(".", "") or "90"
say(f"{facts['gpu'] or 'no GPU'}; sm_{arch}, {o.jobs} jobs")
if not os.path.isdir(PACKED):
    say("build/gpu-headers is not there (bash bench/gpu.sh pack): headers must be the system's")

programs = programs_of(parts, work)
alone = not parts - {"test", "sanitize", "build"}  # nothing is measured
BUILT = 0.9 if o.dry else 0.6 if alone else BUILDING
builder = Builder(programs, work, logs, arch, clock, BUILT, o.jobs)
found.programs = programs
contest = checks = None


def ask(program, *words, limit):
    """One answer of a program that is built for it."""
    p = builder.by_name[program]
    p.done.wait(max(0, clock.left(BUILT)))
    if not p.path:
        found.missing.append(f"{program}: {p.why}")
        return None
    c = Contender(program, [p.path], os.path.join(logs, f"run-{program}.log"))
    try:
        return c.ask(min(limit, max(1, clock.left(0.97))), *words)
    except (RuntimeError, Silent) as e:
        found.missing.append(f"{program} {' '.join(map(str, words))}: {e}")
        return None
    finally:
        c.end()


def step(name, function):
    """One that fails does not stop the others."""
    try:
        say(name)
        function()
    except Exception as e:
        found.missing.append(f"{name}: {type(e).__name__}: {e}")


def ceilings():
    facts["contenders"] = {"PyTorch": contest.torch_main.ask(40, "describe"),
                           "GPU": ask("limits", "describe", limit=20)}
    for _, answer in (("limits", ask("limits", "ceilings", 0.15, limit=40)),
                         ("torch", contest.torch_main.ask(40, "ceilings", 0.3))):
        if answer:
            found.ceilings.update(answer)


def operations():
    for precision in PRECISIONS:
        answer = ask(f"ops-{precision}", "run", "vgg", 512, 0.06, limit=60)
        if answer:
            found.operations[precision] = answer["operations"]


def profile():
    limit = min(45, clock.left(0.96))
    found.profile = profiling.step(builder.by_name["vgg-tf32-own"], os.path.join(logs, "profile.log"), limit)


def everything():
    global contest, checks
    slow = ["memcheck", "racecheck", "synccheck", "initcheck"] * ("sanitize" in parts)
    tests = [p for p in programs if p.part == "test" and p.links]
    checks = found.checks = Checks(tests, ["test"] * bool(tests) + slow, logs, clock)
    if gpu:
        contest = found.contest = Contest(parts, builder.by_name, logs, os.path.join(work, "inductor"), sys.executable,
                                          clock, PREPARED, say, o.no_compile)
        say("building; tests run; PyTorch prepares and compiles")
        pool = checks.go(["test", *slow * alone], 0.97 if alone else PREPARED, workers=8 if alone else 4)
    for p in programs:
        p.done.wait(max(1, clock.left(BUILT)))
    say(f"{sum(bool(p.path) for p in programs)} of {len(programs)} programs are built")
    if not gpu:
        return
    if "build" in parts:
        step("contract programs and examples", lambda: checks.programs_run(
            [p for p in programs if p.name.startswith(("contract-", "example-", "training-"))], BUILT + 0.02))
    pool.shutdown(wait=True)
    if alone:
        return
    contest.wait()
    found.facts["before measuring"] = asked_of_gpu("clocks.sm,clocks.mem,temperature.gpu,power.draw")
    say("measuring: the GPU does nothing else")
    if parts & {"limits", "lenet", "vgg", "ops"}:
        step("ceilings", ceilings)
    found.rounds = contest.run(MEASURED - 0.05 * ("ops" in parts), o.rounds, o.seconds)
    found.facts["after measuring"] = asked_of_gpu("clocks.sm,clocks.mem,temperature.gpu,power.draw")
    say(f"{found.rounds} rounds")
    contest.close()
    if "ops" in parts:
        step("single operations", operations)
    if "profile" in parts:
        step("ncu on a training step", profile)
    if slow:
        say("sanitizers")
        checks.go(slow, 0.97, workers=max(4, (os.cpu_count() or 4) - 4)).shutdown(wait=True)


def guarded():
    try:
        everything()
    except Exception as e:
        found.missing.append(f"the run itself: {type(e).__name__}: {e}")


thread = threading.Thread(target=guarded, daemon=True)
thread.start()
thread.join(max(1, clock.left() - 10))
if thread.is_alive():
    found.missing.append("the run was stopped: its time was over")
found.took = clock.now()
builder.close()
with tarfile.open(os.path.join(out, "logs.tar.gz"), "w:gz") as archive:
    archive.add(logs, "logs")
good = found.write(out)
if contest:
    contest.close()
end_all()
sys.stdout.flush()
os._exit(0 if good else 1)  # threads may still wait for what was ended
