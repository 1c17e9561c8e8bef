#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Counts the user-space instructions of one asynchronous read, by callgrind: two runs that differ in their commands.
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


def run(program, commands, case):
    """Returns (all instructions, those of copying functions) of a whole run."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out, program, str(commands), *map(str, case)],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        listing = subprocess.run(["callgrind_annotate", "--threshold=100", "--auto=no", out],
                                 check=True, capture_output=True, text=True).stdout
    total = copies = 0
    for line in listing.splitlines():
        found = re.match(r"\s*([\d,]+) \(\s*[\d.]+%\)\s+(.*)", line)
        if not found:
            continue
        count = int(found.group(1).replace(",", ""))
        if "PROGRAM TOTALS" in line:
            total = count
        elif COPIES.search(found.group(2)):
            copies += count
    return total, copies


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: count_instructions.py PROGRAM")
    print("user-space instructions of one asynchronous read on emu in memory, C++ API (callgrind)")
    print(f"{'depth':>5} {'sectors':>7}  {'addressing':<11} {'without the copy':>16} {'copy':>8}")
    few, many = RUNS
    for case in CASES:
        first = run(sys.argv[1], few, case)
        second = run(sys.argv[1], many, case)
        total, copies = ((b - a) / (many - few) for a, b in zip(first, second))
        print(f"{case[0]:>5} {case[1]:>7}  {case[2]:<11} {total - copies:>16.1f} {copies:>8.1f}", flush=True)


if __name__ == "__main__":
    main()
