# SPDX-License-Identifier: BSD-2-Clause
# The original's environment in nvm_dev and nvm_vblk; nvm_cmd has it in its own tests.
from support import CHUNK, same


def metadata(bench, address, device="d.img"):
    env = {**bench.env, "NVM_CLI_META_PR": "1"}
    return bytes(bench.ok(f"nvm_cmd read {device} {address} --json", env=env).json["after_read"])


def test_info_shows_the_settings(bench):
    bench.device()
    bench.env.update(NVM_CLI_CMD_OPTS="0x10240", NVM_CLI_META_MODE="2", NVM_CLI_ERASE_NADDRS_MAX="1",
                     NVM_CLI_READ_NADDRS_MAX="2", NVM_CLI_WRITE_NADDRS_MAX="3")
    document = bench.ok("nvm_dev info d.img --json").json
    same(document["cmd_opts"], {"mask": 0x250, "iomd": "SYNC", "addr": "SCALAR", "plod": "SGL"})
    same(document["vblk_opts"], {"pmode": "SNGL", "erase_naddrs_max": 1, "read_naddrs_max": 2, "write_naddrs_max": 3, "meta_mode": 2})
    bench.fails("nvm_dev info d.img", "# NVM_CLI_PMODE: 1 is no mode .*", env={**bench.env, "NVM_CLI_PMODE": "1"})


def test_virtual_blocks_take_metadata(bench):
    bench.device()
    bench.env["NVM_CLI_META_MODE"] = "1"
    bench.ok("nvm_vblk write d.img 100000000")
    letters = bytes(65 + i % 26 for i in range(128))
    same([metadata(bench, f"1000005f{i}") for i in range(8, 10)], [letters[:16], letters[16:32]])
    bench.env["NVM_CLI_META_MODE"] = "2"
    bench.ok("nvm_vblk pad d.img 200000000")
    same(metadata(bench, "200000011"), bytes([65 + 128 % 20]) * 16)
    bench.env["NVM_CLI_META_MODE"] = "3"
    bench.fails("nvm_vblk erase d.img 100000000", "# NVM_CLI_META_MODE: is 0 to 2, not 3")


def test_virtual_blocks_take_the_mode_of_their_planes(bench):
    bench.ok("nvm_emu create n.img --spec 1.2 --planes 2 --bad none")
    single = {**bench.env, "NVM_CLI_PMODE": "0"}
    for env, name in ((bench.env, "DUAL"), (single, "SNGL")):
        for command in ("erase", "write", "read"):
            same(bench.ok(f"nvm_vblk {command} n.img 100000000 --json", env=env).json["vblk"]["dev"]["pmode"], name)


def told(bench, command, opcode, **variables):
    """The most addresses of the commands of `opcode` that NVM_VBLK COMMAND sends, and whether all name a plane mode."""
    trace = bench.path("trace")
    trace.unlink(missing_ok=True)
    verb, device, names = command.split(" ", 2)
    bench.ok(f"nvm_vblk {verb} {device}?trace={trace} {names}", env={**bench.env, **variables})
    lines = [line.split() for line in trace.read_text().splitlines()]
    fields = [line[13] for line in lines if line[3:5] == ["submit", opcode]]
    runs = [sum(int(word.split("+")[1]) for word in field.split(",") if "+" in word) for field in fields]
    return max(runs), all("control=0x1" in field for field in fields)


def test_virtual_blocks_keep_to_the_most_addresses(bench):
    bench.ok("nvm_emu create n.img --spec 1.2 --planes 2 --bad none")
    bench.device()
    line = "line_{} n.img 0 1 0 1 1"
    for mode, erase, write, read, expected in (("1", "1", "8", "2", (1, 8, 2)), ("1", "3", "24", "64", (3, 24, 64)),
                                               ("0", "3", "4", "1", (2, 4, 1)), ("0", "64", "64", "7", (8, 64, 4))):
        variables = {"NVM_CLI_PMODE": mode, "NVM_CLI_ERASE_NADDRS_MAX": erase, "NVM_CLI_WRITE_NADDRS_MAX": write,
                     "NVM_CLI_READ_NADDRS_MAX": read}
        for verb, most in zip(("erase", "write", "read"), expected):
            opcode = {"erase": "vector_reset"}.get(verb, f"vector_{verb}")
            same(told(bench, line.format(verb), opcode, **variables), (most, mode == "1"))
    same(told(bench, "write d.img 100000000", "vector_write", NVM_CLI_WRITE_NADDRS_MAX="8"), (8, False))
    bench.fails("nvm_vblk erase n.img 100000000", "# NVM_CLI_WRITE_NADDRS_MAX: is a multiple of 8 in plane mode DUAL, not 4",
                env={**bench.env, "NVM_CLI_WRITE_NADDRS_MAX": "4"})
    bench.fails("nvm_vblk erase n.img 100000000", "# NVM_CLI_READ_NADDRS_MAX: is a multiple of 2 in plane mode DUAL, not 3",
                env={**bench.env, "NVM_CLI_READ_NADDRS_MAX": "3"})


def test_virtual_blocks_are_scalar_by_the_commands_options(bench):
    bench.device()
    bench.env["NVM_CLI_CMD_OPTS"] = "40"
    same(bench.ok("nvm_vblk write d.img 100000000 --json").json["vblk"]["flags"], 0x150)
    same(bench.ok("nvm_vblk read d.img 100000000 --json").json["nvm_vblk_read"]["nbytes"], CHUNK)


def test_addresses_are_not_held_against_the_bounds(bench):
    bench.device()
    bench.fails("nvm_vblk erase d.img 3c00000000", "# FAILED: .*there is no chunk 60.*")
    env = {**bench.env, "NVM_CLI_NOVERIFY": "1"}
    for command, chunk in (("erase d.img 3c00000000", "3c00000000"), ("line_erase d.img 0 3 0 0 1", "300000100000000")):
        bench.fails(f"nvm_vblk {command}", f"# nvm_vblk_alloc: the device has no chunk 0x0*{chunk}", env=env)
    # Chunk 64 of 60 does not fit its field; group 3 of 3 fits, and group 4 exceeds the topmost.
    bench.fails("nvm_cmd read d.img 0x4000000000", "# FAILED: 0x0000004000000000 exceeds the device's address format: .*", env=env)
    bench.ok("nvm_addr gen_as_geo d.img 0x4000000000", env=env)
    for group in ("03", "04"):
        bench.fails(f"nvm_cmd write d.img {group}00000000000000", "# nvm_cmd_write: .*0x.*", env=env)
