"""What stands around POM: application servers, shared directories, the vendor's smaller programs; each proven past Dialtone."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pom_site import JOBS, POM_HOME, PRINTED_PASSWORD, SERVERS, PomSite

from lab import credentials, shell
from lab.rehearsal import Playbook, wait_for

APPLICATIONS = {
    "PomDriverApp": "/PomDriverApp/ccxml/start.jsp",
    "Nailer": "/Nailer/ccxml/start.jsp",
    "AvayaPOMNotifier": "/AvayaPOMNotifier/Start",
    "AvayaPOMAnnouncement": "/AvayaPOMAnnouncement/Start",
    "AvayaPOMAgent": "/AvayaPOMAgent/Start",
}
APPLICATION_SERVERS = {"epm1.dc1.lab.test", "app1.dc1.lab.test"}
ADDRESSES = {"10.88.1.11": "epm1.dc1.lab.test", "10.88.1.15": "app1.dc1.lab.test"}
REGISTERED = "/opt/Avaya/VoicePortal/data/applications.json"
TRUST_STORE = f"{POM_HOME}/config/pomTrustStore"
MODE = f"{POM_HOME}/config/mode.properties"
OWNER = "avayavp"
FONT = "/var/tmp/report.ttf"
ATTRIBUTE, CONTACTS = "Region", "Leads"
PASSWORD_HASH = "/opt/Avaya/VoicePortal/Support/Security-Tools/SetDbPassword/postgres.hash"
ONCE = "a vendor program runs where there is something for it to do, and once"


def registered(site: PomSite) -> dict[str, list[str]]:
    """Name and URLs of each application, as Experience Portal holds them."""
    rows = json.loads(site.exec("epm1", "cat", REGISTERED))
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["name"], []).extend([row["url"], *row.get("alternate_urls", ())])
    return found


def shared(site: PomSite, host: str) -> list[list[str]]:
    """What a POM server mounts from NFS, as its fstab says: export, path and options."""
    return [line.split() for line in site.shell(host, "grep -E '^[^#]+ nfs4? ' /etc/fstab; true").splitlines()]


# --- application servers ------------------------------------------------------------------------------------------


def test_every_application_is_registered_under_its_documented_path(site: PomSite):
    found = registered(site)
    assert set(APPLICATIONS) <= set(found)
    for name, path in APPLICATIONS.items():
        for url in map(urlsplit, found[name]):
            assert (url.scheme, url.port, url.path) == ("https", 7443, path)
            assert ADDRESSES.get(url.hostname or "", url.hostname) in APPLICATION_SERVERS
    served = {ADDRESSES.get(host, host) for urls in found.values() for host in [urlsplit(url).hostname or "" for url in urls]}
    assert served == APPLICATION_SERVERS, "each application server has a share of the load"


@pytest.mark.parametrize("host", SERVERS)
def test_every_epm_gets_every_application_with_its_own_trust_store(host: str, site: PomSite):
    listed = f"keytool -list -rfc -keystore {TRUST_STORE} -storepass {PRINTED_PASSWORD}"
    site.shell(host, f"{listed} | sed -n '/BEGIN CERT/,/END CERT/p' >/run/trusted.pem")
    urls = [f"https://{server}:7443{path}" for server in sorted(APPLICATION_SERVERS) for path in APPLICATIONS.values()]
    urls += [url for name in APPLICATIONS for url in registered(site)[name]]
    ask = ("curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}")
    for url in urls:
        assert site.exec(host, *ask, "--cacert", "/run/trusted.pem", url) in ("200", "302"), url
    assert site.exec(host, *ask, urls[0]) == "", "the authorities of the operating system do not know it"


# --- shared directories -------------------------------------------------------------------------------------------


def test_what_one_pom_server_writes_into_a_shared_directory_every_other_reads(site: PomSite):
    """Past the kernel, which has no NFS client in a lab: over the protocol, as the account of POM."""
    entries = {host: shared(site, host) for host in SERVERS}
    assert entries["epm1"], "nothing is shared"
    assert entries["epm1"] == entries["epm2"]
    for export, _path, *_rest in entries["epm1"]:
        server, _, directory = export.partition(":")
        for writer, reader in (SERVERS, SERVERS[::-1]):
            url = f"nfs://{server}{directory}/molecule-{writer}?version=4"
            as_pom = ("runuser", "-u", OWNER, "--")
            site.shell(writer, f"echo from-{writer} >/tmp/molecule-{writer}; chmod 0644 /tmp/molecule-{writer}")
            site.exec(writer, *as_pom, "nfs-cp", f"/tmp/molecule-{writer}", url)
            assert site.exec(reader, *as_pom, "nfs-cat", url) == f"from-{writer}\n", f"{url} on {reader}"
        site.shell("db1", f"rm -f {directory}/molecule-*")


# --- the vendor's smaller programs --------------------------------------------------------------------------------


@pytest.mark.one_of(ONCE)
def test_a_mode_that_the_vendor_does_not_change_to_is_refused_before_the_program_runs(site: PomSite):
    words = json.dumps({"pom_mode": "None", "pom_mode_no_campaigns": True})
    for playbook in ("pom_mode.yml", "site.yml"):
        run = site.play(playbook, "-e", words)
        assert run.rc != 0
        assert "POM runs in the mode CCElite, and pom_mode is None" in run.words, run.output[-3000:]
        assert "no change leads away from CCElite" in run.words
    assert site.starts("epm1", "setConnectorMode") == 0
    assert "mode=CCElite" in site.exec("epm1", "cat", MODE)


@pytest.mark.one_of(ONCE)
def test_a_conversion_to_manual_dialling_says_what_is_lost_and_is_not_made_without_consent(site: PomSite):
    words = json.dumps({"pom_nontelephony": True, "pom_nontelephony_confirm": "irreversible"})
    check = site.play("pom_non_telephony.yml", "--check", "-e", words)
    assert check.rc == 0, check.output[-3000:]
    assert "would change" in check.words
    assert "No way back" in check.words
    for lost in ("predictive", "voice"):
        assert lost in check.words.lower(), lost
    refused = site.play("pom_non_telephony.yml", "-e", words)
    assert refused.rc != 0
    assert "-e pom_non_telephony_consent=lab" in refused.words
    assert site.starts("epm1", "enablenonTeleMode") == 0
    assert "manual=yes" not in site.exec("epm1", "cat", MODE)
    assert {site.exec(host, "systemctl", "is-active", "agtmgr").strip() for host in SERVERS} == {"active"}


@pytest.mark.one_of(ONCE)
def test_the_agent_manager_has_the_memory_that_is_stated(site: PomSite):
    words = ("-e", json.dumps({"pom_agent_manager_memory_gb": 2}))
    others = {unit: process for unit, process in site.running().items() if unit[1] != "agtmgr"}
    run = site.play("site.yml", *words)
    assert run.rc == 0, run.output[-3000:]
    for host in SERVERS:
        process = site.running()[host, "agtmgr"]
        assert "-Xmx2g" in site.exec(host, "cat", f"/proc/{process}/cmdline").split("\0"), host
    assert {unit: process for unit, process in site.running().items() if unit[1] != "agtmgr"} == others
    again = site.play("site.yml", *words)
    assert set(again.changed().values()) == {0}, again.output[-3000:]
    assert {site.starts(host, "updateAgentManagerMemory") for host in SERVERS} == {1}


@pytest.mark.one_of(ONCE)
def test_settings_of_events_go_back_to_those_of_the_release_with_consent(site: PomSite):
    columns = "event_code, event_level, throttle_interval, ep_alarm_severity, alarm_on"
    wanted = site.rows(f"SELECT {columns} FROM pim_event_code_type ORDER BY 1")
    assert wanted
    # Nothing changes where they are those of the release already, and then the run waits for as long as POM may take.
    consent = ("-e", json.dumps({"pom_event_settings_consent": "default", "pom_server_event_wait_seconds": 3}))
    assert site.play("pom_event_settings.yml", *consent).rc == 0
    site.rows("UPDATE pim_event_setting SET throttle_interval = throttle_interval + 77")
    refused = site.play("pom_event_settings.yml")
    assert refused.rc != 0
    assert "-e pom_event_settings_consent=default" in refused.words
    run = site.play("pom_event_settings.yml", *consent)
    assert run.rc == 0, run.output[-3000:]
    assert site.rows(f"SELECT {columns} FROM pim_event_setting ORDER BY 1") == wanted
    again = site.play("pom_event_settings.yml", *consent)
    assert set(again.changed().values()) == {0}, again.output[-3000:]
    assert site.starts("epm1", "eventSettingOperation") == 2


@pytest.mark.one_of(ONCE)
def test_single_events_get_the_settings_that_are_stated(site: PomSite):
    stated = {"P_POMCM002": {"level": "FATAL", "throttle_interval": 61, "alarm": False}}
    words = ("-e", json.dumps({"pom_server_events": stated}))
    of_it = "SELECT event_level, throttle_interval, alarm_on FROM pim_event_setting WHERE event_code = 'P_POMCM002'"
    of_others = "SELECT * FROM pim_event_setting WHERE event_code <> 'P_POMCM002' ORDER BY 1"
    others = site.rows(of_others)
    refused = site.play("pom_single_events.yml", "-e", json.dumps({"pom_server_events": {"P_OTHER": {"alarm": True}}}))
    assert refused.rc != 0
    assert "names P_OTHER: correct the codes in pom_server_events" in refused.words
    checked = site.play("pom_single_events.yml", *words, "--check")
    assert "1 change on 1 host would be made" in checked.words, checked.output[-3000:]
    for _ in range(2):
        run = site.play("pom_single_events.yml", *words)
        assert run.rc == 0, run.output[-3000:]
        assert "vpms has to be restarted for alarm of P_POMCM002" in run.words
        assert site.rows(of_it) == ["FATAL|61|f"]
        again = site.play("pom_single_events.yml", *words)
        assert set(again.changed().values()) == {0}, again.output[-3000:]
        # What somebody else changes is set again.
        site.rows("UPDATE pim_event_setting SET throttle_interval = 5 WHERE event_code = 'P_POMCM002'")
    assert site.rows(of_others) == others


@pytest.mark.one_of(ONCE)
def test_the_reports_use_a_font_whose_content_counts(site: PomSite):
    words = ("-e", json.dumps({"pom_server_report_fonts": [FONT]}))
    font = f"{POM_HOME}/config/fonts/report.ttf"
    for content in ("first", "second"):
        site.shell("epm1", f"printf '\\000\\001\\000\\000{content}' >{FONT}")
        run = site.play("pom_report_fonts.yml", *words)
        assert run.rc == 0, run.output[-3000:]
        assert site.shell("epm1", f"cmp {FONT} {font} && echo same").strip() == "same"
        again = site.play("pom_report_fonts.yml", *words)
        assert set(again.changed().values()) == {0}, again.output[-3000:]


@pytest.mark.one_of(ONCE)
def test_an_attribute_is_copied_with_pom_stopped_and_once_for_a_list(site: PomSite):
    words = ("-e", f"pom_copy_attribute_name={ATTRIBUTE}", "-e", json.dumps({"pom_copy_attribute_lists": [CONTACTS]}))
    run = site.play("pom_copy_attribute.yml", *words)
    assert run.rc == 0, run.output[-3000:]
    copied = f"grep -c '{ATTRIBUTE} of {CONTACTS} into AgentId' {POM_HOME}/logs/migrateCustomToSystemAttr.sh.log; true"
    assert site.shell("epm1", copied).strip() == "1"
    before = site.running()
    again = site.play("pom_copy_attribute.yml", *words)
    assert set(again.changed().values()) == {0}, again.output[-3000:]
    assert site.shell("epm1", copied).strip() == "1"
    assert site.running() == before
    wait_for(lambda: site.play("status.yml").rc == 0, "POM does not serve again", 60)


@pytest.mark.one_of(ONCE)
def test_a_value_that_pom_encrypted_is_the_same_when_pom_decrypts_it(site: PomSite, secrets: dict[str, str], tmp_path: Path):
    """Neither is shown on the way; the secrets of the lab are looked for in all that the runs say by test_8_secrets."""
    words = {"site_foreign_prefixes": ["molecule_"], "molecule_encrypted": ""}
    for operation, of in (("encrypt", "pom_database_password"), ("decrypt", "molecule_encrypted")):
        (tmp_path / "words.json").write_text(json.dumps(words), encoding="utf-8")
        asked = ("-e", f"pom_security_tool_value_of={of}", "-e", f"pom_security_tool_operation={operation}")
        run = site.play("pom_security_tool.yml", "-e", f"@{tmp_path / 'words.json'}", *asked)
        assert run.rc == 0, run.output[-3000:]
        result = site.built / f"security/epm1-{of}-{operation}ed"
        assert result.stat().st_mode & 0o077 == 0
        words["molecule_encrypted"] = result.read_text(encoding="utf-8").strip()
        assert words["molecule_encrypted"] not in run.output
        result.unlink()
    assert words["molecule_encrypted"] == secrets["pom_database_password"]


@pytest.mark.one_of(ONCE)
def test_the_password_of_experience_portals_own_database_is_set_once(site: PomSite, tmp_path: Path):
    password = credentials.password()
    (tmp_path / "hosts.yml").write_text("all: {}\n", encoding="utf-8")
    site.keep(tmp_path / "group_vars" / "all" / "secrets.yml", {"pom_database_ep_password": password})
    stated = replace(site, additions=(str(tmp_path),))
    run = stated.play("pom_database_password.yml")
    assert run.rc == 0, run.output[-3000:]
    hashed = site.exec("epm1", "cat", PASSWORD_HASH).strip()
    _, method, salt, _ = hashed.split("$")
    assert shell.run(["openssl", "passwd", f"-{method}", "-salt", salt, "-stdin"], stdin=password).strip() == hashed
    again = stated.play("pom_database_password.yml")
    assert set(again.changed().values()) == {0}, again.output[-3000:]
    assert site.starts("epm1", "SetDbPassword") == 1
    assert password not in run.output + again.output
    assert site.shell("epm1", f"grep -rlF {password} {JOBS} /var/lib/dialtone /tmp /var/log; true") == ""
    wait_for(lambda: site.play("status.yml").rc == 0, "POM does not serve again", 60)


@pytest.mark.one_of(ONCE)
def test_a_snapshot_waits_for_a_stopped_pom_and_one_that_is_left_is_told(site: PomSite):
    """As if the hosts were virtual machines of VMware, whose snapshots a person takes."""
    record = "/var/lib/dialtone/vmware_snapshot"
    machine = ("-e", json.dumps({"vmware_guest": True, "vmware_snapshot_method": "guided"}))

    def snapshot(action: str, *more: str) -> Playbook:
        return site.play("snapshot.yml", *machine, "-e", f"vmware_snapshot_action={action}", *more)

    refused = snapshot("take", "-e", "vmware_snapshot_by=molecule", "--limit", "epm1")
    assert refused.rc != 0
    assert re.search(r"epm1: vpms.* run, and a snapshot of a running Experience Portal", refused.words), refused.output[-3000:]
    assert site.shell("epm1", f"cat {record} 2>/dev/null; true") == ""

    asked = snapshot("take", "--limit", "db1")
    assert asked.rc != 0
    assert "in the vSphere client take a snapshot of the virtual machine db1" in asked.words
    done = ("-e", "vmware_snapshot_by=molecule", "--limit", "db1")
    assert snapshot("take", *done).rc == 0
    assert snapshot("take", *done).changed() == {"db1": 0}, "a snapshot that is there is not taken twice"
    left = snapshot("list", "--limit", "db1")
    assert "db1 has a snapshot (before-change of" in left.words, left.output[-3000:]
    assert snapshot("remove", *done).rc == 0
    assert site.shell("db1", f"cat {record} 2>/dev/null; true") == ""


def test_nothing_of_it_is_undone_by_a_further_roll_out(site: PomSite):
    run = site.play("site.yml")
    assert run.rc == 0, run.output[-3000:]
    assert set(run.changed().values()) == {0}, run.output[-3000:]
    assert not re.search(r"Agent Manager|setConnectorMode", run.output)
