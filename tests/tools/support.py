# SPDX-License-Identifier: BSD-2-Clause
# What the tests of the tools share: running them in a folder of their own, expectations, pseudo terminals, skips.
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path
from typing import NamedTuple

SECTOR = 4096
CHUNK = 1536 * SECTOR  # of the default device
LINE = 15 * CHUNK
FAR = 60  # seconds that no tool takes


class Skip(Exception):
    """Ends a test that cannot run here, with the reason."""


class Result(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


class Bench:
    """A folder for one test, and the tools."""

    def __init__(self, tools, folder, root):
        self.tools, self.folder, self.root = Path(tools), Path(folder), Path(root)
        terminal = ("COLUMNS", "COLORTERM", "NO_COLOR")
        self.env = {n: value for n, value in os.environ.items() if not n.startswith("NVM_") and n not in terminal}
        self.env.update(PATH=f"{self.tools}:{os.environ['PATH']}", LC_ALL="C.UTF-8", TERM="xterm")

    def path(self, name):
        return self.folder / name

    def popen(self, command, **options):
        words = command.split() if isinstance(command, str) else [word if isinstance(word, bytes) else str(word) for word in command]
        settings = dict(cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL)
        return subprocess.Popen(words, **{**settings, **options})

    def run(self, command, **options):
        """Runs a tool without a shell; a string is cut at its blanks."""
        settings = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
        with self.popen(command, **{**settings, **options}) as process:
            out, err = process.communicate(timeout=FAR)
        return Result(process.returncode, out or "", err or "")

    def ok(self, command, **options):
        result = self.run(command, **options)
        assert result.code == 0, f"{command}: exit {result.code}\n{result.out}{result.err}"
        return result

    def fails(self, command, *sentences, **options):
        """Exit code 1, and the lines of stderr are the sentences (regular expressions)."""
        result = self.run(command, **options)
        lines = result.err.splitlines()
        assert result.code == 1, f"{command}: exit {result.code}, not 1\n{result.out}{result.err}"
        assert len(lines) == len(sentences), f"{command}: {lines}"
        for line, sentence in zip(lines, sentences):
            assert re.fullmatch(sentence, line), f"{command}: {line!r} is not {sentence!r}"
        return result

    def misused(self, command, sentence):
        """Fails as a wrong command line: with a hint."""
        return self.fails(command, f"# FAILED: {sentence}", r"# See: nvm_\w+( \w+)? --help")

    def device(self, options="", name="d.img"):
        self.ok(f"nvm_emu create {name} {options}")
        return name

    def random_file(self, name, size):
        data = os.urandom(size)
        self.path(name).write_bytes(data)
        return data

    def states(self, name="d.img"):
        """How many chunks of the whole device are in which state."""
        return self.ok(f"nvm_emu chunks {name} --summary --json").json["all"]

    def terminal(self, command, columns=80, **options):
        return Terminal(self, command, columns, **options)


class Terminal:
    """A tool whose standard streams are a pseudo terminal."""

    def __init__(self, bench, command, columns, **options):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        streams = dict(stdin=slave, stdout=slave, stderr=slave)
        self.process = bench.popen(
            command,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            **{**streams, **options},
        )
        os.close(slave)
        self.text = ""

    def read(self, until=None):
        """Reads until the text has `until`, or to the end."""
        end = time.monotonic() + FAR
        while until is None or until not in self.text:
            if not select.select([self.master], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"nothing more comes after {self.text!r}")
            try:
                data = os.read(self.master, 65536)
            except OSError:  # the terminal's other end is closed
                data = b""
            if not data:
                break
            self.text += data.decode(errors="replace")
        return self.text

    def press(self, key):
        os.write(self.master, key)

    def finish(self):
        """Returns the exit code, negative for a signal, and all that the terminal has seen."""
        self.read()
        code = self.process.wait(timeout=FAR)
        os.close(self.master)
        return code, self.text

    def bars(self):
        """The progress bar's drawings."""
        return re.findall(r"\r\x1b\[K(nvm_\w+  *\d+%[^\r]*)", self.text)


class Fifo:
    """A pipe with a name that a tool reads from, fed at the test's pace."""

    def __init__(self, bench, name="fifo"):
        self.path = bench.path(name)
        os.mkfifo(self.path)
        self.file = None

    def feed(self, data):
        """Waits for the reader the first time. False when the reader has gone."""
        end = time.monotonic() + FAR
        while self.file is None:
            try:
                self.file = open(os.open(self.path, os.O_WRONLY | os.O_NONBLOCK), "wb", buffering=0)
                os.set_blocking(self.file.fileno(), True)
            except OSError:  # there is no reader yet
                assert time.monotonic() < end, "nobody reads the pipe"
                time.sleep(0.01)
        try:
            view = memoryview(data)
            while view:
                view = view[self.file.write(view) :]
        except BrokenPipeError:
            return False
        return True

    def close(self):
        if self.file is not None:
            self.file.close()


def same(actual, expected):
    assert actual == expected, f"{actual!r}\n is not\n{expected!r}"


def stop(process):
    process.send_signal(signal.SIGKILL)
    process.wait()
