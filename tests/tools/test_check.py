# SPDX-License-Identifier: BSD-2-Clause
# nvm_check as its users meet it: it asks, judges, says what it judged in TAP and JSON, and leaves the device alone.
import re

from support import same

ASKED = r"# nvm_check writes to these chunks of d.img, which are free, and resets them:"


def not_judged(bench, command, *sentences):
    result = bench.run(command)
    lines = result.err.splitlines()
    same(result.code, 2)
    same(len(lines), len(sentences))
    for line, sentence in zip(lines, sentences):
        assert re.fullmatch(sentence, line), f"{line!r} is not {sentence!r}"
    return result


def judged(text):
    """The lines of TAP as {rule: (verdict, remark)}, once their numbers are found to be right."""
    found = {}
    plan = int(re.search(r"^1\.\.(\d+)$", text, re.MULTILINE).group(1))
    for number, line in enumerate(re.findall(r"^(?:not )?ok .*$", text, re.MULTILINE), 1):
        verdict, n, name, remark = re.fullmatch(r"(ok|not ok) (\d+) - ([a-z_.0-9]+) # (.+)", line).groups()
        same(int(n), number)
        found[name] = (verdict, remark)
    same(len(found), plan)
    return found


def test_sound_device_passes_and_is_left_alone(bench):
    bench.device()
    before = bench.states()
    result = bench.ok("nvm_check d.img --yes --seed 3")
    assert result.out.startswith("TAP version 13\n1.."), result.out
    assert "# d.img, backend emu, seed 3\n# overwrites " in result.out, result.out
    found = judged(result.out)
    same({verdict for verdict, _ in found.values()}, {"ok"})
    same(found["write.closed"], ("ok", "OCSSD-2.0 4.3"))
    assert found["write.limit"][1].startswith("SKIP any number of chunks may be open"), found["write.limit"]
    same(result.err, "")
    same(bench.states(), before)
    bench.ok("nvm_emu check d.img")


def test_device_of_1_2_has_rules_of_its_own(bench):
    bench.device("--spec 1.2 --pages 4")
    found = judged(bench.ok("nvm_check d.img --yes").out)
    assert "table.counters" in found and "write.closed" not in found, found
    same({verdict for verdict, _ in found.values()}, {"ok"})


def test_json_is_one_document(bench):
    bench.device()
    document = bench.ok("nvm_check d.img --yes --json --seed 0x10 --rule reset read.offline").json
    same((document["seed"], document["failed"]), (16, 0))
    rules = {rule["name"]: rule for rule in document["rules"]}
    assert "reset.closed" in rules and "read.offline" in rules and "write.closed" not in rules, rules
    same(rules["reset.random"]["outcome"], "skipped")
    assert rules["reset.random"]["reason"] and rules["reset.closed"]["section"] == "OCSSD-2.0 7", rules
    same(document["passed"] + document["skipped"], len(rules))
    assert all(re.fullmatch("0x[0-9a-f]{16}", chunk) for chunk in document["overwrites"]), document["overwrites"]


def test_list_has_every_rule_with_its_section(bench):
    lines = bench.ok("nvm_check --list").out.splitlines()
    assert len(lines) > 150, len(lines)
    for line in lines:
        assert re.fullmatch(r"[a-z]+\.[a-z_]+ +(OCSSD|NVMe|NVM)-\d\.\d [\d.]+ +[A-Z].*\.", line), line
    same(len(bench.ok("nvm_check --list --json").json["rules"]), len(lines))
    same(len(bench.ok("nvm_check --list --rule copy.data").out.splitlines()), 1)


def test_nothing_is_written_without_consent(bench):
    bench.device()
    before = bench.states()
    refused = "# nvm_check: not without --yes, as there is no terminal to ask on"
    not_judged(bench, "nvm_check d.img", ASKED, r"# \(.*\)", refused)
    same(bench.states(), before)
    # Rules that only look need none.
    bench.ok("nvm_check d.img --rule geometry report.order")


def test_terminal_is_asked(bench):
    bench.device()
    for answer, code in ((b"n\n", 2), (b"\n", 2), (b"y\n", 0)):
        terminal = bench.terminal("nvm_check d.img --rule write.closed reset", columns=200)
        terminal.read(until="Go on? [y/N] ")
        terminal.press(answer)
        ended, text = terminal.finish()
        same(ended, code)
        assert ("TAP version 13" in text) == (code == 0), text


def test_what_cannot_be_judged(bench):
    bench.device()
    not_judged(bench, "nvm_check nope.img --yes", "# nvm_dev_openf: nope.img: No such file or directory")
    not_judged(bench, "nvm_check d.img?ro --yes", "# nvm_check: the device was opened for a look only; .*")
    not_judged(bench, "nvm_check d.img --yes --rule nope", "# FAILED: there is no rule 'nope'; --list has them", "# See: .*")
    not_judged(bench, "nvm_check --yes", "# FAILED: dev_path is required", "# See: nvm_check --help")
    not_judged(bench, "nvm_check d.img --seed x", "# FAILED: --seed: 'x' is no number", "# See: nvm_check --help")
    document = not_judged(bench, "nvm_check nope.img --json", "# nvm_dev_openf: .*").json
    same(document["error"]["call"], "nvm_dev_openf")


def test_help(bench):
    usage = bench.ok("nvm_check")
    assert "Usage: nvm_check" in usage.out and "Examples:" in usage.out, usage.out
    same(bench.ok("nvm_check --help"), usage)
    assert max(len(line) for line in usage.out.splitlines()) < 90, usage.out
    assert bench.ok("nvm_check --version").out.startswith("nvm_check (liblightnvm) ")
