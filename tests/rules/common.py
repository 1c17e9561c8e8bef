# SPDX-License-Identifier: BSD-2-Clause
# What the rule checks share: walking the tree, telling code from comments, reporting, and the self-test.
import os
import re
import sys
import tempfile
from pathlib import Path

CPP_SUFFIXES = {".hpp", ".h", ".cpp", ".c", ".cc"}
HEADER_SUFFIXES = {".hpp", ".h"}

TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))
      | (?P<raw>R"(?P<fence>[^()\\\s]{0,16})\(.*?\)(?P=fence)")
      | (?P<string>"(?:\\.|[^"\\\n])*")
      | (?P<char>'(?:\\.|[^'\\\n])+')
      | (?P<number>\b\d(?:'?[\w.])*)
    """,
    re.VERBOSE | re.DOTALL,
)


class Source:
    """A C or C++ file as three views with the same line numbers."""

    def __init__(self, text):
        blank = lambda part: re.sub(r"[^\n]", " ", part)
        code, bare, comments, end = [], [], [], 0
        for token in TOKEN.finditer(text):
            between, part = text[end : token.start()], token.group()
            end = token.end()
            comment = token.group("comment") is not None
            literal = not comment and token.group("number") is None
            code += [between, blank(part) if comment else part]
            bare += [between, blank(part) if comment or literal else part]
            comments += [blank(between), part if comment else blank(part)]
        rest = text[end:]
        self.lines = text.split("\n")
        self.code = ("".join(code) + rest).split("\n")  # without comments
        self.bare = ("".join(bare) + rest).split("\n")  # without comments and literals
        self.comments = ("".join(comments) + blank(rest)).split("\n")  # comments alone


def read(path):
    return path.read_text(encoding="utf-8", errors="replace")


def files(root, *folders):
    """Every file below the folders, in order, as paths relative to root; build trees and hidden folders left out."""
    for folder in folders:
        for place, names, entries in os.walk(root / folder):
            names[:] = sorted(
                name
                for name in names
                if not name.startswith((".", "build", "cmake-build", "__pycache__"))
                and not (Path(place) / name / "CMakeCache.txt").exists()
            )
            for entry in sorted(entries):
                yield (Path(place) / entry).relative_to(root)


def run(check, clean, cases):
    """The main program of a check: check(root) returns violations, one line each ("warning: " in front: listed only).

    clean is a tree {path: text} without violations. cases is a list of (files laid over it, expected): the expected
    text must be in a violation, or None when there must be none.
    """
    arguments = sys.argv[1:]
    if arguments == ["--self-test"]:
        return self_test(check, clean, cases)
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parents[2]
    if len(arguments) > 1 or not root.is_dir():
        print(f"usage: {sys.argv[0]} [ROOT | --self-test]", file=sys.stderr)
        return 2
    found = check(root)
    for line in found:
        print(line)
    return 1 if violations(found) else 0


def violations(found):
    return [line for line in found if not line.startswith("warning: ")]


def self_test(check, clean, cases):
    wrong = []
    for number, (overlay, expected) in enumerate([({}, None), *cases]):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for name, text in {**clean, **overlay}.items():
                if text is None:
                    continue
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, encoding="utf-8")
            found = violations(check(root))
        if expected is None and found:
            wrong.append(f"case {number} {list(overlay)}: must be clean, but: {found}")
        if expected is not None and not any(expected in line for line in found):
            wrong.append(f"case {number} {list(overlay)}: '{expected}' was not found in {found}")
    for line in wrong:
        print(line)
    print(f"{len(cases) + 1 - len(wrong)} of {len(cases) + 1} cases as expected")
    return 1 if wrong else 0
