#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What compiling costs: a whole LeNet trainer and a program that only infers beside dlib's, each public header, and the
growth with a network's depth. The suite is a short selection, what ../run_all.py shows.

Seconds are CPU seconds (user and system) of the compiler and all its children, each the median of several runs that
take turns; wall seconds stand beside them. Memory is the largest process's peak. Template instantiations are counted
from clang's -ftime-trace and repeat exactly.
"""
import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from compile import nets
from support.contest import ROOT, Figure, in_turns, print_machine, print_table, write_results

HERE = os.path.dirname(os.path.abspath(__file__))
INCLUDE = os.path.join(ROOT, "include")

options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("parts", nargs="*", metavar="PART", help="programs, deploy, headers, depth (default: all), suite")
options.add_argument("--repeats", type=int, default=3)
options.add_argument("--depths", type=int, nargs="+", metavar="N", help="default: 5 10 20 40")
options.add_argument("--program", metavar="FILE", help="also this program on ctnet, in the table of programs")
options.add_argument("--all-headers", action="store_true", help="the inner ones too, not the doors alone")
options.add_argument("--no-dlib", action="store_true")
options.add_argument("--gcc", default="g++")
options.add_argument("--clang", default="clang++-16")
options.add_argument("--quick", action="store_true", help="each once, 5 and 10 layers")
o = options.parse_args()
parts = o.parts or ["programs", "deploy", "headers", "depth"]
if not set(parts) <= {"programs", "deploy", "headers", "depth", "suite"}:
    options.error("PART is programs, deploy, headers, depth or suite")
short = parts == ["suite"]
if o.quick or short:
    o.repeats = 1
o.depths = o.depths or ([5, 10] if o.quick else [5, 10, 20, 40])
dlib = not o.no_dlib and os.path.exists("/usr/include/dlib/dnn.h")
if not (dlib or o.no_dlib):
    print("dlib is not installed (bench/setup_peers.sh DIR --dlib): left out")
clang = shutil.which(o.clang)
if not clang:
    print(f"{o.clang} is not installed: its columns are left out")
work = tempfile.mkdtemp(prefix="ctnet-compile-")
results = {}


class Failed(Exception):
    pass


def cost(*command):
    """Runs a compiler. CPU and wall seconds, peak memory in MB."""
    with open(os.path.join(work, "messages"), "w+") as messages:
        start = time.monotonic()
        child = subprocess.Popen(command, cwd=work, stdout=messages, stderr=messages,
                                 env={**os.environ, "CCACHE_DISABLE": "1"})
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - start
        if status != 0:
            messages.seek(0)
            raise Failed(f"{shlex.join(command)}\n{messages.read()[:2000]}")
    return {"cpu": used.ru_utime + used.ru_stime, "wall": wall, "mb": used.ru_maxrss / 1024}


def costs(*commands):
    """Each command's figures, the commands taking turns; None for one that fails."""
    failed = set()

    def measure(i):
        if i in failed:
            return None
        try:
            return cost(*commands[i])
        except Failed as e:
            print(f"fails: {e}", file=sys.stderr)
            failed.add(i)

    runs = in_turns(o.repeats, *(lambda i=i: measure(i) for i in range(len(commands))))
    return [None if i in failed else {key: Figure(r[key] for r in run) for key in ("cpu", "wall", "mb")}
            for i, run in enumerate(runs)]


def gcc(standard="c++20"):
    return [o.gcc, f"-std={standard}", "-O3", "-I" + INCLUDE]


def text(name, content):
    path = os.path.join(work, name)
    with open(path, "w") as f:
        f.write(content)
    return path


def remember(part, name, figures, **more):
    results.setdefault(part, {})[name] = figures and {**{k: f.values for k, f in figures.items()}, **more}


def cells(figures, *keys):
    form = {"cpu": "{:.2f}", "wall": "{:.2f}", "mb": "{:.0f}"}
    return [form[k].format(figures[k].median) if figures else "fails" for k in keys]


def beside(title, part, jobs):
    print(f"\n## {title}, compiled and linked, g++ -O3")
    done = dict(zip(jobs, costs(*jobs.values())))
    rows = []
    for name, figures in done.items():
        size = os.path.getsize(os.path.join(work, jobs[name][jobs[name].index("-o") + 1])) / 1000 if figures else 0
        spread = figures["cpu"].spread() if figures else "-"
        rows.append([name, *cells(figures, "cpu", "wall", "mb"), spread, f"{size:,.0f}"])
        remember(part, name, figures, kb=size)
    print_table(["program", "CPU s", "wall s", "MB", "spread of CPU s", "executable, kB"], rows)
    ours, theirs = (next((done[n] for n in done if n.startswith(word)), None) for word in ("ctnet", "dlib"))
    if ours and theirs:
        for key, word in (("cpu", "CPU seconds"), ("mb", "memory")):
            ratio = theirs[key].over(ours[key])
            print(f"dlib takes {ratio.median:.1f} times ctnet's {word} ({ratio.spread(1)})")


def program(library, source, name):
    links = ["-lz", "-ljpeg", "-lpng", "-lpthread"] if library == "ctnet" else ["-ldlib", "-lblas", "-llapack", "-lpthread"]
    return [*gcc("c++20" if library == "ctnet" else "c++17"), source, "-o", name, *links]


