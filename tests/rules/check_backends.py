#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Checks that every backend is one folder with a README (with an options table) and one line in the build.
import re
import sys

import common

LIST = "src/backends/CMakeLists.txt"
ENTRY = re.compile(r"\bnvm_backend\(\s*([\w-]+)([^)]*)\)")
OPTIONS_TABLE = re.compile(r"^\|[^\n]*\boptions?\b[^\n]*\|\s*\n\|[\s:|-]*-[\s:|-]*\|", re.IGNORECASE | re.MULTILINE)


def check(root):
    found = []
    folders = sorted({path.parts[2] for path in common.files(root, "src/backends") if len(path.parts) > 3})
    text = re.sub(r'"[^"]*"|#.*', "", common.read(root / LIST)) if (root / LIST).exists() else ""
    entries = ENTRY.findall(text)
    listed = [name for name, _ in entries]
    absent = {name for name, arguments in entries if re.search(r"\bABSENT\b", arguments)}
    for folder in folders:
        readme = root / "src/backends" / folder / "README.md"
        if not readme.exists():
            found.append(f"src/backends/{folder}/README.md:1: missing")
        elif not OPTIONS_TABLE.search(common.read(readme)):
            found.append(f"src/backends/{folder}/README.md:1: no options table (a table with 'option' in its header)")
        if listed.count(folder) != 1:
            found.append(f"{LIST}:1: nvm_backend({folder} ...) is there {listed.count(folder)} times, must be once")
        if folder in absent:
            found.append(f"{LIST}:1: nvm_backend({folder} ...) says ABSENT, but there is src/backends/{folder}")
    for name in sorted(set(listed) - set(folders) - absent):
        found.append(f"{LIST}:1: nvm_backend({name} ...) has no folder")
    return found


CLEAN = {
    LIST: "function(nvm_backend name)\nendfunction()\n# nvm_backend(tcp ...)\nnvm_backend(emu)\n"
    "nvm_backend(\n  lbd REQUIRES x)\n"
    'nvm_backend(spdk ID 0x4 ABSENT "needs spdk (#7)")\n',
    "src/backends/backend.hpp": "",
    "src/backends/emu/emu.cpp": "",
    "src/backends/emu/README.md": "# emu\n\n| option | meaning |\n| --- | --- |\n| `ro` | read only |\n",
    "src/backends/lbd/README.md": "| Option | default | meaning |\n|:--|--:|---|\n",
}
TCP = {"src/backends/tcp/tcp.cpp": "", "src/backends/tcp/README.md": CLEAN["src/backends/emu/README.md"]}
CASES = [
    (TCP, "nvm_backend(tcp ...) is there 0 times"),
    ({LIST: CLEAN[LIST] + "nvm_backend(emu)\n"}, "nvm_backend(emu ...) is there 2 times"),
    ({LIST: CLEAN[LIST] + "nvm_backend(gone)\n"}, "nvm_backend(gone ...) has no folder"),
    ({LIST: CLEAN[LIST].replace("(emu", '(emu ABSENT "x"')}, "says ABSENT, but there is src/backends/emu"),
    ({LIST: None}, "nvm_backend(emu ...) is there 0 times"),
    ({"src/backends/emu/README.md": None}, "src/backends/emu/README.md:1: missing"),
    ({"src/backends/emu/README.md": "It has an option.\n"}, "no options table"),
    ({"src/backends/emu/README.md": "| name | meaning |\n|---|---|\n| option | x |\n"}, "no options table"),
]

if __name__ == "__main__":
    sys.exit(common.run(check, CLEAN, CASES))
