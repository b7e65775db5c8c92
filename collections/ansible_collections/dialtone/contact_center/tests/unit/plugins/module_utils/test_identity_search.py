# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import doctest
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.module_utils import identity_search, properties
from ansible_collections.dialtone.contact_center.plugins.module_utils.identity_search import (
    EXEMPT,
    Hit,
    Identities,
    Renaming,
    Search,
    exempt_reason,
    hits_of_rows,
    network_mounts,
    renamed_properties,
)

FORMER = ["epm2", "epm2.dc1.example.com", "192.0.2.12"]
PRESENT = ["epm1", "epm1.dc1.example.com", "192.0.2.11", "epm4", "epm4.dc1.example.com", "192.0.2.14"]
IDENTITIES = Identities.of(FORMER, PRESENT)
RENAMING = Renaming.of(FORMER, "epm4.dc1.example.com", "192.0.2.14")
HOME = "/root"


@pytest.fixture
def host(tmp_path):
    """A host's files below a directory: write(path, content) and look()."""

    class Host:
        def write(self, path, content):
            file = tmp_path / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
            return file

        def look(self, identities=IDENTITIES, **options):
            self.search = Search(identities, root=str(tmp_path), **options)
            return self.search.hits()

    return Host()


def test_the_examples_hold():
    assert doctest.testmod(identity_search).failed == 0


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SSL://epm2.dc1.example.com:9093", "epm2.dc1.example.com"),
        ("192.0.2.12 epm2.dc1.example.com epm2", "192.0.2.12"),
        ("EPM2", "epm2"),
        ("epm2.other.example.com", "epm2"),
        ("pom_epm2", "epm2"),
        ("The server is epm2.", "epm2"),
        ("192.0.2.121", ""),
        ("1192.0.2.12", ""),
        ("192.0.2.12.5", ""),
        ("epm22", ""),
        ("my-epm2", ""),
        ("epm2-voice", ""),
        ("epm4.dc1.example.com", ""),
        ("", ""),
    ],
)
def test_a_name_is_found_as_a_whole_word_only(text, name):
    assert IDENTITIES.in_text(text) == name


def test_a_short_name_that_goes_on_in_another_domain_is_no_hit():
    identities = Identities.of(["epm2.dc1.example.com", "epm2"], ["epm2.dc2.example.com"])
    assert identities.in_text("epm2.dc2.example.com") == ""
    assert identities.in_text("epm2.dc1.example.com") == "epm2.dc1.example.com"


def test_a_hit_is_told_by_file_and_line_and_never_by_content(host):
    host.write("/etc/hosts", "127.0.0.1 localhost\n192.0.2.12 epm2.dc1.example.com epm2\n# epm4\nepm2 password=canary\n")
    hits = host.look()
    assert [(str(hit), hit.name) for hit in hits] == [
        ("/etc/hosts:2", "192.0.2.12"),
        ("/etc/hosts:2", "epm2.dc1.example.com"),
        ("/etc/hosts:2", "epm2"),
        ("/etc/hosts:4", "epm2"),
    ]
    assert "canary" not in json.dumps([hit.as_dict() for hit in hits])


def test_names_of_files_and_targets_of_links_count(host):
    host.write("/etc/certificates/epm2.pem", "nothing")
    host.write("/etc/other", "nothing").with_name("link").symlink_to("/etc/certificates/epm2.pem")
    assert host.look() == [Hit("/etc/link", 0, "epm2"), Hit("/etc/certificates/epm2.pem", 0, "epm2")]


def test_a_name_in_a_certificate_of_a_keystore_is_found_whatever_byte_follows(host):
    store = b"\xfe\xed\xfe\xed\x00\x00\x00\x02\x00" + b"\x82\x14epm2.dc1.example.com0\x82"
    host.write("/opt/pomKeyStore", store)
    assert host.look() == [Hit("/opt/pomKeyStore", 1, "epm2.dc1.example.com")]
    host.write("/opt/pomKeyStore", store.replace(b"epm2", b"epm4"))
    assert host.look() == []


@pytest.mark.parametrize(("holder", "found"), [("epm2", True), ("epm4", False)])
def test_of_a_keystore_the_certificates_count_and_an_alias_is_a_label(host, holder, found):
    alias, certificate = b"pom_epm2", b"0\x82\x0b" + f"CN={holder}.dc1.example.com0".encode()
    entry = b"\0\0\0\2" + struct.pack(">H", len(alias)) + alias + bytes(8)
    entry += b"\0\5X.509" + struct.pack(">I", len(certificate)) + certificate
    host.write("/opt/pomTrustStore", b"\xfe\xed\xfe\xed\0\0\0\2\0\0\0\1" + entry + bytes(20))
    assert [hit.path for hit in host.look()] == (["/opt/pomTrustStore"] if found else [])


def test_a_binary_file_may_name_a_host_whose_name_begins_like_a_former_one(host):
    host.write("/opt/store", b"\x00epm2.dc1.example.com.au\x00")
    assert host.look(Identities.of(["epm2.dc1.example.com"], ["epm2.dc1.example.com.au"])) == []
    assert host.look(Identities.of(["epm2.dc1.example.com"], [])) != []


