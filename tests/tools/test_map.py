# SPDX-License-Identifier: BSD-2-Clause
# nvm_dev map: a known device as text, SVG, HTML and JSON; beside a program that holds it; again and again.
import re
import xml.etree.ElementTree as ElementTree

from support import same
from test_sharing import held

SVG = "{http://www.w3.org/2000/svg}"
INFO = """group=0 punit=0 chunk=1 state=OPEN wp=768
group=0 punit=1 chunk=* state=CLOSED pe_cycles=500
group=1 punit=0 chunk=3 state=OFFLINE
"""
PICTURE = "--groups 2 --punits 4 --chunks 48 --bad none"
EXPECTED = """# d.img: OCSSD 2.0, 2 x 2 units of 6 chunks
# 24 chunks: 16 free, 1 open, 6 closed, 1 offline; 39 MiB of 138 MiB written; wear 0 to 127

0.0  ··▄▄········    8.3%
0.1  ████████████  100.0%

1.0  ······× ····    0.0% 1 bad
1.1  ············    0.0%

  ·· free  ▄▄ open  ██ closed  ×  offline; the height is what is written
"""


def known(bench):
    bench.path("info").write_text(INFO)
    return bench.device("--groups 2 --punits 2 --chunks 6 --bad none --chunk-info info")


def drawing(text):
    """The SVG of a document, once it has been found to be well-formed and to refer to nothing outside."""
    root = ElementTree.fromstring(text)
    same(root.tag, f"{SVG}svg")
    assert "http" not in text.replace("http://www.w3.org/2000/svg", ""), "it refers to something outside"
    for element in root.iter():
        same([name for name in element.attrib if "href" in name or name.startswith("on")], [])
    return root


def titles(root):
    return [cell.find(f"{SVG}title").text for cell in root.iter(f"{SVG}g")]


def test_text_of_a_known_device(bench):
    known(bench)
    same(bench.ok("nvm_dev map d.img").out, EXPECTED)
    plain = bench.ok("nvm_dev map d.img", env={**bench.env, "LC_ALL": "C"}).out
    assert plain.isascii() and "\n0.0  ..55........    8.3%\n" in plain, plain
    assert "\n0.1  999999999999  127 to 127\n" in bench.ok("nvm_dev map d.img --wear").out


def test_width(bench):
    bench.device()
    for columns in (20, 40, 80, 200):
        lines = bench.ok(f"nvm_dev map d.img --columns {columns}").out.splitlines()
        rows = [line for line in lines if re.match(r"\d\.\d  ", line)]
        same(len(rows), 15)
        assert max(len(row) for row in rows) <= max(columns, 28), columns
    assert "# each cell is 3 chunks\n" in bench.ok("nvm_dev map d.img", env={**bench.env, "COLUMNS": "40"}).out
    assert "each cell" not in bench.ok("nvm_dev map d.img").out
    terminal = bench.terminal("nvm_dev map d.img", columns=50)
    assert "# each cell is 2 chunks" in terminal.finish()[1]
    for columns in (19, 100001):
        bench.fails(f"nvm_dev map d.img --columns {columns}", f"# FAILED: --columns is 20 to 100000, not {columns}")


def test_colours(bench):
    known(bench)
    assert "\033" not in bench.ok("nvm_dev map d.img").out
    assert "\033[48;5;" in bench.ok("nvm_dev map d.img --color=always").out
    true = {**bench.env, "COLORTERM": "truecolor"}
    assert "\033[48;2;" in bench.ok("nvm_dev map d.img --color always", env=true).out
    for options, env, colored in (
        ("", {}, True),
        ("", {"NO_COLOR": "1"}, False),
        ("", {"NO_COLOR": ""}, True),
        ("", {"TERM": "dumb"}, False),
        (" --color never", {}, False),
        (" --color always", {"NO_COLOR": "1"}, True),
    ):
        text = bench.terminal(f"nvm_dev map d.img{options}", env={**bench.env, **env}).finish()[1]
        same((options, env, "\033[" in text), (options, env, colored))
    bench.misused("nvm_dev map d.img --color blue", ".*--color.*blue.*")


def test_svg_and_html(bench):
    known(bench)
    bench.ok("nvm_dev map d.img -o d.svg")
    root = drawing(bench.path("d.svg").read_text())
    same(len(titles(root)), 24)
    assert "(0,0,1) open, 768 of 1536 sectors written, wear 0" in titles(root), titles(root)
    assert "(1,0,3) offline, wear 0" in titles(root), titles(root)
    bench.ok("nvm_dev map d.img -o d.html")
    page = bench.path("d.html").read_text()
    assert page.startswith("<!DOCTYPE html>\n") and page.endswith("</html>\n"), page[:100]
    same(titles(drawing(page[page.index("<svg") : page.index("</svg>") + 6])), titles(root))
    assert "prefers-color-scheme:dark" in page, "no dark colours"
    result = bench.ok("nvm_dev map d.img -o e.svg --json")
    same((result.json["map"]["nchunk"], bench.path("e.svg").exists()), (6, True))


