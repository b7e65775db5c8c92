"""Makes the lab and the fixtures that the scenarios share importable."""

from __future__ import annotations

import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "molecule" / "shared")]

from lab_fixtures import lab, play, secrets, site  # noqa: E402, F401
