#!/bin/bash
# SPDX-License-Identifier: MIT
# A program on ctnet.hpp for Windows, run by Wine where that is:   windows.sh MINGW INCLUDE_FOLDER
set -e
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! echo '#include <zlib.h>' | "$1" -fsyntax-only -x c++ - 2>/dev/null; then
  echo "skipped: zlib for MinGW was not found (Debian: libz-mingw-w64-dev)"
  exit 77
fi
# without a picture's libraries one error that says what to do
said=$("$1" -std=c++20 -fsyntax-only -I "$2" -x c++ - <<<'#include <ctnet/ctnet.hpp>' 2>&1) || true
if ! echo '#include <jpeglib.h>' | "$1" -fsyntax-only -x c++ - 2>/dev/null &&
  [ "$(grep -c 'error:' <<<"$said") $(grep -c 'add -DCTNET_NO_PICTURES' <<<"$said")" != "1 2" ]; then
  echo "$said"
  exit 1
fi
"$1" -std=c++20 -O1 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -DCTNET_NO_PICTURES -I "$2" \
  "$here/windows_tool.cpp" -o "$work/program.exe" -static -lz -pthread
wine=$(command -v wine || command -v wine64) || exit 0
mkdir "$work/files"
export WINEPREFIX=$work/wine WINEDEBUG=-all WINEDLLOVERRIDES=mscoree,mshtml=
"$wine" "$work/program.exe" "$work/files"
wineserver -w 2>/dev/null || true
