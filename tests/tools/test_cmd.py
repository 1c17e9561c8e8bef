# SPDX-License-Identifier: BSD-2-Clause
# nvm_cmd: what a command changes, what a refused one says, the environment, files of commands.
import struct

from support import SECTOR, same

RET = r"nvm_ret: {result: {cdw0: 0x%s, vio: {cs: 0x%s}}, status: 0x%s}"


def run(first, count, chunk="00000001"):
    return " ".join(f"{chunk}{sector:08x}" for sector in range(first, first + count))


def make_12(bench):
    bench.ok("nvm_emu create n.img --spec 1.2 --planes 2 --blocks 30 --pages 4 --bad none")


def test_write_and_read_back(bench):
    bench.device("--mw-cunits 0")
    data = bench.random_file("data", 8 * SECTOR)
    bench.ok(f"nvm_cmd write d.img {run(0, 8)} -i data")
    bench.ok(f"nvm_cmd read d.img {run(0, 8)} -o back")
    same(bench.path("back").read_bytes() == data, True)
    bench.env["NVM_CLI_CMD_OPTS"] = "0x40"
    bench.ok(f"nvm_cmd write d.img {run(8, 4)}")
    bench.ok(f"nvm_cmd read d.img {run(8, 4)} -o back")
    same(bench.path("back").read_bytes()[:28], b"ABCDEFGHIJKLMNOPQRSTUVWXYZAB")
    same(bench.states()["open"], 1)


def test_copy_succeeds_with_0(bench):
    bench.device()
    bench.ok("nvm_vblk write d.img 0000000100000000")
    document = bench.ok("nvm_cmd copy d.img 0 0 1 2 4 8 --json").json
    same((document["src"][0]["chunk"], document["dst"][0]["chunk"]), (1, 8))
    bench.ok("nvm_vblk read d.img 0000000100000000 -o a")
    bench.ok("nvm_vblk read d.img 0204000800000000 -o b")
    same(bench.path("a").read_bytes() == bench.path("b").read_bytes(), True)
    bench.fails("nvm_cmd copy d.img 0 0 1 2 4 8", r"# nvm_cmd_copy: .*")
    bench.fails("nvm_cmd copy d.img 0 0 1 3 4 8", r"# FAILED: .*there is no group 3: .*")


def test_refused_commands_show_what_came_back(bench):
    bench.device()
    result = bench.fails(f"nvm_cmd write d.img {run(4, 4)}", r"# nvm_cmd_write: Out of Order Write .*")
    same(result.out.splitlines()[-1], RET % ("f", "f", "42f2"))
    document = bench.run(f"nvm_cmd write d.img {run(4, 4)} --json").json
    same((document["nvm_ret"]["status"], document["error"]["call"]), (0x42F2, "nvm_cmd_write"))


def test_wrong_arguments(bench):
    bench.device()
    bench.random_file("short", 100)
    bench.fails(f"nvm_cmd write d.img {run(0, 4)} -i short", r"# nvm_buf_from_file: short: has 100 bytes, the command needs 16384")
    bench.fails(f"nvm_cmd write d.img {run(0, 4)} -i nope", r"# nvm_buf_from_file: nope: No such file.*")
    bench.fails(f"nvm_cmd read d.img {run(0, 65)}", r"# FAILED: 65 addresses are more than one command takes: 64")
    bench.fails("nvm_cmd read d.img 0 -o d.img", r"# nvm_buf_to_file: d.img: is the device itself")
    bench.fails("nvm_cmd read d.img 0900000000000000 -o short", "# FAILED: .*there is no group 9.*")
    same(bench.path("short").stat().st_size, 100)
    bench.misused("nvm_cmd read d.img", ".*0xADDR.*required.*")
    bench.misused("nvm_cmd erase d.img 0 -q x", ".*-q.*")
    bench.fails("nvm_cmd erase d.img?ro 0", r"# nvm_dev_openf: .*read-only")
    bench.fails("nvm_cmd gbbt d.img 0 0", r"# nvm_cmd_gbbt: OCSSD 2.0 has no bad block tables; .*")
    same(bench.states()["free"], 897)


def test_reports(bench):
    bench.device()
    lines = bench.ok("nvm_cmd rprt_all d.img").out.splitlines()
    same(lines[:4], ["# nvm_cmd_rprt: (nil)", "rprt:", "  ndescr: 900", "rprt_descr:"])
    same(len(lines), 904)
    same(bench.ok("nvm_cmd rprt_lun d.img 1 3 --json").json["rprt"]["ndescr"], 60)
    bench.fails("nvm_cmd rprt_lun d.img 3 0", r"# FAILED: .*there is no group 3: .*")
    document = bench.ok("nvm_cmd idfy d.img --json").json["idfy"]
    same((document["verid"], document["lgeo"]["nsectr"], document["perf"]["tcet"]), (2, 1536, 3000000))


