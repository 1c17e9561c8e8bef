# SPDX-License-Identifier: BSD-2-Clause
# The manual pages: each tool has one that is sound and names all that --help names.
import re
import shutil

import test_target
import usage
from support import Skip, same

SECTIONS = ["NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "EXAMPLES", "SEE ALSO"]


def page(bench, tool):
    return bench.root / "man" / f"{tool}.1"


def rendered(bench, tool):
    """As a terminal shows it, without bold and underlined letters; warnings fail."""
    if shutil.which("groff") is None:
        raise Skip("there is no groff")
    result = bench.ok(["groff", "-mdoc", "-Tascii", "-ww", "-P-cbou", page(bench, tool)])
    same(result.err, "")
    return result.out


def test_pages_are_sound(bench):
    for tool in usage.TOOLS:
        text = rendered(bench, tool)
        found = re.findall(r"^([A-Z][A-Z ]+)$", text, re.M)
        same((tool, [name for name in found if name != "ENVIRONMENT"]), (tool, SECTIONS))
        assert max(len(line) for line in text.splitlines()) <= 80, tool


def test_pages_name_subcommands_and_options(bench):
    missing = []
    for command in usage.commands(bench):
        words = rendered(bench, command[0])
        for name in [*command[1:], *usage.options(bench, *command)]:
            if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", words):
                missing.append((command, name))
    same(missing, [])


def test_pages_name_no_option_that_is_not_there(bench):
    for tool in usage.TOOLS:
        known = {name for command in usage.commands(bench) if command[0] == tool for name in usage.options(bench, *command)}
        named = {f"-{name}" for name in re.findall(r"^\.(?:It|Op)?.*?\bFl (-?[\w-]+)", page(bench, tool).read_text(), re.M)}
        same((tool, sorted(named - known)), (tool, []))


def test_examples_of_the_pages_run(bench):
    bench.ok("nvm_emu create ocssd.img")
    bench.ok("nvm_emu create old.img --spec 1.2 --planes 2")
    bench.ok("nvm_vblk write ocssd.img 0x0201000a00000000")
    bench.random_file("data.bin", 1 << 20)
    for tool in usage.TOOLS:
        commands = re.findall(r"^\.Dl (.*)", page(bench, tool).read_text(), re.M)
        assert commands, tool
        for command in commands:
            # A check of all rules has tests of its own, and a device is not made twice.
            if "nvm_check" not in command and "create old.img" not in command:
                command = command.replace("0 2 0 4 10", "0 2 0 4 20")
                # A server goes on until it is told to stop.
                if command.startswith("nvm_target"):
                    command = f"timeout --preserve-status -s TERM 1 {command}"
                served = re.search(r"tcp://127.0.0.1/", command)
                if served:
                    target, port = test_target.start(bench, "emu:", "--listen", "127.0.0.1:0")
                    command = command.replace(served[0], f"tcp://127.0.0.1:{port}/")
                bench.ok(["bash", "-c", command])
                if served:
                    test_target.stop(target)
