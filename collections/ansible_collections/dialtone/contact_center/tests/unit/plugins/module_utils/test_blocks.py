# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.module_utils import blocks

LINES = st.lists(st.text("abc# .1", max_size=8), max_size=6)


def test_a_new_block_goes_to_the_end_or_the_start():
    assert blocks.merge("a\n", "X", "b\n") == "a\n# BEGIN DIALTONE X\nb\n# END DIALTONE X\n"
    assert blocks.merge("a\n", "X", "b\n", position="start") == "# BEGIN DIALTONE X\nb\n# END DIALTONE X\na\n"


def test_a_block_is_replaced_where_it_stands():
    text = "a\n# BEGIN DIALTONE X\nold\n# END DIALTONE X\nz\n"
    assert blocks.merge(text, "X", "new") == "a\n# BEGIN DIALTONE X\nnew\n# END DIALTONE X\nz\n"


def test_empty_content_removes_the_block():
    assert blocks.merge("a\n# BEGIN DIALTONE X\nold\n# END DIALTONE X\nz\n", "X", "") == "a\nz\n"


@pytest.mark.parametrize("text", ["# BEGIN DIALTONE X\n", "# END DIALTONE X\n# BEGIN DIALTONE X\n", "# END DIALTONE X\n"])
def test_broken_markers_are_refused(text):
    with pytest.raises(blocks.BlockError, match="leave one pair, or none"):
        blocks.merge(text, "X", "b")


@given(LINES, LINES.filter(lambda lines: any(line.strip() for line in lines)))
def test_every_other_line_stays(others, ours):
    text = "".join(line + "\n" for line in others)
    merged = blocks.merge(text, "X", "\n".join(ours))
    assert blocks.merge(merged, "X", "\n".join(ours)) == merged
    assert blocks.merge(merged, "X", "") == text


def test_in_a_program_a_new_block_leaves_the_first_line_to_the_interpreter():
    block = "# BEGIN DIALTONE X\nb\n# END DIALTONE X\n"
    assert blocks.merge("#!/bin/sh\na\n", "X", "b", position="after_shebang") == f"#!/bin/sh\n{block}a\n"
    assert blocks.merge("a\n", "X", "b", position="after_shebang") == f"{block}a\n"
