# SPDX-License-Identifier: MIT
"""A contender in Python: answers a request (a line of words) with a line of JSON, as support/worker.hpp."""
import json
import os
import sys
import time

_replies = os.fdopen(os.dup(1), "w")  # libraries that print must not break the protocol
os.dup2(2, 1)


def measure(seconds, step):
    """Steps per second and CPU seconds per second, as support/worker.hpp's measure."""
    end = time.monotonic() + seconds / 5
    while time.monotonic() < end:
        step()
    start, cpu, steps = time.monotonic(), time.process_time(), 0
    while True:
        step()
        steps += 1
        elapsed = time.monotonic() - start
        if elapsed >= seconds:
            return steps / elapsed, (time.process_time() - cpu) / elapsed


def serve(describe, make):
    """make(kind, net, batch, variant) gives a job: called it does a step; restart(), check(steps)."""
    made = {}

    def job(kind, net, batch, variant):
        key = kind, net, int(batch), variant
        if key not in made:
            made[key] = make(kind, net, int(batch), variant)
        made[key].restart()
        return made[key]

    def answer(what, *words):
        if what == "describe":
            return describe()
        if what == "check":
            return job(*words[:4]).check(int(words[4]))
        if what == "run":
            rate, share = measure(float(words[4]), job(*words[:4]))
            return {"seconds": 1 / rate, "cpu_share": share}
        raise ValueError(f"unknown request {what}")

    for line in sys.stdin:
        try:
            reply = answer(*line.split())
        except Exception as e:
            reply = {"error": (f"{type(e).__name__}: {e}".splitlines() or ["?"])[0][:300]}
        print(json.dumps(reply), file=_replies, flush=True)
