#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Checks every source: first two lines, no conditionals, no printing or exiting in the library, comments, sizes.
import fnmatch
import re
import sys

import common

FOLDERS = ["src", "include", "tools", "examples", "tests", "bench", "docs", "cmake", "scripts", ".ci"]
LIBRARY = ("src/", "include/")

# Where the preprocessor may choose.
CONDITIONALS_ALLOWED = ["src/os/*", "include/lightnvm/version.hpp"]
# The C API's own printers: nvm_*_pr.
PRINTING_ALLOWED = ["src/capi/*", "include/liblightnvm_util.h"]
# The environment is read when a device is opened, and nowhere else.
ENVIRONMENT_ALLOWED = ["src/device/open*.cpp", "src/backends/*/options*.cpp"]

HEADER_LINES, SOURCE_LINES = 250, 500
# Larger on purpose: file and reason.
SIZE_ALLOWED = {
    "include/liblightnvm.h": "the C API is one header, as the original's users include it",
    "include/liblightnvm_spec.h": "what devices say is one header, as the original's users include it",
}
# Larger is an error, reason or not: the seam must fit on two screens.
SIZE_FIXED = {"src/backends/backend.hpp": 130}

SPDX = "SPDX-License-Identifier: BSD-2-Clause"
HASH_SUFFIXES = {".py", ".sh", ".cmake"}
HASH_NAMES = {"CMakeLists.txt", "Makefile", "run"}

CONDITIONAL = re.compile(r"\s*#\s*(if|ifdef|ifndef|elif|elifdef|elifndef|else)\b(.*)")
PRINT = re.compile(
    r"(?<![\w.>:])(?:std::)?"
    r"(?:v?f?printf|v?dprintf|f?puts|f?putc|putchar|putwchar|f?wprintf|perror|psignal|v?syslog)\s*\("
    r"|\bstd::(?:cout|cerr|clog|wcout|wcerr|print|println|vprint_\w+)\b|\bfmt::(?:print|println|vprint)\b"
    r"|(?<![\w.>])(?:stdout|stderr|STDOUT_FILENO|STDERR_FILENO)\b|#\s*include\s*<(?:iostream|print|err\.h|syslog\.h)>"
)
EXIT = re.compile(
    r"(?:(?P<scope>[\w>]*::)|(?P<member>\.|->)|(?P<type>[\w>\]&*]+)\s+)?"
    r"\b(?P<name>_exit|exit|_Exit|abort|quick_exit|terminate|__builtin_abort|__builtin_trap)\s*\("
)
NO_TYPES = {"return", "co_return", "else", "do", "and", "or", "not", "&&", "||", "=", ">", ">=", "*", "&"}
ENVIRONMENT = re.compile(r"(?<![\w.>])(?:secure_getenv|getenv|setenv|unsetenv|putenv)\s*\(|(?<![\w.>])environ\b")

SPEC = re.compile(r"(?<![\w-])(?:NVMe|OCSSD|ZNS)-[\w.-]*\w")
SPEC_FORM = re.compile(r"(?:NVMe-TCP|NVMe-oF|NVMe|OCSSD|ZNS)-\d+\.\d+")
TODO = re.compile(r"\bTODO\b(?!\(#\d+\))|\b(?:FIXME|XXX)\b")

# What a line of prose does not look like.
CODE_MARKS = re.compile(r"\w\(|\)|->|::|[\[\]<>=]|\+\+|--")
CODE_STARTS = re.compile(
    r"(?:[{}]|(?:return|break|continue|goto|delete|throw|using|namespace|struct|class|enum|template|typedef|const"
    r"|static|constexpr|auto|int|unsigned|bool|char|void|double|float|size_t|std::\S+|u?int\d+_t)\b)"
)
KEYWORDS = set(
    "return break continue goto delete throw using namespace struct class enum template typedef typename const"
    " static constexpr auto int unsigned long short signed bool char void double float if else for while do switch"
    " case new public private virtual override inline noexcept".split()
)


def allowed(path, patterns):
    return any(fnmatch.fnmatch(path, pattern) for pattern in patterns)


def marker(path, text):
    """The comment marker of a file that the rules speak of, else None."""
    name = path.name.removesuffix(".in")
    suffix = "." + name.rsplit(".", 1)[-1] if "." in name else ""
    if suffix in common.CPP_SUFFIXES:
        return "//"
    if suffix in HASH_SUFFIXES or name in HASH_NAMES or re.match(r"#!.*\b(?:sh|bash|python3?)\b", text):
        return "#"
    return None


def check_head(lines, mark):
    first = 1 if lines[0].startswith("#!") else 0
    head = [*lines[first : first + 2], "", ""]
    if head[0] != f"{mark} {SPDX}":
        yield first + 1, f"must be '{mark} {SPDX}'"
    elif not head[1].startswith(f"{mark} ") or len(re.findall(r"\w+", head[1])) < 3:
        yield first + 2, "must be a comment that says what the file is for"


