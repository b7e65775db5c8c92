"""Command line of the lab: python3 -m lab --help. Lab only; nothing in it reaches a site."""
from __future__ import annotations

import sys

from lab.cli import main

sys.exit(main())
