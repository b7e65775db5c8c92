# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.module_utils import pom_server, pom_services
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_connection import Connection
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_server import (
    ABSENT,
    COMPLETE,
    PARTIAL,
    PRESENT,
    UNKNOWN,
    UNREACHABLE,
    Desired,
    Installation,
    Observed,
    PomServerError,
    Store,
    Trusted,
    answer,
    certificate_fingerprint,
    is_recorded,
    kafka_addresses,
    marker_of,
    plan,
    read_store,
)
from ansible_collections.dialtone.contact_center.tests.unit.plugins.module_utils.test_java_keystore import store


@pytest.fixture(scope="module", autouse=True)
def _cheap_digests():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pom_server, "FINGERPRINT_ROUNDS", 1)
        yield


HOME = "/opt/Avaya/avpom/POManager"
CA, CA_OTHER = b"\x30authority", b"\x30another"
CA_DIGEST = hashlib.sha256(CA).hexdigest()
DATABASE = Connection("postgres", "db1", 5432, "pomdb", "pom", True)
DATABASE_WORDS = {"engine": "postgres", "host": "db1", "port": 5432, "name": "pomdb", "user": "pom", "secured": True}
SERVICES = tuple(
    pom_services.judge(pom_services.expected_services(2), pom_services.Status({}), dict.fromkeys(pom_services.UNITS, "active"))
)
DESIRED = Desired(
    kind="primary",
    home=HOME,
    trusted=(Trusted("dialtone-ca", CA),),
    database=DATABASE,
    external_kafka=(("kafka3", "kafka3.dc1.example", "192.0.2.13"),),
)
BARE = Observed(ep_home=True, units={"vpms": "active", "httpd": "active"}, boot_id="boot-1", free_mb=90_000, schema=ABSENT)
DONE = replace(
    BARE,
    units={**BARE.units, **dict.fromkeys(pom_services.UNITS, "active")},
    installation=Installation(COMPLETE, (f"{HOME}/bin",), (), True, "POM.04.00.02.00.00.100"),
    markers={"installation": {"words": {"boot_id": "boot-0"}}, "database": {"words": DATABASE_WORDS}},
    answered=frozenset({"database"}),
    keystore=Store({"pomservercert": "aa"}),
    truststore=Store({"dialtone-ca": CA_DIGEST}),
    database=replace(DATABASE, secured=None),
    schema=PRESENT,
    kafka_hosts=frozenset({"192.0.2.11", "192.0.2.12", "192.0.2.13"}),
    services=SERVICES,
)


def due(observed, desired=DESIRED):
    return list(dict.fromkeys(action.name for action in plan(observed, desired).actions))


def words(observed, desired=DESIRED):
    return {action.what: action.reasons for action in plan(observed, desired).actions}


# --- the order, and the state in which nothing is left -----------------------------------------------------------------


def test_on_a_bare_epm_everything_is_foretold_in_its_order():
    assert due(BARE) == ["install", "reboot", "trust", "schema", "kafka_ha", "service"]
    assert plan(BARE, DESIRED).refusals == ()
    assert plan(BARE, DESIRED).create_schema


def test_on_an_auxiliary_nothing_of_database_and_kafka_is_the_role_s():
    assert due(BARE, replace(DESIRED, kind="auxiliary")) == ["install", "reboot", "trust", "service"]


def test_a_server_as_described_needs_nothing():
    found = plan(DONE, DESIRED)
    assert (found.actions, found.refusals, found.create_schema) == ((), (), False)


CHANGES = {
    "reboot": {"markers": {**DONE.markers, "installation": {"words": {"boot_id": "boot-1"}}}},
    "trust": {"truststore": Store({})},
    "schema": {"schema": ABSENT},
    "kafka_ha": {"kafka_hosts": frozenset({"192.0.2.11"})},
    "configure": {"state_changes": ({"path": "/etc/dialtone/reads/cmpmgr", "reasons": ["is created"]},)},
    "service": {"units": {**DONE.units, "vpms": "inactive"}},
}


