#!/bin/bash
# SPDX-License-Identifier: MIT
# All tests: installs what is missing, then format, build with g++ (and nvcc, where CUDA is) and ctest, clang-tidy, the
# tests once more with clang and under AddressSanitizer + UndefinedBehaviorSanitizer, loader and training under
# ThreadSanitizer, every reader fuzzed.
#   tests/run.sh [--quick]      --quick: build with g++ and ctest only
# Logs are in build/logs. CTNET_DATA_DIR, CTNET_CONTRACT_DIR and CTNET_CASES_DIR in the environment add the tests that
# need real data or outside programs; CTNET_FUZZ_SECONDS is the time per reader (10; 20 where CI is set).
set -uo pipefail
cd "$(dirname "$0")/.."
quick=0
[ "${1:-}" = --quick ] && quick=1
fuzz_seconds=${CTNET_FUZZ_SECONDS:-$([ -n "${CI:-}" ] && echo 20 || echo 10)}
jobs=$(nproc)
logs=build/logs
mkdir -p $logs
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1 CTEST_PARALLEL_LEVEL=$jobs NINJA_STATUS='[%f/%t] '
passed=0 failed=0 skipped=0 failures=()

# stage NAME COMMAND...: runs it with its output in a log; one line about it, and the log's end where it fails
stage() {
  local name=$1 log=$logs/${1//[^a-z0-9+]/-}.log start=$SECONDS status=0
  shift
  printf '%-34s' "$name"
  "$@" >"$log" 2>&1 </dev/null || status=$?
  if [ $status = 0 ]; then
    passed=$((passed + 1))
    printf 'ok    %4d s\n' $((SECONDS - start))
  else
    failed=$((failed + 1))
    failures+=("$name ($log)")
    printf 'FAILED %3d s, %s\n' $((SECONDS - start)) "$log"
    grep -nE 'error|FAILED|ERROR|warning:' "$log" | head -20
    tail -25 "$log"
  fi
  return $status
}

# tests NAME PRESET [CTEST OPTION...]: ctest, counted test by test
tests() {
  local name=$1 preset=$2 log=$logs/${1//[^a-z0-9+]/-}.log start=$SECONDS
  shift 2
  echo "$name:"
  ctest --preset "$preset" "$@" >"$log" 2>&1 </dev/null
  grep -E '^ *[0-9]+/[0-9]+ Test' "$log" | sed -E 's/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: /  /'
  local ok bad none
  none=$(grep -cE 'Test +#[0-9]+:.*\*\*\*Skipped' "$log")
  ok=$(grep -cE 'Test +#[0-9]+:.* Passed ' "$log")
  bad=$(($(grep -cE '^ *[0-9]+/[0-9]+ Test +#[0-9]+:' "$log") - ok - none))
  [ $((ok + bad + none)) = 0 ] && bad=1
  passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + none))
  if [ $bad != 0 ]; then
    failures+=("$bad of: $name ($log)")
    sed -n '/ERROR\|FAILED\|error\|\*\*\*/p' "$log" | head -80
  fi
  [ $none = 0 ] || grep -hE '^skipped: ' "build/$preset/Testing/Temporary/LastTest.log" | sort -u | sed 's/^/  /'
  printf '%-34s%s %4d s\n' "  $ok passed, $bad failed" "$([ $bad = 0 ] && echo 'ok   ' || echo FAILED)" $((SECONDS - start))
}

build() {  # build PRESET CONFIGURE_OPTION... [-- BUILD OPTION...]
  local preset=$1 options=()
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do options+=("$1") && shift; done
  cmake --preset "$preset" "${options[@]}" && cmake --build --preset "$preset" -j "$jobs" "${@:2}" -- -k 0
}

format() {  # must_not_compile/ begins with sentences that must stay on one line
  git ls-files -co --exclude-standard -- 'include/*.hpp' 'include/*.inl' 'include/*.cuh' 'tests/*.?pp' 'tests/*.inl' \
    'tests/*.cu' 'bench/*.?pp' 'bench/*.cu' 'bench/*.cuh' 'examples/*.?pp' 'examples/*.cu' ':!tests/must_not_compile' >build/logs/files
  local file wrong=0
  while read -r file; do
    [ ! -e "$file" ] || clang-format-16 --dry-run -Werror "$file" 2>/dev/null || { echo "error: clang-format -i $file" && wrong=1; }
  done <build/logs/files
  return $wrong
}

tidy() {  # compiler warnings are the build's business
  clang-tidy-16 -p build/ci --quiet --extra-arg=-w --extra-arg=-Wno-unknown-warning-option examples/0*.cpp
}

fuzz() {
  local program reader
  cmake --preset asan -B build/fuzz -DCTNET_SANITIZE= -DCTNET_FUZZ=ON &&
    cmake --build build/fuzz --target tests/fuzz/all -j "$jobs" || return 1
  for program in build/fuzz/tests/fuzz/fuzz_*; do
    [ -x "$program" ] && [ -f "$program" ] && echo "$program"
  done | xargs -P "$jobs" -I{} bash tests/fuzz/run.sh {} "$fuzz_seconds"
}

stage 'packages' bash cmake/setup.sh g++ clang-16 libclang-rt-16-dev libomp-16-dev libc++-16-dev libc++abi-16-dev clang-format-16 clang-tidy-16 cmake ninja-build git \
  python3 zlib1g-dev g++-aarch64-linux-gnu qemu-user g++-mingw-w64-x86-64-posix libz-mingw-w64-dev libboost-context-dev libjpeg62-turbo-dev libpng-dev \
  libeigen3-dev libxtensor-dev nlohmann-json3-dev doctest-dev || exit 1
[ $quick = 1 ] || stage 'format' format
stage 'build, g++' build ci
tests 'tests, g++' ci
if [ $quick = 0 ]; then
  stage 'emulated: aarch64, older x86' bash tests/emulated/run.sh build/emulated build/ci/tests/tests_deploy
  stage 'clang-tidy' tidy
  stage 'build, clang, address+undefined' build asan
  tests 'tests, clang, address+undefined' asan
  stage 'build, clang, thread' build tsan -- --target tests_data tests_train tests_deploy
  tests 'tests, clang, thread' tsan -R '^(data|train|deploy)$'
  stage "fuzzing, $fuzz_seconds s a reader" fuzz
fi

printf '\n%d min %d s\n' $((SECONDS / 60)) $((SECONDS % 60))
[ ${#failures[@]} = 0 ] || printf 'FAILED: %s\n' "${failures[@]}"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
