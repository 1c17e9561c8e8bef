# SPDX-License-Identifier: BSD-2-Clause
# The progress bar: on terminals alone, for what takes its time, in one line, and gone when it is over.
import os
import re
import signal
import threading
import time

from support import Fifo, same

MIB = 1 << 20
WRITE = "nvm_vblk line_write d.img 0 2 0 4 1 -i fifo"
CLEAR = "\r\x1b[K"


def slowly(bench, mib, pause):
    """Feeds a pipe from another thread; returns what to join."""
    fifo = Fifo(bench)

    def feed():
        for _ in range(mib):
            if not fifo.feed(bytes(MIB)):
                break
            time.sleep(pause)
        fifo.close()

    thread = threading.Thread(target=feed)
    thread.start()
    return thread


def what_stays(text):
    """What a terminal shows in the end: a line that is cleared is gone."""
    lines = [re.split(re.escape(CLEAR), line)[-1] for line in text.replace("\r\n", "\n").split("\n")]
    return "\n".join(lines)


def test_bar_on_a_terminal(bench):
    bench.device()
    feeder = slowly(bench, 90, 0.02)
    start = time.monotonic()
    code, text = (terminal := bench.terminal(WRITE)).finish()
    seconds = time.monotonic() - start
    feeder.join()
    same(code, 0)
    bars = terminal.bars()
    assert 2 <= len(bars) <= seconds * 10 + 1, (len(bars), seconds)
    shape = r"nvm_vblk_write +\d+% \[=*>? *\] +\d+\.\d of 90\.0 MiB +[\d.]+ .?i?B/s  (\d+:\d\d|-:--) left"
    for bar in bars[1:]:
        bar = bar.split("\x1b")[0]
        assert re.fullmatch(shape, bar), bar
        assert len(bar) == 79, bar
    done = [float(re.search(r"([\d.]+) of", bar).group(1)) for bar in bars]
    assert done == sorted(done) and done[-1] > 20, done
    stays = what_stays(text)
    assert "%" not in stays and "nvm_vblk_write: {elapsed: " in stays, stays


def test_narrow_terminal(bench):
    bench.device()
    feeder = slowly(bench, 90, 0.015)
    code, _ = (terminal := bench.terminal(WRITE, columns=30)).finish()
    feeder.join()
    same(code, 0)
    assert terminal.bars() and all(len(bar.split("\x1b")[0]) < 30 for bar in terminal.bars()), terminal.bars()


def no_bar(bench, command=WRITE, **options):
    bench.device()
    feeder = slowly(bench, 90, 0.012)
    code, text = bench.terminal(command, **options).finish()
    feeder.join()
    same(code, 0)
    assert "\x1b" not in text and "%" not in text, text


def test_no_bar_with_json(bench):
    no_bar(bench, WRITE + " --json")


def test_no_bar_on_a_dumb_terminal(bench):
    no_bar(bench, env={**bench.env, "TERM": "dumb"})


def test_no_bar_in_pipes(bench):
    bench.device()
    feeder = slowly(bench, 90, 0.012)
    result = bench.ok(WRITE)
    feeder.join()
    same(result.err, "")


def test_no_bar_for_what_is_quick(bench):
    bench.device("--groups 1 --punits 1 --bad none")
    for command in ("nvm_vblk erase d.img 0", "nvm_emu check d.img", "nvm_emu chunks d.img --summary"):
        code, text = bench.terminal(command).finish()
        same(code, 0)
        assert "\x1b" not in text, text


def interrupt(bench, key=b"\x03"):
    bench.device()
    fifo = Fifo(bench)
    terminal = bench.terminal(WRITE)
    fifo.feed(bytes(10 * MIB))
    terminal.read(until="MiB/s")
    terminal.press(key)
    code, text = terminal.finish()
    fifo.close()
    return code, text


def test_ctrl_c_leaves_a_clean_terminal_and_a_sound_device(bench):
    code, text = interrupt(bench)
    same(code, -signal.SIGINT)
    stays = what_stays(text)
    assert "%" not in stays, stays
    last = stays.strip().split("\n")[-1]
    assert re.fullmatch(r"# nvm_vblk_write: interrupted, [\d.]+ MiB of 90 MiB are written", last), stays
    assert "clean: true" in bench.ok("nvm_emu info d.img").out
    assert re.search(r"pos_write: [1-9]\d+\n", bench.ok("nvm_vblk line_pad d.img 0 2 0 4 1").out)
    same(bench.states()["closed"], 15)


def test_killed_in_the_middle(bench):
    bench.device()
    fifo = Fifo(bench)
    terminal = bench.terminal(WRITE)
    fifo.feed(bytes(10 * MIB))
    terminal.read(until="MiB/s")
    os.kill(terminal.process.pid, signal.SIGKILL)
    same(terminal.finish()[0], -signal.SIGKILL)
    fifo.close()
    assert "clean: false" in bench.ok("nvm_emu info d.img").out
    bench.ok("nvm_emu check d.img")
    bench.ok("nvm_vblk line_pad d.img 0 2 0 4 1")


def test_signal_of_a_program_in_the_background(bench):
    bench.device()
    fifo = Fifo(bench)
    with bench.popen(WRITE, stdout=-1, stderr=-1, text=True) as process:
        fifo.feed(bytes(10 * MIB))
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate()
    fifo.close()
    same(process.returncode, -signal.SIGTERM)
    assert err.startswith("# nvm_vblk_write: interrupted, "), err


def test_bar_of_a_creation(bench):
    bench.path("info").write_text("group=* punit=* chunk=* pe_cycles=1\n")
    words = "nvm_emu create d.img --groups 8 --punits 4 --chunks 65536 --sectors 64 --bad none --chunk-info info"
    code, text = bench.terminal(words).finish()
    same(code, 0)
    assert re.search(r"nvm_emu_create +\d+% .*of 2097152 chunks", text), text[-500:]
    assert "%" not in what_stays(text), text[-500:]
