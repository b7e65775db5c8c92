# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import shutil
import stat
import subprocess

import pytest

from ansible_collections.dialtone.contact_center.plugins.modules import pkcs12_copy

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")


def openssl(*argv, check=True):
    return subprocess.run(["openssl", *argv], check=check, capture_output=True, text=True)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    directory = tmp_path_factory.mktemp("identity")
    key, certificate, file = (str(directory / name) for name in ("key.pem", "cert.pem", "pom.p12"))
    subject = ["-subj", "/CN=epm4.example.com"]
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2", *subject)
    openssl("pkcs12", "-export", "-in", certificate, "-inkey", key, "-name", "old", "-out", file, "-passout", "pass:first")
    return file


@pytest.fixture
def copy(run_module, original, tmp_path):
    def run(check=False, **options):
        words = {"src": original, "src_password": "first", "dest_password": "once", "alias": "pomservercert", **options}
        return run_module(pkcs12_copy, {"dest": str(tmp_path / "records/import.p12"), **words}, check)

    run.path = tmp_path / "records/import.p12"
    return run


def test_the_copy_holds_the_identity_under_the_new_password_alone(copy):
    assert copy()["changed"]
    shown = openssl("pkcs12", "-in", str(copy.path), "-passin", "pass:once", "-nodes").stdout
    assert "friendlyName: pomservercert" in shown
    assert "PRIVATE KEY" in shown
    assert openssl("pkcs12", "-in", str(copy.path), "-passin", "pass:first", "-nodes", check=False).returncode != 0
    assert stat.S_IMODE(copy.path.stat().st_mode) == 0o600


def test_a_wrong_password_is_told_by_the_words_to_compare(copy):
    result = copy(src_password="canary-secret")
    assert result["failed"]
    assert "certificates_pkcs12_password" in result["msg"]
    assert "canary-secret" not in result["msg"]
    assert not copy.path.exists()


def test_check_mode_writes_nothing(copy):
    assert copy(check=True)["changed"]
    assert not copy.path.exists()


def test_neither_password_nor_key_is_left_behind(copy, tmp_path):
    copy()
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert left == [copy.path]
