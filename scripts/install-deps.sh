#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Installs the Debian packages that are missing for a job; does nothing, at once, when all are there.
set -euo pipefail

build=(g++ cmake ninja-build pkg-config libcli11-dev libfmt-dev nlohmann-json3-dev libxxhash-dev)
test=("${build[@]}" libgtest-dev libgmock-dev python3 dpkg-dev file valgrind)
demo=("${build[@]}")
bench=("${build[@]}" libbenchmark-dev python3 valgrind)
fuzz=("${build[@]}" clang-19 libclang-rt-19-dev)
lint=(git clang-format-19 clang-tidy-19)
bare=(git debootstrap util-linux)

usage() {
  echo "usage: $0 [--build] [--test] [--demo] [--bench] [--fuzz] [--lint] [--bare]   (default: --test)"
}

wanted=()
for job in "${@:---test}"; do
  case "$job" in
    --build) wanted+=("${build[@]}") ;;
    --test) wanted+=("${test[@]}") ;;
    --demo) wanted+=("${demo[@]}") ;;
    --bench) wanted+=("${bench[@]}") ;;
    --fuzz) wanted+=("${fuzz[@]}") ;;
    --lint) wanted+=("${lint[@]}") ;;
    --bare) wanted+=("${bare[@]}") ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
  esac
done

if ! command -v apt-get >/dev/null; then
  echo "This system has no apt-get; what the build needs, by the names of Debian: ${wanted[*]}" >&2
  exit 0
fi

installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${wanted[@]}" 2>/dev/null || true)
missing=()
for package in "${wanted[@]}"; do
  [[ $'\n'"$installed"$'\n' == *$'\n'"$package installed"$'\n'* || " ${missing[*]} " == *" $package "* ]] ||
    missing+=("$package")
done
((${#missing[@]})) || exit 0

as_root=()
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null || ! sudo true; then
    echo "Packages are missing, and installing them needs root. Run this, then try again:" >&2
    echo "  apt-get update && apt-get install -y --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 "$@"; }
install() { apt install -y --no-install-recommends "${missing[@]}"; }

echo "Installing: ${missing[*]}"
if apt-cache show --no-all-versions "${missing[@]}" >/dev/null 2>&1; then
  # Known packages may still be gone from the mirror when the lists are old.
  install || { apt update && install; }
else
  apt update
  install
fi
