# SPDX-License-Identifier: BSD-2-Clause
# nvm_bbt: tables are shown, set and marked, and counted right.
from support import same


def make(bench):
    bench.ok("nvm_emu create n.img --spec 1.2 --planes 2 --groups 2 --punits 2 --blocks 100 --bad 0.1.7")


def counts(bench):
    table = bench.ok("nvm_bbt get n.img 0 1 --json").json["bbt"]
    return [table[name] for name in ("nbad", "gbad", "ndmrk", "nhmrk")]


def test_get(bench):
    make(bench)
    lines = bench.ok("nvm_bbt get n.img 0 1").out.splitlines()
    same(lines[:6], ["# nvm_bbt_get", "bbt:", "  addr: 0x0001000000000000", "  nblks: 200", "  npl_blks: 100", "  pl_blks:"])
    same(lines[6 + 7], "    - 0007: [  BAD(1),  BAD(1) ]")
    same(lines[-4:], ["  nbad: 2", "  gbad: 0", "  ndmrk: 0", "  nhmrk: 0"])


def test_mark_and_set_count_right(bench):
    make(bench)
    for letter, expected in {"g": [2, 1, 0, 0], "d": [2, 0, 1, 0], "h": [2, 0, 0, 1], "b": [3, 0, 0, 0], "f": [2, 0, 0, 0]}.items():
        bench.ok(f"nvm_bbt mark_{letter} n.img 0001000901000000")
        same(counts(bench), expected)
    document = bench.ok("nvm_bbt set_g n.img 0 1 --json").json
    same((document["nupdates"], document["current_state"]["nbad"], document["new_state"]["gbad"]), (200, 2, 200))
    same(counts(bench), [0, 200, 0, 0])
    text = bench.ok("nvm_bbt set_f n.img 0 1").out
    assert text.startswith("# nvm_bbt_set\n\n# current_state\nbbt:\n") and text.endswith("# SUCCESS: {nupdates: 200}\n"), text
    same(counts(bench), [0, 0, 0, 0])


def test_errors(bench):
    make(bench)
    bench.device()
    bench.fails("nvm_bbt get n.img 2 0", "# FAILED: ch: there is no group 2: the device has 0 to 1")
    bench.fails("nvm_bbt mark_b n.img 0 6400000000", "# FAILED: 6400000000: there is no chunk 100: .*")
    bench.fails("nvm_bbt get d.img 0 0", "# nvm_bbt_get: OCSSD 2.0 has no bad block tables; .*")
    bench.fails("nvm_bbt set_f d.img 0 0", "# nvm_bbt_get: OCSSD 2.0 has no bad block tables; .*")
    bench.fails("nvm_bbt mark_f d.img 0", "# nvm_bbt_mark: only OCSSD 1.2 has bad block tables")
    bench.fails("nvm_bbt set_f n.img?ro 0 0", "# nvm_dev_openf: .*read-only")
    bench.misused("nvm_bbt set_x n.img 0 0", "there is no sub-command 'set_x'")
    same(counts(bench), [2, 0, 0, 0])
