"""Makes the lab importable for the scenarios, and what they share: fixtures, and the choice of seeded cases."""

from __future__ import annotations

import sys
from pathlib import Path

MOLECULE = Path(__file__).resolve().parent
sys.path[:0] = [str(MOLECULE.parent), str(MOLECULE / "shared")]

from lab_fixtures import (  # noqa: E402, F401
    lab,
    play,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_report_header,
    secrets,
    site,
)
