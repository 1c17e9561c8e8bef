# SPDX-License-Identifier: BSD-2-Clause
# --json: one valid document on stdout, whatever happens, that says the same as the text.
import re

from support import CHUNK, LINE, same


def test_dev_info_says_what_the_text_says(bench):
    bench.device()
    text = bench.ok("nvm_dev info d.img").out
    document = bench.ok("nvm_dev info d.img --json").json
    same([f"dev_{name}" for name in document], re.findall(r"^(dev_\w+):", text, re.M))
    for name in ("npugrp", "npunit", "nchunk", "nsectr", "nbytes", "nbytes_oob", "tbytes", "tmbytes"):
        assert f"  {name}: {document['geo'][name]}\n" in text, name
    same(document["attr"]["path"], "d.img")
    same(document["attr"]["be_id"], 0x10000)
    same(document["lbam"]["sectr"], "0x00000000000007ff")
    same(document["ppaf"], None)
    same(list(bench.ok("nvm_dev info d.img -b --json").json), ["attr", "geo"])


def test_backends(bench):
    document = bench.ok("nvm_dev backends --json").json
    known = {entry["name"]: entry for entry in document["backends"]}
    same(known["emu"], {"name": "emu", "id": 0x10000, "built": True})
    same([entry["id"] for entry in document["backends"]], [1, 2, 4, 8, 0x10000, 0x20000])
    for entry in document["backends"]:
        assert entry["built"] or entry["absent_because"], entry


def test_emu_info_and_create(bench):
    made = bench.ok("nvm_emu create d.img --serial X1 --ws-min 2 --json").json
    same(bench.ok("nvm_emu info d.img --json").json, made)
    same((made["emu"]["serial"], made["wrt"]["ws_min"], made["geo"]["npugrp"]), ("X1", 2, 3))


def test_chunks(bench):
    bench.device()
    document = bench.ok("nvm_emu chunks d.img --json").json
    same((document["rprt"]["ndescr"], len(document["rprt_descr"])), (900, 900))
    entry = document["rprt_descr"][7]
    same((entry["slba"], entry["state"], entry["cs"], entry["wp"]), ("0x0000000000003800", "offline", 8, None))
    same(bench.ok("nvm_emu chunks d.img --state open --json").json, {"rprt": {"ndescr": 0}, "rprt_descr": []})
    summary = bench.ok("nvm_emu chunks d.img --summary --json").json
    same(len(summary["units"]), 15)
    same({key: summary["all"][key] for key in ("free", "offline")}, {"free": 897, "offline": 3})


def test_check(bench):
    bench.device()
    document = bench.ok("nvm_emu check d.img --json").json
    same(document, {"check": {"path": "d.img", "nchunks": 900, "nfindings": 0}, "findings": []})


def test_vblk(bench):
    bench.device()
    document = bench.ok("nvm_vblk line_write d.img 0 2 0 4 1 --depth 4 --json").json
    same(list(document), ["vblk", "nvm_buf_alloc", "nvm_buf_fill", "nvm_vblk_write"])
    same(document["vblk"]["nblks"], 15)
    same(document["vblk"]["flags"], 0x1A0)
    same(document["vblk"]["addrs"][1]["val"], "0x0100000100000000")
    same((document["nvm_vblk_write"]["nbytes"], document["nvm_vblk_write"]["mb"]), (LINE, 90.0))
    document = bench.ok("nvm_vblk copy d.img 100000000 200000000 --json").json
    same((document["dst"][0]["chunk"], document["nvm_vblk_copy"]["nbytes"]), (2, CHUNK))
    for command in ("line_read d.img 0 2 0 4 1", "line_pread d.img 0 2 0 4 1 64K 32K", "line_erase d.img 0 2 0 4 1"):
        bench.ok(f"nvm_vblk {command} --json").json["vblk"]


def test_failure_is_in_the_document_too(bench):
    bench.device()
    for command, call in {
        "nvm_dev info nope --json": "nvm_dev_openf",
        "nvm_vblk line_erase d.img 0 2 0 4 7 --json": "nvm_vblk_alloc",
        "nvm_vblk write d.img 0 -i nope --json": "nvm_buf_from_file",
        "nvm_emu create d.img --json": "nvm_emu_create",
    }.items():
        result = bench.run(command)
        same(result.code, 1)
        error = result.json["error"]
        same((error["call"], result.err), (call, f"# {call}: {error['message']}\n"))
        assert error["errno"] > 0, error


def test_names_that_are_no_utf_8(bench):
    name = b"\xff\"'\\.img"
    bench.ok(["nvm_emu", "create", name])
    for words in (["nvm_dev", "info"], ["nvm_emu", "info"], ["nvm_emu", "check"]):
        assert bench.ok([*words, name, "--json"]).json


def test_wrong_command_line(bench):
    bench.device()
    for command in ("nvm_vblk erase d.img --json", "nvm_vblk frobnicate --json", "nvm_emu chunks d.img --json --state half"):
        result = bench.run(command)
        same(result.code, 1)
        assert result.json["error"]["errno"] == 22 and result.json["error"]["message"] in result.err, result
    same(bench.run("nvm_vblk erase d.img -- --json").out, "")
