#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Checks that the C tests call every function of the public C headers that the library has.
import re
import sys
from pathlib import Path

NAME = re.compile(r"\b(nvm_\w+)\(")


def text_of(root, *patterns):
    """All files of the patterns, without comments."""
    files = sorted(path for pattern in patterns for path in root.glob(pattern))
    text = "\n".join(path.read_text() for path in files)
    return re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL)


def uncalled(headers, sources, tests):
    """Functions that are declared and defined, and that no test calls."""
    declared = set(NAME.findall(headers))
    # A definition begins its line, and its parameters are followed by a body.
    defined = set(re.findall(r"^[A-Za-z][\w:*& ]*?\b(nvm_\w+)\((?:[^;{}]|\n)*?\)\s*\{", sources, flags=re.MULTILINE))
    # A table of functions calls them, too.
    return sorted((declared & defined) - set(re.findall(r"\bnvm_\w+", tests)))


def self_test():
    headers = "int nvm_a(void);\nint nvm_b(int x);\nint nvm_later(void);\n"
    sources = "int nvm_a() { return nvm_later(); }\nint nvm_b(int x) {\n  return x;\n}\n"
    assert uncalled(headers, sources, "CHECK(nvm_a());") == ["nvm_b"]
    assert uncalled(headers, sources, "nvm_a(), kTable[0] = nvm_b;") == []


def main(root):
    self_test()
    missing = uncalled(
        text_of(root, "include/liblightnvm*.h"),
        text_of(root, "src/capi/*.cpp", "tools/cli/*.cpp"),
        text_of(root, "tests/capi/*_test.c"),
    )
    for name in missing:
        print(f"{name}: no test calls it")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