@given(st.sets(st.sampled_from(sorted(CHANGES))))
def test_each_difference_is_one_action_and_they_keep_their_order(different):
    changed = {key: value for name in different for key, value in CHANGES[name].items()}
    assert due(replace(DONE, **changed)) == [name for name in CHANGES if name in different]


# --- what forbids it ---------------------------------------------------------------------------------------------------


def test_without_epm_nothing_is_installed():
    for observed in (replace(BARE, ep_home=False), replace(BARE, units={})):
        (refusal,) = plan(observed, DESIRED).refusals
        assert "POM-TROUBLE-01" in refusal
        assert "install Experience Portal first" in " ".join(refusal.split())


@pytest.mark.parametrize("state", ["inactive", "failed", "activating"])
def test_the_installer_wants_vpms_running(state):
    (refusal,) = plan(replace(BARE, units={"vpms": state}), DESIRED).refusals
    assert f"vpms is {state}" in refusal
    assert "systemctl start vpms" in refusal


def test_vpms_that_is_down_refuses_nothing_where_pom_is_installed():
    assert plan(replace(DONE, units={**DONE.units, "vpms": "inactive"}), DESIRED).refusals == ()


@pytest.mark.parametrize(
    ("missing", "way_out"),
    [
        (("bin/uninstallPOM.sh", "units"), "pom_uninstall.yml does it, with the host's name typed"),
        (("units",), f"{HOME}/bin/uninstallPOM.sh; reboot"),
    ],
)
def test_a_partial_installation_is_never_installed_over(missing, way_out):
    observed = replace(BARE, installation=Installation(PARTIAL, (f"{HOME}/config",), missing, True))
    (refusal,) = plan(observed, replace(DESIRED, overwrite=True)).refusals
    assert f"found {HOME}/config" in refusal
    assert way_out in refusal
    assert "POM-TROUBLE-03" in refusal
    assert "POM-TROUBLE-04" in refusal


def test_a_keystore_that_alone_is_lost_is_made_anew_and_pom_not_uninstalled():
    part = Installation(PARTIAL, (f"{HOME}/bin",), ("config/pomKeyStore",), True)
    (refusal,) = plan(replace(BARE, installation=part), DESIRED).refusals
    assert "playbooks/restore.yml" in refusal
    assert f"{HOME}/bin/pomCertKeystore.sh" in refusal
    assert "POM-TROUBLE-18" in refusal
    assert "pom_uninstall" not in refusal
    more = replace(part, missing=("config/pomKeyStore", "units"))
    (refusal,) = plan(replace(BARE, installation=more), DESIRED).refusals
    assert "POM is installed in part" in refusal


def test_an_installation_that_runs_is_waited_for_and_refused_for_nothing():
    observed = replace(BARE, installation=Installation(PARTIAL, ("x",), ("units",), True), units={}, job_running=True)
    assert plan(observed, DESIRED).refusals == ()
    assert plan(observed, DESIRED).actions[0].what == "the installation that runs is waited for"


@pytest.mark.parametrize("state", [ABSENT, COMPLETE])
def test_a_kafka_beside_pom_is_refused_and_with_consent_stopped_first(state):
    beside = {"zookeeper": "active, enabled", "kafka": "inactive, enabled"}
    observed = replace(BARE, standalone=beside, installation=Installation(state))
    (refusal,) = plan(observed, DESIRED).refusals
    assert "kafka (inactive, enabled) and zookeeper (active, enabled)" in refusal
    assert "pom_server_stop_standalone: true" in refusal
    allowed = plan(observed, replace(DESIRED, stop_standalone=True))
    assert allowed.refusals == ()
    assert [(action.name, action.key) for action in allowed.actions[:2]] == [("standalone", "kafka"), ("standalone", "zookeeper")]


def test_a_pom_whose_installer_is_still_at_work_is_waited_for_and_never_rebooted():
    """All its files are there before the installer is through."""
    observed = replace(DONE, job_running=True, boot_id="boot-0")
    assert due(observed)[:2] == ["install", "reboot"]
    assert "the installation that runs is waited for" in words(observed)


