# SPDX-License-Identifier: MIT
"""Processes that answer a line with a line of JSON, each within a time limit; one that fails is started again."""
import json
import os
import select
import signal
import subprocess
import threading
import time


class Silent(Exception):
    pass


class Contender:
    def __init__(self, name, command, log, environment=None):
        self.name, self.command, self.log, self.environment = name, command, log, environment or {}
        self.process, self.lock, self.starts = None, threading.Lock(), 0

    def start(self):
        self.starts += 1
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                                            env={**os.environ, **self.environment}, start_new_session=True)

    def ask(self, limit, *words):
        """RuntimeError where it answers with an error, Silent where it ended or took longer than `limit` seconds."""
        end = time.monotonic() + limit
        with self.lock:
            if self.process is None:
                if self.starts >= 3:
                    raise Silent(f"{self.name} ended three times")
                self.start()
            request = " ".join(map(str, words))
            try:
                self.process.stdin.write(request.encode() + b"\n")
                self.process.stdin.flush()
                line = self.line(end)
            except OSError:
                line = b""
            if not line.endswith(b"\n"):
                late = time.monotonic() >= end
                code = self.end()
                raise Silent(f"no answer within {limit:.0f} s" if late else f"ended ({code}): {self.last_words()}")
        reply = json.loads(line)
        if "error" in reply:
            raise RuntimeError(reply["error"])
        return reply

    def line(self, end):
        found, out = b"", self.process.stdout.fileno()
        while not found.endswith(b"\n"):
            left = end - time.monotonic()
            if left <= 0 or not select.select([out], [], [], left)[0]:
                break
            more = os.read(out, 1 << 20)
            if not more:
                break
            found += more
        return found

    def last_words(self):
        with open(self.log, "rb") as f:
            f.seek(max(0, os.path.getsize(self.log) - 2000))
            lines = f.read().decode(errors="replace").strip().splitlines()
        return lines[-1][:200] if lines else ""

    def kill(self):
        """From any thread; one that waits for an answer learns of it."""
        process = self.process
        try:
            if process:
                os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def end(self):
        if self.process is None:
            return None
        self.kill()
        code = self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.process = None
        return code
