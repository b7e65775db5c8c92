# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import hashlib
from contextlib import nullcontext
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.controller_files import findings

NOW = datetime.now(timezone.utc)
CONTENT = b"an image"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def found(path: str) -> str:
    Path(path).stat()
    return path


def file(path: Path, **words: Any) -> dict[str, Any]:
    return {"word": "pom_server_media_iso", "path": str(path), "sha256": "", "identity": None, **words}


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "pom.iso"
    path.write_bytes(CONTENT)
    return path


@pytest.mark.parametrize("declared", ["", SHA256, SHA256.upper()])
def test_the_declared_file_is_taken(image, declared):
    assert findings([file(image, sha256=declared)], found, nullcontext, NOW) == []


def test_all_that_is_wrong_is_told_at_once_with_word_and_path(image, tmp_path):
    missing = tmp_path / "none.iso"
    wrong = findings([file(missing), file(image, word="kafka_archive", sha256="0" * 64), file(tmp_path)], found, nullcontext, NOW)
    assert [words.partition(": ")[0] for words in wrong] == [
        f"pom_server_media_iso is {missing}", f"kafka_archive is {image}", f"pom_server_media_iso is {tmp_path}",
    ]  # fmt: skip
    assert "there is no such file on the controller" in wrong[0]
    assert f"its SHA-256 is {SHA256}, and kafka_archive_sha256 declares {'0' * 64}" in wrong[1]
    assert "cannot be read on the controller: Is a directory" in wrong[2]


def test_an_identity_is_opened(image):
    delivered = file(image, word="certificates_pkcs12", identity={"password": "secret-7", "names": []})
    (words,) = findings([delivered], found, nullcontext, NOW)
    assert "it is no PKCS#12 file" in words
    assert "secret-7" not in words
