#!/bin/bash
# SPDX-License-Identifier: MIT
# setup_peers.sh DIR [--python-only]: what the benchmarks measure ctnet against. Makes a Python venv in DIR with the newest
# torch, torchvision, numpy, onnx and onnxruntime from PyPI (about 3 GB) and installs Debian's oneDNN, dlib and, for
# dlib's matrix products, OpenBLAS. ctnet itself needs none of it.
set -euo pipefail

dir= debian=1
for argument in "$@"; do
  case $argument in
    --python-only) debian=0 ;;
    -*) echo "unknown option $argument; usage: setup_peers.sh DIR [--python-only]" >&2; exit 2 ;;
    *) dir=$argument ;;
  esac
done
[ -n "$dir" ] || { echo "usage: setup_peers.sh DIR [--python-only]" >&2; exit 2; }

packages=(python3 python3-venv python3-dev g++)  # torch.compile builds its kernels with g++
[ $debian = 1 ] && packages+=(libdnnl-dev libdlib-dev libopenblas-dev)
bash "$(dirname "$0")/../cmake/setup.sh" "${packages[@]}"

[ -x "$dir/bin/python" ] || python3 -m venv "$dir"
modules=(torch torchvision numpy onnx onnxruntime)
if ! "$dir/bin/python" -c "import $(IFS=,; echo "${modules[*]}")" 2>/dev/null; then
  echo "installing ${modules[*]} from PyPI into $dir"
  "$dir/bin/python" -m pip install --quiet --upgrade pip
  "$dir/bin/python" -m pip install --quiet --upgrade "${modules[@]}"
fi
"$dir/bin/python" - "${modules[@]}" <<'PYTHON'
import importlib
import sys
print(", ".join(f"{m} {importlib.import_module(m).__version__}" for m in sys.argv[1:]))
PYTHON
