# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.module_utils.guided_proof import OPEN, PROVEN, UNKNOWN
from ansible_collections.dialtone.contact_center.plugins.plugin_utils import guided_flow as flow
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.guided_steps import digest_of, rows

from .test_guided_steps import renamed, site, with_app_servers

STEPS = rows(site())
BY_ID = {step["id"]: step for step in STEPS}
OBSERVABLE = [step["id"] for step in STEPS if step["proof"]["kind"] != "record"]
BY_WORD = [step["id"] for step in STEPS if step["proof"]["kind"] == "record"]
COMMAND = "ansible-playbook -i inventories/main playbooks/guided_confirm.yml"
VERDICTS = st.fixed_dictionaries({"state": st.sampled_from([PROVEN, OPEN, UNKNOWN]), "why": st.just("…")})
ANSWERS = st.fixed_dictionaries(
    {
        "proofs": st.dictionaries(st.sampled_from(OBSERVABLE), VERDICTS),
        "recorded": st.sets(st.sampled_from(list(BY_ID))),
        "outdated": st.sets(st.sampled_from(BY_WORD)),
    }
)


def record(step: str, by: str = "eva", revision: int = 1, fingerprint: str = "", **values: Any) -> dict[str, Any]:
    judged = flow.Judged(BY_ID[step], OPEN, "", digest_of(BY_ID[step], fingerprint), by_word=True)
    former = {"revision": revision - 1}
    found = flow.confirmation(judged, "main", by, "2026-11-21T20:00:00Z", "laptop7", former)
    return {**found, "values": {**found["values"], **values}, **({"digest": "other"} if values else {})}


SILENT: dict[str, Any] = {"proofs": {}, "records": {}, "fingerprint": "", "presented": {}, "damaged": []}


def seen(proofs: dict[str, Any] | None = None, *records: dict[str, Any], fingerprint: str = "", damaged: Any = ()) -> flow.Seen:
    answer = {"proofs": proofs or {}, "fingerprint": fingerprint, "presented": {}, "damaged": list(damaged)}
    answers = {"epm1": {**answer, "records": {entry["step"]: entry for entry in records}}}
    return flow.seen({**answers, "epm2": SILENT, "epm3": SILENT})


def drawn(answers: dict[str, Any]) -> flow.Seen:
    outdated = [record(step, Name="another") for step in answers["outdated"]]
    return seen(answers["proofs"], *(record(step) for step in answers["recorded"] - answers["outdated"]), *outdated)


def proven(*names: str) -> dict[str, dict[str, str]]:
    return {name: {"state": PROVEN, "why": "it is there"} for name in names}


def states(found: flow.Seen) -> dict[str, str]:
    return {judged.id: judged.state for judged in flow.judge(STEPS, found)}


# --- where steps stand --------------------------------------------------------------------------------------------


def test_at_first_one_step_is_open_and_all_others_wait() -> None:
    found = states(seen({name: {"state": OPEN, "why": "not there"} for name in OBSERVABLE}))
    assert found.pop("fetch_epm_certificate.epm1") == "open"
    assert set(found.values()) == {"waiting"}


def test_each_step_that_is_seen_opens_those_behind_it() -> None:
    found = states(seen(proven("fetch_epm_certificate.epm1", "add_pom_server.epm1")))
    assert {name for name, state in found.items() if state == "open"} == {
        "fetch_epm_certificate.epm2",
        "fetch_epm_certificate.epm3",
        "outcall_user.epm1",
        "trust_pom_certificate.epm1",
        "home_country.epm1",
        "pom_user.epm1.supervisor1",
    }


def test_what_is_seen_not_to_be_done_is_open_whatever_was_recorded() -> None:
    found = seen({"fetch_epm_certificate.epm1": {"state": OPEN, "why": "gone"}}, record("fetch_epm_certificate.epm1"))
    judged = flow.judge(STEPS, found)[0]
    assert (judged.state, judged.why, judged.by_word) == ("open", "gone", False)