@pytest.mark.parametrize(
    "path",
    [
        "/var/log/messages",
        "/opt/Avaya/avpom/POManager/logs/installDB.log",
        "/var/lib/dialtone/backups/20261122T010000Z/host.tar",
        "/var/lib/dialtone/jobs/vpUpgrade/transcript",
        "/var/lib/dialtone/ledger/add_pom_server.epm2.json",
        "/etc/hosts.20261122T010000Z~",
        "/etc/postgresql/15/main/pg_hba.conf.674.2026-11-22@02:24:56~",
        "/opt/kafka_server/kafka-store/zookeeper/version-2/log.1",
        "/var/lib/pgsql/data/base/16384/2619",
        "/var/lib/pgsql/data/pg_wal/000000010000000000000001",
        f"{HOME}/.ssh/known_hosts",
        f"{HOME}/.bash_history",
        f"{HOME}/.ansible/tmp/ansible-tmp-1/AnsiballZ_identity_search.py",
        "/etc/ssh/ssh_host_rsa_key.pub",
    ],
)
def test_what_may_go_on_telling_of_the_past_is_passed_over(host, path):
    host.write(path, "epm2\n")
    assert exempt_reason(path, EXEMPT)
    assert host.look() == []
    assert host.look(exempt={}) != []


@pytest.mark.parametrize(
    "path",
    [
        "/etc/hosts",
        "/etc/hostname",
        "/var/lib/pgsql/data/pg_hba.conf",
        "/var/lib/dialtone/pom/database.json",
        "/opt/Avaya/avpom/POManager/config/pomDashboardAnalytics.properties",
        "/opt/Avaya/avpom/POManager/kafka_server/config/server.properties",
        "/opt/Avaya/avpom/POManager/config/PIMHibernate.cfg.xml",
        "/etc/dialtone/tls/node.crt",
        "/etc/ssh/sshd_config",
        f"{HOME}/POMOracleJDBC/readme",
    ],
)
def test_what_a_service_reads_is_not(host, path):
    host.write(path, "epm2\n")
    assert [hit.path for hit in host.look()] == [path]


def test_the_site_names_further_places(host):
    host.write("/etc/postfix/main.cf", "myhostname = epm2\n")
    assert host.look()
    assert host.look(exempt={**EXEMPT, "/etc/postfix/*": "the provider"}) == []


def test_a_packed_file_is_passed_over_and_one_that_is_too_large_is_told(host, monkeypatch):
    monkeypatch.setattr(identity_search, "LARGEST_BYTES", 3)
    host.write("/opt/a.jar", "epm2")
    host.write("/opt/large", "epm2")
    assert host.look() == []
    assert [entry.partition(" ")[0] for entry in host.search.unread] == ["/opt/large"]


def test_disks_of_other_hosts_are_not_searched(host, tmp_path):
    host.write("/opt/shared/file", "epm2")
    host.write("/proc/mounts", "server:/export /opt/shared nfs4 rw 0 0\n/dev/sda /opt ext4 rw 0 0\n")
    assert network_mounts(str(tmp_path / "proc/mounts")) == {"/opt/shared"}
    assert host.look() == []


def test_nothing_is_searched_where_no_name_was_given_up(host):
    host.write("/etc/hosts", "epm2")
    assert host.look(Identities.of([], PRESENT)) == []


def test_a_row_that_also_names_the_present_server_was_carried_on():
    carried_on = '{"server_name": "epm2", "server_address": "192.0.2.14"}'
    rows = ['"pim_server"', carried_on, '{"server_name": "epm2", "host_name": null}']
    assert hits_of_rows("pim_server", rows, IDENTITIES) == [Hit("table pim_server, row", 2, "epm2")]


# --- what takes the place of a former name ---------------------------------------------------------------------------


def test_properties_get_the_present_name_in_the_form_of_the_former_one():
    text = (
        "BOOTSTRAP_SERVERS_CONFIG=SSL://epm2.dc1.example.com:9093,SSL://kafka3.dc1.example.com:9093\n"
        "vpmsIp=192.0.2.12\nshort=epm2\nother=192.0.2.121\nserver.2=192.0.2.12:2888:3888\n"
    )
    assert renamed_properties(text, RENAMING) == {
        "BOOTSTRAP_SERVERS_CONFIG": "SSL://epm4.dc1.example.com:9093,SSL://kafka3.dc1.example.com:9093",
        "vpmsIp": "192.0.2.14",
        "short": "epm4",
        "server.2": "192.0.2.14:2888:3888",
    }


WORDS = st.sampled_from([*FORMER, *PRESENT, "kafka3", "192.0.2.121", "epm22", "SSL"])
TEXTS = st.lists(st.tuples(WORDS, st.sampled_from([" ", ":", "/", ",", "=", "\n"])), max_size=12).map(
    lambda parts: "".join(word + sign for word, sign in parts)
)


@given(TEXTS)
def test_nothing_former_is_left_after_renaming_and_nothing_else_changes(text):
    renamed = RENAMING.renamed(text)
    assert IDENTITIES.in_text(renamed) == ""
    assert RENAMING.renamed(renamed) == renamed
    if IDENTITIES.in_text(text) == "":
        assert renamed == text


@given(TEXTS)
def test_what_is_found_in_bytes_is_what_is_found_in_text(text):
    hits = identity_search.hits_of_content("/f", text.encode("ascii"), IDENTITIES, IDENTITIES.pattern())
    assert bool(hits) == bool(IDENTITIES.in_text(text))
    lines = text.split("\n")
    assert all(IDENTITIES.in_text(lines[hit.line - 1]) for hit in hits)


@given(st.dictionaries(st.sampled_from(["a", "b", "c.d"]), TEXTS.map(lambda text: text.replace("\n", " ")), max_size=3))
def test_renamed_properties_name_no_former_identity(values):
    text = properties.render(values, "")
    merged = {**properties.parse(text), **renamed_properties(text, RENAMING)}
    assert not any(IDENTITIES.in_text(value) for value in merged.values())
