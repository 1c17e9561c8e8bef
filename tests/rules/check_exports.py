#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# The shared library exports exactly the functions of its headers; what it lacks is in exports_missing.txt, which shrinks.
import re
import subprocess
import sys
from pathlib import Path

HEADERS = ["liblightnvm.h", "liblightnvm_spec.h", "liblightnvm_util.h"]
MISSING = Path(__file__).resolve().parent / "exports_missing.txt"
VERSION = "LIBLIGHTNVM_0"


def declared(text):
    """Functions that a header declares; not what it defines itself, and not types."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.DOTALL)
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", " ", text, flags=re.MULTILINE)
    text = re.sub(r'extern\s+"C"\s*\{', " ", text)
    while re.search(r"\{[^{}]*\}", text):
        text = re.sub(r"\{[^{}]*\}", "@", text)
    names = set()
    for statement in re.split(r"[;@]", re.sub(r"static\s+inline[^;@]*@", ";", text)):
        match = re.match(r"(?!\s*typedef\b)[\w\s*]*?\b(\w+)\s*\(", statement)
        if match and match.group(1) != "__attribute__":
            names.add(match.group(1))
    return names


def exported(listing):
    """Defined symbols of `nm -D`: name -> version. The version's own name, which is absolute, is left out."""
    rows = (line.split() for line in listing.splitlines())
    pairs = (row[2].partition("@") for row in rows if len(row) == 3 and row[1] not in "AU")
    return {name: version.lstrip("@") for name, _, version in pairs}


def listed(text):
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def check(headers, symbols, missing):
    found = [f"{name}: twice in {MISSING.name}" for name in set(missing) if missing.count(name) > 1]
    for name in sorted(symbols.keys() - headers):
        found.append(f"{name}: is exported, and no header declares it")
    for name in sorted(headers - symbols.keys() - set(missing)):
        found.append(f"{name}: is declared, and the library does not have it")
    for name in sorted(set(missing) & symbols.keys()):
        found.append(f"{name}: is there now; take it out of {MISSING.name}")
    for name in sorted(set(missing) - headers):
        found.append(f"{name}: is in {MISSING.name}, and no header declares it")
    for name, version in sorted(symbols.items()):
        if version != VERSION:
            found.append(f"{name}: has version '{version}', not {VERSION}")
    return found


def self_test():
    header = (
        '/* int nvm_not(void); */\n#define NVM_CALL(x) \\\n  nvm_not_this(x)\n#ifdef __cplusplus\nextern "C" {\n#endif\n'
        "struct nvm_s { union { int a; }; void (*nvm_field)(int); };\ntypedef int (*nvm_type)(int);\n"
        "enum nvm_e { NVM_A = (1 << 2) };\nint nvm_a(void);\nconst struct nvm_s *nvm_b(int x,\n  int y);\n"
        "static inline int nvm_inline(void) { return nvm_a(); }\n"
        "void nvm_c(const char *f, ...) __attribute__((format(printf, 1, 2)));\n#ifdef __cplusplus\n}\n#endif\n"
    )
    assert declared(header) == {"nvm_a", "nvm_b", "nvm_c"}, declared(header)
    listing = "0000 A LIBLIGHTNVM_0\n0010 T nvm_a@@LIBLIGHTNVM_0\n U malloc@GLIBC_2\n0020 T nvm_x@@LIBLIGHTNVM_0\n0030 V _ZTI1x\n"
    symbols = exported(listing)
    assert symbols == {"nvm_a": VERSION, "nvm_x": VERSION, "_ZTI1x": ""}, symbols
    good = {"nvm_a": VERSION}
    assert check({"nvm_a", "nvm_b"}, good, ["nvm_b"]) == []
    for headers, names, missing, expected in [
        ({"nvm_a"}, symbols, [], "nvm_x: is exported"),
        ({"nvm_a"}, symbols, [], "_ZTI1x: has version ''"),
        ({"nvm_a", "nvm_b"}, good, [], "nvm_b: is declared"),
        ({"nvm_a"}, good, ["nvm_a"], "nvm_a: is there now"),
        ({"nvm_a"}, good, ["nvm_z"], "nvm_z: is in"),
        ({"nvm_a", "nvm_b"}, good, ["nvm_b", "nvm_b"], "nvm_b: twice"),
    ]:
        assert any(expected in line for line in check(headers, names, missing)), expected
    print("check_exports: the self-test passed")
    return 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    if len(arguments) != 3:
        print(f"usage: {sys.argv[0]} ROOT NM LIBRARY | --self-test", file=sys.stderr)
        return 2
    root, nm, library = arguments
    headers = set().union(*(declared((Path(root) / "include" / name).read_text()) for name in HEADERS))
    command = [nm, "--dynamic", "--defined-only", "--with-symbol-versions", library]
    symbols = exported(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
    missing = listed(MISSING.read_text()) if MISSING.exists() else []
    found = check(headers, symbols, missing)
    print("\n".join(found) or f"{len(headers)} functions declared, {len(symbols)} exported, {len(missing)} missing")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
