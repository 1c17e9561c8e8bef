# SPDX-License-Identifier: BSD-2-Clause
# Devices of OCSSD 1.2 through the tools: made, shown, checked, written by virtual blocks.
from support import same


def make(bench, *options):
    return bench.ok(["nvm_emu", "create", "n.img", "--planes", "2", "--spec", "1.2", *options])


def test_create_takes_the_options_in_any_order(bench):
    text = make(bench, "--blocks", "30", "--pages", "12", "--bad", "1.0.7,0.0.3.1", "--tprt", "5").out
    for line in ("  format: 4", "  verid: 0x01", "  nchannels: 2", "  nluns: 3", "  nplanes: 2", "  nblocks: 30",
                 "  npages: 12", "  nsectors: 4", "  page_nbytes: 16384", "  sector_nbytes: 4096", "  meta_nbytes: 16",
                 "  tbytes: 70778880", "  ws_opt: 8", "  twrt: 5"):
        assert line + "\n" in text, (line, text)
    assert "predefined" not in text and "wit" not in text, text
    same(bench.ok("nvm_emu check n.img").out.splitlines()[-1], "findings: ~")
    document = bench.ok("nvm_emu info n.img --json").json
    same((document["geo"]["nplanes"], document["emu"]["format"], "wit" in document["emu"]), (2, 4, False))


def test_info_shows_the_address_format(bench):
    make(bench)
    lines = bench.ok("nvm_dev info n.img").out.splitlines()
    for line in ("  verid: 0x01", "  pmode: 'DUAL'", "dev_ppaf:", "  ch_off: 17", "  ch_len: 01", "  sec_len: 02",
                 "dev_ppaf_mask:", f"  ch:  '{1 << 17:064b}'", f"  lun: '{3 << 15:064b}'", f"  sec: '{3:064b}'",
                 "dev_lbaf: ~", "dev_lbaz: ~", "dev_lbam: ~"):
        assert line in lines, (line, lines)
    document = bench.ok("nvm_dev info n.img --json").json
    same(document["lbaf"], None)
    same(document["ppaf_mask"]["pl"], "0x0000000000000004")
    same(document["ppaf"]["blk_off"], 9)


def test_options_of_the_other_version_are_refused(bench):
    bench.fails("nvm_emu create n.img --spec 1.2 --chunks 4", "# nvm_emu_create: 'chunks' is no option of a device of OCSSD 1.2; .*")
    bench.fails("nvm_emu create n.img --planes 4", "# nvm_emu_create: 'planes' is no option of a device of OCSSD 2.0; .*")
    bench.fails("nvm_emu create n.img --spec 3", "# nvm_emu_create: spec=3: is neither 1.2 nor 2.0")
    assert not bench.path("n.img").exists()


def test_chunks_are_blocks_with_marks_pages_and_wear(bench):
    make(bench, "--blocks", "3", "--pages", "2", "--groups", "1", "--punits", "2", "--bad", "0.1.2.1")
    bench.ok("nvm_cmd write n.img 0x0001000000000000 0x0001000000000001 0x0001000000000002 0x0001000000000003 "
             "0x0001000001000000 0x0001000001000001 0x0001000001000002 0x0001000001000003")
    bench.ok("nvm_vblk pad n.img 0x0000000100000000")
    bench.ok("nvm_vblk erase n.img 0x0000000200000000")
    bench.ok("nvm_bbt mark_h n.img 0x0001000100000000")
    lines = bench.ok("nvm_emu chunks n.img").out.splitlines()
    same(lines[0].split(), ["ch", "lun", "blk", "pl", "bbt", "state", "pages", "pe_cycles"])
    same(len({len(line) for line in lines}), 1)
    same([line.split() for line in lines[1:]], [
        [*place.split(), bbt, state, str(pages), str(cycles)] for place, bbt, state, pages, cycles in (
            ("0 0 0 0", "FREE", "free", 0, 0), ("0 0 0 1", "FREE", "free", 0, 0),
            ("0 0 1 0", "FREE", "closed", 2, 0), ("0 0 1 1", "FREE", "closed", 2, 0),
            ("0 0 2 0", "FREE", "free", 0, 1), ("0 0 2 1", "FREE", "free", 0, 1),
            ("0 1 0 0", "FREE", "open", 1, 0), ("0 1 0 1", "FREE", "open", 1, 0),
            ("0 1 1 0", "HMRK", "free", 0, 0), ("0 1 1 1", "FREE", "free", 0, 0),
            ("0 1 2 0", "FREE", "free", 0, 0), ("0 1 2 1", "BAD", "free", 0, 0))])
    document = bench.ok("nvm_emu chunks n.img --punit 1 --state open --json").json
    same(document, {"blks": {"nblks": 2}, "blk": [
        {"ch": 0, "lun": 1, "blk": 0, "pl": pl, "bbt": "FREE", "state": "open", "npages": 1, "pe_cycles": 0} for pl in (0, 1)]})
    same(bench.ok("nvm_emu chunks n.img --group 0 --punit 0 --state open --json").json, {"blks": {"nblks": 0}, "blk": []})


def test_blocks_are_summed_up(bench):
    make(bench, "--blocks", "3", "--pages", "2", "--groups", "2", "--punits", "1", "--bad", "1.0.2.1")
    bench.ok("nvm_vblk pad n.img 0x0000000100000000")
    bench.ok("nvm_bbt mark_h n.img 0x0000000100000000")
    lines = bench.ok("nvm_emu chunks n.img --summary").out.splitlines()
    same(len({len(line) for line in lines}), 1)
    same([line.split() for line in lines], [
        ["ch", "lun", "free", "open", "closed", "bad", "reserved", "written"],
        ["0", "0", "4", "0", "1", "0", "1", "64", "KiB"],
        ["1", "0", "5", "0", "0", "1", "0", "0", "B"],
        ["all", "9", "0", "1", "1", "1", "64", "KiB"]])
    document = bench.ok("nvm_emu chunks n.img --summary --json").json
    same(document["all"], {"free": 9, "open": 0, "closed": 1, "bad": 1, "reserved": 1, "npages": 4, "nbytes": 65536})
    same([(lun["ch"], lun["lun"], lun["bad"]) for lun in document["luns"]], [(0, 0, 0), (1, 0, 1)])


def test_blocks_that_are_not_there(bench):
    make(bench)
    bench.fails("nvm_emu chunks n.img --group 2", "# nvm_emu_chunks: there is no channel 2: the device has 0 to 1")
    bench.fails("nvm_emu chunks n.img --punit 3", "# nvm_emu_chunks: there is no LUN 3: the device has 0 to 2")
    bench.fails("nvm_emu chunks n.img --state offline",
                "# nvm_emu_chunks: blocks of OCSSD 1.2 are free, open or closed; bad ones are marked in another column")


def test_virtual_blocks_come_back(bench):
    make(bench, "--pages", "6")
    size = 2 * 3 * 2 * 6 * 4 * 4096
    bench.random_file("data", size)
    bench.ok("nvm_vblk line_erase n.img 0 1 0 2 10")
    bench.ok("nvm_vblk line_write n.img 0 1 0 2 10 -i data")
    bench.ok("nvm_vblk line_read n.img 0 1 0 2 10 -o back")
    same(bench.path("back").read_bytes() == bench.path("data").read_bytes(), True)
    bench.ok("nvm_vblk erase n.img 0x0000000a00000000")
    shown = bench.ok("nvm_vblk pad n.img 0x0000000b00000000").out
    assert "blk: 0011, pl: 0, pg: 000, sec: 0" in shown, shown
