#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Finds copy and paste: the same run of 12 or more meaningful lines in two places.
import re
import sys

import common

THRESHOLD = 12
DISTINCT = 4  # a run of fewer different lines is a table, not code
TRIVIAL = re.compile(r"[\W_]*|#\s*(include|pragma)\b.*|(inline )?namespace\b.*\{|(public|private|protected):")


def meaningful(root, path):
    """The lines that count, as [(text with single spaces, line number)]."""
    source = common.Source(common.read(root / path))
    lines = [(" ".join(line.split()), number) for number, line in enumerate(source.code, 1)]
    return [(text, number) for text, number in lines if not TRIVIAL.fullmatch(text)]


def check(root):
    sequences = [
        (path.as_posix(), meaningful(root, path))
        for path in common.files(root, "src", "include", "tools")
        if path.suffix in common.CPP_SUFFIXES
    ]
    found, seen = [], {}
    for here, (path, lines) in enumerate(sequences):
        texts = [text for text, _ in lines]
        start = 0
        while start + THRESHOLD <= len(texts):
            window = tuple(texts[start : start + THRESHOLD])
            there, origin = seen.setdefault(window, (here, start))
            overlaps = there == here and origin + THRESHOLD > start
            if overlaps or len(set(window)) < DISTINCT:
                start += 1
                continue
            other_path, other = sequences[there]
            limit = start - origin if there == here else len(other) - origin
            length = THRESHOLD
            while length < limit and start + length < len(texts) and other[origin + length][0] == texts[start + length]:
                length += 1
            found.append(
                f"{path}:{lines[start][1]}-{lines[start + length - 1][1]}: repeats "
                f"{other_path}:{other[origin][1]}-{other[origin + length - 1][1]} ({length} lines)"
            )
            start += length
    return found


def body(first, last, indent="  "):
    return "".join(f'{indent}call({number}, "{number}");\n' for number in range(first, last))


CLEAN = {
    "src/a.cpp": "void a() {\n" + body(0, 11) + "}\n" + body(20, 60),
    "src/b.cpp": "void b() {\n" + body(0, 11) + "}\n",
    "src/table.cpp": "  0,\n" * 40 + "  zero,\n" * 20,
    "src/includes.hpp": "".join(f"#include <{name}>\n\n// The same.\n" for name in "abcdefghijklmnop"),
    "src/more_includes.hpp": "".join(f"#include <{name}>\n\n// The same.\n" for name in "abcdefghijklmnop"),
}
CASES = [
    ({"tools/c.cpp": "void c() {\n" + body(20, 32) + "}\n"}, "tools/c.cpp:2-13: repeats src/a.cpp:"),
    ({"src/c.cpp": "\n" + body(20, 45, "\t// why\n\n    ")}, "(25 lines)"),
    ({"src/c.cpp": body(70, 90) + "end();\n" + body(70, 90)}, "src/c.cpp:22-41: repeats src/c.cpp:1-20 (20 lines)"),
    ({"tests/c.cpp": body(20, 60)}, None),
]

if __name__ == "__main__":
    sys.exit(common.run(check, CLEAN, CASES))