def test_where_nothing_can_be_seen_a_persons_word_counts() -> None:
    unknown = {"fetch_epm_certificate.epm1": {"state": UNKNOWN, "why": "psql is missing"}}
    judged = flow.judge(STEPS, seen(unknown))[0]
    assert (judged.state, judged.by_word) == ("open", True)
    assert judged.why == "it cannot be seen whether it was done: psql is missing"
    assert flow.judge(STEPS, seen(unknown, record("fetch_epm_certificate.epm1")))[0].state == "recorded"


def test_a_changed_value_opens_a_recorded_step_and_says_which() -> None:
    found = seen(proven("add_pom_server.epm1"), record("outcall_user.epm1", **{"User Name": "dialer"}))
    judged = {entry.id: entry for entry in flow.judge(STEPS, found)}["outcall_user.epm1"]
    assert judged.state == "open"
    assert judged.why.endswith("and since then User Name was dialer and is now outcall")


def test_a_new_certificate_opens_the_step_that_handed_it_over() -> None:
    name = "trust_pom_certificate.epm1"
    proofs = proven("add_pom_server.epm1")
    assert states(seen(proofs, record(name, fingerprint="aa"), fingerprint="aa"))[name] == "recorded"
    found = {entry.id: entry for entry in flow.judge(STEPS, seen(proofs, record(name, fingerprint="aa"), fingerprint="bb"))}[name]
    assert (found.state, "another certificate" in found.why) == ("open", True)


def test_a_host_that_was_not_asked_opens_no_step_and_closes_none() -> None:
    name = "trust_pom_certificate.epm2"
    answer = {**SILENT, "proofs": proven("add_pom_server.epm2")}
    judged = {entry.id: entry for entry in flow.judge(STEPS, flow.seen({"epm1": answer}))}[name]
    assert judged.state == "waiting"
    assert judged.why == "waits for an answer of epm2, whose certificate it is about: leave out --limit"
    held = flow.seen({"epm1": {**answer, "records": {name: record(name, fingerprint="aa")}}})
    assert {entry.id: entry for entry in flow.judge(STEPS, held)}[name].state == "recorded"
    changed = flow.seen({"epm1": {**answer, "records": {name: record(name, Name="another")}}})
    assert {entry.id: entry for entry in flow.judge(STEPS, changed)}[name].state == "waiting"


TRUST_APP = {step["id"]: step for step in rows(with_app_servers())}["trust_app_server.app1"]


def presenting(fingerprint: str, *records: dict[str, Any]) -> flow.Judged:
    answer = {**SILENT, "presented": {TRUST_APP["id"]: fingerprint}, "records": {entry["step"]: entry for entry in records}}
    return flow.judge([{**TRUST_APP, "after": []}], flow.seen({"epm1": answer}))[0]


def test_the_certificate_that_a_server_presents_is_the_one_that_is_handed_over() -> None:
    first = presenting("aa")
    kept = flow.confirmation(first, "main", "eva", "2026-11-21T20:00:00Z", "laptop7", None)
    assert (first.state, presenting("aa", kept).state) == ("open", "recorded")
    renewed = presenting("bb", kept)
    assert renewed.digest != first.digest, "who works through a list knows it for another one"
    assert (renewed.state, "another certificate" in renewed.why) == ("open", True)


def test_a_server_that_does_not_answer_opens_no_step_and_closes_none() -> None:
    kept = flow.confirmation(presenting("aa"), "main", "eva", "2026-11-21T20:00:00Z", "laptop7", None)
    assert presenting("", kept).state == "recorded"
    silent = presenting("")
    assert (silent.state, silent.why) == ("waiting", "waits for 192.0.2.21:7443 to answer, whose certificate it is about")


def test_a_record_of_a_former_name_counts_until_its_values_change() -> None:
    steps = {step["id"]: {**step, "after": []} for step in rows(renamed())}
    kept = [record("outcall_user.epm1"), record("trust_pom_certificate.epm2", fingerprint="aa")]
    carried = {**steps["outcall_user.epm1"], "id": "outcall_user.epm9", "formerly": ["outcall_user.epm1"]}
    answer = {**SILENT, "records": {entry["step"]: entry for entry in kept}, "fingerprint": "aa"}
    found = flow.judge([carried, steps["trust_pom_certificate.epm4"]], flow.seen({"epm4": answer}))
    assert [entry.state for entry in found] == ["recorded", "open"]
    assert "Name was pom_epm2 and is now pom_epm4" in found[1].why
    country = {**steps["home_country.epm1"], "id": "home_country.epm9", "formerly": ["home_country.epm1"]}
    other = {**SILENT, "records": {"home_country.epm1": record("home_country.epm1", **{"Home country": "France"})}}
    assert flow.judge([country], flow.seen({"epm9": other}))[0].state == "refused"


