#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs `make demo` or `make test` on a clone in a new, bare Debian 12, to show an install step that is missing.
set -euo pipefail

usage="usage: $0 FOLDER [demo|test]
FOLDER must not exist or be empty; about 1 to 4 GB go there, and stay for a look. Needs root and a Debian host.
Environment: TRY_BARE_TIMEOUT, seconds for the make (default 3600)."
suite=bookworm

case "${1:-}" in "" | -*) echo "$usage" >&2 && exit 2 ;; esac
target=${2:-demo}
case "$target" in demo | test) ;; *) echo "$usage" >&2 && exit 2 ;; esac
((EUID == 0)) || { echo "$0: must be run by root" >&2 && exit 1; }

cd "$(dirname "${BASH_SOURCE[0]}")/.."
bare=$(realpath -m "$1")
[[ ! -e $bare || -d $bare && -z $(ls -A "$bare") ]] || { echo "$bare: not empty" >&2 && exit 1; }
[[ -z $(git status --porcelain) ]] || echo "note: what is not committed is not tried" >&2

# shellcheck disable=SC2317  # the trap calls it
# The deepest mount first; debootstrap may leave one behind when it is interrupted.
unmount_all() {
  awk -v root="$bare/" 'index($2, root) == 1 { print $2 }' /proc/self/mounts | sort -r |
    while read -r place; do umount "$place" || umount --lazy "$place"; done
}
trap unmount_all EXIT
trap 'exit 1' INT TERM

# The host's own sources of this suite, one line each, whichever format they are written in.
sources() {
  # shellcheck disable=SC2016  # apt expands these
  apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    grep -E "^deb [^ ]+ $suite(-security|-updates)? main$" | sort -u
}
[[ -n $(sources || true) ]] || apt-get update
mirror=$(sources | awk -v suite="$suite" '$3 == suite { print $2; exit }')
[[ -n $mirror ]] || { echo "$0: the host has no apt source of $suite" >&2 && exit 1; }

scripts/install-deps.sh --bare
mkdir -p "$bare"
debootstrap --variant=minbase --include=ca-certificates,git,make "$suite" "$bare" "$mirror"

sources >"$bare/etc/apt/sources.list"
apt-config dump Acquire | grep -E '^Acquire::(https?|Check-|Retries|ForceIPv)' >"$bare/etc/apt/apt.conf.d/99host" || true
cp --dereference /etc/resolv.conf /etc/hosts "$bare/etc/"
git clone --quiet --no-hardlinks . "$bare/usr/src/liblightnvm"

mkdir -p "$bare/dev/shm" "$bare/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$bare/dev/shm"
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts "$bare/dev/pts"

# A process namespace of its own: whatever the time limit leaves behind ends with it.
inside=(env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8)
for name in http_proxy https_proxy no_proxy; do
  [[ -z ${!name:-} ]] || inside+=("$name=${!name}")
done
status=0
timeout --kill-after=30 "${TRY_BARE_TIMEOUT:-3600}" \
  unshare --pid --fork --kill-child --mount-proc="$bare/proc" \
  chroot "$bare" "${inside[@]}" make -C /usr/src/liblightnvm --no-print-directory "$target" || status=$?

if ((status == 0)); then
  echo "make $target: works on a bare Debian 12 (in $bare)"
else
  echo "make $target: fails on a bare Debian 12 with status $status (in $bare)" >&2
fi
exit "$status"
