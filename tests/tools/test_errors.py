# SPDX-License-Identifier: BSD-2-Clause
# What goes wrong: one line on stderr that says what and why, exit code 1, and no harm done.
import os
import subprocess
import time

from support import CHUNK, LINE, SECTOR, Skip, same, stop

BACKUP = 1 << 20  # where an image's chunk table begins


def test_missing_device(bench):
    result = bench.fails("nvm_dev info nope.img", "# nvm_dev_openf: nope.img: No such file or directory")
    same(result.out, "")
    for tool in ("nvm_emu info", "nvm_emu check", "nvm_emu chunks", "nvm_vblk line_erase"):
        bench.fails(f"{tool} nope.img" + " 0 0 0 0 0" * tool.startswith("nvm_vblk"), r"# nvm_\w+: nope.img: No such file .*")


def test_fault_plans(bench):
    bench.device()
    plan = bench.folder / "plan"
    plan.write_text("seed 0x10\n\nearly_close  chunk=3 nth=2 # twice\n")
    shown = bench.ok("nvm_emu faults plan d.img --json").json
    same(shown["faults"], {"path": "plan", "seed": 16, "nrules": 1})
    same(shown["rules"], [{"line": 3, "rule": "early_close chunk=3 after=1 count=1"}])
    assert "  - {line: 3, rule: " in bench.ok("nvm_emu faults plan").out
    plan.write_text("read_error group=200\n")
    bench.fails("nvm_emu faults plan d.img", "# nvm_emu_faults: plan: fault plan, line 1: group=200, but the device .*")
    bench.ok("nvm_emu faults plan")
    plan.write_text("nonsense\n")
    bench.fails("nvm_emu faults plan", "# nvm_emu_faults: plan: fault plan, line 1: 'nonsense' is no fault; .*")
    bench.fails("nvm_dev info d.img?faults=plan", "# nvm_dev_openf: plan: fault plan, line 1: .*")
    bench.fails("nvm_emu faults nope", "# nvm_emu_faults: nope: No such file or directory")


def test_foreign_file(bench):
    bench.random_file("foreign", 100000)
    sentence = r"# nvm_\w+: foreign: not an emulated device \(nvm_emu create makes one\)"
    for command in ("nvm_dev info", "nvm_emu info", "nvm_emu check", "nvm_emu chunks"):
        bench.fails(f"{command} foreign", sentence)
    bench.fails("nvm_vblk erase foreign 0", sentence)


def test_unknown_backend(bench):
    sentence = "# nvm_dev_openf: 'nonsense' is no backend; nvm_dev backends lists them"
    bench.fails("nvm_dev info x.img", sentence, env={**bench.env, "NVM_BE": "nonsense"})


def test_wrong_command_line(bench):
    bench.device()
    bench.misused("nvm_vblk frobnicate d.img", "there is no sub-command 'frobnicate'")
    bench.misused("nvm_vblk erase d.img", ".*0xADDR.*required.*")
    bench.misused("nvm_vblk erase", ".*required.*")
    bench.misused("nvm_vblk erase d.img 0 --frobnicate", ".*--frobnicate.*")
    bench.misused("nvm_vblk line_erase d.img 0 2 0 x 1", "lun_end: 'x' is no number")
    bench.misused("nvm_vblk line_erase d.img 0 2 0 99999999999 1", "lun_end: '99999999999' is no number")
    bench.misused("nvm_vblk line_read d.img 0 2 0 4 1 --bytes 12Q", "--bytes: '12Q' is no number of bytes .*")
    bench.misused("nvm_vblk line_read d.img 0 2 0 4 1 -o", ".*-o.*")
    bench.misused("nvm_emu chunks d.img --state half", ".*--state.*half.*")
    same(bench.states()["free"], 897)


