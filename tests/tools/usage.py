# SPDX-License-Identifier: BSD-2-Clause
# What the tools say of themselves: their sub-commands and options, as --help prints them.
import re

TOOLS = ["nvm_addr", "nvm_bbt", "nvm_bench", "nvm_check", "nvm_cmd", "nvm_dev", "nvm_emu", "nvm_target", "nvm_vblk"]


def subcommands(bench, tool):
    text = bench.ok([tool, "--help"]).out.partition("Subcommands:\n")[2].partition("\n\n")[0]
    return re.findall(r"^  (\w+)", text, re.M)


def options(bench, *command):
    """Options of a command, each by all of its names."""
    names = re.findall(r"^  (-\S+)", bench.ok([*command, "--help"]).out, re.M)
    return [name for both in names for name in both.split(",")]


def commands(bench):
    """All tools with each of their sub-commands."""
    for tool in TOOLS:
        yield (tool,)
        yield from ((tool, sub) for sub in subcommands(bench, tool))
