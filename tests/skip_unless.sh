#!/bin/bash
# SPDX-License-Identifier: MIT
# skip_unless.sh PATH WHAT COMMAND...: runs the command; where PATH is empty or absent, says so and exits with 77 (skipped).
if [ -z "$1" ] || [ ! -e "$1" ]; then
  echo "skipped: $2 (${1:-not set})"
  exit 77
fi
shift 2
exec "$@"
