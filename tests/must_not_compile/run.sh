#!/bin/bash
# SPDX-License-Identifier: MIT
# Usage: run.sh [--no-twins] "COMPILER FLAGS" [FILE...]     e.g. run.sh "g++ -std=c++20 -I include"
# Each file must be refused with exactly one error, in at most 30 lines and 3000 bytes, which holds the sentence of the file's
# first line ("// must say: ..."). Its twin, the same file with -DFIXED, must compile. The sentence and the compiler's words are
# compared without namespaces, commas, underscores and casts, blanks made one. Prints "N passed, N failed".
# --no-twins: without the twins, for compilers after the first.
twins=1
[ "$1" = --no-twins ] && twins=0 && shift
read -ra compiler <<<"$1"
shift
case ${compiler[0]} in
  *nvcc) compiler+=(-c -o /dev/null) ;;
  *) compiler+=(-fsyntax-only) ;;
esac
folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
files=("$@")
[ ${#files[@]} -eq 0 ] && mapfile -t files < <(find "$folder" -name '*.cpp' | sort)

# The compilers spell names of taps and paths in their own ways: Name<4>{"1.1"}, Name<4U>{"1.1"}.
simplified() { sed -E 's/Name<[0-9]+U?>\{("[^"]*")\}/\1/g; s/\b(ctnet|data|detail|words):://g; s/\((Word|int)\)//g; s/[,_]+/ /g; s/ +/ /g; s/ +>/>/g'; }
verdict() { # of file $1; empty if it is as it should be
  local said sentence errors
  sentence=$(sed -n '1s/^.*must say: *//p' "$1" | simplified)
  [ -n "$sentence" ] || { echo "its first line does not say what the message must say" && return; }
  said=$("${compiler[@]}" "$1" 2>&1) && { echo "it compiles" && return; }
  errors=$(grep -cE '(^|[ :])(fatal )?error( #[0-9A-Z-]+)?:' <<<"$said")
  simplified <<<"$said" | grep -qF -- "$sentence" || { echo "the message lacks: $sentence" && return; }
  [ "$errors" -eq 1 ] || { echo "$errors errors, expected one" && return; }
  [ "$(wc -l <<<"$said")" -le 30 ] || { echo "$(wc -l <<<"$said") lines, at most 30 are allowed" && return; }
  [ ${#said} -le 3000 ] || { echo "${#said} bytes, at most 3000 are allowed" && return; }
  [ $twins = 0 ] || said=$("${compiler[@]}" -DFIXED "$1" 2>&1) || echo "its twin (-DFIXED) does not compile: ${said:0:300}"
}

passed=0 failed=0
for file in "${files[@]}"; do
  why=$(verdict "$file")
  if [ -z "$why" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "${file#"$folder"/}: $why"
  fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
