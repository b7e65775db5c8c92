# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_layout import PomLayout
from ansible_collections.dialtone.contact_center.plugins.module_utils.support_bundle import (
    MASK,
    Entry,
    archive,
    collect,
    commands,
    is_text,
    mask,
    name_of,
    spellings,
    tail,
)

SECRET = 'Ca&na"ry<\\:=1'
HOME = PomLayout().home


@pytest.mark.parametrize("form", spellings(SECRET))
def test_a_known_secret_is_masked_in_each_spelling(form):
    assert form not in mask(f"connecting with {form} to the database", [SECRET])


@given(st.text(alphabet="abcXYZ09_-!$#&<>'\"\\:=%", min_size=4, max_size=20), st.text(alphabet="abc \n<>=", max_size=20))
def test_whatever_stands_around_a_known_secret_it_is_gone(secret, around):
    assert secret not in mask(f"{around} {secret} {around}", [secret])


@pytest.mark.parametrize(
    "text",
    [
        "ssl.keystore.password=canary\n",
        "ssl.keystore.password = canary",
        '<property name="hibernate.connection.password">canary</property>',
        "<property name='connection.password'>\n  canary\n</property>",
        '<property name="db.passwd" value="canary"/>',
        '<property value="canary" name="db.passwd"/>',
        '<Connector port="7443" keystorePass="x" keystorePassword="canary" />',
        "<password>canary</password>",
        '<storePassword type="x">canary</storePassword>',
        "pom.key=ENC(canary)",
        "jdbc:postgresql://pom:canary@db1/pomdb",
        "-----BEGIN RSA PRIVATE KEY-----\ncanary\n-----END RSA PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\ncanary (the end was cut off)",
        '{"db_password": "canary"}',
    ],
)
def test_what_stands_where_a_secret_is_kept_is_masked_although_nobody_named_it(text):
    assert "canary" not in mask(text)
    assert MASK in mask(text)


def test_the_rest_stays_to_the_letter():
    text = '2026-11-21 ERROR POMCM\n<property name="hikari_PIMCM">300</property>\nzookeeper.connect=192.0.2.11:2182\n'
    assert mask(text, ["changeit"]) == text


def test_words_too_short_to_be_a_secret_do_not_blank_the_bundle():
    assert mask("a cat", ["a"]) == "a cat"


def test_of_a_long_file_the_end_is_kept_from_a_line_on():
    content = b"first line\nsecond line\nthird line\n"
    assert tail(content) == content.decode()
    assert tail(content, 15) == "(the first 23 bytes are left out)\nthird line\n"


@pytest.mark.parametrize(
    ("path", "content", "taken"),
    [
        ("/l/cmpmgr.log", b"x", True),
        ("/l/cmpmgr.log.3", b"x", True),
        ("/c/TrustStore.xml", b"<a/>", True),
        ("/PomUnInstall", b"x", True),
        ("/c/pomKeyStore", b"\xfe\xed\xfe\xed\0\0", False),
        ("/c/pom.p12", b"0\x82", False),
        ("/c/pom.key", b"-----BEGIN", False),
        ("/l/binary.log", b"x\0y", False),
    ],
)
def test_stores_keys_and_binaries_are_left_out(path, content, taken):
    assert is_text(path, content) == taken


def test_no_command_follows_a_journal():
    asked = commands(PomLayout(), ["vpms", "cmpmgr"], "-2h", "/usr/local/bin/POM")
    assert {"journal/vpms.log", "journal/cmpmgr.log", "commands/POM-status.txt"} <= set(asked)
    assert all("-f" not in argv and "--follow" not in argv for argv in asked.values())
    assert "commands/POM-status.txt" not in commands(PomLayout(), [], "-2h", "")


@pytest.fixture
def root(tmp_path):
    for path, content in {
        f"{HOME}/logs/cmpmgr.log": "started with canary-one\n",
        f"{HOME}/config/PIMHibernate.cfg.xml": '<c><property name="connection.password">canary-two</property></c>',
        f"{HOME}/config/pomKeyStore": "\0canary-two",
        "/PomUnInstall.log": "/usr/lib/systemd/system/cmpmgr.service\n",
        "/etc/shadow": "canary-two",
    }.items():
        real = tmp_path / path.lstrip("/")
        real.parent.mkdir(parents=True, exist_ok=True)
        real.write_text(content)
    return tmp_path


def test_a_bundle_of_a_host_holds_no_secret(root):
    def run(argv):
        return 1, f"{argv[0]} says canary-one\n", "password=canary-three\n"

    entries = collect(run, PomLayout(), ["cmpmgr"], "-24h", "/usr/bin/POM", ["canary-one"], str(root))
    names = {entry.name for entry in entries}
    assert {f"files{HOME}/logs/cmpmgr.log", f"files{HOME}/config/PIMHibernate.cfg.xml", "files/PomUnInstall.log"} <= names
    assert f"files{HOME}/config/pomKeyStore" not in names
    assert "files/etc/shadow" not in names
    packed = archive(entries, name_of("epm1", 0), 0)
    with tarfile.open(fileobj=io.BytesIO(packed)) as bundle:
        texts = {member.name: bundle.extractfile(member).read().decode() for member in bundle.getmembers()}
    assert len(texts) == len(entries)
    assert all(name.startswith("dialtone-epm1-19700101T000000Z/") for name in texts)
    assert not any("canary" in text for text in texts.values())
    assert "(ended with 1)" in texts["dialtone-epm1-19700101T000000Z/journal/cmpmgr.log"]


def test_an_archive_is_for_its_owner_only():
    with tarfile.open(fileobj=io.BytesIO(archive([Entry("a", "é")], "d", 5))) as bundle:
        (member,) = bundle.getmembers()
        assert (member.mode, bundle.extractfile(member).read()) == (0o600, "é".encode())
