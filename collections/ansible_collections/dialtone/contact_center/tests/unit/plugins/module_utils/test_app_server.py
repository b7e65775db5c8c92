# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is left to do on an application server, and what forbids it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.module_utils import app_server
from ansible_collections.dialtone.contact_center.plugins.module_utils.app_server import Desired, Observed, plan

SUPPLIED = {"webapps/Nailer.war": "a", "lib/axis-1.4.jar": "b"}
DONE = Observed(
    tomcat="8.5.100",
    is_home_empty=False,
    java="1.8.0_392",
    unit_exists=True,
    files=dict(SUPPLIED),
    unpacked=frozenset({"Nailer"}),
)
WANTED = Desired(home="/opt/t", unit="appserver", has_archive=True, source="DDapps of epm1", supplied=SUPPLIED)


def names(observed: Observed, desired: Desired = WANTED) -> list[str]:
    return [action.name for action in plan(observed, desired).actions]


def refusals(desired: Desired = WANTED, **seen: Any) -> str:
    return " ".join(plan(replace(DONE, **seen), desired).refusals)


def test_what_is_as_it_should_be_is_left_alone() -> None:
    done = plan(DONE, WANTED)
    assert done.actions == ()
    assert done.refusals == ()


def test_a_new_host_gets_everything_in_the_documented_order() -> None:
    new = Observed(missing_accounts=("appserver",))
    assert names(new) == ["install", "applications", "keystore", "configure", "service"]
    local = replace(
        WANTED, is_local=True, has_archive=False, install_program="/vp/InstallAppServer.sh", registered_as={"address": "x"}
    )
    assert names(new, local) == ["install", "unit", "applications", "keystore", "configure", "service", "register"]
    assert plan(new, local).refusals == ()
    assert "by /vp/InstallAppServer.sh" in plan(new, local).actions[0].reasons


def test_applications_that_nobody_can_see_yet_are_announced_and_nothing_is_copied() -> None:
    found = plan(DONE, replace(WANTED, supplied=None))
    assert [action.name for action in found.actions] == ["applications"]
    assert "once POM is there" in found.actions[0].reasons[0]
    assert found.files == app_server.Files()
    assert not found.refusals


def test_a_replaced_application_is_unpacked_anew_and_tomcat_restarted() -> None:
    found = plan(replace(DONE, files={**SUPPLIED, "webapps/Nailer.war": "old"}), WANTED)
    assert found.files.copied == ("webapps/Nailer.war",)
    assert found.files.unpacked_anew == ("webapps/Nailer",)
    assert [action.name for action in found.actions] == ["applications", "restart"]


def test_log4j_goes_even_where_the_package_brings_it() -> None:
    """T-066: then it must not be copied either, or no run would ever be the last."""
    supplied = {**SUPPLIED, app_server.FORBIDDEN: "c"}
    found = plan(replace(DONE, files={**SUPPLIED, app_server.FORBIDDEN: "c"}), replace(WANTED, supplied=supplied)).files
    assert (found.copied, found.removed) == ((), (app_server.FORBIDDEN,))
    assert names(DONE, replace(WANTED, supplied=supplied)) == []


PATHS = st.sampled_from(
    [
        *SUPPLIED,
        app_server.FORBIDDEN,
        "lib/axis-1.3.jar",
        "lib/axis-1.4.jar",
        "lib/catalina.jar",
        "webapps/ROOT.war",
        "lib/ecj-4.6.3.jar",
    ]
)
TREES = st.dictionaries(PATHS, st.sampled_from("ab"))


