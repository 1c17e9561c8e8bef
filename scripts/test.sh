#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Builds and tests the given presets (default: release, dev, tsan); the last line is "N passed, N failed, N skipped".
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
presets=("$@")
((${#presets[@]})) || presets=(release dev tsan)

# Runs a command of a preset. GCC 12's ThreadSanitizer cannot start where the kernel randomises more than 28 bits.
in_preset() {
  local preset=$1
  shift
  if [[ $preset == tsan ]] && setarch "$(uname -m)" --addr-no-randomize true 2>/dev/null; then
    setarch "$(uname -m)" --addr-no-randomize "$@"
  else
    "$@"
  fi
}

build_and_test() {
  local preset=$1 report=$2
  cmake --preset "$preset" && in_preset "$preset" cmake --build --preset "$preset" || return
  # A failed test is in the report: the sum below speaks for it.
  in_preset "$preset" ctest --preset "$preset" --output-junit "$report" || true
}

reports=()
for preset in "${presets[@]}"; do
  report=$PWD/build/$preset/junit.xml
  reports+=("$preset=$report")
  echo "== $preset"
  rm -f "$report"
  build_and_test "$preset" "$report" || break # the other presets would only repeat the compiler's complaint
done

exec python3 scripts/sum_tests.py "${reports[@]}"