def test_another_home_country_is_refused_and_never_asked_for() -> None:
    found = seen(proven("add_pom_server.epm1"), record("home_country.epm1", **{"Home country": "France"}))
    judged = {entry.id: entry for entry in flow.judge(STEPS, found)}["home_country.epm1"]
    assert judged.state == "refused"
    words = flow.refused_words([judged])
    assert "POM-CFG-07" in words
    assert "Home country was France and is now Germany" in words


@given(ANSWERS)
def test_every_step_stands_somewhere_and_none_is_open_before_its_predecessors_are_done(answers: dict[str, Any]) -> None:
    found = flow.judge(STEPS, drawn(answers))
    done = {judged.id for judged in found if judged.is_done}
    assert [judged.id for judged in found] == list(BY_ID)
    for judged in found:
        missing = set(judged.step["after"]) - done
        assert judged.state != "open" or not missing
        assert judged.state != "waiting" or missing


@given(ANSWERS, st.sampled_from(OBSERVABLE))
def test_seeing_one_more_step_done_undoes_nothing(answers: dict[str, Any], step: str) -> None:
    before = drawn(answers)
    after = replace(before, proofs={**before.proofs, **proven(step)})
    now = {judged.id: judged for judged in flow.judge(STEPS, after)}
    assert now[step].is_done
    assert all(now[judged.id].is_done for judged in flow.judge(STEPS, before) if judged.is_done)


@given(ANSWERS, st.sampled_from(BY_WORD))
def test_a_confirmation_does_the_step_unless_it_must_not_be_done_again(answers: dict[str, Any], step: str) -> None:
    before = drawn(answers)
    judged = {entry.id: entry for entry in flow.judge(STEPS, before)}[step]
    confirmed = flow.confirmation(judged, "main", "tom", "2026-11-22T08:00:00Z", "laptop8", before.records.get(step))
    held = flow.seen(
        {"epm1": {**SILENT, "proofs": before.proofs, "records": before.records}}
        | {"epm2": {**SILENT, "records": {step: confirmed}}, "epm3": SILENT}
    )
    assert {entry.id: entry for entry in flow.judge(STEPS, held)}[step].state == "recorded"


@given(ANSWERS)
def test_nothing_is_left_to_do_where_all_is_seen_and_recorded(answers: dict[str, Any]) -> None:
    everything = seen(proven(*OBSERVABLE), *(record(step) for step in BY_WORD))
    assert flow.undone(flow.judge(STEPS, everything)) == []
    assert flow.next_step(flow.undone(flow.judge(STEPS, everything))) is None
    rest = flow.undone(flow.judge(STEPS, drawn(answers)))
    refused = [judged for judged in rest if judged.state == "refused"]
    assert not rest or refused or flow.next_step(rest) is not None, "a person is never left without a next step"


# --- ledgers ------------------------------------------------------------------------------------------------------


def test_a_host_gets_what_it_lacks_and_no_more() -> None:
    old, new = record("outcall_user.epm1"), record("outcall_user.epm1", by="tom", revision=2)
    answers = {
        "epm1": {"records": {"outcall_user.epm1": new}},
        "epm2": {"records": {"outcall_user.epm1": old}},
    }
    assert flow.copies(STEPS, {"outcall_user.epm1": new}, answers) == {"epm2": [new]}
    assert flow.copies(STEPS, {"outcall_user.epm1": new}, {"epm1": answers["epm1"]}) == {}, "who did not answer gets it next time"
    answers["epm2"] = answers["epm1"]
    assert flow.copies(STEPS, {"outcall_user.epm1": new}, answers) == {}


def test_a_confirmation_counts_on_from_the_one_before() -> None:
    assert (record("outcall_user.epm1")["revision"], record("outcall_user.epm1", revision=4)["revision"]) == (1, 4)


# --- words --------------------------------------------------------------------------------------------------------