def test_a_certificate_of_one_address_is_not_made_on_a_host_with_several():
    generated = replace(DESIRED, certificate_generated=True)
    several = replace(BARE, addresses=("192.0.2.11", "198.51.100.4"))
    (refusal,) = plan(several, generated).refusals
    assert "192.0.2.11, 198.51.100.4" in refusal
    assert "certificates_source: site_ca" in refusal
    assert plan(several, DESIRED).refusals == ()
    assert plan(replace(BARE, addresses=("192.0.2.11",)), generated).refusals == ()


def test_an_installer_whose_end_no_run_has_seen_is_looked_at():
    begun = {"installation": {"words": {"boot_id": "boot-0", "finished": False}}}
    unseen = replace(DONE, markers={**DONE.markers, **begun}, installer_succeeded=True)
    assert due(unseen)[:2] == ["install", "reboot"]
    assert plan(unseen, DESIRED).refusals == ()
    [refused] = plan(replace(unseen, installer_succeeded=False), DESIRED).refusals
    assert "did not end well behind the last of them" in refused
    begun["installation"]["words"]["finished"] = True
    assert due(replace(DONE, markers={**DONE.markers, **begun})) == []


def test_a_directory_that_is_in_the_way_needs_consent():
    observed = replace(BARE, installation=Installation(directory_exists=True))
    assert "pom_server_overwrite: true" in plan(observed, DESIRED).refusals[0]
    assert plan(observed, replace(DESIRED, overwrite=True)).refusals == ()


def test_free_space_is_judged_where_the_site_says_how_much():
    assert plan(BARE, replace(DESIRED, minimum_disk_mb=90_000)).refusals == ()
    assert "90000 MB are free" in plan(BARE, replace(DESIRED, minimum_disk_mb=90_001)).refusals[0]


def test_all_refusals_are_told_at_once():
    observed = replace(BARE, units={"vpms": "failed"}, installation=Installation(directory_exists=True), free_mb=1)
    assert len(plan(observed, replace(DESIRED, minimum_disk_mb=2)).refusals) == 3


# --- reboot, drivers, trust --------------------------------------------------------------------------------------------


def test_rebooted_is_rebooted_also_where_pom_was_installed_by_hand():
    assert "reboot" not in due(replace(DONE, markers={}))


ORACLE = "ab" * 32


@pytest.mark.parametrize(
    ("jars", "marker", "reasons"),
    [
        ({}, {}, ("the jar is missing", "InstallPOMOracleJDBC.sh has not run with this jar")),
        ({"oracle": "cd" * 32}, {}, ("another jar is there", "InstallPOMOracleJDBC.sh has not run with this jar")),
        ({"oracle": ORACLE}, {"sha256": "cd" * 32}, ("InstallPOMOracleJDBC.sh has not run with this jar",)),
        ({}, {"sha256": ORACLE}, ("the jar is missing",)),
    ],
)
def test_a_driver_is_due_until_the_program_ran_with_this_jar(jars, marker, reasons):
    observed = replace(DONE, drivers=jars, markers={**DONE.markers, "driver_oracle": {"words": marker}})
    assert words(observed, replace(DESIRED, drivers={"oracle": ORACLE})) == {"JDBC driver of oracle": reasons}


def test_a_driver_that_was_taken_is_not_due():
    observed = replace(DONE, drivers={"oracle": ORACLE}, markers={"driver_oracle": {"words": {"sha256": ORACLE}}})
    assert due(observed, replace(DESIRED, drivers={"oracle": ORACLE})) == []


def test_a_certificate_that_is_trusted_under_another_alias_is_trusted():
    assert due(replace(DONE, truststore=Store({"imported on the page": CA_DIGEST}))) == []


def test_an_alias_of_another_certificate_is_refused_and_named():
    observed = replace(DONE, truststore=Store({"dialtone-ca": hashlib.sha256(CA_OTHER).hexdigest()}))
    (refusal,) = plan(observed, DESIRED).refusals
    assert "the alias dialtone-ca" in refusal
    assert CA_DIGEST[:16] in refusal
    assert "POM-CERT-12" in refusal


