#!/bin/bash
# SPDX-License-Identifier: MIT
# The kernels on machines that are not here, under qemu-user: 64-bit Arm (NEON, through the portable target), and x86
# without AVX-512 and without AVX: a program built with plain flags starts there and chooses other loops.
#   tests/emulated/run.sh BUILD_DIR X86_PROGRAM
set -euo pipefail
cd "$(dirname "$0")/../.."
dir=$1 program=$2
compiler=${CTNET_AARCH64_CXX:-aarch64-linux-gnu-g++}
units=(tests/main.cpp tests/deploy/{nets,target}.cpp tests/layers/conv/deploy*.cpp tests/layers/conv/kernels.cpp
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
  $(command -v ccache || true) '"$compiler"' -std=c++20 -O1 -DCTNET_NO_PICTURES -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -Iinclude -Itests \
    -isystem '"$dir"'/include -DCTNET_FIXTURES_DIR=\"$PWD/tests/fixtures\" -c "$0" -o "$1" && echo "$0"'
$compiler -static "$dir"/tests-*.o -o "$dir/kernels"
# Left out, since slow here: the same code in other sizes.
skip=--test-case-exclude="*drawn at random*,*bfloat16*,*every layout to every other"
echo "aarch64:" && CTNET_EXPECTED_TARGET=base qemu-aarch64 "$dir/kernels" "$skip" &
arm=$!
if [ "$(uname -m)" = x86_64 ]; then
  echo "x86 of 2008 (SSE4):" && CTNET_EXPECTED_TARGET=base qemu-x86_64 -cpu Nehalem "$program" "$skip"
  echo "x86 of 2013 (AVX2):" && CTNET_EXPECTED_TARGET=avx2 qemu-x86_64 -cpu Haswell "$program" "$skip"
fi
wait $arm
