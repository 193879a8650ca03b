# SPDX-License-Identifier: MIT
"""Builds and judges the programs of a folder of cases, one by its name: 0 where it does what its first line says, 77 where
a compiler it needs is not here.
    cases.py --cases DIR --include DIR NAME      cases.py --list      cases.py --cases DIR --complete   (every file is known)
"""
import argparse
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

CASES = {}
SKIPPED = 77
ERROR = re.compile(r"(^|[^a-z_])(fatal )?error( #?[0-9-]*-?D?)?:", re.M)
FOREIGN = ["-isystem", "/usr/include/eigen3"]


class Failed(Exception):
    pass


class Skip(Exception):
    pass


def case(f):
    CASES[f.__name__] = f
    return f


def require(ok, words):
    if not ok:
        raise Failed(words)


class Maker:
    """A case at work: its files, an empty folder to run in, and what was asked for on the command line."""

    def __init__(self, name, cases, include):
        self.name, self.cases, self.include = name, os.path.abspath(cases), os.path.abspath(include)
        self.dir = tempfile.mkdtemp(prefix="ctnet_case_")

    def command(self, command, seconds=600, env=None):
        """Exit status (-N: ended by signal N) and all that was printed."""
        p = subprocess.run(command, cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                           timeout=seconds, env={**os.environ, **(env or {})})
        return p.returncode, p.stdout.decode(errors="replace")

    def compiler(self, name):
        names = {"g++": ["g++"], "clang++": ["clang++-16", "clang++-19", "clang++"],
                 "mingw": ["x86_64-w64-mingw32-g++-posix"]}[name]
        for n in names:
            if shutil.which(n):
                return n
        raise Skip(f"{names[0]} is not here")

    def source(self):
        return os.path.join(self.cases, self.name + ".cpp")

    def libraries(self):
        found = []
        for library in ["z", "jpeg", "png", "stb"]:
            probe = subprocess.run(["g++", "-x", "c++", "-", "-l" + library, "-o", os.path.join(self.dir, "probe")],
                                   input=b"int main(){}", stderr=subprocess.DEVNULL)
            if probe.returncode == 0:
                found.append("-l" + library)
        return found + ["-pthread"]

    def check(self, *flags, compiler="g++", std="c++20"):
        """Syntax alone: status and output."""
        return self.command([self.compiler(compiler), "-std=" + std, "-fsyntax-only", "-I", self.include, *FOREIGN, *flags,
                             self.source()])

    def compiles(self, *flags, **options):
        status, said = self.check(*flags, **options)
        require(status == 0, f"does not compile with {flags}:\n{said[:3000]}")

    def errors(self, *flags, compiler, says=(), most=1):
        """Must not compile: at most `most` errors in 30 lines, the first in these words."""
        status, said = self.check(*flags, compiler=compiler)
        print(f"--- {compiler} {' '.join(flags)}\n{said[:3000]}")
        require(status != 0, f"{compiler} {flags}: it compiled")
        found, lines = list(ERROR.finditer(said)), said.count("\n")
        require(1 <= len(found) <= most and lines <= 30,
                f"{compiler} {flags}: {len(found)} errors in {lines} lines, expected {most} in at most 30")
        first = said[:found[1].start()] if len(found) > 1 else said
        for words in says:
            require(re.search(words, first), f"{compiler} {flags}: the error does not say {words}")

    def build(self, *flags, compiler="g++", out="program", optimize="-O1"):
        """Builds; status and output."""
        return self.command([self.compiler(compiler), "-std=c++20", optimize, "-I", self.include, *FOREIGN, *flags,
                             self.source(), "-o", out, *self.libraries()])

    def built(self, *flags, **options):
        status, said = self.build(*flags, **options)
        require(status == 0, f"does not build:\n{said[:3000]}")
        return self

    def run(self, *arguments, program="program", status=0, **options):
        got, said = self.command([os.path.join(self.dir, program), *arguments], **options)
        print(said[-6000:], end="")
        require(status is None or got == status, f"ended with {got}, expected {status}")
        return said

    def script(self, *arguments):
        status, said = self.command(["bash", os.path.join(self.cases, self.name + ".sh"), self.include, *arguments],
                                    env={"TMPDIR": self.dir})
        print(said[-3000:], end="")
        require(status == 0, f"ended with {status}")
        return said


def lines_of(said):
    return [line for line in said.splitlines() if line.strip()]


# Whatever ends with 0 when it is right.
def exits_with_0(name, *flags, compiler="g++"):
    def go(m):
        m.built(*flags, compiler=compiler).run()
    go.__name__ = name
    case(go)