def test_aliases_of_a_store_know_no_case():
    desired = replace(DESIRED, trusted=(Trusted("Site-CA", CA),))
    observed = replace(DONE, truststore=Store({"site-ca": hashlib.sha256(CA_OTHER).hexdigest()}))
    assert plan(observed, desired).refusals


def test_a_certificate_that_is_not_on_the_host_yet_is_due():
    assert due(DONE, replace(DESIRED, trusted=(Trusted("dialtone-ca", None),))) == ["trust"]


# --- database ----------------------------------------------------------------------------------------------------------


def test_another_connection_is_saved_and_the_schema_left_alone():
    observed = replace(DONE, database=Connection("postgres", "db0", 5432, "pomdb", "pom"))
    assert words(observed) == {"the connection to the POM database is saved": ("host db0 becomes db1",)}
    assert not plan(observed, DESIRED).create_schema


def test_a_new_password_is_saved_and_the_schema_left_alone():
    observed = replace(DONE, answered=frozenset())
    ((what, reasons),) = words(observed).items()
    assert what == "the connection to the POM database is saved"
    assert "password" in reasons[0]
    assert not plan(observed, DESIRED).create_schema


def test_a_database_that_a_person_configured_is_taken_as_it_is():
    assert due(replace(DONE, markers={}, answered=frozenset())) == []


def test_the_schema_is_created_where_it_is_seen_to_be_absent():
    assert plan(replace(DONE, schema=ABSENT), DESIRED).create_schema
    assert not plan(replace(DONE, schema=ABSENT), replace(DESIRED, creates_schema=False)).create_schema


@given(
    st.sampled_from([PRESENT, UNKNOWN, UNREACHABLE, ABSENT]),
    st.sampled_from([None, DATABASE, replace(DATABASE, name="other"), replace(DATABASE, user="other")]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, True, False]),
)
def test_the_schema_is_never_created_twice(schema, configured, recorded, wanted, said):
    """Option 2 where a schema exists is not documented: where nobody can look, only for a person who says that there is none."""
    markers = {"database": {"words": DATABASE_WORDS}} if recorded else {}
    observed = replace(DONE, schema=schema, database=configured, markers=markers)
    created_before = recorded or (configured is not None and configured.place == DATABASE.place)
    found = plan(observed, replace(DESIRED, creates_schema=wanted, schema_exists=said))
    may_create = {PRESENT: False, ABSENT: True, UNKNOWN: said is False, UNREACHABLE: said is not True}[schema]
    assert found.create_schema == (wanted and may_create and (schema == ABSENT or not created_before))
    nobody_knows = schema == UNKNOWN and said is None and not created_before
    assert bool(found.refusals) == (wanted and nobody_knows)


ON_ORACLE = replace(DESIRED, database=Connection("oracle", "scan", 1521, "pom", "pom", True))
AS_SYSTEM = Connection("oracle", "scan", 1521, "pom", "SYSTEM")
RECORDED_AS_SYSTEM = {"database": {"words": {**DATABASE_WORDS, "engine": "oracle", "user": "system"}}}


@pytest.mark.parametrize(
    ("configured", "markers"), [(AS_SYSTEM, {}), (None, RECORDED_AS_SYSTEM), (replace(AS_SYSTEM, user=""), RECORDED_AS_SYSTEM)]
)
def test_an_oracle_installation_with_the_user_system_stays_with_it(configured, markers):
    observed = replace(DONE, database=configured, markers=markers)
    (refusal,) = plan(observed, ON_ORACLE).refusals
    assert "changing the Oracle user is not supported" in refusal
    assert "pom_database_user is pom" in refusal
    as_system = replace(ON_ORACLE.database, user="System")
    assert plan(observed, replace(ON_ORACLE, database=as_system)).refusals == ()


