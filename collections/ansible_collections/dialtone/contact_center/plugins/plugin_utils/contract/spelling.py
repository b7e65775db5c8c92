# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which known name was probably meant."""

from __future__ import annotations

from collections.abc import Iterable

LETTERS_FOR_A_SLIP = 4


def slips_between(one: str, other: str) -> int:
    """Slips of the pen between two words: a letter too many, missing, wrong, or two neighbours in the wrong order."""
    rows = [list(range(len(other) + 1))]
    for i, letter in enumerate(one, start=1):
        row = [i]
        for j, candidate in enumerate(other, start=1):
            best = min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (letter != candidate))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == candidate:
                best = min(best, rows[i - 2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def nearest(word: str, known: Iterable[str], most_slips: int = 3) -> str | None:
    """The known word with the fewest slips, unless it takes too many for a word of this length."""
    allowed = min(most_slips, max(1, len(word) // LETTERS_FOR_A_SLIP))
    near = [
        (slips, name)
        for name in known
        if abs(len(name) - len(word)) <= allowed and (slips := slips_between(word, name)) <= allowed
    ]
    return min(near)[1] if near else None
