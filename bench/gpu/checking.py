# SPDX-License-Identifier: MIT
"""The conformance suite on the GPU, and compute-sanitizer on it: each program as soon as it is built, several at a
time."""
import concurrent.futures
import os
import re
import shutil

from commands import run

SUBSET = ("conv", "linear", "norm", "pool", "losses")  # for the slower tools; programs whose name has one of them
LIMITS = {"test": 120, "memcheck": 150, "racecheck": 45, "synccheck": 45, "initcheck": 45}


def sanitizer():
    places = ("/usr/local/cuda/bin/compute-sanitizer", "/usr/local/cuda/compute-sanitizer/compute-sanitizer")
    return shutil.which("compute-sanitizer") or next((p for p in places if os.access(p, os.X_OK)), None)


class Check:
    def __init__(self, program, tool):
        self.program, self.tool = program, tool
        self.state, self.detail, self.wall = "not run", "", 0.0  # passed, FAILED, skipped, stopped, not run

    def command(self):
        if self.tool == "test":
            return [self.program.path]
        return [sanitizer(), "--tool", self.tool, "--error-exitcode", "66", "--report-api-errors", "no",
                "--print-limit", "20", self.program.path]

    def facts(self):
        return {"program": self.program.name, "tool": self.tool, "state": self.state, "detail": self.detail,
                "seconds": round(self.wall, 1)}


class Checks:
    def __init__(self, programs, tools, logs, clock):
        """tools: some of LIMITS, in the order of their importance."""
        self.logs, self.clock, self.until = logs, clock, 1.0
        self.all = []
        for tool in tools:
            for p in programs:
                if tool in ("test", "memcheck") or any(s in p.name for s in SUBSET):
                    self.all.append(Check(p, tool))

    def go(self, tools, until, workers):
        """Those of these tools that have not been finished, until that share of the run is over."""
        self.until = until
        missing = sanitizer() is None
        pool = concurrent.futures.ThreadPoolExecutor(workers)
        for c in self.all:
            if c.tool in tools and c.state in ("not run", "stopped"):
                if missing and c.tool != "test":
                    c.detail = "compute-sanitizer is not there"
                else:
                    pool.submit(self.check, c)
        return pool

    def check(self, c):
        try:
            c.program.done.wait(max(0, self.clock.left(self.until)))
            if not c.program.path:
                c.detail = c.program.why
                return
            limit = min(LIMITS[c.tool], self.clock.left(self.until))
            if limit < 3:
                c.detail = c.detail or "no time was left"
                return
            ran = run(c.command(), limit, os.path.join(self.logs, f"{c.tool}-{c.program.name}.log"))
            c.wall = ran.wall
            self.judge(c, ran)
        except Exception as e:  # a thread of a pool tells nobody
            c.state, c.detail = "FAILED", f"{type(e).__name__}: {e}"

    @staticmethod
    def judge(c, ran):
        cases = re.search(r"test cases:\s*(\d+)\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed", ran.text)
        checks = re.search(r"assertions:\s*(\d+)\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed", ran.text)
        errors = re.search(r"(?:ERROR|RACECHECK) SUMMARY: (\d+)", ran.text)
        counted = f"{cases[1]} cases, {checks[1]} checks" if cases and checks else ""
        if c.tool == "test":
            if ran.ok:
                c.state, c.detail = "passed", counted
            elif ran.why == "exit 77":
                c.state, c.detail = "skipped", ran.text.strip().splitlines()[-1][:120]
            else:
                failed = re.findall(r"^TEST CASE:\s*(.*)", ran.text, re.M)
                c.state = "stopped" if ran.why.startswith("stopped") else "FAILED"
                c.detail = f"{ran.why}; {counted}; {'; '.join(dict.fromkeys(failed))}"[:300]
            return
        begun = len(re.findall(r"^========= (?:Invalid|Error|Race|Potential|Uninitialized|Barrier|Program hit)",
                               ran.text, re.M))
        if ran.why.startswith("stopped"):
            c.state, c.detail = ("FAILED" if begun else "stopped"), f"{ran.why}, {begun} errors until then"
        elif errors and int(errors[1]) == 0:
            c.state, c.detail = ("passed", "no errors") if ran.ok else ("FAILED", f"no errors, but {ran.why}")
        elif errors:
            c.state, c.detail = "FAILED", f"{errors[1]} errors"
        else:
            lines = ran.text.strip().splitlines()
            c.state, c.detail = "FAILED", f"{ran.why}: {lines[-1][:160] if lines else ''}"

    def programs_run(self, programs, until):
        """Contract programs and the like: they must end with 0."""
        for p in programs:
            c = Check(p, "program")
            self.all.append(c)
            p.done.wait(max(0, self.clock.left(until)))
            if not p.path:
                c.detail = p.why
                continue
            short = ["4000", "2"] * p.name.startswith("example-")  # images, epochs
            log = os.path.join(self.logs, f"program-{p.name}.log")
            ran = run([p.path, *short], min(60, self.clock.left(until)), log)
            c.wall, c.state = ran.wall, "passed" if ran.ok else "FAILED"
            c.detail = (ran.text.strip().splitlines() or [""])[-1][:160] + f" {ran.why}".rstrip()

    def summary(self):
        """{tool: {state: [checks]}}"""
        found = {}
        for c in self.all:
            found.setdefault(c.tool, {}).setdefault(c.state, []).append(c)
        return found
