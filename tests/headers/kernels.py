# SPDX-License-Identifier: MIT
"""Checks what kernels are keyed by and what they use:   kernels.py INCLUDE/CTNET

nvcc 13 miscompiles kernels that are templates on values of class type (a shape, an option, a string). So a template of a
__global__ function has parameters that are types, integers, bools or enums. Beside that: what the device offers is asked for through
backends/cuda/device.cuh, and launches go through launch.cuh, so that kernels can be run on the host."""

import pathlib
import re
import sys

SCALARS = {"bool", "char", "int", "unsigned", "long", "short", "std::size_t", "i64", "ctnet::i64", "std::uint32_t"}
ONLY_IN_DEVICE = r"<<<|\b__shared__\b|\b__syncthreads|\b__syncwarp|\b__shfl|\b__ballot|\bwarpSize\b|cooperative_groups|\basm\b"


def uncommented(text):
    text = re.sub(r"//[^\n]*", "", text)
    return re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), text, flags=re.S)


def template_lists(text):
    """(position, parameters) of every template<...> whose declaration is a __global__ function."""
    for head in re.finditer(r"\btemplate\s*<", text):
        open_, at, start, parameters = "<", head.end(), head.end(), []
        while open_ and at < len(text):
            c = text[at]
            if c in "({" or (c == "<" and open_[-1] == "<"):
                open_ += c
            elif c in ")}" or (c == ">" and open_[-1] == "<"):
                open_ = open_[:-1]
            if (c == "," and open_ == "<") or not open_:
                parameters.append(text[start:at].strip())
                start = at + 1
            at += 1
        if re.match(r"[^;{}()]*\b__global__\b", text[at:]):
            yield head.start(), parameters


def faults(name, text, enums):
    text = uncommented(text)
    for at, parameters in template_lists(text):
        for parameter in parameters:
            words = parameter.split("=")[0].replace("...", " ").split()
            kind = [w for w in words if w not in ("const", "constexpr")]
            if kind and (kind[0] in ("class", "typename") or set(kind[:-1] or kind) <= SCALARS):
                continue
            if kind and kind[0].split("::")[-1] in enums:
                continue
            yield f"{name}:{text.count(chr(10), 0, at) + 1}: a kernel is keyed by `{parameter}`"
    if not name.endswith("backends/cuda/device.cuh"):
        for use in re.finditer(ONLY_IN_DEVICE, text):
            if not name.endswith(".cuh"):
                continue  # asm of the CPU's kernels
            yield f"{name}:{text.count(chr(10), 0, use.start()) + 1}: `{use.group()}` belongs to backends/cuda/device.cuh"


def enums_of(texts):
    return set(re.findall(r"\benum\s+(?:class\s+)?(\w+)", "\n".join(texts)))


# What must be found, and what must not.
WRONG = [
    "template <ConvOp O> __global__ void f();",
    "template <class T, Shape S>\n__global__ void f(T*);",
    "template <auto V> __global__ void f();",
    "template <int A, ctnet::Size S = Size{1, 2}> __global__ __launch_bounds__(128) void f();",
    "void f() { g<<<1, 1>>>(); }",
    "__global__ void f() { __syncthreads(); }",
]
RIGHT = [
    "template <class T, int A, bool B = (1 < 2), unsigned... N> __global__ void f(T*);",
    "template <Colour C, typename F>\n__global__ __launch_bounds__(128) void f(F);",
    "template <Shape S> void host();",
    "// __syncthreads() is in device.cuh\n__global__ void f(ConvOp o);",
]
for snippet in WRONG:
    assert list(faults("x.cuh", snippet, {"Colour"})), snippet
for snippet in RIGHT:
    assert not list(faults("x.cuh", snippet, {"Colour"})), snippet

root = pathlib.Path(sys.argv[1])
files = sorted(p for e in ("*.hpp", "*.cuh") for p in root.rglob(e))
texts = [p.read_text() for p in files]
enums = enums_of(texts)
wrong = [fault for p, text in zip(files, texts) for fault in faults(str(p.relative_to(root)), text, enums)]
kernels = sum(len(re.findall(r"\b__global__\b", uncommented(t))) for t in texts)
print("\n".join(wrong + [f"{len(files)} files, {kernels} kernels, {len(wrong)} wrong"]))
sys.exit(bool(wrong))