@given(TREES, TREES, st.sets(st.sampled_from(["Nailer", "ROOT", "manager"])))
def test_after_copies_and_removals_nothing_is_left_to_do(present: Any, supplied: Any, unpacked: Any) -> None:
    found = app_server.plan_files(Observed(files=present, unpacked=frozenset(unpacked)), supplied)
    after = {**present, **{path: supplied[path] for path in found.copied}}
    for path in found.removed:
        del after[path]
    assert app_server.plan_files(Observed(files=after, unpacked=frozenset(unpacked)), supplied).reasons == ()
    assert app_server.FORBIDDEN not in after
    assert all(after[path] == digest for path, digest in supplied.items() if path != app_server.FORBIDDEN)
    assert present.get("lib/catalina.jar") is None or "lib/catalina.jar" in after


def test_what_is_written_has_tomcat_restarted_and_a_stopped_one_started() -> None:
    changed = replace(DONE, keystore_reasons=("does not trust the site's CA",), stale=("server.xml differs",))
    actions = {action.name: action for action in plan(changed, WANTED).actions}
    assert actions["restart"].reasons == ("the keystore changes", "server.xml differs")
    assert names(replace(changed, service_reasons=("is inactive, must be started",))) == ["keystore", "service"]


def test_registration_is_once_for_an_address() -> None:
    registering = replace(WANTED, registered_as={"address": "192.0.2.11"})
    assert names(DONE, registering) == ["register"]
    assert names(replace(DONE, registered={"address": "192.0.2.11"}), registering) == []
    [moved] = plan(replace(DONE, registered={"address": "192.0.2.99"}), registering).actions
    assert moved.name == "register"
    assert "is not run again" in moved.reasons[0]


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_two_names_for_two_directories_are_refused() -> None:
    assert refusals(environment={"APPSERVER_HOME": "/opt/t/", "CATALINA_HOME": "/opt/t"}) == ""
    said = refusals(environment={"APPSERVER_HOME": "/opt/t", "CATALINA_HOME": "/opt/other"})
    assert "CATALINA_HOME is /opt/other" in said
    assert "app_server_home is /opt/t" in said
    assert "T-065" in said


def test_nothing_is_unpacked_over_something() -> None:
    assert "is not empty and holds no Tomcat" in refusals(tomcat="")


@pytest.mark.parametrize(
    ("desired", "word"),
    [
        (replace(WANTED, has_archive=False), "app_server_archive"),
        (replace(WANTED, has_archive=False, is_local=True), "app_server_install_program"),
    ],
)
def test_without_a_tomcat_the_missing_word_is_named(desired: Desired, word: str) -> None:
    assert word in refusals(desired, tomcat="", is_home_empty=True)


def test_an_empty_package_is_nothing_to_copy() -> None:
    assert "nothing to copy: DDapps of epm1" in refusals(replace(WANTED, supplied={}))


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ({"java": "1.8.0_111"}, "Java 1.8.0_111 is on this host, older"),
        ({"tomcat": "8.5.5"}, "Tomcat 8.5.5 is on this host, older"),
        ({"java": "17.0.12"}, "app_server_other_versions_consent"),
        ({"tomcat": "9.0.80"}, "app_server_other_versions_consent"),
        ({"java": ""}, "no Java"),
    ],
)
def test_versions(seen: dict[str, str], said: str) -> None:
    assert said in refusals(**seen)
    assert refusals(replace(WANTED, is_local=True), **seen) == "", "Experience Portal answers for its own"


def test_consent_holds_for_another_line_and_not_for_an_older_version() -> None:
    consenting = replace(WANTED, other_versions_consent=True)
    assert refusals(consenting, java="17.0.12", tomcat="9.0.80") == ""
    assert "older" in refusals(consenting, tomcat="7.0.109")


def test_a_unit_that_cannot_be_made_is_refused_where_it_is_needed() -> None:
    local = replace(WANTED, is_local=True, has_archive=False)
    assert "VP_HOME" in refusals(local, unit_exists=False, unit_problem="VP_HOME is /x, which is no directory")
    assert "Remove the file and run again" in refusals(local, unit_problem="it still holds %%APPSERVER_HOME")
    assert refusals(replace(local, is_local=False), unit_problem="it still holds %%APPSERVER_HOME") == ""
