# SPDX-License-Identifier: MIT
"""Holds the pages of include/ctnet against the code:   pages.py REPOSITORY

Every ```cpp block of YOUR_LAYER.md must be a run of lines of tests/program/own_layer.cpp. Every public layer, container,
option, loss, optimizer, schedule, data set, sampler and transform must begin a row of NAMES.md, and every row must begin
with something that there is.
"""

import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1]).resolve()
include = root / "include/ctnet"
wrong = []

tested = (root / "tests/program/own_layer.cpp").read_text()
blocks = re.findall(r"^```cpp\n(.*?)^```$", (include / "YOUR_LAYER.md").read_text(), re.M | re.S)
for block in blocks:
    if "\n" + block not in tested:
        wrong.append("YOUR_LAYER.md shows what tests/program/own_layer.cpp does not have:\n" + block)
if len(blocks) < 9:
    wrong.append(f"YOUR_LAYER.md has {len(blocks)} pieces of code, expected 9 or more")

# Where what is listed lives, and what else stands there that is no such thing.
listed = """layers/*/layer.hpp program/containers.hpp core/options.hpp losses/*.hpp optimizers/*.hpp data/*.hpp
            data/transforms/*.hpp data/cuda/resident.cuh"""
helpers = """Add ConcatChannels NoOp Name Size
             LossExtents LossTensor LossGradient LossResult LossValues LossTotal LossKernel Reduction
             OptimizerKernel Optimizer Schedule ScheduleStep Segment SegmentStep
             CifarFormat CifarRecords DecodeOptions ImageFolderOf LoaderOptions Batch SoftBatch Idx Pixels Bitmap Planes
             Box Sample Get Sampler ShapesOptions Fold Translate Shear Region Range Degrees Fill ResampleTable Workspace"""
more = "EarlyStopping Ema ConfusionMatrix fit evaluate argmax softmax top_k save load deploy".split()


def public(file):
    """Types at namespace scope, without those of namespaces for the library's own use, and those for kernels."""
    hidden = None
    for line in file.read_text().splitlines():
        space = re.match(r"(?:inline )?namespace (\S+) \{$", line)
        if space and hidden is None and space[1].split("::")[-1] in ("detail", "functional", "reference", "words"):
            hidden = space[1]
        elif hidden and line.startswith("}  // namespace " + hidden):
            hidden = None
        elif hidden is None:
            name = re.match(r"(?:struct|class) (\w+)(?: final)?(?:\s*[:{].*)?$|using (\w+) = \w+<", line)
            if name and not re.match(r".+(Numbers|Update)$", name[1] or ""):
                yield name[1] or name[2]


files = sorted(f for pattern in listed.split() for f in include.glob(pattern))
there = {name for f in files for name in public(f)} - set(helpers.split())
rows = re.findall(r"^\| `(\w+)[^|]*\|", (include / "NAMES.md").read_text(), re.M)
wrong += [f"NAMES.md lacks {name}" for name in sorted(there - set(rows))]
wrong += [f"NAMES.md has {name}, which there is not" for name in sorted(set(rows) - there - set(more))]
wrong += [f"NAMES.md has {name} twice" for name in sorted({n for n in rows if rows.count(n) > 1})]
print("\n".join(wrong + [f"{len(blocks)} pieces of code, {len(rows)} names, {len(wrong)} wrong"]))
sys.exit(bool(wrong))
