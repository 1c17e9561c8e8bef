#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Runs tests of the tools: run.py TOOLS [MODULE [TEST]]; each test_* function gets a Bench in a new folder.
import importlib
import sys
import tempfile
import traceback
from pathlib import Path

from support import Bench, Skip

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SKIPPED = 77


def run(tools, module, name):
    """0 passed, 1 failed, 77 skipped."""
    with tempfile.TemporaryDirectory(prefix="nvm-tools-") as folder:
        try:
            getattr(importlib.import_module(module), name)(Bench(tools, folder, ROOT))
        except Skip as reason:
            print(f"skipped: {reason}")
            return SKIPPED
        except Exception:
            traceback.print_exc()
            return 1
    return 0


def names(module):
    return [name for name in vars(importlib.import_module(module)) if name.startswith("test_")]


def main(arguments):
    if not arguments or not Path(arguments[0]).is_dir():
        print(f"usage: {sys.argv[0]} TOOLS [MODULE [TEST]]", file=sys.stderr)
        return 2
    tools = Path(arguments[0]).resolve()
    modules = arguments[1:2] or sorted(path.stem for path in HERE.glob("test_*.py"))
    results = [(m, n, run(tools, m, n)) for m in modules for n in (arguments[2:3] or names(m))]
    if len(results) == 1:
        return results[0][2]
    for module, name, result in results:
        print(f"{ {0: 'passed', 1: 'FAILED', SKIPPED: 'skipped'}[result] }: {module}.{name}")
    return 1 if any(result == 1 for _, _, result in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
