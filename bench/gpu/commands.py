# SPDX-License-Identifier: MIT
"""Commands with a time limit each, within the time that the whole run has."""
import dataclasses
import os
import signal
import subprocess
import threading
import time


class Clock:
    """The run's time, counted from its start."""

    def __init__(self, seconds):
        self.begin, self.seconds = time.monotonic(), seconds

    def now(self):
        return time.monotonic() - self.begin

    def left(self, share=1.0):
        """Seconds until this share of the run is over; negative afterwards."""
        return share * self.seconds - self.now()


@dataclasses.dataclass
class Ran:
    ok: bool
    why: str  # "" where ok; else "exit 3", "stopped after 20 s", ...
    wall: float
    cpu: float
    mb: float  # the largest process's peak memory
    text: str


_running, _lock = set(), threading.Lock()


def end_all():
    """Ends what still runs of that which run() started."""
    with _lock:
        for pid in _running:
            try:
                os.killpg(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


def run(command, limit, log=None, cwd=None, environment=None):
    """Runs it in a process group of its own, which is ended at the limit. stdout and stderr together, to `log` too."""
    if limit <= 0:
        return Ran(False, "no time was left", 0, 0, 0, "")
    start, out = time.monotonic(), []
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 cwd=cwd, env={**os.environ, **(environment or {})}, start_new_session=True)
    except OSError as e:
        return Ran(False, str(e), 0, 0, 0, "")
    stopped = threading.Event()

    def stop():
        stopped.set()
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    with _lock:
        _running.add(child.pid)
    timer = threading.Timer(limit, stop)
    timer.daemon = True
    timer.start()
    for line in child.stdout:
        out.append(line)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    with _lock:
        _running.discard(child.pid)
    timer.cancel()
    wall, text = time.monotonic() - start, b"".join(out).decode(errors="replace")
    if log:
        with open(log, "w") as f:
            f.write(" ".join(command) + "\n" + text)
    why = f"stopped after {limit:.0f} s" if stopped.is_set() else f"exit {child.returncode}" if child.returncode else ""
    return Ran(not why, why, wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, text)