for _name in ["bug_freeze_a_layer", "bug_loader_as_range", "bug_loader_nested", "bug_loss_over_batches",
              "bug_small_numbers_in_errors", "bug_tensor_layouts", "bug_truncated_jpeg",
              "bug_unreadable_images", "embed_own_vectors", "embed_siamese", "embed_unet",
              "embed_yolo_two_scales", "embed_shared_weights", "embed_realtime"]:
    exits_with_0(_name)
exits_with_0("bug_fork_after_threads", "-fopenmp")
exits_with_0("bug_own_view_as_input", "-fsanitize=address")
exits_with_0("bug_libcxx", "-stdlib=libc++", compiler="clang++")
exits_with_0("embed_moves", "-fsanitize=address,undefined")


@case
def bug_more_than_2_to_31_values(m):
    status, said = m.build()
    if status == 0:
        m.run()
    else:  # the compiler refuses the input
        require("more_than_2147483647_values" in said and len(ERROR.findall(said)) <= 2, f"does not build:\n{said[:3000]}")


@case
def embed_fit_other_optimizer(m):
    """The compiler refuses the optimizer of another type of network; without that attempt the program refuses the twin's."""
    m.errors(compiler="g++", says=["the optimizer was made for a network of another type"])
    text = pathlib.Path(m.source()).read_text()
    require(", attempt(of_other);" in text, "the attempt to leave out is not there")
    twin = pathlib.Path(m.dir, "twin.cpp")
    twin.write_text(text.replace(", attempt(of_other);", ";"))
    m.source = lambda: str(twin)
    said = m.built().run()
    require("the optimizer was made for another network" in said, "the twin's optimizer is not refused in words")


@case
def bug_fast_math(m):
    for compiler, flag in (("g++", "-ffast-math"), ("clang++", "-Ofast")):
        status, said = m.build(flag, compiler=compiler)
        if status == 0:
            m.run()
        else:  # a refusal that names the flag is right too
            print(said[:2000])
            require(re.search(r"error: .*-ffast-math", said), f"{compiler} {flag} does not build")


@case
def bug_names_in_the_namespace(m):
    m.compiles()
    status, _ = m.check("-DUNDECLARED")
    require(status != 0, "with -DUNDECLARED it compiles: the library declares x or channels")


@case
def bug_macros_of_other_headers(m):
    for compiler in ("g++", "clang++"):
        m.compiles(std="gnu++20", compiler=compiler)


@case
def attack_ceil_mode(m):
    m.compiles()


@case
def attack_flatten_overflow(m):
    for compiler in ("g++", "clang++"):
        for flags in ([], ["-DPAD"], ["-DFAN_IN"]):
            m.errors(*flags, compiler=compiler)


@case
def attack_checkpoint_identity(m):
    said = lines_of(m.built().run())
    require(len(said) == 7 and all("refused: " in line for line in said), "not every line says refused")


@case
def attack_class_names(m):
    said = lines_of(m.built().run())
    require(len(said) == 3 and all(line.endswith("0 raw control bytes, valid UTF-8") for line in said), "raw names")


@case
def attack_damaged_jpegs(m):
    require(lines_of(m.built(optimize="-O2").run())[-1].startswith("no crash"), "no last line")


@case
def attack_decode_memory(m):
    said = lines_of(m.built(optimize="-O2").run())
    require(len(said) == 4, "not four lines")
    for line in said:
        found = re.match(r"(.*?) +\d+ bytes: Error: (.*); .* peak (\d+) MB", line)
        require(found and found[1].strip() + "/class/x" in found[2] and int(found[3]) < 1000, line)


@case
def attack_late_checkpoint(m):
    said = lines_of(m.built().run())
    require(len(said) == 3 and all(line.startswith("after 0 steps: Error: ") for line in said), "found late")


@case
def attack_one_definition(m):
    require(len(re.findall("^caught: ", m.script(), re.M)) == 2, "not caught twice")


@case
def attack_options(m):
    said = lines_of(m.built().run())
    require(len(said) == 9, "not nine lines")
    for line in said[:6]:
        require(" Error: " in line, line)
    require(" Error: " in said[6] or said[6].endswith("ACCEPTED, 1 epochs"), said[6])  # a callback stops it: that is a use
    for line in said[7:]:
        require(" Error: " in line or " stopped" in line, line)


@case
def attack_png_damaged(m):
    require(m.built().run().strip().endswith(", 0 accepted with other pixels"), "other pixels")


@case
def attack_save_interrupted(m):
    require(m.script().strip().endswith(", bad 0"), "a save was lost")


