#!/bin/bash
# SPDX-License-Identifier: MIT
# run.sh PROGRAM SECONDS: fuzzes one reader from its corpus; a find is left in the working directory's build/ and named.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
program=$(realpath "$1") reader=$(basename "$1") seconds=$2
reader=${reader#fuzz_}
work=$(dirname "$program")/$reader
mkdir -p "$work/new" "$work/finds"
seeds=()
[ -d "$here/corpus/$reader" ] && seeds=("$here/corpus/$reader")
if "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$work/finds/" -print_final_stats=1 \
  "$work/new" "${seeds[@]}" >"$work/log" 2>&1; then
  echo "$reader: $(grep -oE 'number_of_executed_units: +[0-9]+' "$work/log" | grep -oE '[0-9]+') inputs, no find"
else
  tail -40 "$work/log"
  echo "$reader: a find, in $work/finds; put it into tests/fuzz/corpus/$reader"
  exit 1
fi
