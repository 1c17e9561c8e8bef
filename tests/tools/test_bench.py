# SPDX-License-Identifier: BSD-2-Clause
# nvm_bench as its users meet it: it asks, measures, verifies, says it in text and JSON, and compares runs.
import json
import re

from support import SECTOR, same

DEVICE = "emu:?groups=2&punits=2&chunks=8&bad=none"
SMALL = "--groups 2 --punits 2 --chunks 8 --bad none"


def trace(bench, options, name):
    """The commands that a run sends, in order: opcode and addresses."""
    operation, *rest = options.split()
    bench.ok(["nvm_bench", operation, f"{DEVICE}&trace={name}", *rest, "--yes", "--depth", "1"])
    lines = [line.split() for line in bench.path(name).read_text().splitlines()]
    return [(words[4], words[-1]) for words in lines if words[1].startswith("io") and words[3] == "submit"]


def test_text_has_table_drawing_and_verdict(bench):
    result = bench.ok(["nvm_bench", "read", DEVICE, "--prepare", "-y", "--random", "--verify", "--count", "5000"])
    assert re.search(r"^read +5000 +\d+ +[\d.]+ +0$", result.out, re.M), result.out
    assert re.search(r"^read( +[\d.]+){8}$", result.out, re.M), result.out
    assert "read latency from, share of 5000 commands\n" in result.out and "█" in result.out, result.out
    assert result.out.endswith("verified: 5000 sectors, all as written\n"), result.out
    same(result.err, "")
    plain = bench.ok(["nvm_bench", "read", DEVICE, "--prepare", "-y", "--count", "5000"], env={**bench.env, "LC_ALL": "C"})
    assert plain.out.isascii() and "##" in plain.out, plain.out
    brief = bench.ok(["nvm_bench", "read", DEVICE, "--prepare", "-y", "--count", "5000", "-b"])
    assert "share of" not in brief.out, brief.out


def test_json_says_what_was_done(bench):
    words = ["nvm_bench", "mixed", DEVICE, "--prepare", "-y", "--verify", "--count", "3000", "--threads", "2", "--reads", "80"]
    run = bench.ok([*words, "--size", "64K", "--vector", "--seed", "7", "--interval", "10", "--json"]).json
    same((run["nvm_bench"], run["good"], run["backend"], run["spec"]), (1, True, "emu", "2.0"))
    work = run["workload"]
    same((work["operation"], work["order"], work["addressing"]), ("mixed", "sequential", "vector"))
    same((work["sectors"], work["nbytes"], work["depth"], work["threads"], work["seed"]), (16, 65536, 32, 2, 7))
    reads, writes = run["operations"]["read"], run["operations"]["write"]
    same(reads["commands"] + writes["commands"], 3000)
    assert 2200 < reads["commands"] < 2600, reads["commands"]
    same(reads["nbytes"], reads["commands"] * 65536)
    for kind in (reads, writes):
        took = kind["latency"]
        order = [took[name] for name in ("min", "p50", "p90", "p99", "p99.9", "p99.99", "max")]
        same(order, sorted(order))
        same(sum(took["histogram"]["counts"]), kind["commands"])
        same(len(took["histogram"]["from"]), len(took["histogram"]["counts"]))
        same((kind["intervals"]["seconds"], kind["errors"]), (0.01, []))
    assert run["verify"]["mismatches"] == 0 and run["verify"]["sectors"] > 3000, run["verify"]


def test_time_ends_a_run(bench):
    run = bench.ok(["nvm_bench", "write", DEVICE, "-y", "--time", "0.3", "--json"]).json
    assert 0.29 < run["elapsed"] < 5, run["elapsed"]
    counts = run["operations"]["write"]["intervals"]["counts"]
    assert len(counts) >= 2 and sum(counts) <= run["operations"]["write"]["commands"], counts
    batch = bench.ok(["nvm_bench", "read", DEVICE, "--prepare", "-y", "--time", "0.1", "--timing", "batch", "--json"]).json
    same(batch["workload"]["timing"], "batch")


def test_rate_is_kept(bench):
    run = bench.ok(["nvm_bench", "read", DEVICE, "--prepare", "-y", "--rate", "1000", "--count", "300", "--json"]).json
    assert run["elapsed"] >= 0.298 and run["workload"]["rate"] == 1000, run
    over = bench.ok(["nvm_bench", "read", DEVICE, "--prepare", "-y", "--rate", "100000000", "--time", "0.1", "-b"])
    assert re.fullmatch(r"# \d+ commands of the rate were due and not sent before the end\n", over.err), over.err