def test_picture_of_the_manual(bench):
    info = bench.root / "tests" / "tools" / "examples" / "map.txt"
    bench.ok(["nvm_emu", "create", "ocssd.img", *PICTURE.split(), "--chunk-info", info])
    bench.ok("nvm_dev map ocssd.img -o map.svg")
    same(bench.path("map.svg").read_text(), (bench.root / "docs" / "map.svg").read_text())


def test_large_devices_are_folded(bench):
    bench.ok(["nvm_dev", "map", "emu:?groups=8&punits=16&chunks=4096&sectors=96&bad=0.0.5", "-o", "d.svg"])
    names = titles(drawing(bench.path("d.svg").read_text()))
    assert len(names) <= 20000, len(names)
    assert re.fullmatch(r"\(0,0,0\.\.\d+\) \d+ chunks: \d+ free, 1 offline; 0 B of .* written", names[0]), names[0]


def test_names_that_are_no_text(bench):
    bench.path("info").write_text(INFO)
    name = b"<&\xff\">.img"
    bench.ok([b"nvm_emu", b"create", name])
    bench.ok([b"nvm_dev", b"map", name, b"-o", b"d.svg"])
    drawing(bench.path("d.svg").read_text())
    assert bench.ok([b"nvm_dev", b"map", name, b"--json"]).json["map"]["nchunk"] == 60


def test_json(bench):
    known(bench)
    document = bench.ok("nvm_dev map d.img --json").json
    head = document["map"]
    same(head["counts"], {"free": 16, "open": 1, "closed": 6, "offline": 1})
    same((head["letters"]["x"], head["wear"]["most"], head["written"]), ("offline", 127, 6 * 1536 + 768))
    same([unit["states"] for unit in document["units"]], ["foffff", "cccccc", "fffxff", "ffffff"])
    same((document["units"][0]["open"], document["units"][0]["wear"]), ([[1, 768]], 0))
    same(document["units"][1]["wear"], [127] * 6)


def test_blocks_of_1_2(bench):
    bench.device("--spec 1.2 --planes 2 --bad 0.1.3,1.2.31.1")
    text = bench.ok("nvm_dev map d.img").out
    assert "# 264 blocks: 262 good, 2 factory bad\n" in text, text
    assert re.search(r"^0\.1  ···F·{40}  1 bad$", text, re.M), text
    bench.ok("nvm_bbt mark_g d.img 0x0000000500000000")
    document = bench.ok("nvm_dev map d.img --json").json
    same(document["units"][0]["states"][:8], "gggggGgg")
    bench.ok("nvm_dev map d.img -o d.svg")
    assert "(0,0,5) grown bad" in titles(drawing(bench.path("d.svg").read_text()))


def test_beside_a_program_that_holds_the_device(bench):
    with held(bench) as holder:
        for ident in ("d.img", "d.img?ro"):
            seen = [bench.ok(f"nvm_dev map {ident} --json").json for _ in range(2)]
            same(seen[0]["units"], seen[1]["units"])
            same(seen[0]["map"]["counts"]["open"], 15)
            report = bench.ok("nvm_emu chunks d.img --state open --json").json["rprt_descr"]
            same(seen[0]["map"]["written"], sum(chunk["wp"] for chunk in report))
        assert holder.poll() is None


def test_watch(bench):
    known(bench)
    terminal = bench.terminal("nvm_dev map d.img --watch 0.1")
    terminal.read(until="1 offline;")
    bench.ok("nvm_vblk erase d.img 0x0001000000000000")
    terminal.read(until=" 5 closed,")
    terminal.press(b"\x03")
    code, text = terminal.finish()
    assert code in (-2, 130) and "\033[H" in text, (code, text)
    for wrong in ("0", "x", "-1"):
        bench.fails(f"nvm_dev map d.img --watch={wrong}", f"# FAILED: --watch: '{wrong}' is no number of seconds above 0")
    for other in ("-o d.svg", "--json"):
        bench.fails(f"nvm_dev map d.img --watch 1 {other}", "# FAILED: --watch draws on the terminal alone, without -o and --json")


def test_what_cannot_be_drawn(bench):
    known(bench)
    bench.fails("nvm_dev map nope.img", "# nvm_dev_openf: nope.img: No such file or directory")
    bench.fails("nvm_dev map d.img -o d.png", r"# FAILED: -o d.png: the name ends in .svg or .html")
    bench.fails("nvm_dev map d.img -o nope/d.svg", "# nvm_buf_to_file: nope/d.svg: No such file or directory")
    bench.path("link.svg").symlink_to("d.img")
    bench.fails("nvm_dev map d.img -o link.svg", "# nvm_buf_to_file: link.svg: is the device itself")
    bench.ok("nvm_emu check d.img")
    bench.misused("nvm_dev map", ".*dev_path.*required.*")
