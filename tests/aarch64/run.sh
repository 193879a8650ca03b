#!/bin/bash
# SPDX-License-Identifier: MIT
# The kernels on 64-bit Arm (NEON, through the portable target): cross-compiled, run under qemu-user.
#   tests/aarch64/run.sh BUILD_DIR
set -euo pipefail
cd "$(dirname "$0")/../.."
dir=$1
compiler=${CTNET_AARCH64_CXX:-aarch64-linux-gnu-g++}
units=(tests/main.cpp tests/deploy/nets.cpp tests/layers/conv/deploy*.cpp tests/layers/conv/kernels.cpp
  tests/layers/conv/variants*.cpp tests/layers/{linear,pool,norm,activation,join}/kernels.cpp tests/losses/{math,kernels}.cpp
  tests/train/denormals.cpp)
mkdir -p "$dir/include"
ln -sfn /usr/include/doctest "$dir/include/doctest"  # nothing else of the host's headers
objects=()
for unit in "${units[@]}"; do
  [ -e "$unit" ] || continue
  object=$dir/${unit//\//-}.o
  objects+=("$object")
  echo "$unit" "$object"
done | xargs -P "$(nproc)" -n 2 bash -c '
  $(command -v ccache || true) '"$compiler"' -std=c++20 -O1 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -Iinclude -Itests \
    -isystem '"$dir"'/include -DCTNET_FIXTURES_DIR=\"$PWD/tests/fixtures\" -c "$0" -o "$1" && echo "$0"'
$compiler -static "$dir"/tests-*.o -o "$dir/kernels"
qemu-aarch64 "$dir/kernels"