def test_same_seed_same_commands(bench):
    for options in ("read --prepare --random --count 500", "write --random --count 300 --chunks 4", "mixed --prepare --random --count 300"):
        first, again = trace(bench, options + " --seed 5", "a"), trace(bench, options + " --seed 5", "b")
        same((options, first), (options, again))
        assert len(first) > 300, first
        assert first != trace(bench, options + " --seed 6", "c"), options


def test_nothing_is_written_without_consent(bench):
    bench.device(SMALL)
    asked = r"# nvm_bench resets and writes these 4 chunks of d.img, of which none has data that will be lost:"
    refused = "# nvm_bench: not without --yes, as there is no terminal to ask on"
    bench.fails("nvm_bench write d.img --chunks 1", asked, r"# \(0,0,0\) \(0,1,0\) \(1,0,0\) \(1,1,0\)", refused)
    same(bench.states()["free"], 32)
    bench.ok("nvm_bench write d.img --chunks 1 --yes --count 100")
    asked = r"# nvm_bench resets and writes these 4 chunks of d.img, of which 4 have data that will be lost:"
    bench.fails("nvm_bench write d.img --chunks 1 --overwrite", asked, r"# \(0.*", refused)
    # Reads ask for nothing.
    bench.ok("nvm_bench read d.img --count 100")


def test_terminal_is_asked(bench):
    bench.device(SMALL)
    for answer, code in ((b"n\n", 1), (b"\n", 1), (b"y\n", 0)):
        terminal = bench.terminal("nvm_bench write d.img --chunks 1 --count 10", columns=200)
        terminal.read(until="Go on? [y/N] ")
        terminal.press(answer)
        ended, text = terminal.finish()
        same(ended, code)
        assert ("latency, us" in text) == (code == 0), text
        assert ("nothing was done" in text) == (code == 1), text


def test_progress_and_interrupt(bench):
    bench.device(SMALL)
    terminal = bench.terminal("nvm_bench write d.img -y --time 50", columns=100)
    terminal.read(until=" left")
    terminal.press(b"\x03")
    code, text = terminal.finish()
    assert code in (-2, 130), (code, text)
    assert "latency, us" in text, text
    # What was begun has been filled.
    same(bench.states()["open"], 0)


def test_begun_chunks_are_filled_and_data_is_lost_only_when_said(bench):
    bench.device(SMALL)
    bench.ok("nvm_bench write d.img -y --count 10")
    same((bench.states()["open"], bench.states()["closed"]), (0, 4))
    bench.ok("nvm_bench write d.img -y --count 10 --chunks 7")
    same(bench.states()["closed"], 8)
    bench.ok("nvm_bench read d.img --prepare -y --count 10 --chunks 9")
    same(bench.states()["free"], 0)
    sentence = "no free chunk in these units: --overwrite takes those with data"
    bench.fails("nvm_bench write d.img -y", f"# nvm_bench: {sentence}")
    bench.fails("nvm_bench read d.img -y --prepare", f"# nvm_bench: {sentence}")
    bench.ok("nvm_bench reset d.img -y --overwrite --chunks 8")
    same(bench.states()["free"], 32)
    bench.ok("nvm_emu check d.img")


def test_damaged_data_is_found(bench):
    bench.device(SMALL)
    bench.ok("nvm_bench write d.img -y --verify --count 800 --chunks 1 --punits 1.0")
    bench.ok("nvm_bench read d.img --verify --count 100000")
    bench.ok("nvm_cmd read d.img 0x0100000000000123 -o sector")
    sector, image = bench.path("sector").read_bytes(), bench.path("d.img").read_bytes()
    same((len(sector), image.count(sector)), (SECTOR, 1))
    with open(bench.path("d.img"), "r+b") as file:
        file.seek(image.index(sector) + 1001)
        file.write(bytes([sector[1001] ^ 1]))
    for order in ("", " --random", " --vector --sectors 8"):
        result = bench.run(f"nvm_bench read d.img --verify --time 0.5 --json{order}")
        same(result.code, 1)
        verify = result.json["verify"]
        assert verify["mismatches"] >= 1 and not result.json["good"], verify
        first = verify["first"][0]
        same((first["address"], first["sector"], first["offset"]), ("0x0100000000000123", 0x123, 1000))
        same(int(first["expected"], 16) ^ int(first["found"], 16), 1 << 8)
        lines = result.err.splitlines()
        assert re.fullmatch(r"# mismatch: 0x0100000000000123 \(1,0,0\) sector 291 byte 1000: expected 0x\w+, found 0x\w+", lines[0]), lines
        same(lines[-1], "# nvm_bench: what was read is not what was written")


