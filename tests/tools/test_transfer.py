# SPDX-License-Identifier: BSD-2-Clause
# Bytes go in and come out: sizes around every boundary, all ways to name chunks, pipes, padding, parts.
import threading

from support import CHUNK, LINE, SECTOR, Fifo, same

WRITE = 4 * SECTOR  # ws_min
PIECE = 4 << 20


def read_back(bench, command):
    bench.ok(f"{command} -o back")
    return bench.path("back").read_bytes()


def test_line_round_trip(bench):
    bench.device()
    data = bench.random_file("data", LINE)
    out = bench.ok("nvm_vblk line_write d.img 0 2 0 4 3 -i data").out
    assert "  nblks: 15\n  nmbytes: 90\n" in out and "mb: 90.00, mbsec: " in out, out
    assert read_back(bench, "nvm_vblk line_read d.img 0 2 0 4 3") == data
    same({key: bench.states()[key] for key in ("closed", "open")}, {"closed": 15, "open": 0})


def test_every_way_to_send_gives_the_same_bytes(bench):
    bench.device()
    data = bench.random_file("data", 4 * CHUNK)
    for number, options in enumerate(("", "--scalar", "--depth 1", "--depth 3 --scalar", "--depth 64")):
        chunks = " ".join(f"00{unit:02x}{number:04x}00000000" for unit in (3, 0, 2, 1))
        bench.ok(f"nvm_vblk set_write d.img {chunks} -i data {options}")
        assert read_back(bench, f"nvm_vblk set_read d.img {chunks} {options}") == data, options
        assert read_back(bench, f"nvm_vblk set_read d.img {chunks}") == data, options


def test_environment_of_the_original(bench):
    bench.device()
    env = {**bench.env, "NVM_CLI_VBLK_SCALAR": "1", "NVM_CLI_VBLK_ASYNC": "1", "NVM_CLI_VBLK_ASYNC_DEPTH": "8"}
    assert "flags: 0x08160\n" in bench.ok("nvm_vblk erase d.img 0", env=env).out
    assert "flags: 0x08190\n" in bench.ok("nvm_vblk erase d.img 0").out
    env["NVM_CLI_VBLK_ASYNC_DEPTH"] = "x"
    bench.fails("nvm_vblk erase d.img 0", "# NVM_CLI_VBLK_ASYNC_DEPTH: is no number", env=env)


def test_short_files_are_padded(bench):
    bench.device()
    for number, size in enumerate((0, 1, SECTOR, WRITE - 1, WRITE, WRITE + 1, PIECE - 1, PIECE, PIECE + 1, CHUNK - 1, CHUNK)):
        data = bench.random_file("data", size)
        address = f"0001{number:04x}00000000"
        out = bench.ok(f"nvm_vblk write d.img {address} -i data --pad").out
        same("nvm_vblk_pad: " in out, size <= CHUNK - WRITE)
        assert read_back(bench, f"nvm_vblk read d.img {address} --bytes {size}") == data, size
        same(len(read_back(bench, f"nvm_vblk read d.img {address}")), CHUNK)
    same(bench.states()["closed"], 11)


def test_longer_file_is_cut_with_a_note(bench):
    bench.device()
    data = bench.random_file("data", CHUNK + 1)
    result = bench.ok("nvm_vblk write d.img 0 -i data")
    same(result.err, "# note: data: 1 byte longer than the virtual block, the rest is ignored\n")
    assert read_back(bench, "nvm_vblk read d.img 0") == data[:CHUNK]


