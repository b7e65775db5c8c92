# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files that a run leaves below build/<site>/ on the controller. Nothing in them is state."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any


def site_directory(build_directory: str, site: str) -> Path:
    """An absolute path, so that the name that a person is shown can be opened from anywhere."""
    return (Path(build_directory) / site).absolute()


def write_text(directory: Path, name: str, content: str) -> Path:
    """Whole or not at all: a reader never sees half a file."""
    directory.mkdir(mode=0o755, parents=True, exist_ok=True)
    target = directory / name
    handle, temporary = tempfile.mkstemp(prefix=f".{name}.", dir=directory)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(content)
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
    return target


def write_json(directory: Path, name: str, content: Any) -> Path:
    return write_text(directory, name, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def plain(value: Any) -> Any:
    """The same data without Ansible's tagged types."""
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, str):
        return str(value)
    return value
