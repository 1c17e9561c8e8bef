# SPDX-License-Identifier: BSD-2-Clause
# nvm_dev enum: a table that aligns, a document, what is in use or broken, directories that are not there.
import os
import re
import subprocess

from support import Fifo, same

HEAD = "# Device enumeration -- nvm_dev_enum"


def rows(text):
    """The cells of the table, cut where the header's columns begin; the header first."""
    lines = text.splitlines()
    same(lines[0], HEAD)
    starts = [match.start() for match in re.finditer(r"device|backend|spec|state|description", lines[1])]
    for line in lines[1:]:
        for start in starts[1:]:
            same((line, line[start - 2 : start], line[start] != " "), (line, "  ", True))
    return [[" ".join(line[a:b].split()) for a, b in zip(starts, [*starts[1:], None])] for line in lines[1:]]


def damage(bench, name):
    with open(bench.path(name), "r+b") as file:
        for at in (100, 4196):
            file.seek(at)
            file.write(b"x")


def test_devices_of_the_current_directory(bench):
    bench.device(name="a.img")
    bench.device("--spec 1.2 --groups 1 --punits 1 --planes 4 --blocks 8 --bad none", name="a_longer_name.img")
    bench.random_file("other", 20000)
    same(rows(bench.ok("nvm_dev enum").out)[1:], [
        ["a.img", "emu", "2.0 5.27 GiB", "ready", "3 groups x 5 units x 60 chunks x 1536 sectors of 4096+16 bytes"],
        ["a_longer_name.img", "emu", "1.2 24 MiB", "ready",
         "1 channel x 1 LUN x 4 planes x 8 blocks x 48 pages x 4 sectors of 4096+16 bytes"],
    ])
    same(bench.ok(["nvm_dev", "enum", "."]).out, bench.ok("nvm_dev enum").out)


def test_several_directories(bench):
    for folder in ("b", "a b"):
        bench.path(folder).mkdir()
        bench.ok(["nvm_emu", "create", f"{folder}/d.img"])
    found = bench.ok(["nvm_dev", "enum", "b", "a b", "--json"]).json["devices"]
    same([device["ident"] for device in found], ["b/d.img", "a b/d.img"])
    for device in found:
        bench.ok(["nvm_dev", "info", device["ident"]])
    same(bench.ok("nvm_dev enum --json").json["devices"], [])


def test_document(bench):
    bench.device(name="d?.img")
    same(bench.ok("nvm_dev enum --json").json, {"devices": [{
        "ident": "d%3F.img", "backend": "emu", "be_id": 0x10000, "verid": 2, "tbytes": 5662310400, "state": "ready",
        "description": "3 groups x 5 units x 60 chunks x 1536 sectors of 4096+16 bytes"}]})
    bench.ok("nvm_dev info d%3F.img")


def test_nothing_there(bench):
    result = bench.ok("nvm_dev enum")
    same(len(rows(result.out.replace("# none found; nvm_emu create makes one\n", ""))), 1)
    assert result.out.endswith("\n# none found; nvm_emu create makes one\n"), result.out


def test_device_in_use(bench):
    bench.device()
    fifo = Fifo(bench)
    with bench.popen(["nvm_vblk", "write", "d.img", "0x0000000900000000", "-i", fifo.path], stdout=subprocess.DEVNULL,
                     stderr=subprocess.DEVNULL) as holder:
        assert fifo.feed(b"x")
        same(rows(bench.ok("nvm_dev enum").out)[1][3], "in use")
        same(bench.ok("nvm_dev enum --json").json["devices"][0]["state"], "in use")
        holder.kill()
    fifo.close()
    same(rows(bench.ok("nvm_dev enum").out)[1][3], "ready")


def test_broken_device(bench):
    bench.device()
    damage(bench, "d.img")
    same(rows(bench.ok("nvm_dev enum").out)[1],
         ["d.img", "emu", "- -", "broken", "damaged, both superblocks are damaged"])
    device = bench.ok("nvm_dev enum --json").json["devices"][0]
    same((device["state"], device["errno"], device["verid"], device["tbytes"]), ("broken", 22, 0, 0))


def test_directories_that_are_none(bench):
    bench.device()
    bench.fails("nvm_dev enum . missing", "# nvm_dev_enum: missing: No such file or directory")
    bench.fails("nvm_dev enum d.img", "# nvm_dev_enum: d.img: Not a directory")
    result = bench.fails("nvm_dev enum missing --json", "# nvm_dev_enum: missing: No such file or directory")
    same(result.json["error"]["errno"], 2)
    if os.geteuid() != 0:
        bench.path("closed").mkdir(0)
        bench.fails("nvm_dev enum closed", "# nvm_dev_enum: closed: Permission denied")
    bench.misused("nvm_dev enum --brief", ".*--brief.*")
