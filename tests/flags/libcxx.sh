#!/bin/bash
# SPDX-License-Identifier: MIT
# A program on ctnet.hpp with LLVM's standard library:   libcxx.sh CLANG INCLUDE_FOLDER
set -e
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! echo '#include <vector>' | "$1" -stdlib=libc++ -fsyntax-only -x c++ - 2>/dev/null; then
  echo "skipped: LLVM's standard library was not found"
  exit 77
fi
"$1" -std=c++20 -stdlib=libc++ -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -DCTNET_NO_PICTURES -I "$2" \
  "$here/libcxx_tool.cpp" -o "$work/program" -lz -pthread
"$work/program"
