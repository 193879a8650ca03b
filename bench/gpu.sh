#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Everything that wants an NVIDIA GPU, in one go and within --minutes (9): builds, tests, compute-sanitizer, and times
# beside PyTorch and the machine's own ceilings. A machine with CUDA 13 and a python3 with PyTorch is enough, without a
# network and without packages:
#   bash bench/gpu.sh pack             once, where Debian's packages are: header packages to build/gpu-headers
#   bash bench/gpu.sh run [OPTION...]  with the repository and build/gpu-headers on the GPU's machine
# Options: --out DIR, --minutes M, --only build,test,sanitize,lenet,vgg,limits,ops,profile, --dry (builds, runs nothing
# that needs a GPU); all of them: run --help. Leaves result.html, result.json, result.txt and logs in DIR.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
packed=build/gpu-headers

pack() {
  rm -rf "$packed"
  mkdir -p "$packed"/{include/eigen3,lib,contract}
  local from=${CTNET_PACKAGES:-/usr/include} missing=()
  for name in doctest xtensor xtl xsimd nlohmann zlib.h zconf.h eigen3/Eigen; do
    if [ -e "$from/$name" ]; then
      cp -rL "$from/$name" "$packed/include/$(dirname "$name")/"
    else
      missing+=("$name")
    fi
  done
  # zlib's code, for machines that have only the shared library of programs
  local zlib
  zlib=$(g++ -print-file-name=libz.a)
  if [ -e "$zlib" ]; then cp -L "$zlib" "$packed/lib/"; else missing+=(libz.a); fi
  if [ -n "${CTNET_CONTRACT_DIR:-}" ]; then
    cp "$CTNET_CONTRACT_DIR"/*.cu "$packed/contract/" || missing+=("$CTNET_CONTRACT_DIR/*.cu")
  else
    missing+=("contract programs (CTNET_CONTRACT_DIR is not set)")
  fi
  if [ ${#missing[@]} -gt 0 ]; then printf 'not found, left out: %s\n' "${missing[@]}"; fi
  echo "$packed: $(du -sh "$packed" | cut -f1)"
}

case "${1:-}" in
  pack) pack ;;
  run)
    shift
    export PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
    exec "${PYTHON:-python3}" bench/gpu/run.py "$@"
    ;;
  *)
    sed -n '3,11s/^# \?//p' "${BASH_SOURCE[0]}"
    exit 2
    ;;
esac
