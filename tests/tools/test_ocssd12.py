# SPDX-License-Identifier: BSD-2-Clause
# Devices of OCSSD 1.2 through the tools: made, shown, checked, written by virtual blocks.
from support import same


def make(bench, *options):
    return bench.ok(["nvm_emu", "create", "n.img", "--planes", "2", "--spec", "1.2", *options])


def test_create_takes_the_options_in_any_order(bench):
    text = make(bench, "--blocks", "30", "--pages", "12", "--bad", "1.0.7,0.0.3.1", "--tprt", "5").out
    for line in ("  format: 2", "  verid: 0x01", "  nchannels: 2", "  nluns: 3", "  nplanes: 2", "  nblocks: 30",
                 "  npages: 12", "  nsectors: 4", "  page_nbytes: 16384", "  sector_nbytes: 4096", "  meta_nbytes: 16",
                 "  tbytes: 70778880", "  ws_opt: 8", "  twrt: 5"):
        assert line + "\n" in text, (line, text)
    assert "predefined" not in text and "wit" not in text, text
    same(bench.ok("nvm_emu check n.img").out.splitlines()[-1], "findings: ~")
    document = bench.ok("nvm_emu info n.img --json").json
    same((document["geo"]["nplanes"], document["emu"]["format"], "wit" in document["emu"]), (2, 2, False))


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


def test_chunks_are_of_2_0(bench):
    make(bench)
    bench.fails("nvm_emu chunks n.img", "# nvm_emu_chunks: OCSSD 1.2 has no chunk report")


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
