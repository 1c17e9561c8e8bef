#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Counts user-space instructions by callgrind: those of one asynchronous read and of one address's translation, of two
# runs that differ in how many of them they do. With --check only the C API's, which fail beyond their bounds.
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

COPIES = re.compile(r"mem(cpy|move|set)")
LOOP = re.compile(r"bench/c_\w+\.c:")  # what the C loop itself does is not the library's
RUNS = (1000, 4000)
SKIPPED = 77
CASES = (
    # depth, sectors, addressing
    (32, 1, "scalar"),
    (1, 1, "scalar"),
    (32, 1, "consecutive"),
    (32, 8, "scalar"),
    (32, 64, "consecutive"),
    (32, 64, "scattered"),
)


def profile(program, *arguments):
    """Yields (function, its own instructions) of a whole run; "PROGRAM TOTALS" is one of them."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out, program, *map(str, arguments)],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        listing = subprocess.run(["callgrind_annotate", "--threshold=100", "--auto=no", out],
                                 check=True, capture_output=True, text=True).stdout
    for count, function in re.findall(r"^\s*([\d,]+) \(\s*[\d.]+%\)\s+(.*)$", listing, re.MULTILINE):
        yield function, int(count.replace(",", ""))


def run(program, commands, case):
    """Returns (instructions but those of copying functions and of the C loop, those of copying functions)."""
    total = copies = loop = 0
    for function, count in profile(program, commands, *case):
        if "PROGRAM TOTALS" in function:
            total = count
        elif COPIES.search(function):
            copies += count
        elif LOOP.search(function):
            loop += count
    return total - copies - loop, copies


def one_read(program, case):
    first, second = (run(program, commands, case) for commands in RUNS)
    return tuple((b - a) / (RUNS[1] - RUNS[0]) for a, b in zip(first, second))


def translation(program, function):
    """Returns the instructions of one call of a function that calls no other."""
    few, many = (sum(count for name, count in profile(program, n) if function in name) for n in RUNS)
    return (many - few) / (RUNS[1] - RUNS[0])


def print_reads(program, title):
    print(f"user-space instructions of one asynchronous read on emu in memory, {title} (callgrind)")
    print(f"{'depth':>5} {'sectors':>7}  {'addressing':<11} {'without the copy':>16} {'copy':>8}")
    for case in CASES:
        rest, copies = one_read(program, case)
        print(f"{case[0]:>5} {case[1]:>7}  {case[2]:<11} {rest:>16.1f} {copies:>8.1f}", flush=True)
    print()


def check(c_reads, translate):
    """Prints the C API's figures beside their bounds; returns whether all are below."""
    counts = {case[1:]: one_read(c_reads, case)[0] for case in CASES if case[0] == 32}
    one = counts[1, "consecutive"]
    figures = (
        ("nvm_cmd_read of one address, scalar", counts[1, "scalar"], 250),
        ("nvm_cmd_read of one address, vector", one, 250),
        ("each further address, consecutive", (counts[64, "consecutive"] - one) / 63, 12),
        ("each further address, scattered", (counts[64, "scattered"] - one) / 63, 50),
        ("nvm_addr_gen2dev", translation(translate, "nvm_addr_gen2dev"), 25),
    )
    print(f"{'C API, user-space instructions (callgrind)':<42} {'counted':>8} {'below':>6}")
    for name, count, bound in figures:
        print(f"{name:<42} {count:>8.1f} {bound:>6}")
    return all(count < bound for _, count, bound in figures)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only the C API's figures")
    parser.add_argument("programs", nargs=3, metavar="PROGRAM", help="the C++ and the C read loop, the translate loop")
    arguments = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("skipped: valgrind is not installed")
        sys.exit(SKIPPED)
    cpp_reads, c_reads, translate = arguments.programs
    if not arguments.check:
        print_reads(cpp_reads, "C++ API, with the loop that submits")
        print_reads(c_reads, "C API in the shared library")
    sys.exit(0 if check(c_reads, translate) else 1)


if __name__ == "__main__":
    main()