def test_pattern_is_the_alphabet(bench):
    bench.device()
    bench.ok("nvm_vblk write d.img 0")
    alphabet = bytes(range(ord("A"), ord("Z") + 1))
    assert read_back(bench, "nvm_vblk read d.img 0") == (alphabet * (CHUNK // 26 + 1))[:CHUNK]


def test_parts(bench):
    bench.device()
    data = bench.random_file("data", LINE)
    bench.ok("nvm_vblk line_write d.img 0 2 0 4 3 -i data")
    unit = 8 * SECTOR  # ws_opt
    for count, offset in ((unit, 0), (7 * unit, 13 * unit), (PIECE + unit, 5 * unit), (unit, LINE - unit), (0, 0)):
        part = read_back(bench, f"nvm_vblk line_pread d.img 0 2 0 4 3 {count} {offset}")
        assert part == data[offset : offset + count], (count, offset)
    same(read_back(bench, "nvm_vblk line_read d.img 0 2 0 4 3 --bytes 0"), b"")


def test_copy_prints_nothing(bench):
    bench.device()
    data = bench.random_file("data", CHUNK)
    bench.ok("nvm_vblk write d.img 0x0002000100000000 -i data")
    result = bench.ok("nvm_vblk copy d.img 0x0002000100000000 0x0200000500000000")
    same((result.out, result.err), ("", ""))
    assert read_back(bench, "nvm_vblk read d.img 0x0200000500000000") == data
    bench.fails("nvm_vblk copy d.img 0x0002000100000000 0x0200000500000000", r"# nvm_vblk_copy: chunk \(2,0,5\) is written .*")


def test_pad_goes_on_where_the_block_stands(bench):
    bench.device()
    bench.random_file("data", 3 * WRITE)
    bench.ok("nvm_vblk set_write d.img 0 100000000 -i data --pad")
    out = bench.ok("nvm_vblk set_pad d.img 0 100000000").out
    assert f"  pos_write: {2 * CHUNK}\n" in out and "nvm_vblk_pad: {elapsed: 0.0000, mb: 0.00, mbsec: 0.00}" in out, out
    assert "mb: 12.00" in bench.ok("nvm_vblk set_pad d.img 200000000 300000000").out


def test_input_from_a_pipe(bench):
    bench.device()
    fifo = Fifo(bench)
    data = bench.random_file("data", CHUNK)
    for address, size in (("0", CHUNK), ("100000000", 3 * SECTOR + 1)):
        feeder = threading.Thread(target=lambda size=size: (fifo.feed(data[:size]), fifo.close()))
        fifo.file = None
        feeder.start()
        bench.ok(f"nvm_vblk write d.img {address} -i fifo --pad")
        feeder.join()
        assert read_back(bench, f"nvm_vblk read d.img {address} --bytes {size}") == data[:size]


def test_pipe_that_ends_early_is_an_error(bench):
    bench.device()
    fifo = Fifo(bench)
    feeder = threading.Thread(target=lambda: (fifo.feed(bytes(SECTOR)), fifo.close()))
    feeder.start()
    sentence = "# nvm_buf_from_file: fifo: ended before the virtual block was full"
    bench.fails("nvm_vblk write d.img 0 -i fifo", sentence)
    feeder.join()


def test_names_with_special_characters(bench):
    name = "a ?ro%20&=:.img"
    bench.ok(["nvm_emu", "create", name])
    assert f"path: '{name}'" in bench.ok(["nvm_emu", "info", name]).out
    assert "ndescr: 900" in bench.ok(["nvm_emu", "chunks", name]).out
    bench.ok(["nvm_emu", "check", name])


def test_device_of_several_files(bench):
    bench.device("--segment-bytes 1G")
    same(bench.ok("nvm_emu info d.img --json").json["emu"]["nfiles"], 6)
    data = bench.random_file("data", LINE)
    bench.ok("nvm_vblk line_write d.img 0 2 0 4 3 -i data")
    unit = 8 * SECTOR  # ws_opt
    assert read_back(bench, "nvm_vblk line_read d.img 0 2 0 4 3") == data


def test_device_in_memory(bench):
    out = bench.ok("nvm_vblk line_write emu:?groups=2&punits=2&bad=none 0 1 0 1 0").out
    assert "  nblks: 4\n" in out and "mb: 24.00" in out, out