def test_failed_commands_are_counted_by_status(bench):
    device = "emu:?groups=1&punits=2&chunks=4&bad=none&pe_cycles=2&sectors=64"
    result = bench.run(["nvm_bench", "write", device, "-y", "--time", "20", "--json"])
    same(result.code, 1)
    kinds = result.json["operations"]
    errors = [entry for kind in kinds.values() for entry in kind["errors"]]
    assert errors and all(entry["count"] > 0 and entry["status"] for entry in errors), errors
    assert result.json["exhausted"] and "# no chunk is left: the run ended early" in result.err, result.err
    assert re.search(r"^# \w+: \d+ commands? ended with .*, the first at 0x", result.err, re.M), result.err


def test_device_of_1_2(bench):
    bench.device("--spec 1.2 --pages 8 --planes 2")
    bench.ok("nvm_bench write d.img -y --verify --count 500")
    result = bench.ok("nvm_bench read d.img --verify --random --sectors 3 --count 500")
    assert "vectors of 3 sectors" in result.out, result.out
    bench.ok("nvm_bench mixed d.img -y --prepare --count 300 --verify")
    bench.ok("nvm_bench reset d.img -y --overwrite")
    bench.fails("nvm_bench read d.img --sectors 65", "# FAILED: a vector command of this device moves 1 to 64 sectors, not 65")
    bench.fails("nvm_bench write d.img -y --sectors 1", "# FAILED: a write is a multiple of 8 sectors on this device, not 1")


def test_what_cannot_be(bench):
    bench.device(SMALL)
    bench.fails("nvm_bench read nope.img", "# nvm_dev_openf: nope.img: No such file or directory")
    bench.fails("nvm_bench read d.img", "# nvm_bench: nothing is written that could be read: --prepare writes it first")
    bench.fails("nvm_bench write d.img?ro -y", "# nvm_bench: the device was opened for a look only")
    for options, sentence in {
        "--size 1000": "--size is a multiple of a sector, 4096 bytes",
        "--size 1G": "a scalar command of this device moves 1 to 128 sectors, not 262144",
        "--sectors 0": "a scalar command of this device moves 1 to 128 sectors, not 0",
        "--vector --sectors 65": "a vector command of this device moves 1 to 64 sectors, not 65",
        "--size 4K --sectors 1": "--size and --sectors say the same: one of them is enough",
        "--depth 0": "--depth is 1 to 65535, not 0",
        "--threads 0": "--threads is 1 to 256, not 0",
        "--threads 257": "--threads is 1 to 256, not 257",
        "--interval 0": "--interval is 1 to 60000, not 0",
        "--count 0": "--count is 1 to .*, not 0",
        "--chunks 0": "--chunks is 1 to 65536, not 0",
        "--open 0": "--open is 1 to 65536, not 0",
        "--time 0": "--time: '0' is no number of seconds above 0",
        "--time 1x": "--time: '1x' is no number of seconds above 0",
        "--time nan": "--time: 'nan' is no number of seconds above 0",
        "--punits 5": "--punits: the device has 1 to 4 parallel units",
        "--punits x": "--punits: 'x' is neither all, nor a number, nor G.U",
        "--punits 2.0": "--punits: there is no group 2: the device has 0 to 1",
    }.items():
        bench.fails(f"nvm_bench write d.img -y {options}", f"# FAILED: {sentence}")
    bench.fails("nvm_bench mixed d.img -y --prepare --reads 101", "# FAILED: --reads is 0 to 100, not 101")
    bench.fails("nvm_bench read d.img -y --prepare --depth 60000 --count 1", "# nvm_async_init: --depth 60000: .*")
    bench.misused("nvm_bench read d.img --timing never", ".*--timing.*never.*")
    bench.misused("nvm_bench read", ".*dev_path.*required.*")
    bench.misused("nvm_bench reset d.img --verify", ".*--verify.*")
    same(json.loads(bench.run("nvm_bench read nope.img --json").out)["error"]["call"], "nvm_dev_openf")
    same(bench.states()["free"], 32)