def judged_at_first() -> list[flow.Judged]:
    return flow.judge(STEPS, seen({name: {"state": OPEN, "why": "not there"} for name in OBSERVABLE}))


def test_the_list_has_everything_that_a_person_needs() -> None:
    text = flow.open_list(judged_at_first(), "main", COMMAND)
    assert text.startswith("Open guided steps of site main: 12 of 12.")
    assert "Where: EPM of epm1, https://192.0.2.11/, logged in as epadmin" in text
    assert "   - Location: https://192.0.2.11" in text
    assert f"{COMMAND} -e guided_confirm_step=outcall_user.epm1 -e guided_confirm_by=NAME" in text
    assert text.index("fetch_epm_certificate.epm1") < text.index("add_pom_server.epm1") < text.index("outcall_user.epm1")
    assert flow.open_list([], "main", COMMAND) == "No guided step of site main is open."


def test_a_step_that_can_be_seen_asks_for_no_word() -> None:
    lines = flow.described(judged_at_first()[0], COMMAND)
    assert "   Then: nothing; Dialtone sees it" in lines
    assert not any("guided_confirm" in line for line in lines)


def test_the_document_is_what_the_robot_works_from() -> None:
    document = flow.document(judged_at_first(), "main", COMMAND, "2026-11-21T20:00:00Z")
    assert (document["site"], len(document["steps"])) == ("main", 12)
    first, outcall = document["steps"][0], document["steps"][6]
    assert (first["id"], first["state"], first["confirm"]) == ("fetch_epm_certificate.epm1", "open", "")
    assert outcall["confirm"].endswith("-e guided_confirm_step=outcall_user.epm1 -e guided_confirm_by=NAME")
    assert {"fill": "Password", "secret": "pom_outcall_password"} in outcall["actions"]


def test_an_unattended_run_says_how_to_go_on() -> None:
    words = flow.stop_words(judged_at_first(), "main", ["build/main/open-steps.txt", "build/main/open-steps.json"])
    assert words.startswith("12 guided steps of site main are open:\n  1. Fetch the certificate of the EPM server epm1  [")
    assert "run the same command again; it goes on from here" in words
    assert "-e guided_steps_mode=wait" in words
    assert words.endswith("build/main/open-steps.txt and build/main/open-steps.json.")


def test_steps_are_told_apart_by_data_center_and_phase() -> None:
    judged = judged_at_first()
    assert len(flow.of(judged, "dc1", ["before_start"])) == 11
    assert [entry.id for entry in flow.of(judged, phases=["after_start"])] == ["pom_user.epm1.supervisor1"]
    assert flow.of(judged, "dc2") == []


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("fetch_epm_certificate.epm1", "needs no word, because it can be seen when it is done, and it is not: not there"),
        ("outcall_user.epm1", "cannot be confirmed yet: it comes after add_pom_server.epm1"),
    ],
)
def test_why_a_word_does_not_count(step: str, words: str) -> None:
    assert words in flow.cannot_confirm_words({judged.id: judged for judged in judged_at_first()}[step])


def test_an_unknown_step_gets_the_list_of_the_known() -> None:
    words = flow.unknown_step_words("outcal_user.epm1", judged_at_first())
    assert "'outcal_user.epm1' is no guided step of this site" in words
    assert "outcall_user.epm1" in words


def test_a_damaged_ledger_is_told_with_host_and_file() -> None:
    found = seen(damaged=["/var/lib/dialtone/ledger/a.json"])
    assert flow.damaged_words(found.damaged)[0].startswith("/var/lib/dialtone/ledger/a.json on epm1 is no record")


def test_another_playbook_is_run_as_this_one_was(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = {
        "inventory": (os.path.join(tmp_path, "inventories", "my site"), "/elsewhere/lab"),
        "vault_password_files": (os.path.join(tmp_path, "vault-password"),),
        "vault_ids": (),
        "extra_vars": ("site=main", "guided_steps_mode=wait", "pom_outcall_password=s3cret"),
    }
    assert flow.playbook_command("playbooks/guided_confirm.yml", arguments) == (
        "ansible-playbook -i 'inventories/my site' -i /elsewhere/lab --vault-password-file vault-password "
        "playbooks/guided_confirm.yml -e site=main"
    )