@pytest.mark.parametrize("configured", [replace(AS_SYSTEM, user="pom0"), replace(AS_SYSTEM, engine="postgres"), None])
def test_other_users_of_a_database_may_change(configured):
    assert plan(replace(DONE, database=configured, markers={}), ON_ORACLE).refusals == ()


UNSEEN = replace(BARE, schema=UNKNOWN)


def test_a_schema_that_nobody_can_see_is_asked_of_a_person_before_pom_is_installed():
    (refusal,) = plan(UNSEEN, ON_ORACLE).refusals
    assert "no client of oracle is on a POM server" in refusal
    assert "pom_database_schema_exists: false for a first installation" in refusal
    assert "pom_database_schema_exists: true where the schema is there" in refusal
    (refusal,) = plan(replace(UNSEEN, schema_problem="psql is not on this host"), DESIRED).refusals
    assert "psql is not on this host" in refusal


def test_what_a_person_says_of_the_schema_decides_where_nobody_can_look():
    first, again = (plan(UNSEEN, replace(ON_ORACLE, schema_exists=said)) for said in (False, True))
    assert (first.refusals, first.create_schema) == ((), True)
    assert (again.refusals, again.create_schema) == ((), False)
    assert "the connection to the POM database is saved" in [action.what for action in again.actions]


@pytest.mark.parametrize("other", [{"kind": "auxiliary"}, {"creates_schema": False}, {"database": None}])
def test_only_who_creates_the_schema_asks_for_it(other):
    assert plan(UNSEEN, replace(ON_ORACLE, **other)).refusals == ()


def test_a_connection_that_cannot_be_read_is_judged_by_the_record():
    unreadable = replace(DONE, database=None, database_readable=False)
    assert due(unreadable) == []
    assert any("holds no connection that can be read" in one for one in plan(unreadable, DESIRED).advice)
    ((_what, reasons),) = words(replace(unreadable, answered=frozenset())).items()
    assert reasons == ("what is configured cannot be read",)


def test_the_database_of_the_reports_is_saved_once():
    desired = replace(DESIRED, reports=replace(DATABASE, host="db2"))
    assert due(DONE, desired) == ["reports"]
    assert due(replace(DONE, answered=frozenset({"database", "reports"})), desired) == []
    assert due(replace(DONE, answered=frozenset({"database"})), replace(desired, kind="auxiliary")) == []


# --- Kafka, settings, services -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", ["kafka3", "kafka3.dc1.example", "192.0.2.13"])
def test_the_external_node_may_be_named_in_any_way(named):
    assert due(replace(DONE, kafka_hosts=frozenset({"192.0.2.11", named}))) == []


def test_hosts_of_kafka_s_properties():
    server = "zookeeper.connect=192.0.2.11:2182,Kafka3.dc1.example:2182/chroot\n"
    zookeeper = "server.1=192.0.2.11:2888:3888\nserver.2=192.0.2.12:2888:3888\n# server.3=192.0.2.99:2888:3888\n"
    assert kafka_addresses(server, zookeeper) == {"192.0.2.11", "192.0.2.12", "kafka3.dc1.example"}
    assert kafka_addresses("", "") == set()


def test_call_forbidden_is_switched_on_once():
    desired = replace(DESIRED, call_forbidden=True)
    assert due(DONE, desired) == ["call_forbidden"]
    assert due(replace(DONE, markers={**DONE.markers, "call_forbidden": {"words": {}}}), desired) == []


def test_a_service_that_is_stopped_is_started_and_kafka_s_are_not_the_role_s():
    def stopped(unit):
        return tuple(replace(one, state="STOPPED", well=False) if one.unit == unit else one for one in SERVICES)

    assert words(replace(DONE, services=stopped("agtmgr"))) == {
        "POM is started": ("Agent Manager (agtmgr) is STOPPED, must be MASTER or DORMANT",)
    }
    assert due(replace(DONE, services=stopped("pomkafka"))) == []


