# SPDX-License-Identifier: BSD-2-Clause
# nvm_addr: 64 bits stay 64 bits, and what is no address is refused.
from support import same


def convert(bench, command, *words, device="d.img"):
    return bench.ok(["nvm_addr", command, device, *words, "-t"]).out.split()


def test_conversions_and_their_inverses(bench):
    bench.device()
    addresses = ["0x0201000a00000005", "0x0000000000000000", "0x0204003b000005ff"]
    for there, back in (("gen2dev", "dev2gen"), ("gen2off", "off2gen")):
        same(convert(bench, back, *[word.lstrip("0") or "0" if there == "gen2off" else word for word in convert(bench, there, *addresses)]), addresses)
    same(convert(bench, "lpo2gen", convert(bench, "gen2lpo", "0x0201000a00000000")[0]), ["0x0201000a00000000"])


def test_large_numbers_are_kept(bench):
    bench.device()
    text = bench.ok("nvm_addr off2gen d.img 9210712064").out
    same(text, "- {off: " + "9210712064".zfill(64) + ", gen: 0x0201000a00000005}\n")
    bench.env["NVM_CLI_NOVERIFY"] = "1"
    same(bench.ok("nvm_addr off2gen d.img 18446744073709551615").out[:72], "- {off: " + "18446744073709551615".zfill(64))
    assert bench.ok("nvm_addr gen_as_geo d.img 0xFFFFFFFFFFFFFFFF").out.splitlines()[2].startswith("  - {val: 0xffffffffffffffff, pugrp: 255")


def test_what_is_no_address_is_refused(bench):
    bench.device()
    for command, sentence in {
        "gen2dev d.img 0x0300000000000000": "0x0300000000000000: there is no group 3: the device has 0 to 2",
        "dev2gen d.img 0xffffffffffffffff": "0xffffffffffffffff: there is no such address",
        "off2gen d.img 18446744073709551615": "18446744073709551615: there is no such address",
        "off2gen d.img 18446744073709551616": "'18446744073709551616' is no number of 64 bits",
        "off2gen d.img ten": "'ten' is no number of 64 bits",
        "lpo2gen d.img 28800": "28800: there is no such address",
        "s20_to_gen d.img 256 0 0 0": "pugrp: 256 does not fit into an address",
        "s20_to_gen d.img 0 0 0 1536": ".*there is no sector 1536.*",
    }.items():
        bench.fails(f"nvm_addr {command}", f"# FAILED: {sentence}")
    bench.misused("nvm_addr gen2dev d.img", ".*0xADDR.*required.*")


def test_json(bench):
    bench.device()
    same(bench.ok("nvm_addr gen2dev d.img 201000a00000005 --json").json, {"addrs": [{"gen": "0x0201000a00000005", "dev": "0x0000000000225005"}]})
    same(bench.ok("nvm_addr s20_to_gen d.img 2 1 10 5 --json").json["addrs"][0]["sectr"], 5)
    same(bench.run("nvm_addr gen2dev d.img xyz --json").json["error"]["call"], "FAILED")