def looks_like_code(text):
    """A line of a comment that was code once: the end and the marks of code, and no three words in a row."""
    if not re.search(r"[;{}]$", text) or not (CODE_STARTS.match(text) or CODE_MARKS.search(text)):
        return False
    for words in re.findall(r"(?<![\w(])(?=([A-Za-z]+ [a-z]+ [a-z]+)\b)", text):
        if len([word for word in words.split() if word not in KEYWORDS]) >= 2:
            return False
    return True


def check_comments(comments):
    for number, line in enumerate(comments, 1):
        match = re.match(r"\s*(//+!?<?|/\*+!?|\*(?!/))?(\s*)(.*?)\s*(?:\*/)?\s*$", line)
        begin, indent, text = match.groups()
        # An example in documentation is indented, as in Markdown.
        example = begin not in (None, "//") and len(indent) >= 4
        if text and not example and looks_like_code(text):
            yield number, "code that is commented out"


def check_words(comments):
    for number, line in enumerate(comments, 1):
        for reference in SPEC.findall(line):
            if not SPEC_FORM.fullmatch(reference):
                yield number, f"{reference}: a reference is NVMe-2.0 4.1.4, OCSSD-2.0 2.2, ZNS-1.1 2.5.3"
        if match := TODO.search(line):
            yield number, f"{match.group()} without an issue: write TODO with the issue's number, as in (#12)"


def check_conditionals(path, bare):
    c_header = re.fullmatch(r"include/liblightnvm\w*\.h", path)
    for number, line in enumerate(bare, 1):
        match = CONDITIONAL.match(line)
        if match and path == "include/liblightnvm_util.h":
            continue  # NVM_DEBUG is compiled in by the programs that define NVM_DEBUG_ENABLED
        if match and not (c_header and match.group(1) == "ifdef" and match.group(2).strip() == "__cplusplus"):
            yield number, f"#{match.group(1)} outside of src/os"


def exits(line):
    """The name of a call that ends the program; declarations and members of that name (an Abort command) are fine."""
    for match in EXIT.finditer(line):
        scope, kind = match.group("scope"), match.group("type")
        if match.group("member") or (scope not in (None, "::", "std::")):
            continue
        if kind and kind not in NO_TYPES and not kind.endswith(("&&", "||")):
            continue
        return match.group("name")
    return None


def check_library(path, source):
    for number, line in enumerate(source.bare, 1):
        if not allowed(path, PRINTING_ALLOWED) and (match := PRINT.search(line)):
            yield number, f"the library does not print: {match.group().rstrip('(').strip()}"
        if name := exits(line):
            yield number, f"the library does not end the program: {name}"
        if not allowed(path, ENVIRONMENT_ALLOWED) and (match := ENVIRONMENT.search(line)):
            yield number, f"the environment is read at open alone: {match.group().rstrip('(').strip()}"


def check_size(path, lines, header):
    count = len(lines) - (lines[-1] == "")
    budget = HEADER_LINES if header else SOURCE_LINES
    if path in SIZE_FIXED and count > SIZE_FIXED[path]:
        yield f"{path}:{count}: {count} lines, at most {SIZE_FIXED[path]}"
    elif count > budget and path in SIZE_ALLOWED:
        yield f"warning: {path}:{count}: {count} lines, budget {budget}: {SIZE_ALLOWED[path]}"
    elif count > budget:
        yield f"{path}:{count}: {count} lines, budget {budget}: split it, or give the reason in SIZE_ALLOWED"


def check_cpp(path, text):
    source = common.Source(text)
    header = path.removesuffix(".in").endswith(tuple(common.HEADER_SUFFIXES))
    problems = [*check_comments(source.comments), *check_words(source.comments)]
    if header and not any(re.fullmatch(r"\s*#\s*pragma\s+once\s*", line) for line in source.bare):
        problems.append((1, "a header without #pragma once"))
    if not allowed(path, CONDITIONALS_ALLOWED):
        problems += check_conditionals(path, source.bare)
    if path.startswith(LIBRARY):
        problems += check_library(path, source)
    return problems, list(check_size(path, source.lines, header))


def check(root):
    found = []
    top = [path.relative_to(root) for path in sorted(root.iterdir()) if path.is_file()]
    for file in [*top, *common.files(root, *FOLDERS)]:
        path, text = file.as_posix(), common.read(root / file)
        mark = marker(file, text)
        if mark is None:
            continue
        lines = text.split("\n")
        problems, sizes = list(check_head(lines, mark)), []
        if mark == "//":
            more, sizes = check_cpp(path, text)
            problems += more
        else:
            problems += check_words([re.sub(r"^(?:.*\s)?#\s|^.*$", "", line, count=1) for line in lines])
        found += [f"{path}:{number}: {what}" for number, what in sorted(problems)] + sizes
    return found


HEAD = f"// {SPDX}\n// What this file is for.\n"
HASH_HEAD = f"# {SPDX}\n# What this file is for.\n"


def source(text, name="src/base/a.cpp"):
    return {name: HEAD + text}