def test_a_renewed_certificate_is_told_and_not_imported():
    (advice, _role) = plan(replace(DONE, identity="bb"), DESIRED).advice
    assert "pomCertificateImport.sh" in advice
    assert not any("pomCertificateImport" in one for one in plan(replace(DONE, identity="aa"), DESIRED).advice)


def test_that_the_role_cannot_be_seen_is_told_only_of_what_runs():
    (told,) = plan(DONE, DESIRED).advice
    assert "does not tell MASTER from DORMANT" in told
    assert plan(replace(DONE, services=tuple(replace(one, state="STOPPED") for one in SERVICES)), DESIRED).advice == ()


# --- stores, certificates, records -------------------------------------------------------------------------------------


def test_a_store_is_read_without_a_jvm():
    data = store("changeit", {"pomservercert": [b"leaf", b"ca"]}, {"root": b"ca"})
    found = read_store(data, "changeit", "/c/pomKeyStore", "word")
    assert found.fingerprints == {
        "pomservercert": hashlib.sha256(b"leaf").hexdigest(),
        "root": hashlib.sha256(b"ca").hexdigest(),
    }


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "/c/pomTrustStore is missing: POM-TROUBLE-18"),
        (store("other"), "does not open with certificates_truststore_password"),
        (b"PK no store at all " * 3, "this is no JKS store"),
    ],
)
def test_why_a_store_cannot_be_read(content, problem):
    found = read_store(content, "canary-secret", "/c/pomTrustStore", "certificates_truststore_password")
    assert problem in found.problem
    assert "canary" not in found.problem
    assert found.fingerprints == {}


def test_a_certificate_has_one_fingerprint_in_pem_and_der():
    pem = b"some words\n-----BEGIN CERTIFICATE-----\nMGF1dGhvcml0eQ==\n-----END CERTIFICATE-----\n"
    assert certificate_fingerprint(pem) == certificate_fingerprint(b"\x30authority")
    for content in (b"", b"text", b"-----BEGIN CERTIFICATE-----\n"):
        with pytest.raises(PomServerError, match="should hold a certificate"):
            certificate_fingerprint(content)


@given(
    st.dictionaries(st.text(max_size=4), st.integers() | st.text(max_size=4), max_size=3),
    st.text(max_size=8),
    st.text(max_size=8),
)
def test_a_record_knows_its_words_and_its_secret_and_no_others(recorded, secret, other):
    marker = marker_of(recorded, secret)
    assert is_recorded(marker, recorded, secret)
    if secret:
        assert is_recorded(marker, recorded, other) == (other == secret or not other)
        assert not is_recorded(marker, {**recorded, "more": 1}, secret)
        assert "canary-secret" not in str(marker_of(recorded, "canary-secret"))
    else:
        assert not is_recorded(marker, {**recorded, "more": 1})


def test_a_record_that_somebody_damaged_is_none():
    for marker in (
        {},
        {"fingerprint": ""},
        {"fingerprint": "no hex"},
        {"fingerprint": None},
        {"words": {}, "fingerprint": "00:00"},
    ):
        assert not is_recorded(marker, {}, "secret")


def test_the_answer_holds_no_digest_of_a_secret():
    observed = replace(DONE, markers={"database": marker_of(DATABASE_WORDS, "canary-secret")})
    told = answer(observed, plan(observed, DESIRED), HOME, {}, [])
    assert told["markers"] == {"database": DATABASE_WORDS}
    assert "fingerprint" not in str(told["markers"])
    assert told["removable"] is True
    assert told["running"] == list(pom_services.OWN_UNITS)


# --- what a roll-out cannot make otherwise ----------------------------------------------------------------------------


def with_records(**markers):
    return replace(DONE, markers={**DONE.markers, **{name: {"words": words} for name, words in markers.items()}})


