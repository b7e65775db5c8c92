"""Of cases that show the same promise, `make test` runs a seeded one and `make soak` all of them. For the tests of the scenarios.

The seed follows from the content of the commit: whoever checks it out repeats what CI ran, and another commit gets other cases.
A calendar day would let a test pass today that failed yesterday, with nothing changed in between.
"""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Sequence

from lab.state import REPOSITORY

SEED = "DIALTONE_SEED"
REHEARSAL = "DIALTONE_REHEARSAL"
ALL = "all"
# Of a tree without git, as in an unpacked archive.
SEED_WITHOUT_COMMIT = 1
DIGITS_OF_COMMIT = 6


def seed() -> int:
    """What DIALTONE_SEED says, and otherwise a number that follows from the tree of the commit."""
    wanted = os.environ.get(SEED, "")
    if not wanted:
        return seed_of_commit()
    try:
        return int(wanted)
    except ValueError:
        raise ValueError(
            f"{SEED}={wanted} is no whole number, and it chooses the cases of the rehearsal: leave it out, or write the number "
            "from the header of the test that is to be repeated"
        ) from None


def seed_of_commit() -> int:
    asked = subprocess.run(["git", "rev-parse", "HEAD^{tree}"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return int(asked.stdout[:DIGITS_OF_COMMIT], 16) if asked.returncode == 0 else SEED_WITHOUT_COMMIT


def source(purpose: str) -> random.Random:
    """Random numbers of this seed for one purpose: what is drawn for another does not change them."""
    return random.Random(f"{seed()} {purpose}")


def runs_all() -> bool:
    return os.environ.get(REHEARSAL) == ALL


def chosen(promises: Sequence[str | None]) -> list[bool]:
    """For each test, in their order, whether it runs: one of each promise, and every test that is no case among others."""
    if runs_all():
        return [True] * len(promises)
    places: dict[str, list[int]] = {}
    for place, promise in enumerate(promises):
        if promise is not None:
            places.setdefault(promise, []).append(place)
    running = {source(promise).choice(found) for promise, found in places.items()}
    return [promise is None or place in running for place, promise in enumerate(promises)]


def header() -> str:
    """For the first lines of a test: which cases run, and how to run the same again or all of them."""
    if runs_all():
        return f"rehearsal: all cases; {SEED}={seed()} repeats their moments"
    return f"rehearsal: one seeded case of each promise; {SEED}={seed()} repeats it, {REHEARSAL}={ALL} runs all"
