#!/bin/bash
# SPDX-License-Identifier: MIT
# Trains LeNet and shows how good it became. Installs what is missing, builds build/examples, runs 02_lenet_cifar10.
#   examples/run.sh [OPTION...]             on shapes that the program draws itself
#   examples/run.sh DIR [OPTION...]         on CIFAR-10 (data_batch_1.bin ... test_batch.bin in DIR)
#   examples/run.sh --fetch [OPTION...]     on CIFAR-10, fetched (162 MB) into build/ and checked
# Options are those of the program: --epochs N, --batch N, --workers N, --out DIR; see --help.
set -euo pipefail
cd "$(dirname "$0")/.."

fetch() {
  local archive=build/cifar-10-binary.tar.gz md5=c32a1d4ab5d03f1284b67883e8d87530
  mkdir -p build
  if ! echo "$md5  $archive" | md5sum --check --status 2>/dev/null; then
    bash cmake/setup.sh curl ca-certificates
    echo "fetching CIFAR-10 from www.cs.toronto.edu"
    curl -fL --retry 2 -o "$archive" https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz || {
      echo "it cannot be fetched; without --fetch the program draws its own data" >&2
      exit 1
    }
    echo "$md5  $archive" | md5sum --check --quiet || {
      echo "$archive is not the file it should be (md5 $md5)" >&2
      exit 1
    }
  fi
  [ -e build/cifar-10-batches-bin/test_batch.bin ] || tar -xzf "$archive" -C build
}

arguments=(--out build/lenet-shapes)
if [ "${1:-}" = --fetch ]; then
  fetch
  arguments=(--data build/cifar-10-batches-bin --out build/lenet-cifar10)
  shift
elif [ $# -gt 0 ] && [[ $1 != -* ]]; then
  arguments=(--data "$1" --out build/lenet-cifar10)
  shift
fi

bash cmake/setup.sh g++ cmake ninja-build zlib1g-dev libjpeg62-turbo-dev libpng-dev libeigen3-dev libxtensor-dev nlohmann-json3-dev
mkdir -p build
log=build/examples.log
echo "building (half a minute the first time)"
{ cmake --preset examples && cmake --build --preset examples --target 02_lenet_cifar10; } >"$log" 2>&1 || {
  tail -40 "$log"
  exit 1
}
exec build/examples/examples/02_lenet_cifar10 "${arguments[@]}" "$@"