def test_environment(bench):
    bench.device()
    for name, value, sentence in (
        ("NVM_CLI_PMODE", "1", "1 is no mode of this device, which has 0 alone"),
        ("NVM_CLI_PMODE", "x", "'x' is no hexadecimal number"),
        ("NVM_CLI_META_MODE", "3", "is 0 to 2, not 3"),
        ("NVM_CLI_READ_NADDRS_MAX", "65", "is 1 to 64, not 65"),
        ("NVM_CLI_WRITE_NADDRS_MAX", "0", "is 1 to 64, not 0"),
        ("NVM_CLI_CMD_OPTS", "0xc0", "0xc0 chooses alternatives together"),
        ("NVM_CLI_CMD_OPTS", "0x3", "0x3 chooses more than one backend"),
        ("NVM_CLI_CMD_OPTS", "0x1000000", "0x1000000: no backend and no option has the bits 0x1000000"),
    ):
        bench.fails("nvm_cmd idfy d.img", f"# {name}: {sentence}", env={**bench.env, name: value})
    bench.ok("nvm_cmd idfy d.img", env={**bench.env, "NVM_CLI_CMD_OPTS": "0x10000"})
    # Without the check it is the device that refuses.
    result = bench.run("nvm_cmd erase d.img 0x3c00000000", env={**bench.env, "NVM_CLI_NOVERIFY": ""})
    same((result.code, "FAILED" in result.err), (1, False))
    lines = bench.ok("nvm_cmd read d.img 0", env={**bench.env, "NVM_CLI_META_PR": "1"}).out.splitlines()
    same(lines[-4], "# before_read: {meta_tbytes: 16}")


def test_planes(bench):
    make_12(bench)
    addresses = " ".join(f"{plane << 24 | sec:016x}" for plane in (0, 1) for sec in range(4))
    data = bench.random_file("data", 8 * SECTOR)
    assert "{pmode: DUAL}" in bench.ok(f"nvm_cmd write n.img {addresses} -i data").out
    bench.ok(f"nvm_cmd read n.img {addresses} -o back")
    same(bench.path("back").read_bytes() == data, True)
    single = {**bench.env, "NVM_CLI_PMODE": "0"}
    bench.ok("nvm_cmd erase n.img 1000000", env=single)
    result = bench.fails("nvm_cmd read n.img 1000000", "# nvm_cmd_read: Empty Page .*", env=single)
    same(result.out.splitlines()[-1], RET % ("1", "1", "42ff"))
    bench.ok("nvm_cmd read n.img 0", env=single)
    bench.fails("nvm_cmd rprt_all n.img", "# nvm_cmd_rprt: OCSSD 1.2 has no chunk report")
    bench.fails("nvm_cmd copy n.img 0 0 1 0 0 2", "# nvm_cmd_copy: OCSSD 1.2 has no copy")


def test_tables(bench):
    make_12(bench)
    bench.ok("nvm_cmd sbbt n.img 0 2 5 0x2")
    document = bench.ok("nvm_cmd gbbt n.img 0 2 --json").json["bbt"]
    same((document["tgrown"], document["bbt_blks"][10:12]), (1, [2, 0]))
    result = bench.fails("nvm_cmd sbbt n.img 0 2 5 0x3", "# nvm_cmd_sbbt: Invalid Field.*")
    same(result.out.splitlines()[-1], RET % ("0", "0", "4002"))
    bench.fails("nvm_cmd sbbt n.img 0 2 5 0x100", "# FAILED: 0x100: a state has 8 bits")


def test_commands_from_files(bench):
    bench.device("--mw-cunits 0")
    bench.fails("nvm_cmd padc d.img", "# nvm_cmd: Please provide a command-file with '-c'")
    bench.random_file("short.cmd", 10)
    bench.fails("nvm_cmd padc d.img -c short.cmd", "# FAILED: short.cmd: has 10 bytes, a command has 64")
    bench.path("geometry.cmd").write_bytes(struct.pack("<II56x", 0xE2, 1))
    bench.path("page").write_bytes(bytes(4096))
    text = bench.ok("nvm_cmd padc d.img -c geometry.cmd -d page").out
    assert "CMD_OPTS=0x1010" in text and "  data_nbytes: 4096" in text and "  meta_path: (null)" in text, text
    same(struct.unpack_from("<HHII", bench.path("page").read_bytes(), 64), (3, 5, 60, 1536))
    # A vector write is of four sectors; of one, with its address in the command, it is refused.
    bench.path("write.cmd").write_bytes(struct.pack("<II32xQI12x", 0x91, 1, 0, 0))
    bench.random_file("sector", SECTOR)
    result = bench.fails("nvm_cmd pioc d.img -c write.cmd -d sector", "# nvm_cmd_pass: .*")
    assert result.out.splitlines()[-1].startswith("nvm_ret: "), result.out
    bench.path("list.cmd").write_bytes(struct.pack("<II32xQI12x", 0x92, 1, 0, 3))
    bench.fails("nvm_cmd pioc d.img -c list.cmd -d sector", "# FAILED: a vector command of several addresses .*")


def test_no_arguments_and_help(bench):
    for tool in ("nvm_cmd", "nvm_addr", "nvm_bbt"):
        same(bench.ok(f"{tool} --help"), bench.ok(tool))
    for command in ("nvm_cmd write", "nvm_cmd copy", "nvm_addr s12_to_gen", "nvm_bbt get"):
        text = bench.ok(f"{command} -h").out
        assert f"Usage: {command}" in text and "Examples:" in text, text
        assert max(len(line) for line in text.splitlines()) < 80, text
