#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Checks that an #include never points up: the table below is the order of the library's parts.
import posixpath
import re
import sys
from typing import NamedTuple

import common

# Part: layer, folder, and the public headers that declare it (an include may go to the same layer or a lower one).
PARTS = {
    "base": (0, "src/base", ["status", "segment", "completion", "version"]),
    "spec": (1, "src/spec", []),
    "os": (1, "src/os", []),
    "model": (2, "src/model", ["address", "geometry", "chunk", "event", "command_options", "ppa_format", "bad_blocks",
                              "found_device", "fault_trigger"]),
    "fabrics": (2, "src/fabrics", []),
    "dialect": (3, "src/dialect", []),
    "emulator": (3, "src/emulator", ["emulator", "faults"]),
    "backends": (3, "src/backends", []),
    "layers": (4, "src/layers", ["route_faults"]),
    "device": (5, "src/device", ["device", "queue", "buffer", "command"]),
    "vblk": (6, "src/vblk", ["virtual_block"]),
    "format": (6, "src/format", ["format"]),
    "target": (6, "src/target", ["target"]),
    "capi": (7, "src/capi", []),  # and include/liblightnvm*.h
    "umbrella": (8, None, ["lightnvm"]),
}

# Layer 3 holds siblings that do not know each other, but for these (who: whom, beside itself).
# "backends" is the seam, src/backends/*.hpp; "backends/x" is a backend's folder, which nobody else may look into.
SIBLINGS_LAYER = 3
SIBLINGS = {
    "backends/*": ["backends"],
    "backends/emu": ["backends", "emulator"],
    "backends/prxy": ["backends", "emulator"],
}

INCLUDE = re.compile(r'\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>|(\S.*))')
FOLDERS = {folder.removeprefix("src/"): part for part, (_, folder, _) in PARTS.items() if folder}
HEADERS = {f"include/lightnvm/{name}.hpp": part for part, (_, _, names) in PARTS.items() for name in names}


class Place(NamedTuple):
    """Where a file belongs: its part and layer; public when users see it."""

    part: str
    layer: int
    public: bool


def place_of(path):
    """The place of a file of src or include; None when the table does not have it."""
    if path in HEADERS:
        return Place(HEADERS[path], PARTS[HEADERS[path]][0], True)
    if re.fullmatch(r"include/liblightnvm\w*\.h", path):
        return Place("capi", PARTS["capi"][0], True)
    steps = path.split("/")
    if steps[0] != "src" or len(steps) < 3 or steps[1] not in FOLDERS:
        return None
    part = FOLDERS[steps[1]]
    name = f"backends/{steps[2]}" if part == "backends" and len(steps) > 3 else part
    return Place(name, PARTS[part][0], False)


def resolve(root, path, name):
    """The file of this project that an include names, or None for the standard library and third parties."""
    if name.startswith(("lightnvm/", "liblightnvm")):
        return f"include/{name}"
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    if (root / beside).is_file() or name.startswith("."):
        return beside
    plain = posixpath.normpath(name)
    if plain.startswith(("src/", "include/")):
        return plain
    if plain.split("/")[0] in FOLDERS and "/" in plain:
        return f"src/{plain}"
    return None


def complaint(source, target):
    """Why a file at place `source` may not include one at place `target`; None when it may."""
    if source.public and not target.public:
        return "a public header includes a private one"
    if target.layer > source.layer:
        return f"points up, from {source.part} (layer {source.layer}) to {target.part} (layer {target.layer})"
    if target.part == source.part:
        return None
    if target.part.startswith("backends/"):
        return f"{source.part} looks into {target.part}: a backend is reached through the seam alone"
    if source.layer == target.layer == SIBLINGS_LAYER:
        own = SIBLINGS.get(source.part, SIBLINGS["backends/*"] if source.part.startswith("backends/") else [])
        if target.part not in own:
            return f"{source.part} and {target.part} do not know each other"
    return None


def includes(root, path):
    source = common.Source(common.read(root / path))
    for number, line in enumerate(source.code, 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1) or match.group(2), match.group(3)


def check(root):
    found = []
    for file in common.files(root, "src", "include", "tools", "examples"):
        path = file.as_posix()
        if file.name.removesuffix(".in") == "CMakeLists.txt" or file.suffix in {".md", ".map"}:
            continue
        user = file.parts[0] if file.parts[0] in {"tools", "examples"} else None
        source = None if user else place_of(path)
        if not user and source is None:
            found.append(f"{path}:1: not in the layer table of tests/rules/check_layers.py")
            continue
        if file.suffix not in common.CPP_SUFFIXES and not path.endswith((".hpp.in", ".cpp.in", ".h.in")):
            continue
        for number, name, computed in includes(root, path):
            where = f"{path}:{number}:"
            if computed:
                found.append(f"{where} #include {computed}: computed includes cannot be checked")
                continue
            target_path = resolve(root, path, name)
            if target_path is None or (user and target_path.startswith(f"{user}/")):
                continue
            target = place_of(target_path)
            if target is None:
                found.append(f"{where} {name}: not in the layer table of tests/rules/check_layers.py")
            elif user:
                if not target.public:
                    found.append(f"{where} {name}: {user} use public headers only")
            elif problem := complaint(source, target):
                found.append(f"{where} {name}: {problem}")
    return found


