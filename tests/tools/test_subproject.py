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
    assert re.search(r"^hello: ", targets, re.M) and "liblightnvm.a: " in targets, targets[:2000]
    assert "emulator_tests" not in targets
    bench.ok("ninja -C build CMakeFiles/hello.dir/hello.cpp.o")
