#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Shows the library at work: a file written across all parallel units of an emulated Open-Channel SSD, and read back.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools=${1:-build/release}/tools
folder=${2:-build/demo}
image=ocssd.img

bold='' green='' red='' plain=''
if [[ -t 1 && ${TERM:-dumb} != dumb && -z ${NO_COLOR:-} ]]; then
  bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
fi

step() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
give_up() {
  printf '\n%sThe demo failed:%s %s\n' "$red" "$plain" "$*" >&2
  exit 1
}
# Shows a command line, runs it, and shows and keeps what it prints.
output=$(mktemp)
trap 'rm -f "$output"' EXIT
run() {
  printf '%s$ %s%s\n' "$bold" "$1" "$plain"
  bash -c "set -o pipefail; $1" | tee "$output" || give_up "the command above ended with an error"
}

for tool in nvm_emu nvm_dev nvm_vblk; do
  [[ -x $tools/$tool ]] || give_up "$tools/$tool is missing; 'make build' makes it"
done
started=$SECONDS

step "Where the tools are, and a folder to work in"
[[ $tools == /* ]] || tools=\$PWD/$tools
for line in "export PATH=$tools:\$PATH" "mkdir -p $folder" "cd $folder"; do
  printf '%s$ %s%s\n' "$bold" "$line" "$plain"
  eval "$line"
done
rm -f data.bin back.bin

step "An Open-Channel SSD in a file"
run "nvm_emu create $image --force | sed -n 1,7p"

step "What it is: groups of parallel units, which have chunks, which have sectors"
run "nvm_dev info $image --brief"
value() { sed -n "s/^  $1: //p" "$output"; }
groups=$(value npugrp) units=$(value npunit) chunks=$(value nchunk)
bytes=$((groups * units * $(value nsectr) * $(value nbytes)))
line="0 $((groups - 1)) 0 $((units - 1))"

step "Chunks that are bad from the factory, as on any flash"
run "nvm_emu chunks $image --state offline --json | grep -o '\"pugrp.*k\":[0-9]*'"
bad=" $(sed -n 's/.*"chunk":\([0-9]*\)$/\1/p' "$output" | tr '\n' ' ')"
chunk=0
while [[ $bad == *" $chunk "* ]]; do chunk=$((chunk + 1)); done
((chunk < chunks)) || give_up "every chunk number is bad in some unit"
echo "Chunk $chunk is good in all $((groups * units)) units."

step "A file of random bytes: $((bytes >> 20)) MiB, a chunk of each unit"
run "head -c $bytes /dev/urandom > data.bin"

step "Written across all units at once, as one virtual block"
run "nvm_vblk line_write $image $line $chunk -i data.bin"
written=$(sed -n 's/^nvm_vblk_write: .*mbsec: \([0-9]*\).*/\1/p' "$output")

step "And read back"
run "nvm_vblk line_read $image $line $chunk -o back.bin | grep nvm_"
read_back=$(sed -n 's/^nvm_vblk_read: .*mbsec: \([0-9]*\).*/\1/p' "$output")

step "The same bytes?"
run "sha256sum data.bin back.bin"
[[ $(awk '{ print $1 }' "$output" | sort -u | wc -l) == 1 ]] || give_up "what was read is not what was written"
[[ $(stat -c %s back.bin) == "$bytes" ]] || give_up "back.bin has the wrong size"

step "Where they are: one closed chunk in each unit"
run "nvm_emu chunks $image --summary"
[[ $(awk '$1 ~ /^[0-9]+$/ { print $5 }' "$output" | sort -u) == 1 ]] || give_up "not every unit has one closed chunk"
run "nvm_emu check $image | grep findings"

rm -f data.bin back.bin
cat <<END

${green}All $((bytes >> 20)) MiB came back as they were written.${plain}
Written at $written MiB/s, read at $read_back MiB/s, in $((groups * units)) parallel units; all took $((SECONDS - started)) s.

The device stays in $folder for you to play with:

  export PATH=$tools:\$PATH
  cd $folder
  nvm_vblk line_erase $image $line $chunk
  nvm_vblk write $image 0x0001000100000000 -i /etc/os-release --pad
  nvm_emu chunks $image --summary
  nvm_vblk --help

docs/tools.md is the manual.
END
