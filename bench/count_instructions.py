#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Counts user-space instructions by callgrind, those of one asynchronous read and of one address's translation: of two
# runs that differ in how many of them they do.
import os
import re
import subprocess
import sys
import tempfile

COPIES = re.compile(r"mem(cpy|move|set)")
RUNS = (5000, 15000)
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
    """Returns (all instructions, those of copying functions) of a whole run."""
    total = copies = 0
    for function, count in profile(program, commands, *case):
        if "PROGRAM TOTALS" in function:
            total = count
        elif COPIES.search(function):
            copies += count
    return total, copies


def translation(program, function):
    """Returns the instructions of one call of a function that calls no other."""
    few, many = (sum(count for name, count in profile(program, n) if function in name) for n in RUNS)
    return (many - few) / (RUNS[1] - RUNS[0])


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: count_instructions.py READ_LOOP C_TRANSLATE_LOOP")
    print("user-space instructions of one asynchronous read on emu in memory, C++ API (callgrind)")
    print(f"{'depth':>5} {'sectors':>7}  {'addressing':<11} {'without the copy':>16} {'copy':>8}")
    few, many = RUNS
    for case in CASES:
        first = run(sys.argv[1], few, case)
        second = run(sys.argv[1], many, case)
        total, copies = ((b - a) / (many - few) for a, b in zip(first, second))
        print(f"{case[0]:>5} {case[1]:>7}  {case[2]:<11} {total - copies:>16.1f} {copies:>8.1f}", flush=True)
    count = translation(sys.argv[2], "nvm_addr_gen2dev")
    print(f"\nuser-space instructions of one nvm_addr_gen2dev, C API: {count:.1f}")


if __name__ == "__main__":
    main()
