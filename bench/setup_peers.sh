#!/bin/bash
# SPDX-License-Identifier: MIT
# setup_peers.sh DIR [--dlib]: what the benchmarks measure ctnet against. Makes a Python venv in DIR with the newest torch,
# torchvision and numpy from PyPI (about 3 GB); --dlib also installs Debian's libdlib-dev. ctnet itself needs none of it.
set -euo pipefail

dir= dlib=0
for argument in "$@"; do
  case $argument in
    --dlib) dlib=1 ;;
    -*) echo "unknown option $argument; usage: setup_peers.sh DIR [--dlib]" >&2; exit 2 ;;
    *) dir=$argument ;;
  esac
done
[ -n "$dir" ] || { echo "usage: setup_peers.sh DIR [--dlib]" >&2; exit 2; }

packages=(python3 python3-venv python3-dev g++)  # torch.compile builds its kernels with g++
[ $dlib = 1 ] && packages+=(libdlib-dev)
bash "$(dirname "$0")/../cmake/setup.sh" "${packages[@]}"

[ -x "$dir/bin/python" ] || python3 -m venv "$dir"
if ! "$dir/bin/python" -c 'import torch, torchvision, numpy' 2>/dev/null; then
  echo "installing torch, torchvision and numpy from PyPI into $dir"
  "$dir/bin/python" -m pip install --quiet --upgrade pip
  "$dir/bin/python" -m pip install --quiet --upgrade torch torchvision numpy
fi
"$dir/bin/python" -c 'import torch, torchvision, numpy
print(f"torch {torch.__version__}, torchvision {torchvision.__version__}, numpy {numpy.__version__}")'
