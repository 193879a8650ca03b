#!/bin/bash
# SPDX-License-Identifier: MIT
# needs_gpu.sh PROGRAM...: runs it where there is an NVIDIA GPU; else says so and exits with 77.
if ! compgen -G '/dev/nvidia[0-9]*' >/dev/null && ! nvidia-smi -L >/dev/null 2>&1; then
  echo "skipped: no GPU"
  exit 77
fi
exec "$@"
