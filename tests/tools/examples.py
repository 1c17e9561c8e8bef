#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# The documented examples: runs examples/*.cmd in order in one folder, and keeps docs/tools.md in step with them.
import difflib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from support import FAR, Bench

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE / "examples"
ROOT = HERE.parents[1]
MANUAL = ROOT / "docs" / "tools.md"

# What differs from run to run: these numbers match any other of their kind.
VOLATILE = [
    (re.compile(r"(elapsed|mbsec): \d+(\.\d+)?"), r"\1: *"),
    (re.compile(r"\"(elapsed|mbsec)\": [\d.e-]+"), r'"\1": *'),
    (re.compile(r"(nbytes_used): \d+  # .*"), r"\1: *"),
]
# Of nvm_bench: speeds, latencies, drawings.
VOLATILE += [
    (re.compile(r"^(read|write|reset) +(\d+) +\d+ +[\d.]+ +(\d+)$", re.M), r"\1 \2 * \3"),
    (re.compile(r"^(read|write|reset)( +[\d.]+){8}$", re.M), r"\1 *"),
    (re.compile(r"^( +[\d.]+ [num]?s +[\d.]+ %.*\n)+", re.M), "*\n"),
    (re.compile(r"^(read|write|reset) IOPS, .*\n", re.M), ""),
    (re.compile(r"^(read|write|reset) +(\S+)(, us)? +[\d.]+ +[\d.]+ +[\d.]+(  .*)?$", re.M), r"\1 \2 *"),
]
BLOCK = re.compile(r"(<!-- example: (\S+) -->\n```\n)(.*?)(```\n)", re.DOTALL)


def names():
    return sorted(path.stem for path in EXAMPLES.glob("*.cmd"))


def stable(text):
    for pattern, replacement in VOLATILE:
        text = pattern.sub(replacement, text)
    return text


def command(name):
    return (EXAMPLES / f"{name}.cmd").read_text()


def expected(name):
    return (EXAMPLES / f"{name}.out").read_text()


def run_all(bench):
    """Yields (name, output), standard output and standard error as a terminal shows them."""
    for path in EXAMPLES.iterdir():
        if path.suffix not in (".cmd", ".out"):
            shutil.copy(path, bench.folder)
    for name in names():
        with bench.popen(["bash", "-c", command(name)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as p:
            yield name, p.communicate(timeout=FAR)[0]


def difference(before, after, what):
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), f"{what} (expected)", what, lineterm="")
    return "\n".join(lines)


def block(name):
    """What the manual shows of an example: the command after a prompt, and what it prints."""
    lines = command(name).rstrip("\n").split("\n")
    shown = [line if before.endswith("\\") else f"$ {line}" for before, line in zip(["", *lines], lines)]
    return "\n".join(shown) + "\n" + expected(name)


def manual_with_examples(text):
    return BLOCK.sub(lambda match: match.group(1) + block(match.group(2)) + match.group(4), text)


def shown(text):
    return [match.group(2) for match in BLOCK.finditer(text)]


def main(arguments):
    """Rewrites the .out files from what the tools print now, and the manual's blocks from both."""
    if len(arguments) == 1:
        with tempfile.TemporaryDirectory() as folder:
            for name, output in run_all(Bench(Path(arguments[0]).resolve(), folder, ROOT)):
                path = EXAMPLES / f"{name}.out"
                if not path.exists() or stable(path.read_text()) != stable(output):
                    path.write_text(output)
                    print(f"written: {path.relative_to(ROOT)}")
    elif arguments:
        print(f"usage: {sys.argv[0]} [TOOLS]", file=sys.stderr)
        return 2
    MANUAL.write_text(manual_with_examples(MANUAL.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
