# SPDX-License-Identifier: BSD-2-Clause
# The manual does not lie: every example prints what it shows, and it shows every example.
import examples
from support import same


def test_examples_print_what_they_show(bench):
    wrong = [
        examples.difference(examples.stable(examples.expected(name)), examples.stable(output), name)
        for name, output in examples.run_all(bench)
        if examples.stable(output) != examples.stable(examples.expected(name))
    ]
    assert not wrong, "\n".join(wrong)


def test_manual_shows_the_examples(bench):
    text = examples.MANUAL.read_text()
    wrong = examples.difference(text, examples.manual_with_examples(text), "docs/tools.md")
    assert not wrong, f"{wrong}\npython3 tests/tools/examples.py brings it in step"
    same(sorted(examples.shown(text)), examples.names())
    assert text.count("```") == 2 * len(examples.names()), "every block of the manual is an example"