def test_another_mode_than_the_recorded_one_is_refused_with_the_playbook_that_changes_it():
    in_none = with_records(mode={"mode": "None", "restart_pending": False})
    (refusal,) = plan(in_none, replace(DESIRED, mode="AACC")).refusals
    assert "playbooks/pom_mode.yml" in refusal
    assert "pom_mode: None" in refusal
    (refusal,) = plan(with_records(mode={"mode": "CCElite"}), replace(DESIRED, mode="AACC")).refusals
    assert "re-installing and re-configuring the POM database" in refusal
    assert plan(in_none, replace(DESIRED, mode="None")).refusals == ()
    assert plan(DONE, replace(DESIRED, mode="AACC")).refusals == (), "a POM without a record is taken as it is found"


def test_a_mode_that_only_a_person_knows_is_not_changed_by_a_roll_out():
    observed = replace(DONE, markers={name: words for name, words in DONE.markers.items() if name != "mode"})
    [refused] = plan(observed, replace(DESIRED, mode="CCElite", installed_mode="None")).refusals
    assert "POM runs in the mode None" in refused
    assert plan(observed, replace(DESIRED, mode="CCElite", installed_mode="CCElite")).refusals == ()
    changed_on_the_primary = replace(DESIRED, kind="auxiliary", mode="CCElite", installed_mode="None")
    assert plan(observed, changed_on_the_primary).refusals == (), "an auxiliary has no record of its own"


def test_a_change_of_the_mode_that_was_not_finished_is_told():
    pending = with_records(mode={"mode": "AACC", "restart_pending": True})
    (refusal,) = plan(pending, replace(DESIRED, mode="AACC")).refusals
    assert "pom_mode.yml again" in refusal


def test_a_converted_pom_is_never_asked_to_be_another_one():
    converted = with_records(non_telephony={"by": "enablenonTeleMode"})
    (refusal,) = plan(converted, DESIRED).refusals
    assert "it cannot be reverted" in refusal
    found = plan(converted, replace(DESIRED, non_telephony=True))
    assert (found.refusals, advice_on_conversion(found)) == ((), [])


def test_a_conversion_that_is_wanted_or_suspected_is_advice():
    (advice,) = advice_on_conversion(plan(DONE, replace(DESIRED, non_telephony=True)))
    assert "playbooks/pom_non_telephony.yml" in advice
    (advice,) = advice_on_conversion(plan(replace(DONE, conversion_log=True), DESIRED))
    assert "logs/enableNonTeleMode.log" in advice
    assert advice_on_conversion(plan(replace(DONE, conversion_log=True, conversion_led=True), DESIRED)) == []
    assert advice_on_conversion(plan(DONE, replace(DESIRED, kind="auxiliary", non_telephony=True))) == []


def advice_on_conversion(found):
    return [words for words in found.advice if "manual dialling" in words]


# --- memory of the Agent Manager --------------------------------------------------------------------------------------

GIGABYTES = st.integers(min_value=0, max_value=8)


@given(seen=GIGABYTES, recorded=GIGABYTES, wanted=GIGABYTES)
def test_the_agent_manager_is_given_more_memory_and_never_less(seen, recorded, wanted):
    observed = replace(with_records(agent_memory={"gb": recorded}), agent_memory_mb=seen * 1024)
    has = seen or recorded
    assert ("agent_memory" in due(observed, replace(DESIRED, agent_memory_gb=wanted))) is (has < wanted)


def test_memory_is_the_last_thing_on_a_new_server():
    assert due(BARE, replace(DESIRED, agent_memory_gb=3))[-2:] == ["service", "agent_memory"]


@pytest.mark.parametrize(("available_mb", "is_refused"), [(3072, True), (3073, False), (0, False)])
def test_the_vendor_s_rule_for_the_memory_holds_before_anything_is_changed(available_mb, is_refused):
    refusals = plan(replace(DONE, available_mb=available_mb), replace(DESIRED, agent_memory_gb=3)).refusals
    assert bool(refusals) is is_refused
    assert all("must be greater than 1 and less than the available RAM" in refusal for refusal in refusals)


def test_memory_that_is_there_already_is_not_held_against_the_rule():
    observed = replace(DONE, available_mb=1000, agent_memory_mb=3072)
    assert plan(observed, replace(DESIRED, agent_memory_gb=3)).refusals == ()