CLEAN = {
    "src/base/a.cpp": HEAD + "// NVMe-2.0 4.1.4: NLB is 0-based (OCSSD-2.0 2.2, NVMe-TCP-1.0 3.3). TODO(#12): more.\n"
    "// It is written at once; then the reader (see below) is told;\n"
    "// of the others, each waits for its own (see above);\n"
    "Status Queue::abort(int id) { queue.abort(id); return other->exit(); }\n  Result<int> terminate(int);\n"
    'auto text = "exit(1); printf( // std::cout TODO NVMe-x";\nsnprintf(b, 1\'000, "x");\nfmt::format("stderr");\n',
    "src/os/b.hpp": HEAD + "#pragma once\n#if defined(__linux__)\n#endif\n",
    "src/capi/print.cpp": HEAD + "void pr() { printf(\"x\"); }\n",
    "src/device/open.cpp": HEAD + 'auto x = std::getenv("NVM_BE");\n',
    "src/base/doc.hpp": HEAD + "#pragma once\n/// Opens:\n///\n///     auto device = Device::open(uri);\nint x;\n",
    "include/liblightnvm.h": HEAD + "#pragma once\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n" + "int x;\n" * 300,
    "tools/a.cpp": HEAD + "int main() { printf(\"x\"); exit(1); }\n",
    "tests/a.py": "#!/usr/bin/env python3\n" + HASH_HEAD + "x = 1  # TODO(#3): two\n",
    "CMakeLists.txt": HASH_HEAD,
    "build/dev/CMakeLists.txt": "nothing\n",
    "README.md": "nothing\n",
}
CASES = [
    ({"src/base/a.cpp": "int x;\n"}, "src/base/a.cpp:1: must be '// SPDX"),
    ({"src/base/a.cpp": f"// {SPDX}\n#include <x>\n"}, "src/base/a.cpp:2: must be a comment"),
    ({"src/base/a.cpp": ""}, "src/base/a.cpp:1: must be '// SPDX"),
    ({"scripts/x.sh": f"#!/bin/sh\n# What it is.\n# {SPDX}\n"}, "scripts/x.sh:2: must be '# SPDX"),
    ({"scripts/x": "#!/usr/bin/env bash\n"}, "scripts/x:2: must be '# SPDX"),
    ({"src/base/CMakeLists.txt": f"# {SPDX}\nset(X 1)\n"}, "CMakeLists.txt:2: must be a comment"),
    (source("int x;\n", "src/base/h.hpp"), "without #pragma once"),
    (source("#ifdef X\n"), "#ifdef outside of src/os"),
    (source("#  if X\n", "tools/a.cpp"), "#if outside of src/os"),
    (source("#pragma once\n#ifdef OTHER\n", "include/liblightnvm.h"), "#ifdef outside of src/os"),
    (source('  printf("x");\n'), "does not print: printf"),
    (source('  std::fprintf(f, "x");\n'), "does not print"),
    (source("  std::cerr << 1;\n"), "does not print: std::cerr"),
    (source('  fmt::print("x");\n'), "does not print: fmt::print"),
    (source("  fwrite(b, 1, 2, stderr);\n"), "does not print: stderr"),
    (source("#include <iostream>\n"), "does not print"),
    (source("  std::abort();\n"), "does not end the program: abort"),
    (source("  if (x) exit(1);\n"), "does not end the program: exit"),
    (source("  x || ::_exit(1);\n"), "does not end the program: _exit"),
    (source("  else std::terminate();\n"), "does not end the program: terminate"),
    (source("  return exit(1);\n", "src/capi/x.cpp"), "does not end the program: exit"),
    (source('  getenv("X");\n'), "the environment is read at open alone: getenv"),
    (source('  std::getenv("X");\n'), "the environment is read at open alone"),
    (source("// queue.submit(command);\n"), "code that is commented out"),
    (source("/* int x = 3; */\n"), "code that is commented out"),
    (source("  // if (a && b) {\n"), "code that is commented out"),
    (source("  // }\n"), "code that is commented out"),
    (source("  // return;\n"), "code that is commented out"),
    (source("  // const unsigned int x = f(1, 2);\n"), "code that is commented out"),
    (source("// TODO: later\n"), "TODO without an issue"),
    (source("// FIXME\n", "tests/x.cpp"), "FIXME without an issue"),
    ({"scripts/x.sh": HASH_HEAD + "true #" + " TODO later\n"}, "TODO without an issue"),
    (source("// As NVMe-2 says.\n"), "NVMe-2: a reference is"),
    (source("// As OCSSD-2.0c 3 says.\n"), "OCSSD-2.0c: a reference is"),
    (source("x = 1;  /* ZNS-like */\n"), "ZNS-like: a reference is"),
    (source("int x;\n" * 500), "502 lines, budget 500"),
    (source("#pragma once\n" + "int x;\n" * 250, "tools/h.hpp"), "253 lines, budget 250"),
    (source("#pragma once\n" + "int x;\n" * 128, "src/backends/backend.hpp"), "131 lines, at most 130"),
    (source("#pragma once\n" + "int x;\n" * 127, "src/backends/backend.hpp"), None),
]

if __name__ == "__main__":
    sys.exit(common.run(check, CLEAN, CASES))
