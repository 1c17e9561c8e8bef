# SPDX-License-Identifier: BSD-2-Clause
# Beside a program that holds the device: looks work, everything else says who is in the way.
import contextlib
import time

from support import SECTOR, Fifo, stop

BUSY = r"# nvm_dev_openf: d\.img: another process has this device open; add \?ro for a look at it"


@contextlib.contextmanager
def held(bench):
    """d.img, open in another process that has written a little of it."""
    bench.device()
    fifo = Fifo(bench)
    holder = bench.popen("nvm_vblk line_write d.img 0 2 0 4 1 -i fifo", stdout=-3)
    fifo.feed(bytes(10 << 20))
    for _ in range(500):
        if bench.states()["open"] != 0:
            break
        time.sleep(0.02)
    try:
        yield holder
    finally:
        fifo.close()
        stop(holder)


def test_looks_beside_a_holder(bench):
    with held(bench) as holder:
        assert "dev_geo:" in bench.ok("nvm_dev info d.img").out
        assert "in_use: true" in bench.ok("nvm_emu info d.img").out
        assert "ndescr: 15\n" in bench.ok("nvm_emu chunks d.img --state open").out
        assert bench.ok("nvm_vblk line_pread d.img 0 2 0 4 1 32768 0 -o x").err == ""
        assert bench.path("x").read_bytes() == bytes(8 * SECTOR)
        result = bench.ok("nvm_emu check d.img")
        assert result.err.startswith("# note: a process has this device open"), result
        assert holder.poll() is None
    assert "in_use: false" in bench.ok("nvm_emu info d.img").out


def test_a_second_writer_is_told(bench):
    with held(bench):
        for command in ("line_erase d.img 0 2 0 4 1", "write d.img 0", "pad d.img 0", "copy d.img 0 100000000"):
            bench.fails(f"nvm_vblk {command}", BUSY)


def test_a_held_device_is_not_replaced(bench):
    with held(bench):
        bench.fails("nvm_emu create d.img --force", "# nvm_emu_create: d.img: a process has this device open")
    bench.ok("nvm_emu create d.img --force")
