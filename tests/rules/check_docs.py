#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Checks the documents: every relative link leads to a file, and nothing speaks of one machine or package registry.
import re
import sys
import urllib.parse
from pathlib import Path

import common

MACHINE_PATH = re.compile(r"(?<![\w./~-])/(?:work|root|tmp/bash[\w.]*)(?![\w-])")
REGISTRY = re.compile(
    r"(?://|@)[\w.-]*(?:pypi\.org|pythonhosted\.org|npmjs\.org|npmjs\.com|crates\.io|proxy\.golang\.org|rubygems\.org"
    r"|repo\.maven|docker\.io|ghcr\.io|gcr\.io|pkg\.dev|artifactory|jfrog\.io|(?:deb|security|snapshot)\.debian\.org"
    r"|archive\.ubuntu\.com)",
    re.IGNORECASE,
)
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+[\"'][^)]*)?\)|^\s*\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)")
INLINE_CODE = re.compile(r"`[^`]*`")


def documents(root):
    yield from (path.relative_to(root) for path in sorted(root.glob("*.md")))
    folders = sorted(path.name for path in root.iterdir() if path.is_dir() and not path.name.startswith((".", "build")))
    for path in common.files(root, *folders):
        if path.suffix == ".md" or path.parts[0] == "docs":
            yield path


def broken(root, path, target):
    """Why a link leads nowhere; None when it is fine or none of ours."""
    if re.match(r"[a-zA-Z][\w+.-]*:|#|//", target):
        return None
    name = urllib.parse.unquote(target.split("#")[0].split("?")[0])
    if name.startswith("/"):
        return "is absolute"
    place = (root / path.parent / name).resolve()
    if not place.is_relative_to(root.resolve()):
        return "leaves the repository"
    return None if place.exists() else "leads to no file"


def check(root):
    found = []
    for path in documents(root):
        fenced = False
        for number, line in enumerate(common.read(root / path).split("\n"), 1):
            where = f"{path.as_posix()}:{number}:"
            if match := MACHINE_PATH.search(line):
                found.append(f"{where} {match.group()}: a path of one machine")
            if match := REGISTRY.search(line):
                found.append(f"{where} {match.group()}: the address of a package registry")
            if re.match(r"\s*(```|~~~)", line):
                fenced = not fenced
            if fenced or path.suffix != ".md":
                continue
            for match in LINK.finditer(INLINE_CODE.sub("", line)):
                target = match.group(1) or match.group(2)
                if problem := broken(root, path, target):
                    found.append(f"{where} link {target} {problem}")
    return found


CLEAN = {
    "README.md": "[a](docs/a.md) ![b](<docs/b.png>) [c](https://example.org/x) [d](#here)\n"
    "[e](docs/a.md#top \"title\")\n"
    "```\n[not](a/link)\n```\n`[nor](this)` and ~/work, src/work, /workload, /tmp/device.img\n[ref]: docs/a.md\n",
    "docs/a.md": "[up](../README.md) [code](../src/backends/emu/)\n",
    "docs/b.png": "",
    "src/backends/emu/README.md": "[seam](../backend.hpp)\n",
    "src/backends/backend.hpp": "",
    "build/dev/x.md": "[broken](nothing)\n",
}
CASES = [
    ({"README.md": "\n[a](docs/missing.md)\n"}, "README.md:2: link docs/missing.md leads to no file"),
    ({"CONTRIBUTING.md": "[a]: nothing.md\n"}, "link nothing.md leads to no file"),
    ({"docs/deep/x.md": "[a](../../README.md), [b](README.md)\n"}, "link README.md leads to no file"),
    ({"src/spec/README.md": "[a](../../../x.md)\n"}, "leaves the repository"),
    ({"README.md": "[a](/docs/a.md)\n"}, "is absolute"),
    ({"docs/a.md": "```\ncd /work/liblightnvm\n```\n"}, "docs/a.md:2: /work: a path of one machine"),
    ({"docs/run.out": "/root/device.img\n"}, "docs/run.out:1: /root: a path of one machine"),
    ({"README.md": "https://files.pythonhosted.org/x\n"}, "a package registry"),
]

if __name__ == "__main__":
    sys.exit(common.run(check, CLEAN, CASES))
