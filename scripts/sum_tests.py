#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Sums up JUnit reports of ctest (NAME=FILE ...): lists failures and skips, then "N passed, N failed, N skipped".
import re
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def skip_reason(message, output):
    """The test's own words: what GoogleTest prints after "Skipped", else the last line, else ctest's message."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for line, following in zip(lines, lines[1:]):
        if line.endswith(": Skipped") and not following.startswith("["):
            return following
    words = [line for line in lines if not re.match(r"\[[ =\-A-Z]+\]|Running main|Note: Google Test filter", line)]
    return words[-1] if words else message


def outcome(case):
    """(passed | failed | skipped, why) of one <testcase>."""
    output = case.findtext("system-out") or ""
    skipped = case.find("skipped")
    if case.get("status") == "run" and skipped is None and case.find("failure") is None:
        return "passed", ""
    if case.get("status") == "disabled":
        return "skipped", "disabled"
    message = "" if skipped is None else skipped.get("message", "")
    # A program that is missing is "not run" to ctest as well; only the test itself may ask to be skipped.
    if message.startswith(("SKIP_RETURN_CODE", "SKIP_REGULAR_EXPRESSION")):
        return "skipped", skip_reason(message, output)
    return "failed", message


def sum_up(reports):
    """Returns the counts and the lines to print for [(name, path)]."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    lines = []
    for name, path in reports:
        try:
            cases = ElementTree.parse(path).getroot().findall(".//testcase")
        except (OSError, ElementTree.ParseError):
            cases = []
        if not cases:
            counts["failed"] += 1
            lines.append(f"failed: {name}: no tests were run (does it build?)")
        for case in cases:
            kind, why = outcome(case)
            counts[kind] += 1
            if kind != "passed":
                lines.append(f"{kind}: {name}: {case.get('name')}" + (f": {why}" if why else ""))
    lines.sort(key=lambda line: line.startswith("failed"))
    return counts, lines


def self_test():
    report = """<testsuite>
      <testcase name="good" status="run"><system-out>ok</system-out></testcase>
      <testcase name="bad" status="fail"><failure message="Failed"/><system-out>no</system-out></testcase>
      <testcase name="gone" status="notrun"><skipped message="Unable to find executable"/></testcase>
      <testcase name="off" status="disabled"><skipped message="Disabled"/></testcase>
      <testcase name="script" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/>
        <system-out>looking\nno /dev/nvme here\n</system-out></testcase>
      <testcase name="gtest" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>
        <system-out>[ RUN      ] a.b\nx.cpp:3: Skipped\nneeds root\n\n[  SKIPPED ] a.b (0 ms)\n</system-out></testcase>
    </testsuite>"""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "junit.xml"
        path.write_text(report, encoding="utf-8")
        counts, lines = sum_up([("release", path), ("dev", Path(folder) / "absent.xml")])
    assert counts == {"passed": 1, "failed": 3, "skipped": 3}, counts
    assert "skipped: release: script: no /dev/nvme here" in lines, lines
    assert "skipped: release: gtest: needs root" in lines, lines
    assert "failed: release: gone: Unable to find executable" in lines, lines
    assert "failed: dev: no tests were run (does it build?)" in lines, lines


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return 0
    counts, lines = sum_up([argument.split("=", 1) for argument in sys.argv[1:]])
    print()
    for line in lines:
        print(line)
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts), flush=True)
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
