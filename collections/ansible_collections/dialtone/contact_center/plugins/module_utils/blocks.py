# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Marked blocks in files that have other owners too: only what stands between our two markers is ever touched."""
from __future__ import annotations


class BlockError(ValueError):
    """The markers in the file are not one well-formed pair."""


def markers(name: str, comment: str = "#") -> tuple[str, str]:
    """The first and the last line of the block `name`."""
    return (f"{comment} BEGIN DIALTONE {name}", f"{comment} END DIALTONE {name}")


def merge(text: str, name: str, content: str, comment: str = "#", position: str = "end") -> str:
    """The text with our block holding `content`; an empty content removes the block.

    A block that exists stays where it is. A new one goes to the `end` or the `start` of the file, or `after_shebang`: to the
    start of a program's text, behind the line that names its interpreter.
    """
    begin, end = markers(name, comment)
    lines = text.splitlines()
    starts = [index for index, line in enumerate(lines) if line.strip() == begin]
    ends = [index for index, line in enumerate(lines) if line.strip() == end]
    if len(starts) > 1 or len(ends) > 1 or len(starts) != len(ends) or (starts and starts[0] > ends[0]):
        raise BlockError(
            "the markers '%s' and '%s' stand %d and %d times or in the wrong order: leave one pair, or none"
            % (begin, end, len(starts), len(ends))
        )
    block = [begin, *content.splitlines(), end] if content.strip() else []
    if starts:
        lines[starts[0]:ends[0] + 1] = block
    elif position == "start" or (position == "after_shebang" and not text.startswith("#!")):
        lines = block + lines
    elif position == "after_shebang":
        lines[1:1] = block
    else:
        lines = lines + block
    return "\n".join(lines) + "\n" if lines else ""