def programs():
    jobs = {"ctnet trainer": program("ctnet", os.path.join(HERE, "ctnet_lenet.cpp"), "ctnet")}
    if o.program:
        jobs["ctnet, " + os.path.basename(o.program)] = program("ctnet", os.path.abspath(o.program), "given")
    if dlib:
        jobs["dlib trainer"] = program("dlib", os.path.join(HERE, "dlib_lenet.cpp"), "dlib")
    beside("A whole program: LeNet on CIFAR-10", "programs", jobs)


def deploy():
    jobs = {"ctnet deploy": program("ctnet", os.path.join(HERE, "ctnet_deploy.cpp"), "ctnet")}
    if dlib:
        jobs["dlib deploy"] = program("dlib", os.path.join(HERE, "dlib_deploy.cpp"), "dlib")
    beside("Inference only", "deploy", jobs)


def suite():
    programs()
    deploy()
    depth()


def public_headers():
    found = []
    for folder, _, names in os.walk(os.path.join(INCLUDE, "ctnet")):
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith(".hpp") and "#pragma once" in open(path).read():
                found.append(os.path.relpath(path, INCLUDE))
    doors = [h for h in found if h.count("/") == 1]
    if not o.all_headers:  # the uses and the plain words have no door of their own
        doors += [h for h in found if h.split("/")[1] in ("train", "program", "io") and h.count("/") == 2]
        found = doors
    return sorted(found, key=lambda h: (h.count("/") > 1, h))


def headers():
    print("\n## What each header costs alone, -O3, above an empty file")
    empty = text("empty.cpp", "\n")
    rows, bases = [], None
    for header in [None, *public_headers()]:
        unit = text("header.cpp", f"#include <{header}>\n") if header else empty
        compilers = [gcc()] + ([[clang, "-std=c++20", "-O3", "-I" + INCLUDE]] if clang else [])
        done = costs(*([*c, "-c", unit, "-o", "header.o"] for c in compilers))
        remember("headers", header or "empty", done[0])
        if not header:
            bases = [d["cpu"].median for d in done]
            continue
        seconds = [f"{max(0.0, d['cpu'].median - b):.2f}" if d else "fails" for d, b in zip(done, bases)]
        lines = subprocess.run([*gcc(), "-E", "-P", unit], stdout=subprocess.PIPE, check=False).stdout.count(b"\n")
        rows.append([header, *seconds, *(["-"] if not clang else []), *cells(done[0], "mb"), f"{lines:,}"])
    print_table(["header", "g++ CPU s", f"{o.clang} CPU s", "g++ MB", "lines preprocessed"], rows)


def instantiations(unit):
    """(classes, functions) that clang instantiates."""
    trace = os.path.join(work, "trace.json")
    cost(clang, "-std=c++20", "-O1", "-I" + INCLUDE, "-c", unit, "-o", os.path.join(work, "trace.o"),
         "-ftime-trace=" + trace, "-ftime-trace-granularity=0")
    with open(trace, "rb") as f:
        data = f.read()
    os.remove(trace)
    return [data.count(b'"name":"Instantiate' + kind + b'"') for kind in (b"Class", b"Function")]


def depth():
    print("\n## Growth with depth: 3x3 convolutions with ReLU, four pools, a Linear; a training step and a prediction")
    for kind, words in (("alike", "all of 32 channels"), ("distinct", "each of another width")):
        if short and kind == "alike":
            continue
        jobs = {}
        for n in o.depths:
            jobs["ctnet", n] = [*gcc(), "-c", text(f"ctnet_{n}.cpp", nets.ctnet(n, kind)), "-o", f"ctnet_{n}.o"]
            if dlib and (n == max(d for d in o.depths if d <= 20) or not short):
                unit = text(f"dlib_{n}.cpp", nets.dlib(n, kind))
                jobs["dlib", n] = [*gcc("c++17"), "-c", unit, "-o", f"dlib_{n}.o"]
        done = dict(zip(jobs, costs(*jobs.values())))
        rows, before = [], {}
        for (library, n), figures in sorted(done.items()):
            size = os.path.getsize(os.path.join(work, jobs[library, n][-1])) / 1000 if figures else 0
            remember("depth " + kind, f"{library} {n}", figures, kb=size)
            counted = ["-", "-"]
            if clang and library == "ctnet":
                counted = instantiations(os.path.join(work, f"ctnet_{n}.cpp"))
                results["depth " + kind][f"ctnet {n} instantiations"] = counted
            each = "-"
            if figures:
                seconds = figures["cpu"].median
                if library in before:
                    last_n, last = before[library]
                    each = f"{1000 * (seconds - last) / (n - last_n):.0f}"
                before[library] = n, seconds
            rows.append([f"{library}, {n} layers", *cells(figures, "cpu", "wall", "mb"), each, f"{size:,.0f}",
                         *counted])
        print(f"\n{words}")
        print_table(["network", "CPU s", "wall s", "MB", "ms a layer more", "object, kB", "classes", "functions"], rows)


print_machine()
try:
    version = subprocess.run([o.gcc, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()[0]
    print(f"{version}; median of {o.repeats}")
    for part in parts:
        {"programs": programs, "deploy": deploy, "headers": headers, "depth": depth, "suite": suite}[part]()
    print()
    write_results("compile_" + "_".join(parts), results)
finally:
    shutil.rmtree(work)
