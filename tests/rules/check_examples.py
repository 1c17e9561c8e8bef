#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Code blocks of the documentation that name an example are that example; --fix writes them anew.
import pathlib
import re
import sys
import tempfile

BLOCK = re.compile(r"(<!-- (examples/[\w./-]+) -->\n```\w*\n)(.*?)(```)", re.S)


def body(path):
    """The program without its two header lines."""
    return "".join(path.read_text().splitlines(keepends=True)[2:])


def check(root, fix=False):
    """Returns a line for each block that is not its example."""
    wrong = []
    pages = [root / "README.md", *sorted((root / "docs").glob("**/*.md"))]
    for page in filter(pathlib.Path.exists, pages):
        text = page.read_text()
        for block in BLOCK.finditer(text):
            example = root / block.group(2)
            if not example.exists():
                wrong.append(f"{page.relative_to(root)}: {block.group(2)} does not exist")
            elif body(example) != block.group(3):
                wrong.append(f"{page.relative_to(root)}: the block of {block.group(2)} differs from it (--fix)")
        if fix:
            page.write_text(BLOCK.sub(lambda b: b.group(1) + body(root / b.group(2)) + b.group(4), text))
    return wrong


def self_test():
    """Shows that a difference is found and mended."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "examples").mkdir()
        (root / "docs").mkdir()
        (root / "examples/a.cpp").write_text("// one\n// two\nint main() {}\n")
        page = root / "docs/a.md"
        page.write_text("<!-- examples/a.cpp -->\n```cpp\nint man() {}\n```\n<!-- examples/b.cpp -->\n```cpp\n```\n")
        assert len(check(root)) == 2
        (root / "examples/b.cpp").write_text("// one\n// two\n")
        check(root, fix=True)
        assert check(root) == [], check(root)
        assert "int main() {}" in page.read_text()
    print("check_examples: the self-test passed")


if __name__ == "__main__":
    if "--self-test" in sys.argv:
        self_test()
    else:
        found = check(pathlib.Path(sys.argv[1]), "--fix" in sys.argv)
        print("\n".join(found) or "check_examples: all blocks are their examples")
        sys.exit(1 if found and "--fix" not in sys.argv else 0)
