"""Makes the lab importable, and what the scenarios share: fixtures, and the choice of seeded cases."""

from __future__ import annotations

import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "molecule" / "shared")]

from lab_fixtures import (  # noqa: E402, F401
    lab,
    play,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_report_header,
    secrets,
    site,
)