def test_no_arguments_and_help_print_usage(bench):
    for tool in ("nvm_dev", "nvm_emu", "nvm_vblk"):
        usage = bench.ok(tool)
        assert f"Usage: {tool}" in usage.out and "Examples:" in usage.out, usage.out
        same(bench.ok(f"{tool} --help"), usage)
        assert bench.ok(f"{tool} --version").out.startswith(f"{tool} (liblightnvm) ")
    for command in ("nvm_dev info", "nvm_emu create", "nvm_emu chunks", "nvm_vblk line_pread", "nvm_vblk copy"):
        text = bench.ok(f"{command} -h").out
        assert f"Usage: {command}" in text and "Examples:" in text, text
        assert max(len(line) for line in text.splitlines()) < 80, text


def test_every_option_of_a_device_has_its_help(bench):
    text = bench.ok("nvm_emu create --help").out
    assert "docs/tools.md" not in text, text


def test_options_are_found_by_the_keys_of_identifiers_too(bench):
    bench.device("--ws_min 2 --ws-opt=6 --sector_bytes=512")
    made = bench.ok("nvm_emu info d.img --json").json
    same((made["wrt"]["ws_min"], made["wrt"]["ws_opt"], made["geo"]["nbytes"]), (2, 6, 512))


def test_address_out_of_range(bench):
    bench.device()
    for address, sentence in {
        "0x0300000000000000": "there is no group 3: the device has 0 to 2",
        "0005000000000000": "there is no parallel unit 5: the device has 0 to 4",
        "0x3c00000000": "there is no chunk 60: the device has 0 to 59",
        "0x600": "there is no sector 1536: the device has 0 to 1535",
    }.items():
        bench.fails(f"nvm_vblk set_erase d.img 0 {address}", f"# FAILED: {address}: {sentence}")
    for address in ("xyz", "0x", "-1", "0x10000000000000000"):
        bench.fails(["nvm_vblk", "erase", "d.img", address], f"# FAILED: '{address}' is no address: .*")
    bench.fails("nvm_vblk set_erase d.img 0x100000000 0x100000001", "# FAILED: 0x100000001: its chunk is there twice")


def test_line_out_of_range(bench):
    bench.device()
    for line, sentence in {
        "0 3 0 4 0": "ch_end: there is no group 3: the device has 0 to 2",
        "0 2 0 5 0": "lun_end: there is no parallel unit 5: the device has 0 to 4",
        "0 2 0 4 60": "blk: there is no chunk 60: the device has 0 to 59",
        "2 1 0 4 0": "ch_bgn is behind ch_end",
        "0 2 3 2 0": "lun_bgn is behind lun_end",
    }.items():
        bench.fails(f"nvm_vblk line_erase d.img {line}", f"# FAILED: {sentence}")


def test_part_out_of_range(bench):
    bench.device()
    line = "nvm_vblk line_pread d.img 0 2 0 4 1"
    for wrong in ("100 0", "32768 1", "4096 0", "32768 4096"):
        bench.fails(f"{line} {wrong}", "# FAILED: count and offset are multiples of ws_opt sectors, 32768 bytes")
    bench.fails(f"{line} 65536 {LINE - 32768}", f"# FAILED: 65536 bytes from {LINE - 32768} on reach beyond .* {LINE}")
    bench.fails(f"{line} 32768 {2**64 - 32768}", "# FAILED: 32768 bytes from .* reach beyond .*")
    bench.fails("nvm_vblk read d.img 0 --bytes 7M", f"# FAILED: --bytes 7340032 is more than .*: {CHUNK}")


def test_depth_out_of_range(bench):
    bench.device()
    bench.fails("nvm_vblk read d.img 0 --depth 1000000", "# nvm_vblk_set_async: --depth 1000000 is more than .*")


def test_short_input_says_what_is_needed_and_writes_nothing(bench):
    bench.device()
    bench.random_file("short", 1000)
    sentence = f"# nvm_buf_from_file: short: has 1000 bytes, the virtual block needs {LINE} \\(90 MiB\\); --pad fills the rest"
    bench.fails("nvm_vblk line_write d.img 0 2 0 4 1 -i short", sentence)
    same(bench.states()["free"], 897)


def test_unreadable_input(bench):
    bench.device()
    bench.fails("nvm_vblk write d.img 0 -i nope", "# nvm_buf_from_file: nope: No such file or directory")
    bench.fails("nvm_vblk write d.img 0 -i . --pad", "# nvm_buf_from_file: .: Is a directory")
    same(bench.states()["free"], 897)


