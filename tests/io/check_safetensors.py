# SPDX-License-Identifier: MIT
"""Our safetensors files against the format's own library, both ways.

    check_safetensors.py TOOL      TOOL: safetensors_tool, built from the file of that name beside this one

Exit status: 0 they agree, 1 they do not, 77 (skip, for ctest's SKIP_RETURN_CODE) where Python lacks safetensors or torch.
Also compares which damaged files each side refuses: ours may refuse more (duplicates, unaligned tensors), never less.
"""

import math
import os
import random
import subprocess
import sys
import tempfile

try:
    import torch
    from safetensors import SafetensorError, safe_open
    from safetensors.torch import load_file, save_file
except ImportError as error:
    print("skipped:", error)
    sys.exit(77)

tool = os.path.abspath(sys.argv[1])
failures = 0


def check(what, good):
    global failures
    failures += not good
    print("ok  " if good else "FAIL", what)


def read_with_tool(path):
    done = subprocess.run([tool, "read", path], capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{tool} ended with {done.returncode}: {done.stderr}")
    return done.returncode == 0, done.stdout


def ours_read_by_python(folder):
    path = os.path.join(folder, "ours.safetensors")
    subprocess.run([tool, "write", path], check=True)
    t = load_file(path)
    check("names", set(t) == {"byte", "conv.weight", 'dé "q"\n', "n", "scalar", "empty"})
    weight = torch.arange(60, dtype=torch.float32) * torch.tensor(0.1) - 2
    check("F32", torch.equal(t["conv.weight"], weight.reshape(3, 4, 5)))
    check("F64", torch.equal(t['dé "q"\n'], torch.tensor([1e300, -1.0 / 3, 0], dtype=torch.float64)))
    check("I64", torch.equal(t["n"], torch.tensor([[-1], [2**63 - 1]])))
    check("scalar", t["scalar"].shape == () and t["scalar"].item() == 1e300)
    check("empty", tuple(t["empty"].shape) == (0, 3) and t["byte"].tolist() == [9])
    with safe_open(path, "pt") as f:
        check("metadata", f.metadata() == {"format": "pt", "note": 'line\nline \\ "中"'})
    return path


def theirs_read_by_us(folder):
    path = os.path.join(folder, "theirs.safetensors")
    torch.manual_seed(1)
    x = torch.randn(2, 3) * 100
    x[0, 0], x[1, 2] = float("inf"), 1e-6
    tensors = {
        "f32": x, "f64": x.double() / 3, "f16": x.half(), "bf16": x.bfloat16(), "scalar": torch.tensor(2.5),
        "i64": torch.arange(3), "i32": torch.arange(3, dtype=torch.int32), "i16": torch.arange(3, dtype=torch.int16),
        "i8": torch.arange(3, dtype=torch.int8), "u8": torch.arange(3, dtype=torch.uint8),
        "bool": torch.tensor([True, False, True]), "none": torch.zeros(0, 4), "odd é/\\name": x[:1].clone(),
    }  # fmt: skip
    if hasattr(torch, "float8_e4m3fn"):
        tensors["f8"] = x.to(torch.float8_e4m3fn)
    save_file(tensors, path, metadata={"epoch": "7"})
    good, text = read_with_tool(path)
    check("accepted: " + text[:60], good)
    seen = {}
    for line in text.splitlines():
        kind, name, *rest = line.split("\t")
        if kind == "tensor":
            seen[name] = rest
    check("all names", set(seen) == set(tensors))
    for name, tensor in tensors.items():
        dtype, shape, *values = seen[name]
        same = shape == str(list(tensor.shape))
        if dtype in ("F32", "F64", "F16", "BF16"):
            expected = tensor.double().flatten().tolist()
            same = same and len(values) == len(expected)
            same = same and all(float(a) == b or math.isnan(b) for a, b in zip(values, expected))
        check(f"{name} {dtype} {shape}", same)


def damaged(path, folder, rounds=400):
    whole = open(path, "rb").read()
    random.seed(1)
    header = int.from_bytes(whole[:8], "little")
    ours_only = theirs_only = both = 0
    for i in range(rounds):
        b = bytearray(whole)
        for _ in range(random.randint(1, 3)):
            at = random.randrange(8 + header)
            b[at] = random.choice(b'0123456789{}[]",:\\ue.-F ') if random.random() < 0.8 else random.randrange(256)
        bad = os.path.join(folder, "damaged.safetensors")
        with open(bad, "wb") as f:
            f.write(b)
        ours, text = read_with_tool(bad)
        try:
            with safe_open(bad, "pt") as f:
                f.keys()
            theirs = True
        except (SafetensorError, OSError, MemoryError, UnicodeDecodeError):
            theirs = False
        both += ours == theirs
        ours_only += ours and not theirs
        if theirs and not ours:
            theirs_only += 1
            print("     stricter:", text.strip()[-100:])
        if ours and not theirs:
            os.rename(bad, os.path.join(tempfile.gettempdir(), f"accepted_by_us_{i}.safetensors"))
    print(f"     {rounds} damaged files: {both} judged alike, {theirs_only} refused by us alone")
    check("nothing is accepted that the format's reader refuses", ours_only == 0)


with tempfile.TemporaryDirectory() as folder:
    made = ours_read_by_python(folder)
    theirs_read_by_us(folder)
    damaged(made, folder)
sys.exit(failures > 0)
