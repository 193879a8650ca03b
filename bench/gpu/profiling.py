# SPDX-License-Identifier: MIT
"""Where a training step's time goes: ncu counts, kernel by kernel."""
import csv
import io
import re
import shutil

from commands import run

METRICS = {"gpu__time_duration.sum": "ns",
           "dram__throughput.avg.pct_of_peak_sustained_elapsed": "memory %",
           "sm__throughput.avg.pct_of_peak_sustained_elapsed": "multiprocessors %",
           "sm__inst_executed_pipe_tensor.avg.pct_of_peak_sustained_active": "tensor cores %"}
STEPS = 2


def step(program, log, limit):
    """[{kernel, count, us, "memory %", ...}] of the training step, the longest first."""
    if not program.path:
        raise RuntimeError(f"{program.name}: {program.why}")
    ncu = shutil.which("ncu")
    if not ncu:
        raise RuntimeError("ncu is not there")
    command = [ncu, "--clock-control", "none", "--csv", "--metrics", ",".join(METRICS), "--launch-count", "600",
               program.path, "check", "train", "vgg", "512", "own", str(STEPS)]
    ran = run(command, limit, log)
    rows = kernels(ran.text)
    if not rows:
        last = (ran.text.strip().splitlines() or [""])[-1][:160]
        raise RuntimeError(f"ncu said nothing of kernels: {ran.why} {last}")
    return rows


def kernels(text):
    lines = text.splitlines()
    start = next((i for i, line in enumerate(lines) if line.startswith('"ID"')), None)
    if start is None:
        return []
    by_id = {}
    for row in csv.DictReader(io.StringIO("\n".join(line for line in lines[start:] if line.startswith('"')))):
        name = METRICS.get(row.get("Metric Name"))
        try:
            value = float(row["Metric Value"].replace(",", ""))
        except (KeyError, ValueError, AttributeError):
            continue
        if name:
            if name == "ns":
                value *= {"nsecond": 1, "ns": 1, "usecond": 1e3, "us": 1e3, "msecond": 1e6, "ms": 1e6}.get(
                    row.get("Metric Unit"), 1)
            launch = by_id.setdefault(row["ID"], {"kernel": short(row["Kernel Name"])})
            launch[name] = value
    found = {}
    for launch in by_id.values():
        if "ns" not in launch:
            continue
        k = found.setdefault(launch["kernel"], {"kernel": launch["kernel"], "count": 0, "us": 0.0, "weights": {}})
        k["count"] += 1
        k["us"] += launch["ns"] / 1000
        for name in METRICS.values():
            if name != "ns" and name in launch:
                k["weights"][name] = k["weights"].get(name, 0) + launch[name] * launch["ns"] / 1000
    for k in found.values():
        for name, value in k.pop("weights").items():
            k[name] = value / k["us"] if k["us"] else 0
    return sorted(found.values(), key=lambda k: -k["us"])


def short(name):
    """Without return type, namespaces and arguments."""
    name = re.sub(r"^void ", "", name).replace("ctnet::cuda::", "").replace("ctnet::", "")
    return name.split("(")[0][:90]
