# SPDX-License-Identifier: BSD-2-Clause
# scripts/demo.sh: shows what it does, can be run again, and fails when what comes back is not what was written.
import re

from support import same

# A tool that does its work and then changes a byte of what it has read.
LIAR = """#!/bin/sh
{tools}/nvm_vblk "$@" || exit
case $1 in line_read) printf x | dd of=back.bin bs=1 seek=1000000 conv=notrunc status=none;; esac
"""


def demo(bench, tools):
    return bench.run([bench.root / "scripts/demo.sh", tools, bench.path("demo")])


def build_folder(bench, vblk=None):
    """A build folder with the tools, or another nvm_vblk."""
    folder = bench.path("build") / "tools"
    folder.mkdir(parents=True)
    for name in ("nvm_dev", "nvm_emu", "nvm_vblk"):
        if name == "nvm_vblk" and vblk:
            (folder / name).write_text(vblk)
            (folder / name).chmod(0o755)
        else:
            (folder / name).symlink_to(bench.tools / name)
    return folder.parent


def test_demo_can_be_run_again_and_leaves_the_device(bench):
    build = build_folder(bench)
    for _ in range(2):
        result = demo(bench, build)
        same((result.code, result.err), (0, ""))
        assert "All 90 MiB came back as they were written." in result.out, result.out
        assert len(re.findall(r"^ +\d +\d +\d+ +0 +1 +[01] +6 MiB$", result.out, re.M)) == 15, result.out
    wide = [line for line in result.out.splitlines() if len(line) > 80 and str(bench.folder) not in line]
    same(wide, [])
    same([path.name for path in bench.path("demo").iterdir()], ["ocssd.img"])
    same(bench.states("demo/ocssd.img")["closed"], 15)


def test_demo_fails_when_the_bytes_differ(bench):
    result = demo(bench, build_folder(bench, LIAR.format(tools=bench.tools)))
    same(result.code, 1)
    assert result.err.endswith("The demo failed: what was read is not what was written\n"), result.err


def test_demo_without_tools_says_what_to_do(bench):
    result = demo(bench, bench.path("nothing"))
    same(result.code, 1)
    assert result.err.endswith("nvm_emu is missing; 'make build' makes it\n"), result.err