def test_one_command_moves_what_the_rules_of_the_device_allow(bench):
    device = "emu:?ws_min=4&ws_opt=8&groups=1&punits=1&bad=none"
    bench.fails(["nvm_bench", "write", device, "-y", "--sectors", "6"], "# FAILED: a write is a multiple of 4 sectors on this device, not 6")
    bench.ok(["nvm_bench", "write", device, "-y", "--sectors", "12", "--count", "400", "--verify"])
    bench.ok(["nvm_bench", "write", device, "-y", "--open", "3", "--threads", "2", "--count", "400", "--verify"])


def document(bench, name, counts, **changes):
    """A run with these counts in its intervals."""
    run = bench.ok(["nvm_bench", "read", DEVICE, "--prepare", "-y", "--count", "1000", "--json"]).json
    run["operations"]["read"]["intervals"] = {"seconds": 0.1, "counts": counts}
    run["operations"]["read"].update(iops=sum(counts) / len(counts) * 10)
    run["workload"].update(changes)
    bench.path(name).write_text(json.dumps(run))


def test_comparison(bench):
    document(bench, "a", [100 + i % 7 for i in range(60)])
    document(bench, "b", [150 + i % 5 for i in range(60)], depth=64)
    document(bench, "few", [100, 101, 99])
    text = bench.ok("nvm_bench compare a b").out
    assert "# depth: A has 32, B has 64\n" in text, text
    assert re.search(r"^read  IOPS .* 1\.4\d\d  1\.4\d\d to 1\.\d{3}: B is faster$", text, re.M), text
    assert re.search(r"^read  p99\.99, us +[\d.]+ +[\d.]+ +[\d.]+$", text, re.M), text
    assert ": B is slower\n" in bench.ok("nvm_bench compare b a").out
    assert ": no difference\n" in bench.ok("nvm_bench compare a a").out
    assert "  too few intervals\n" in bench.ok("nvm_bench compare a few").out
    rows = bench.ok("nvm_bench compare a b --json").json["comparison"]
    same((rows[0]["operation"], rows[0]["what"], rows[0]["verdict"]), ("read", "IOPS", "B is faster"))
    assert rows[0]["interval"][0] < rows[0]["ratio"] * 1.01 and len(rows) == 10, rows


def test_comparison_of_what_is_no_run(bench):
    document(bench, "a", [1] * 10)
    run = json.loads(bench.path("a").read_text())
    wrong = {"empty": "", "text": "hello", "list": "[]", "other": '{"nvm_bench": 1}', "half": json.dumps(run)[:500]}
    run["operations"]["read"]["iops"] = "fast"
    wrong["letters"] = json.dumps(run)
    for name, content in wrong.items():
        bench.path(name).write_text(content)
        bench.fails(f"nvm_bench compare a {name}", f"# nvm_bench: {name}: is no document of nvm_bench --json")
        bench.fails(f"nvm_bench compare {name} a", f"# nvm_bench: {name}: is no document of nvm_bench --json")
    run["operations"]["read"]["iops"] = -1
    bench.path("negative").write_text(json.dumps(run))
    bench.fails("nvm_bench compare a negative", "# nvm_bench: negative: one of its numbers is none that a run has")
    run["operations"]["read"]["iops"] = 1
    run["operations"]["read"]["intervals"]["seconds"] = 0
    bench.path("timeless").write_text(json.dumps(run))
    bench.fails("nvm_bench compare a timeless", "# nvm_bench: timeless: its intervals are empty")
    run["nvm_bench"] = 1e300
    bench.path("huge").write_text(json.dumps(run))
    bench.fails("nvm_bench compare a huge", "# nvm_bench: huge: its schema is newer than this tool")
    run["nvm_bench"] = 2
    bench.path("newer").write_text(json.dumps(run))
    bench.fails("nvm_bench compare a newer", "# nvm_bench: newer: its schema is newer than this tool")
    bench.fails("nvm_bench compare a nope", "# nvm_bench: nope: No such file or directory")
    bench.misused("nvm_bench compare a", ".*B.*required.*")