def test_unwritable_output(bench):
    bench.device()
    bench.fails("nvm_vblk read d.img 0 -o nope/x", "# nvm_buf_to_file: nope/x: No such file or directory")
    bench.fails("nvm_vblk read d.img 0 -o /dev/full", "# nvm_buf_to_file: /dev/full: No space left on device; .*")


def test_output_keeps_its_contents_where_nothing_was_read(bench):
    bench.device()
    data = bench.random_file("kept", 100)
    bench.ok("nvm_emu create n.img --spec 1.2 --planes 2 --bad none")
    # OCSSD 1.2 has an error for pages that were never written.
    for command in ("nvm_cmd read n.img 0", "nvm_vblk read n.img 0"):
        for name in ("kept", "new"):
            assert bench.run(f"{command} -o {name}").code == 1
        same(bench.path("kept").read_bytes(), data)
        assert not bench.path("new").exists()
    bench.ok("nvm_vblk write d.img 0")
    bench.ok("nvm_vblk line_pread d.img 0 0 0 0 0 0 0 -o kept")
    same(bench.path("kept").read_bytes(), b"")


def test_output_has_what_could_be_read_of_a_failed_read(bench):
    bench.random_file("kept", 100000)
    bench.ok("nvm_emu create n.img --spec 1.2 --planes 2 --bad none")
    bench.ok("nvm_cmd erase n.img 0 0x1000000")
    page = [plane << 24 | sector for plane in range(2) for sector in range(4)]
    bench.ok("nvm_cmd write n.img " + " ".join(f"{a:x}" for a in page))
    # One sector that was written, one of the page behind it.
    assert bench.run("nvm_cmd read n.img 0 100 -o kept").code == 1
    same(bench.path("kept").read_bytes()[:26], b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    same(bench.path("kept").stat().st_size, 2 * SECTOR)


def test_undeclared_options_of_the_original_are_taken(bench):
    bench.device()
    for command in ("nvm_cmd idfy d.img -b -t -v -n 3 -x 0x3", "nvm_addr gen2dev d.img 0 -b -i nope -o nope",
                    "nvm_dev info d.img -c nope -m nope -d nope", "nvm_vblk write d.img 0 -o nope -v"):
        bench.ok(command)
    assert not bench.path("nope").exists()
    bench.ok("nvm_emu create n.img --spec 1.2 --planes 2 --bad none")
    bench.ok("nvm_bbt get n.img 0 0 -b -t")
    bench.misused("nvm_cmd idfy d.img -n", ".*-n.*")
    bench.misused("nvm_cmd idfy d.img -q", ".*-q.*")
    bench.misused("nvm_emu info d.img -b", ".*-b.*")


def test_output_may_not_be_the_device(bench):
    bench.device()
    before = bench.path("d.img").stat()
    bench.path("link").symlink_to("d.img")
    for name in ("d.img", "./d.img", "link"):
        bench.fails(f"nvm_vblk read d.img 0 -o {name}", f"# nvm_buf_to_file: {name}: is the device itself")
    same(bench.path("d.img").stat().st_size, before.st_size)


def test_written_chunks_are_refused_before_a_byte_is_sent(bench):
    bench.device()
    bench.ok("nvm_vblk write d.img 0x0201000300000000")
    sentence = r"# nvm_vblk_write: chunk \(2,1,3\) is written already: erase the virtual block first"
    bench.fails("nvm_vblk line_write d.img 0 2 0 4 3", sentence)
    same((bench.states()["free"], bench.states()["open"]), (896, 0))


def test_open_chunks_say_how_to_go_on(bench):
    bench.path("info").write_text("group=1 punit=0 chunk=1 wp=8 state=OPEN\n")
    bench.device("--chunk-info info")
    chunk = "d.img 0x0100000100000000"
    bench.fails(f"nvm_vblk write {chunk}", r"# nvm_vblk_write: chunk \(1,0,1\) is open: pad and erase .* first")
    bench.fails(f"nvm_vblk erase {chunk}", r"# nvm_vblk_erase: Invalid Reset .*: chunk \(1,0,1\) is open, .*: pad it first")
    assert "pos_write: 32768" in bench.ok(f"nvm_vblk pad {chunk}").out
    bench.ok(f"nvm_vblk erase {chunk}")
    bench.ok(f"nvm_vblk write {chunk}")


def test_offline_chunk_is_named(bench):
    bench.device()
    for command in ("line_write", "line_erase", "line_pad", "line_read"):
        bench.fails(f"nvm_vblk {command} d.img 0 2 0 4 7", r"# nvm_vblk_alloc: chunk \(0,0,7\) is offline: choose another one")
    same((bench.states()["free"], bench.states()["open"]), (897, 0))


def test_chunk_of_another_size_is_named(bench):
    bench.path("info").write_text("group=0 punit=0 chunk=1 cnlb=1024\n")
    bench.device("--chunk-info info")
    sentence = r"# nvm_vblk_alloc: chunk \(0,0,1\) has 1024 sectors, a virtual block takes chunks of 1536"
    for command in ("write", "erase", "pad", "read"):
        bench.fails(f"nvm_vblk {command} d.img 0x100000000", sentence)


def test_read_only_device_is_not_written(bench):
    bench.device()
    for command in ("erase d.img?ro 0", "pad d.img?ro 0", "write d.img?ro 0", "copy d.img?ro 0 100000000"):
        bench.fails(f"nvm_vblk {command}", r"# nvm_dev_openf: d\.img\?ro: is open read-only")


def test_create_leaves_others_alone(bench):
    data = bench.random_file("foreign", 5000)
    bench.fails("nvm_emu create foreign", "# nvm_emu_create: foreign: exists already; .*")
    bench.fails("nvm_emu create foreign --force", "# nvm_emu_create: foreign: is no emulated device.*, so it is left alone")
    same(bench.path("foreign").read_bytes(), data)
    bench.device()
    bench.fails("nvm_emu create d.img", "# nvm_emu_create: d.img: exists already; --force replaces an emulated device")
    bench.ok("nvm_emu create d.img --force --chunks 10")
    same(bench.states()["free"], 149)


def test_impossible_devices(bench):
    for options, sentence in {
        "--groups 300": "a device has 1 to 256 groups",
        "--groups many": "groups=many: is not a number",
        "--ws-opt 7": "ws_opt is a multiple of ws_min .*",
        "--bad 1.2": "bad=1.2: .*",
        "--chunks 0x": "chunks=0x: is not a number",
    }.items():
        bench.fails(f"nvm_emu create d.img {options}", f"# nvm_emu_create: {sentence}")
    bench.misused("nvm_emu create d.img --segment-bytes lots", "--segment-bytes: 'lots' is no number of bytes .*")
    bench.fails("nvm_emu create nope/d.img", "# nvm_emu_create: nope/d.img: No such file or directory")
    same(os.listdir(bench.folder), [])


def test_wrong_chunk_info(bench):
    bench.path("info").write_text("# one\ngroup=0 punit=0 chunk=1 state=OFFLINE\ngroup=0 punit=0 chunk=61\n")
    bench.fails("nvm_emu create d.img --chunk-info info", "# nvm_emu_create: info: .*line 3.*")
    bench.fails("nvm_emu create d.img --chunk-info nope", "# nvm_emu_create: nope: No such file or directory")
    bench.fails("nvm_emu create d.img --chunk-info .", "# nvm_emu_create: .: Is a directory")
    same(os.listdir(bench.folder), ["info"])


def test_unsound_device_is_found(bench):
    bench.device()
    with open(bench.path("d.img"), "r+b") as image:
        image.seek(BACKUP + 17 * 32)
        image.write(b"\x01")
    result = bench.fails("nvm_emu check d.img", "# nvm_emu_check: d.img: 1 finding")
    assert "nfindings: 1\n" in result.out and "  - {where: 'chunk (0,0,17)', what: '" in result.out, result.out
    document = bench.run("nvm_emu check d.img --json").json
    same([finding["where"] for finding in document["findings"]], ["chunk (0,0,17)"])
    with open(bench.path("d.img"), "r+b") as image:
        image.write(bytes(8192))
    bench.fails("nvm_emu check d.img", "# nvm_emu_check: d.img: not an emulated device .*")


def test_chunks_outside_of_the_device(bench):
    bench.device("--groups 1")
    bench.fails("nvm_emu chunks d.img --group 1", "# nvm_emu_chunks: there is no group 1: the device has one")
    bench.fails("nvm_emu chunks d.img --punit 5", "# nvm_emu_chunks: there is no parallel unit 5: the device has 0 to 4")


def test_full_standard_output(bench):
    bench.device()
    for command in ("nvm_dev info d.img", "nvm_dev backends --json", "nvm_emu chunks d.img", "nvm_emu chunks d.img --json"):
        with open("/dev/full", "w") as full:
            bench.fails(command, "# stdout: No space left on device", stdout=full)


def test_reader_that_goes_away(bench):
    bench.device()
    with bench.popen("nvm_emu chunks d.img", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        same(process.stderr.read(), b"")


def test_full_disk(bench):
    script = """mount -t tmpfs -o size=4m none small && cd small || exit 77
        nvm_emu create d.img >/dev/null && { nvm_vblk write d.img 100000000; echo "code $?"; nvm_emu check d.img; }"""
    bench.path("small").mkdir()
    words = ["unshare", "--map-root-user", "--mount", "sh", "-c", script]
    try:
        result = bench.run(words)
    except FileNotFoundError:
        raise Skip("there is no unshare") from None
    if "code" not in result.out:
        raise Skip(f"no file system of its own here: {result.err.strip()}")
    assert "code 1\n" in result.out and "nfindings: 0\n" in result.out, result
    assert result.err.startswith("# nvm_vblk_write: Capacity Exceeded"), result.err


def test_output_may_not_be_a_segment_of_the_device(bench):
    bench.device("--segment-bytes 1G")
    bench.path("link").symlink_to("d.img.3")
    before = bench.path("d.img.3").stat().st_size
    for name in ("d.img.1", "./d.img.3", "link"):
        bench.fails(f"nvm_vblk read d.img 0 -o {name}", f"# nvm_buf_to_file: {name}: is the device itself")
    bench.path("other").symlink_to("d.img")
    bench.fails("nvm_vblk read other 0 -o d.img.3", "# nvm_buf_to_file: d.img.3: is the device itself")
    same(bench.path("d.img.3").stat().st_size, before)


def test_trace_may_not_be_the_device(bench):
    bench.device("--segment-bytes 1G")
    before = bench.path("d.img").read_bytes()[:8192]
    for name in ("d.img", "d.img.2"):
        bench.fails(f"nvm_dev info d.img?trace={name}", rf"# nvm_dev_openf: .*: trace={name}: is the device itself")
    same(bench.path("d.img").read_bytes()[:8192], before)


def test_written_random_chunk_is_not_padded(bench):
    bench.path("info").write_text("group=0 punit=0 chunk=1 type=RAN\n")
    bench.device("--chunk-info info")
    bench.random_file("data", CHUNK)
    bench.ok("nvm_vblk write d.img 0x100000000 -i data")
    sentence = r"# nvm_vblk_pad: chunk \(0,0,1\) takes writes at random and is written: .*; write or read it as it is"
    bench.fails("nvm_vblk pad d.img 0x100000000", sentence)
    bench.ok("nvm_vblk read d.img 0x100000000 -o back")
    assert bench.path("back").read_bytes() == bench.path("data").read_bytes()
    result = bench.fails("nvm_vblk erase d.img 0x100000000", r"# nvm_vblk_erase: .*chunk \(0,0,1\) takes writes at random .*")
    assert "pad" not in result.err, result.err


def test_stripe_that_does_not_line_up_is_padded_chunk_by_chunk(bench):
    bench.path("info").write_text(
        "group=0 punit=0 chunk=1 state=OPEN wp=800\ngroup=1 punit=0 chunk=1 state=OPEN wp=8\ngroup=2 punit=0 chunk=1 state=CLOSED\n"
    )
    bench.device("--chunk-info info")
    line = "d.img 0 2 0 0 1"
    bench.fails(f"nvm_vblk line_write {line}", r"# nvm_vblk_write: chunk \(0,0,1\) is open: pad and erase .*")
    result = bench.ok(f"nvm_vblk line_pad {line}")
    assert result.err.startswith("# note: the chunks are not written as one virtual block"), result
    same(bench.states()["open"], 0)
    bench.ok(f"nvm_vblk line_erase {line}")
    bench.ok(f"nvm_vblk line_write {line}")


def test_chunk_that_was_closed_early_is_not_padded(bench):
    bench.path("info").write_text("group=0 punit=0 chunk=1 state=CLOSED wp=800\n")
    bench.device("--chunk-info info")
    sentence = r"# nvm_vblk_pad: chunk \(0,0,1\) was closed early, at sector 800 of 1536: it takes no more; erase .*"
    bench.fails("nvm_vblk pad d.img 0x100000000", sentence)


def test_words_behind_two_dashes_are_left_alone(bench):
    bench.ok(["nvm_emu", "create", "--", "--a_b.img"])
    same(os.listdir(bench.folder), ["--a_b.img"])


def test_limited_size_of_files(bench):
    bench.device()
    for command, sentence in {
        "nvm_vblk write d.img 0x0204003a00000000": "# nvm_vblk_write: Capacity Exceeded .* may be full, or takes no larger file",
        "nvm_vblk read d.img 0 -o big": "# nvm_buf_to_file: big: File too large; it has the first .*",
    }.items():
        bench.fails(["sh", "-c", f"ulimit -f 4096; exec {command}"], sentence)


def test_question_mark_in_a_name(bench):
    bench.path("a?b").write_bytes(b"")
    bench.fails("nvm_dev info a?b", "# nvm_dev_openf: a: No such file .*; a . that belongs to a file's name is written %3F")


def test_creation_that_was_killed_is_no_hindrance(bench):
    bench.path("info").write_text("group=* punit=* chunk=* pe_cycles=1\n")
    words = "nvm_emu create d.img --groups 8 --punits 4 --chunks 65536 --sectors 64 --bad none --chunk-info info"
    with bench.popen(words) as process:
        for _ in range(3000):
            if os.listdir(bench.folder) != ["info"]:
                break
            time.sleep(0.01)
        busy = bench.run("nvm_emu create d.img")
        stop(process)
    assert busy.code == 1 and "d.img.creating: another process is making this device" in busy.err, busy
    assert "d.img.creating" in os.listdir(bench.folder), os.listdir(bench.folder)
    bench.device()
    same(sorted(os.listdir(bench.folder)), ["d.img", "info"])


def test_symbolic_link_is_not_replaced(bench):
    bench.device()
    bench.path("link").symlink_to("d.img")
    bench.fails("nvm_emu create link --force", "# nvm_emu_create: link: is a symbolic link; .*")


def test_quote_in_a_path(bench):
    bench.ok(["nvm_emu", "create", "it's.img"])
    assert "  path: 'it''s.img'\n" in bench.ok(["nvm_emu", "info", "it's.img"]).out
    assert "path: 'it''s.img'\n" in bench.ok(["nvm_dev", "info", "it's.img"]).out
    assert "  path: 'it''s.img'\n" in bench.ok(["nvm_emu", "check", "it's.img"]).out


def test_damaged_record_is_not_taken_for_an_empty_chunk(bench):
    bench.device()
    bench.ok("nvm_vblk write d.img 0x100000000")
    with open(bench.path("d.img"), "r+b") as image:
        image.seek(BACKUP + 16)
        image.write(b"\x01")
    for command in ("nvm_dev info d.img", "nvm_emu chunks d.img", "nvm_vblk read d.img 0x100000000"):
        bench.fails(command, r"# \w+: d.img: 1 chunk records are damaged; nvm_emu check names them")