CLEAN = {
    "include/lightnvm/status.hpp": "#include <expected>\n",
    "include/lightnvm/geometry.hpp": '#include "lightnvm/address.hpp"\n#include "lightnvm/status.hpp"\n',
    "include/lightnvm/lightnvm.hpp": "#include <lightnvm/device.hpp>\n",
    "include/liblightnvm.h": "#include <stdint.h>\n",
    "src/base/error.hpp": '#include "lightnvm/status.hpp"\n',
    "src/spec/nvme.hpp": '#include "base/error.hpp"\n',
    "src/emulator/chunks.hpp": '#include "model/rules.hpp"\n',
    "src/backends/backend.hpp": '#include "spec/nvme.hpp"\n',
    "src/backends/emu/emu.cpp": '#include "backends/backend.hpp"\n#include "emulator/chunks.hpp"\n#include "emu.hpp"\n',
    "src/backends/emu/emu.hpp": '// #include "dialect/dialect.hpp"\n',
    "src/backends/emu/README.md": "",
    "src/backends/CMakeLists.txt": "",
    "src/device/open.cpp": '#include "backends/registry.hpp"\n#include "dialect/dialect.hpp"\n#include <fmt/core.h>\n',
    "src/capi/cmd.cpp": "#include <liblightnvm.h>\n",
    "tools/nvm_cmd.cpp": '#include <CLI/CLI.hpp>\n#include <liblightnvm.h>\n#include "args.hpp"\n',
    "tools/args.hpp": "#include <lightnvm/lightnvm.hpp>\n",
}
CASES = [
    ({"src/base/up.cpp": '#include "spec/nvme.hpp"\n'}, "up.cpp:1: spec/nvme.hpp: points up"),
    ({"src/base/up.cpp": '\n#include "../device/device.hpp"\n'}, "up.cpp:2: ../device/device.hpp: points up"),
    ({"src/base/up.cpp": '#include "../misc/x.hpp"\n'}, "up.cpp:1: ../misc/x.hpp: not in the layer table"),
    ({"src/base/up.cpp": '#include "../device/x.hpp"\n', "src/device/x.hpp": ""}, "points up, from base"),
    ({"src/spec/up.cpp": '#  include <lightnvm/geometry.hpp>\n'}, "points up, from spec (layer 1) to model (layer 2)"),
    ({"src/capi/up.cpp": "#include <lightnvm/lightnvm.hpp>\n"}, "to umbrella"),
    ({"src/backends/ioctl/a.cpp": '#include "backends/emu/emu.hpp"\n'}, "backends/ioctl looks into backends/emu"),
    ({"src/backends/ioctl/a.cpp": '#include "../emu/emu.hpp"\n'}, "backends/ioctl looks into backends/emu"),
    ({"src/backends/ioctl/a.cpp": '#include "emulator/chunks.hpp"\n'}, "do not know each other"),
    ({"src/backends/ioctl/a.cpp": '#include "dialect/dialect.hpp"\n'}, "do not know each other"),
    ({"src/backends/ioctl/a.cpp": '#include "layers/trace.hpp"\n'}, "points up"),
    ({"src/backends/ioctl/a.cpp": '#include "model/rules.hpp"\n#include "backends/caps.hpp"\n'}, None),
    ({"src/backends/prxy/a.cpp": '#include "emulator/chunks.hpp"\n'}, None),
    ({"src/backends/bad.hpp": '#include "backends/emu/emu.hpp"\n'}, "backends looks into backends/emu"),
    ({"src/emulator/a.cpp": '#include "backends/backend.hpp"\n'}, "emulator and backends do not know each other"),
    ({"src/emulator/a.cpp": '#include "dialect/dialect.hpp"\n'}, "emulator and dialect do not know each other"),
    ({"src/fabrics/a.cpp": '#include "backends/backend.hpp"\n'}, "points up"),
    ({"src/dialect/a.cpp": '#include "backends/backend.hpp"\n'}, "dialect and backends do not know each other"),
    ({"src/device/a.cpp": '#include "backends/emu/emu.hpp"\n'}, "device looks into backends/emu"),
    ({"src/device/a.cpp": '#include "src/vblk/stripe.hpp"\n'}, "points up"),
    ({"include/lightnvm/status.hpp": '#include "lightnvm/address.hpp"\n'}, "points up"),
    ({"include/lightnvm/device.hpp": '#include "base/error.hpp"\n'}, "a public header includes a private one"),
    ({"include/lightnvm/extra.hpp": ""}, "include/lightnvm/extra.hpp:1: not in the layer table"),
    ({"src/misc/a.cpp": ""}, "src/misc/a.cpp:1: not in the layer table"),
    ({"src/a.cpp": ""}, "src/a.cpp:1: not in the layer table"),
    ({"src/base/a.cpp": "#include HEADER\n"}, "computed includes"),
    ({"tools/a.cpp": '#include "device/open.hpp"\n'}, "tools use public headers only"),
    ({"tools/a.cpp": '#include "../src/base/error.hpp"\n'}, "tools use public headers only"),
    ({"examples/a.c": '#include "base/error.hpp"\n'}, "examples use public headers only"),
]

if __name__ == "__main__":
    sys.exit(common.run(check, CLEAN, CASES))
