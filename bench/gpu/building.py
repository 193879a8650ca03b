# SPDX-License-Identifier: MIT
"""What is built, by nvcc alone: the tests of the CUDA backend, the contenders, and programs whose build time is asked
for. Headers and libraries that a bare machine lacks come from build/gpu-headers."""
import concurrent.futures
import dataclasses
import glob
import os
import re
import shutil
import sys
import threading

from commands import run
from networks import LENET, VGG, growth, training_program
from support.contest import ROOT

PACKED = os.path.join(ROOT, "build", "gpu-headers")
PRECISIONS = {"fp32": "float", "tf32": "ctnet::tf32", "bf16": "ctnet::bfloat16"}
# Way: policy, the network that it is tried on, a precision that it is not tried in, the libraries that it needs.
POLICIES = {"persistent": ("Persistent", "lenet", "bf16", ()),
            "cudnn": ("Cudnn", "vgg", "fp32", ("cudnn",))}
WAYS = ("own", *POLICIES)
GROWTH = (2, 4, 8, 16)


@dataclasses.dataclass
class Program:
    name: str
    part: str    # test, lenet, ...: what needs it
    source: str  # a .cu file below the root, or in the build folder
    flags: tuple = ()
    libraries: tuple = ()  # cudnn, cublasLt
    objects: tuple = ()    # names of other programs' objects that it is linked with
    links: bool = True     # else only compiled
    timed: str = ""        # its row in the table of build times
    path: str = ""         # what was made
    why: str = "not built"  # "" once it is there
    cost: dict = dataclasses.field(default_factory=dict)
    done: threading.Event = dataclasses.field(default_factory=threading.Event)


def ours_of(header):
    return os.path.exists(os.path.join(ROOT, "include", "ctnet", header))


def library(name):
    """(folder of its header, its file) of cudnn or cublasLt: the toolkit's, the system's, or those that PyTorch's
    packages bring; None where it is missing."""
    nvcc = shutil.which("nvcc") or "/usr/local/cuda/bin/nvcc"
    toolkit = os.path.dirname(os.path.dirname(os.path.realpath(nvcc)))
    places = [(f"{toolkit}/include", f"{toolkit}/lib64"), ("/usr/include", "/usr/lib/x86_64-linux-gnu"),
              ("/usr/include/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu")]
    places += [(folder, os.path.join(os.path.dirname(folder), "lib"))
               for path in sys.path for folder in sorted(glob.glob(os.path.join(path, "nvidia", "*", "include")))]
    for include, lib in places:
        files = sorted(glob.glob(f"{lib}/lib{name}.so*"))
        if files and os.path.exists(f"{include}/{name}.h"):
            return include, files[0]
    return None


def tests():
    found = sorted(glob.glob(os.path.join(ROOT, "tests", "**", "cuda*.cu"), recursive=True))
    programs = [Program("main_cuda", "test", os.path.join(ROOT, "tests", "main_cuda.cu"), links=False)]
    for source in found:
        parts = os.path.relpath(source, os.path.join(ROOT, "tests")).split(os.sep)
        if parts[0] in ("emulated", "headers", "must_not_compile"):  # not for running
            continue
        data = os.environ.get("CTNET_DATA_DIR", "")
        flags = (f'-DCTNET_FIXTURES_DIR="{ROOT}/tests/fixtures"', f'-DCTNET_DATA_DIR="{data}"',
                 '-DCTNET_CONTRACT_DIR=""', "-O1", "-lineinfo", "-UNDEBUG")
        name = "-".join(["test", *parts])[:-3]
        with open(source) as f:
            content = f.read()
        needs = tuple(n for n in ("cudnn", "cublasLt") if f"{n.lower()}.hpp" in content)
        programs.append(Program(name, "test", source, flags, needs, ("main_cuda",)))
    return programs


def contenders(part):
    source, programs = os.path.join(ROOT, "bench", "gpu", "worker.cu"), []
    for precision, type_name in PRECISIONS.items():
        flags = ("-O2", f"-DBENCH_NET={part}", f"-DBENCH_PRECISION={type_name}")
        programs.append(Program(f"{part}-{precision}-own", part, source, flags))
        for way, (policy, net, without, needs) in POLICIES.items():
            door = way + ".hpp"
            if part == net and precision != without and ours_of(door) and all(map(library, needs)):
                more = (f"-DBENCH_POLICY=ctnet::{policy}", f"-DBENCH_DOOR=<ctnet/{door}>")
                programs.append(Program(f"{part}-{precision}-{way}", part, source, flags + more, needs))
    return programs


def build_times(folder):
    programs = [Program("empty", "build", text(folder, "empty.cu", "int main() {}\n"), timed="an empty program")]
    for source in sorted(glob.glob(os.path.join(PACKED, "contract", "*.cu"))):
        name = os.path.basename(source)[:-3]
        programs.append(Program("contract-" + name, "build", source, ("-O2",), timed="contract " + name))
    for source in sorted(glob.glob(os.path.join(ROOT, "examples", "*.cu"))):
        programs.append(Program("example-" + os.path.basename(source)[:-3], "build", source, ("-O2",)))
    for name, layers in [("LeNet", LENET), ("VGG", VGG)] + [(f"{n} convolutions", growth(n)) for n in GROWTH]:
        short = name.split()[0].lower()
        source = text(folder, f"training_{short}.cu", training_program(layers))
        programs.append(Program(f"training-{short}", "build", source, ("-O2",), timed=f"training {name}"))
    return programs


