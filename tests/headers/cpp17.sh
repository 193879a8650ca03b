#!/bin/bash
# SPDX-License-Identifier: MIT
# Usage: cpp17.sh INCLUDE COMPILER...     Before C++20 each door is one error, which says so.
include=$1
shift
for compiler in "$@"; do
  for door in "$include"/ctnet/{ctnet,infer,layers,data}.hpp; do
    said=$("$compiler" -std=c++17 -fsyntax-only -I "$include" -x c++ "$door" 2>&1)
    [ "$(grep -c 'error:' <<<"$said")" = 1 ] && grep -q 'compile with -std=c++20' <<<"$said" && continue
    echo "$compiler, $door:"
    head -20 <<<"$said"
    exit 1
  done
done
