# SPDX-License-Identifier: MIT
"""Checks who includes whom against the map in include/ctnet/README.md:   rooms.py INCLUDE/CTNET"""

import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1]).resolve()
below = {
    "core": set(),
    "backends": {"core"},
    "layers": {"core", "backends"},
    "program": {"core", "layers", "backends"},
    "losses": {"core", "backends"},
    "optimizers": {"core", "backends"},
    "io": {"core"},
    "report": {"core", "io"},
    "data": {"core", "io", "backends"},
}
below["train"] = set(below)
below["deploy"] = {"core", "layers", "backends", "program", "train"}
heavy = {"nlohmann/": {"report/json.hpp"}, "xtensor/": {"io/npy.hpp"}, "Eigen/": set()}

files = sorted(p for e in ("*.?pp", "*.cuh", "*.inl") for p in root.rglob(e))
wrong = []
for file in files:
    name = file.relative_to(root)
    text = file.read_text()
    for target in re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, re.M):
        path = (file.parent / target).resolve()
        if not path.exists():
            path = (root.parent / target).resolve()
        if not path.exists():
            wrong.append(f"{name}: {target} does not exist")
            continue
        here, there = name.parts[0], path.relative_to(root).parts[0]
        if len(name.parts) > 1 and here != there and there.removesuffix(".hpp") not in below[here] | {here}:
            wrong.append(f"{name}: {here} must not include {there} ({target})")
    for target in re.findall(r'^\s*#\s*define CTNET_TARGET_FILE "([^"]+)"', text, re.M):
        if not (root.parent / target).exists():
            wrong.append(f"{name}: {target} does not exist")
    for prefix, allowed in heavy.items():
        if re.search(rf"^\s*#\s*include\s+<{prefix}", text, re.M) and str(name) not in allowed:
            wrong.append(f"{name}: includes <{prefix}...>")
    if not text.startswith("// SPDX-License-Identifier: MIT\n"):
        wrong.append(f"{name}: its first line is not the licence")
print("\n".join(wrong + [f"{len(files)} files, {len(wrong)} wrong"]))
sys.exit(bool(wrong))