def text(folder, name, content):
    path = os.path.join(folder, name)
    with open(path, "w") as f:
        f.write(content)
    return path


def programs_of(parts, folder):
    here = os.path.join(ROOT, "bench", "gpu")
    found = []
    if parts & {"test", "sanitize"}:
        found += tests()
    if "vgg" in parts or "profile" in parts:
        found += contenders("vgg")
    if "build" in parts:
        found += build_times(folder)[::-1]
    if "lenet" in parts:
        found += contenders("lenet")
    if parts & {"limits", "ops", "lenet", "vgg"}:
        found.append(Program("limits", "limits", os.path.join(here, "limits.cu"), ("-O2",)))
    if "ops" in parts:
        for precision, type_name in PRECISIONS.items():
            found.append(Program(f"ops-{precision}", "ops", os.path.join(here, "ops.cu"),
                                 ("-O2", "-DBENCH_NET=vgg", f"-DBENCH_PRECISION={type_name}")))
    return found


class Builder:
    """Builds programs side by side in the background; Program.done tells when each is there or has failed."""

    def __init__(self, programs, folder, logs, arch, clock, until, jobs):
        """until: the share of the run that it may take."""
        self.folder, self.logs, self.clock, self.until = folder, logs, clock, until
        self.nvcc = shutil.which("nvcc") or "/usr/local/cuda/bin/nvcc"
        self.common = [self.nvcc, "-std=c++20", "-DCTNET_NO_PICTURES", f"-gencode=arch=compute_{arch},code=sm_{arch}",
                       f"-I{ROOT}/include", f"-I{ROOT}/tests", f"-I{ROOT}/bench",
                       "-isystem", f"{PACKED}/include", "-isystem", f"{PACKED}/include/eigen3",
                       "-Xptxas=-v", "-Xcompiler=-Wall,-Wextra"]
        self.by_name = {p.name: p for p in programs}
        self.pool = concurrent.futures.ThreadPoolExecutor(jobs)
        parts = [p for p in programs if not p.links]
        for program in parts + [p for p in programs if p.links]:
            self.pool.submit(self.make, program)

    def left(self):
        return self.clock.left(self.until)

    def make(self, p):
        try:
            self.compile(p)
        except Exception as e:  # a thread of a pool tells nobody
            p.why = f"{type(e).__name__}: {e}"
        finally:
            p.done.set()

    def compile(self, p):
        out = os.path.join(self.folder, p.name + ".o")
        libraries, flags = [f"-L{PACKED}/lib", "-lz"], []
        for name in p.libraries:
            where = library(name)
            if not where:
                p.why = f"{name} is not there"
                return
            flags += ["-isystem", where[0]]
            libraries += [where[1], f"-Xlinker=-rpath={os.path.dirname(where[1])}"]
        ran = run([*self.common, *p.flags, *flags, "-c", p.source, "-o", out], self.left(),
                  os.path.join(self.logs, f"build-{p.name}.log"))
        p.cost = {"cpu": ran.cpu, "wall": ran.wall, "mb": ran.mb, **resources(ran.text)}
        if not ran.ok:
            p.why = f"{ran.why}: {first_error(ran.text)}"
            return
        p.cost["kb"] = os.path.getsize(out) / 1000
        if p.links:
            others = [self.by_name[name] for name in p.objects]
            for other in others:
                other.done.wait(max(0, self.left()))
                if not other.path:
                    p.why = f"{other.name} does not build: {other.why}"
                    return
            program = os.path.join(self.folder, p.name)
            ran = run([self.nvcc, *self.common[3:4], out, *(o.path for o in others), *libraries, "-o", program],
                      self.left(), os.path.join(self.logs, f"link-{p.name}.log"))
            p.cost["link"] = ran.cpu
            if not ran.ok:
                p.why = f"linking: {ran.why}: {first_error(ran.text)}"
                return
            out = program
        p.path, p.why = out, ""

    def close(self):
        self.pool.shutdown(wait=False, cancel_futures=True)


def first_error(output):
    lines = [line for line in output.splitlines() if re.search(r"error|undefined reference|fatal", line)]
    return (lines or output.splitlines()[-1:] or [""])[0].strip()[:240]


def resources(output):
    """Of ptxas -v: kernels, and those that spill or keep a stack frame."""
    kernels, found = re.findall(r"Function properties for (\S+)\s+(\d+) bytes stack frame, (\d+) bytes spill stores",
                                output), []
    for name, stack, spilled in kernels:
        if int(stack) or int(spilled):
            found.append([name, int(stack), int(spilled)])
    return {"kernels": len(kernels), "with_stack": found,
            "warnings": len(re.findall(r"\bwarning\b", output))}