@case
def attack_shapes_by_compiler(m):
    numbers = {m.built(compiler=c, out=c.replace("+", "p")).run(program=c.replace("+", "p")) for c in ("g++", "clang++")}
    require(len(numbers) == 1, "the pictures depend on the compiler")


@case
def attack_stat_error(m):
    require("epochs in the checkpoint: 3" in lines_of(m.script()), "begun anew")


@case
def attack_temporaries(m):
    require(lines_of(m.script())[-1].startswith("0 left"), "temporaries are left")


@case
def embed_classify_png(m):
    m.built().run("train")

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + bytes(range(96))) * 32
    with open(os.path.join(m.dir, "a.png"), "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 32, 32, 8, 2, 0, 0, 0)) +
                chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
    require(re.match(r"class \d, probability [01]\.\d{3}$", m.run("net.safetensors", "a.png").strip()), "no class")


@case
def embed_errors(m):
    m.compiles("-I", m.cases)
    says = {1: [r"3\.1\.0\.main\.3|[^0-9]3.*1.*0.*main.*3"], 2: ["shortcut|Residual"], 3: ["Swish"], 4: ["LeakyReLU"],
            5: ["Cpu"], 6: ["Loader|loader"], 7: ["target|label"], 8: ["Mine|MyOp"], 9: ["Conv"]}
    for compiler in ("g++", "clang++"):
        for mistake, words in says.items():
            # A template where a type belongs (4) and a number where one does (9) are the compiler's own business: its first
            # error says so and names it; others follow because what was declared with it is not there.
            errors = {4: 2, 9: 6}.get(mistake, 1)
            m.errors(f"-DMISTAKE={mistake}", "-I", m.cases, compiler=compiler, says=words, most=errors)


@case
def embed_export_header(m):
    m.built("-I", m.dir, optimize="-O2")
    want = m.run()
    m.built("-I", m.dir, "-DDEVICE", "-fno-exceptions", "-fno-rtti", optimize="-O2", out="device")
    require(m.run(program="device") == want, "the device gives other logits")


@case
def embed_kfold(m):
    found = re.search(r"mean accuracy[^0-9]*([0-9.]+)", m.built(optimize="-O2").run())
    require(found and float(found[1].rstrip(".")) > 0.2, "it learns nothing")


@case
def embed_long_chain(m):
    m.built("-DLAYERS=600", compiler="clang++", optimize="-O0").run()
    m.built("-DLAYERS=300", "-DTRAIN", compiler="clang++", optimize="-O0").run()
    m.built("-DLAYERS=1000", "-DTRAIN", compiler="g++", optimize="-O0").run()


@case
def embed_windows(m):
    m.compiles("-DCTNET_NO_PICTURES", compiler="mingw")
    status, said = m.command([m.compiler("mingw"), "-std=c++20", "-O1", "-DINFER", "-I", m.include, m.source(), "-static",
                              "-o", "program.exe"])
    require(status == 0, f"does not build:\n{said[:3000]}")
    if shutil.which("wine"):
        status, said = m.command(["wine", "program.exe"], env={"WINEPREFIX": os.path.join(m.dir, "wine"), "WINEDEBUG": "-all"})
        require(status == 0 and "-0.068287 0.077028 -0.070162 -0.014507" in said, f"other logits:\n{said[-3000:]}")


@case
def embed_zoo(m):
    m.compiles("-I", m.cases, "-DNET=zoo::DenseNet121", "-DDEPLOY", compiler="clang++")
    m.built("-I", m.cases, "-DNET=zoo::DenseNet121", compiler="clang++", optimize="-O1")
    require(re.search(r"^loss \d", m.run(), re.M), "no step was trained")


def complete(cases):
    files = {f.rsplit(".", 1)[0] for f in os.listdir(cases) if re.match(r"(attack|bug|embed)_.*\.(cpp|sh)$", f)}
    unknown, gone = files - set(CASES), set(CASES) - files
    require(not unknown and not gone, f"not known to cases.py: {sorted(unknown)}; known and not there: {sorted(gone)}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--complete", action="store_true")
    parser.add_argument("--cases")
    parser.add_argument("--include")
    parser.add_argument("name", nargs="?")
    a = parser.parse_args()
    if a.list:
        print("\n".join(sorted(CASES)))
        return 0
    if a.complete:
        complete(a.cases)
        return 0
    m = Maker(a.name, a.cases, a.include)
    try:
        CASES[a.name](m)
    finally:
        shutil.rmtree(m.dir, ignore_errors=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as e:
        print("FAILED:", e)
        sys.exit(1)
    except Skip as e:
        print("skipped:", e)
        sys.exit(SKIPPED)
