# SPDX-License-Identifier: BSD-2-Clause
# The completion for bash knows what the tools know.
import subprocess

import usage
from support import same

SCRIPT = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_liblightnvm
printf '%s\\n' "${COMPREPLY[@]}"
"""


def complete(bench, *words):
    file = bench.root / "completions" / "liblightnvm.bash"
    out = bench.ok(["bash", "-u", "-c", SCRIPT, "bash", file, *words]).out
    return sorted(word for word in out.split("\n") if word)


def test_subcommands_and_options_of_all_tools(bench):
    for command in usage.commands(bench):
        if len(command) == 1 and command[0] != "nvm_check":
            same(complete(bench, *command, ""), sorted(usage.subcommands(bench, *command)))
        same((command, complete(bench, *command, "-")), (command, sorted(usage.options(bench, *command))))


def test_beginnings_and_values(bench):
    same(complete(bench, "nvm_cmd", "rp"), ["rprt_all", "rprt_lun"])
    same(complete(bench, "nvm_emu", "create", "x", "--ws"), ["--ws-min", "--ws-opt"])
    same(complete(bench, "nvm_emu", "chunks", "x", "--state", "o"), ["offline", "open"])


def test_files(bench):
    bench.path("a device.img").touch()
    same(complete(bench, "nvm_vblk", "write", "a"), ["a device.img"])
    same(complete(bench, "nvm_vblk", "write", "a", "0", "-i", ""), ["a device.img"])
    same(complete(bench, "nvm_check", "a"), ["a device.img"])
    same(complete(bench, "nvm_vblk", "write", "a", "b"), [])
    bench.path("a folder").mkdir()
    same(complete(bench, "nvm_dev", "enum", "a"), ["a folder"])
    same(complete(bench, "nvm_dev", "enum", "a folder", "a"), ["a folder"])


def test_every_tool_is_completed(bench):
    file = bench.root / "completions" / "liblightnvm.bash"
    text = bench.ok(["bash", "-c", 'source "$0" && complete -p', file], stderr=subprocess.STDOUT).out
    same(sorted(line.split()[-1] for line in text.splitlines() if "_liblightnvm" in line), usage.TOOLS)
