# SPDX-License-Identifier: BSD-2-Clause
# A program of one's own, with the library as a part of its build, as docs/cpp-api.md says.
import re

from support import Skip


def test_library_is_a_part_of_a_programs_build(bench):
    page = (bench.root / "docs/cpp-api.md").read_text()
    recipe = re.search(r"```cmake\n(.*?)```", page, re.S).group(1)
    bench.path("CMakeLists.txt").write_text(recipe)
    bench.path("liblightnvm").symlink_to(bench.root)
    bench.path("hello.cpp").write_text("#include <lightnvm/lightnvm.hpp>\nint main() {}\n")
    try:
        bench.ok("cmake -B build -G Ninja")
        targets = bench.ok("ninja -C build -t targets all").out
    except FileNotFoundError as missing:
        raise Skip(f"there is no {missing.filename}") from None
    for target in ("hello", "liblightnvm_device.a", "liblightnvm.a", "lightnvm_shared"):
        assert re.search(rf"^(.*/)?{re.escape(target)}: ", targets, re.M), f"no {target} in {targets[:2000]}"
    for target in ("emulator_tests", "nvm_dev", "example_hello", "bench_scale"):
        assert not re.search(rf"^(.*/)?{target}: ", targets, re.M), f"{target} is built"
    bench.ok("ninja -C build CMakeFiles/hello.dir/hello.cpp.o")
    # CMake makes the file; what it would install is in it.
    assert "file(INSTALL" not in bench.path("build/liblightnvm/cmake_install.cmake").read_text()


def test_names_of_the_installed_package_are_there_as_a_part_of_a_build(bench):
    names = "lightnvm::lightnvm lightnvm::lightnvm_static lightnvm::cli lightnvm::cpp"
    bench.path("CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.25)\nproject(names LANGUAGES C CXX)\nset(LIGHTNVM_INSTALL ON)\n"
        "add_subdirectory(liblightnvm)\n"
        f"foreach(name {names})\n  if(NOT TARGET ${{name}})\n    message(FATAL_ERROR ${{name}})\n  endif()\nendforeach()\n"
    )
    bench.path("liblightnvm").symlink_to(bench.root)
    try:
        bench.ok("cmake -B build -G Ninja")
    except FileNotFoundError as missing:
        raise Skip(f"there is no {missing.filename}") from None
    rules = bench.path("build/liblightnvm/cmake_install.cmake").read_text()
    assert "liblightnvm.so" in rules and "lightnvm-config.cmake" in rules
    assert not bench.path("build/CPackConfig.cmake").exists()
