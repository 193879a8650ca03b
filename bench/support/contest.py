# SPDX-License-Identifier: MIT
"""Contenders measured side by side: processes that stay warm and are asked in turns, one at a time.

Every figure is a median over rounds. Within a round each contender is measured once, in an order that turns round from
round to round, and ratios are taken within the round, so that a slow spell of the machine hits both sides.
"""
import json
import os
import platform
import statistics
import subprocess
import threading
import time

BENCH = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(BENCH)
BUILD = os.path.join(ROOT, "build", "bench")


def build(*targets):
    """Programs of bench/CMakeLists.txt, each with its own flags: {target: path}."""
    run = lambda *command: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    run("cmake", "-S", ROOT, "-B", BUILD, "-DCMAKE_BUILD_TYPE=Release", "-DCTNET_BUILD_BENCH=ON",
        "-DCTNET_BUILD_TESTS=OFF", "-DCTNET_BUILD_EXAMPLES=OFF")
    run("cmake", "--build", BUILD, "--parallel", "2", "--target", *targets)
    return {t: os.path.join(BUILD, "bench", t) for t in targets}


class Ended(Exception):
    pass


class Contender:
    """A program that answers a request (a line of words) with a line of JSON, on the cores that it is given."""

    def __init__(self, *command, cores=None, environment=None):
        self.command = command
        pin = (lambda: os.sched_setaffinity(0, cores)) if cores and hasattr(os, "sched_setaffinity") else None
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        stderr=subprocess.DEVNULL, preexec_fn=pin,
                                        env={**os.environ, **(environment or {})})
        self.lock = threading.Lock()
        self.facts = self.ask("describe")
        self.name = self.facts["name"]

    def ask(self, *words):
        request = " ".join(map(str, words))
        with self.lock:
            try:
                self.process.stdin.write(request + "\n")
                self.process.stdin.flush()
                line = self.process.stdout.readline()
            except (OSError, ValueError):
                line = ""
        if not line:
            raise Ended(f"{os.path.basename(self.command[-2])} ended at: {request}")
        reply = json.loads(line)
        if "error" in reply:
            raise RuntimeError(reply["error"])
        return reply

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Figure:
    """The values of all rounds."""

    def __init__(self, values):
        self.values = list(values)
        self.median = statistics.median(self.values)

    def over(self, other):
        return Figure(a / b for a, b in zip(self.values, other.values))

    def spread(self, digits=2):
        return f"{min(self.values):.{digits}f} .. {max(self.values):.{digits}f}"


def in_turns(rounds, *measures):
    """Calls each measure once a round; gives a list of each one's results, a result a round."""
    results = [[] for _ in measures]
    for r in range(rounds):
        order = range(len(measures))
        for i in order if r % 2 == 0 else reversed(order):
            time.sleep(0.02)  # the one before goes to sleep
            results[i].append(measures[i]())
    return results


def table_lines(head, rows):
    """Columns as wide as they need; the first left, the others right."""
    cells = [head] + [[str(c) for c in row] for row in rows]
    width = [max(len(row[i]) for row in cells) for i in range(len(head))]
    line = lambda row: "  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, width)))
    return [line(cells[0]), "  ".join("-" * w for w in width), *map(line, cells[1:])]


def print_table(head, rows):
    print("\n".join(table_lines(head, rows)))


def machine():
    model = platform.machine()
    try:
        with open("/proc/cpuinfo") as f:
            model = next(line.split(":", 1)[1].strip() for line in f if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return {"cpu": model, "cores": os.cpu_count(), "load": round(os.getloadavg()[0], 2),
            "date": time.strftime("%Y-%m-%d %H:%M")}


def print_machine():
    m = machine()
    print(f"{m['cpu']}, {m['cores']} cores, load {m['load']} at the start, {m['date']}")
    if m["load"] > 0.5:
        print("WARNING: the machine is not idle; wait for a load near 0")


def write_results(name, results):
    os.makedirs(os.path.join(BUILD, "results"), exist_ok=True)
    path = os.path.join(BUILD, "results", name + ".json")
    with open(path, "w") as f:
        json.dump({"machine": machine(), **results}, f, indent=1)
    print(f"all values: {os.path.relpath(path)}")
