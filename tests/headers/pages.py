# SPDX-License-Identifier: MIT
"""Holds the pages of include/ctnet against the code:   pages.py REPOSITORY

Every ```cpp block of YOUR_LAYER.md must be a run of lines of tests/program/own_layer.cpp.
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

print("\n".join(wrong + [f"{len(blocks)} pieces of code, {len(wrong)} wrong"]))
sys.exit(bool(wrong) or len(blocks) < 9)
