#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Tests of what is installed: the blocks of docs/install.md run as they are, the installed tree, the Debian packages.
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/install.md"
SKIPPED = 77
EXPECTED = {
    "hello": "bytes through 32 parallel units",
    "geometry": "geo:",
}


class Skip(Exception):
    """Ends a test that cannot run here, with the reason."""


def block(name):
    match = re.search(rf"<!-- run: {name} -->\n```sh\n(.*?)```", PAGE.read_text(), re.S)
    assert match, f"{PAGE.name} has no block of the name {name}"
    return match.group(1)


def environment(**more):
    """The caller's, without what leads to another library."""
    ours = re.compile(r"NVM_|PKG_CONFIG|CMAKE_|LD_LIBRARY_PATH|[CDL]+FLAGS|DESTDIR")
    return {**{name: value for name, value in os.environ.items() if not ours.match(name)}, "LC_ALL": "C", **more}


def run(command, folder=None, **more):
    result = subprocess.run(
        command, cwd=folder, env=environment(**more), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    print(result.stdout, end="")
    assert result.returncode == 0, f"{command}: exit {result.returncode}"
    return result.stdout


def need(*programs):
    for program in programs:
        if shutil.which(program) is None:
            raise Skip(f"there is no {program}")


def installed(prefix):
    return sorted(path.relative_to(prefix).as_posix() for path in prefix.rglob("*") if not path.is_dir())


def libdir(prefix):
    return next(prefix.glob("**/liblightnvm.so")).parent


def install(build, prefix):
    """The page's command, with this build and a new prefix."""
    command = block("tree").splitlines()[-1]
    assert "build/minimal" in command, command
    shutil.rmtree(prefix, ignore_errors=True)
    run(["sh", "-euc", command.replace("build/minimal", f"'{build}'")], ROOT, PREFIX=str(prefix))


def tree(build, prefix):
    """All that the page names is there; nothing knows of the folders it came from."""
    files = installed(prefix)
    lib = libdir(prefix).relative_to(prefix).as_posix()
    version = re.search(r"project\(liblightnvm VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
    major = version.split(".")[0]
    expected = {f"include/{path.relative_to(ROOT / 'include')}" for path in (ROOT / "include").glob("**/*.h*")}
    expected |= {f"{lib}/liblightnvm.so{end}" for end in ("", f".{major}", f".{version}")}
    expected |= {f"{lib}/liblightnvm{end}.a" for end in ("", "_cli", "_cpp")}
    expected |= {f"{lib}/pkgconfig/liblightnvm{end}.pc" for end in ("", "_cli")}
    expected |= {f"{lib}/cmake/lightnvm/lightnvm-{end}.cmake" for end in ("config", "config-version", "shared", "static")}
    expected |= {f"bin/nvm_{tool}" for tool in ("dev", "emu", "vblk", "check")}
    expected |= {f"share/doc/liblightnvm/{page}" for page in ("README.md", "CHANGELOG.md", "LICENSE", "docs/install.md")}
    expected |= {f"share/man/man1/{path.name}" for path in ROOT.glob("man/*.1")}
    expected |= {f"share/bash-completion/completions/{path.name}" for path in ROOT.glob("completions/*")}
    assert not expected - set(files), f"missing: {sorted(expected - set(files))}"
    others = ("bin/nvm_", "share/doc/liblightnvm/docs/", f"{lib}/cmake/lightnvm/")
    strange = [name for name in files if name not in expected and not name.startswith(others)]
    assert not strange, f"not expected: {strange}"
    for name in files:
        if name.endswith((".cmake", ".pc")):
            text = (prefix / name).read_text()
            for place in (str(ROOT), str(build), str(prefix)):
                assert place not in text, f"{name} knows of {place}"
    tool = run([str(prefix / "bin/nvm_dev"), "info", "emu:"])
    assert "geo" in tool, tool


def consumer(prefix, name):
    """A block of the page, in a folder with the examples that it is about."""
    text = block(name)
    need(*sorted(set(re.findall(r"\b(?:cmake|cc|c\+\+|pkg-config)(?= )", text))))
    lib = libdir(prefix)
    if "cli" in name:
        missing = ROOT / "tests/rules/exports_missing.txt"
        if missing.exists() and "nvm_dev_set_pmode" in missing.read_text():
            raise Skip("liblightnvm_cli calls nvm_dev_set_pmode, which the library does not have yet")
    with tempfile.TemporaryDirectory(prefix="nvm-install-") as folder:
        place = Path(folder)
        recipe = ROOT / "examples/install" / name
        if recipe.is_dir():
            shutil.copy(recipe / "CMakeLists.txt", place)
        for path in ("c/hello.c", "hello.cpp", "install/cli/geometry.c"):
            shutil.copy(ROOT / "examples" / path, place)
        # Where the library folder has another name, the page's is one to it.
        words = text.replace("$PREFIX/lib", f"$PREFIX/{lib.relative_to(prefix)}")
        output = run(["sh", "-eu", "-c", words], place, PREFIX=str(prefix))
        program = "geometry" if "geometry" in text else "hello"
        assert EXPECTED[program] in output, output
        binary = next(path for path in (*place.glob("build/*"), *place.glob("*")) if path.name in (program, "hello11")
                      and os.access(path, os.X_OK) and path.is_file())
        if shutil.which("readelf"):
            needed = re.findall(r"NEEDED.*\[(.*)\]", run(["readelf", "-d", str(binary)]))
            shared = any(library.startswith("liblightnvm.so.") for library in needed)
            assert shared == (name not in ("c_static", "cpp", "pkg_config_static")), f"{name}: needs {needed}"


def refused(folder, prefix, sentence, *options):
    command = ["cmake", "-B", "refused", f"-DCMAKE_PREFIX_PATH={prefix}", *options]
    result = subprocess.run(
        command, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    words = " ".join(result.stdout.split())
    assert result.returncode != 0 and sentence in words, f"{command}: exit {result.returncode}\n{result.stdout}"
    shutil.rmtree(folder / "refused")


def needs(prefix):
    """Without fmt there is the shared library, and a sentence for who asks for more; another version is none of ours."""
    need("cmake", "cc", "c++")
    without_fmt = "-DCMAKE_DISABLE_FIND_PACKAGE_fmt=ON"
    with tempfile.TemporaryDirectory(prefix="nvm-install-") as folder:
        place = Path(folder)
        for path in ("c/hello.c", "hello.cpp"):
            shutil.copy(ROOT / "examples" / path, place)
        shutil.copy(ROOT / "examples/install/c/CMakeLists.txt", place)
        run(["cmake", "-B", "shared", f"-DCMAKE_PREFIX_PATH={prefix}", without_fmt], place)
        recipe = (place / "CMakeLists.txt").read_text()
        (place / "CMakeLists.txt").write_text(recipe.replace("lightnvm REQUIRED", "lightnvm 99.0 REQUIRED"))
        refused(place, prefix, 'compatible with requested version "99.0"')
        shutil.copy(ROOT / "examples/install/cpp/CMakeLists.txt", place)
        refused(place, prefix, "the static libraries of lightnvm need fmt", without_fmt)


def packages(build):
    need("cpack", "dpkg-deb", "dpkg-shlibdeps", "file")
    with tempfile.TemporaryDirectory(prefix="nvm-deb-") as folder:
        place = Path(folder)
        # A weak compression is enough to look inside.
        settings = ["-D", "CPACK_DEBIAN_COMPRESSION_TYPE=gzip"]
        run(["cpack", "-G", "DEB", "-B", folder, "--config", str(build / "CPackConfig.cmake"), *settings], place)
        found = {}
        for path in place.glob("*.deb"):
            fields = run(["dpkg-deb", "-f", str(path)])
            field = dict(re.findall(r"^([\w-]+): (.*)$", fields, re.M))
            names = [line.split(maxsplit=5)[5] for line in run(["dpkg-deb", "-c", str(path)]).splitlines()]
            found[field["Package"]] = (path, field, {name.split(" -> ")[0].removeprefix("./") for name in names})
        assert sorted(found) == ["liblightnvm-dev", "liblightnvm-tools", "liblightnvm0"], sorted(found)

        def has(package, *patterns):
            for pattern in patterns:
                assert any(re.fullmatch(pattern, name) for name in found[package][2]), f"{package} has no {pattern}"

        def depends(package, *patterns):
            entries = re.split(r", *", found[package][1].get("Depends", ""))
            for pattern in patterns:
                assert any(re.fullmatch(pattern, entry) for entry in entries), f"{package} depends on {entries}"

        version = found["liblightnvm0"][1]["Version"]
        has("liblightnvm0", r"usr/lib/(.*/)?liblightnvm\.so\.0", r"usr/lib/(.*/)?liblightnvm\.so\.0\.[\d.]+")
        has("liblightnvm-dev", r"usr/lib/(.*/)?liblightnvm\.so", r"usr/lib/(.*/)?liblightnvm(_cli|_cpp)?\.a",
            r"usr/include/liblightnvm\.h", r"usr/include/lightnvm/lightnvm\.hpp", r"usr/lib/(.*/)?pkgconfig/liblightnvm\.pc",
            r"usr/lib/(.*/)?cmake/lightnvm/lightnvm-config\.cmake")
        has("liblightnvm-tools", *(rf"usr/bin/nvm_{tool}" for tool in ("dev", "emu", "vblk", "check")))
        for package in found:
            has(package, rf"usr/share/doc/{package}/copyright")
        both = [name for name in set.union(*(names for _, _, names in found.values())) if not name.endswith("/")
                and sum(name in names for _, _, names in found.values()) > 1]
        assert not both, f"in two packages: {both}"
        strange = [name for name in found["liblightnvm0"][2] if not re.search(r"/$|\.so\.|/copyright$", name)]
        assert not strange, f"in liblightnvm0: {strange}"
        depends("liblightnvm0", r"libc6 .*", r"libstdc\+\+6 .*", r"libfmt\d+ .*")
        depends("liblightnvm-dev", rf"liblightnvm0 \(= {re.escape(version)}\)", "libfmt-dev")
        depends("liblightnvm-tools", r"libc6 .*", r"libstdc\+\+6 .*", r"libfmt\d+ .*")

        # Unpacked in one place they work together.
        for package, (path, _, _) in found.items():
            run(["dpkg-deb", "-x", str(path), folder + "/root"])
            run(["dpkg-deb", "-e", str(path), f"{folder}/{package}"])
        assert "liblightnvm 0 liblightnvm0" in (place / "liblightnvm0/shlibs").read_text()
        usr = place / "root/usr"
        tools_of_c = [tool for tool in (usr / "bin").iterdir() if b"liblightnvm.so.0" in tool.read_bytes()]
        if tools_of_c:
            depends("liblightnvm-tools", rf"liblightnvm0 \(= {re.escape(version)}\)")
        run([str(usr / "bin/nvm_dev"), "info", "emu:"])


def main(arguments):
    what, build, prefix = arguments[0], Path(arguments[1]), Path(arguments[2])
    try:
        if what == "install":
            install(build, prefix)
        elif what == "tree":
            tree(build, prefix)
        elif what == "needs":
            needs(prefix)
        elif what == "packages":
            packages(build)
        else:
            consumer(prefix, what)
    except Skip as reason:
        print(f"skipped: {reason}")
        return SKIPPED
    except AssertionError as failure:
        print(f"failed: {failure}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
