# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils import pom_server
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_connection import Connection
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_identity import identity_of
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_server import ABSENT, UNKNOWN, plan
from ansible_collections.dialtone.contact_center.tests.unit.plugins.module_utils.test_pom_server import DESIRED, DONE

WORDS = {"name": "epm4", "fqdn": "epm4.example.com", "address": "192.0.2.14", "former": ["epm2"]}
RECORDED = {"name": "epm2", "fqdn": "epm2.example.com", "address": "192.0.2.12"}


def observed(recorded=None, **changes):
    markers = {**DONE.markers, **({"identity": {"words": recorded}} if recorded else {})}
    return replace(DONE, markers=markers, **changes)


def wanted(changing="", kind="primary", **words):
    return replace(DESIRED, kind=kind, server=identity_of({**WORDS, **words}, changing))


def names(found):
    return [action.name for action in found.actions]


@pytest.mark.parametrize("recorded", [{**RECORDED, "address": "192.0.2.14"}, {**RECORDED, "fqdn": "epm4.example.com"}, RECORDED])
def test_a_server_that_was_set_up_under_another_identity_is_refused_with_the_command(recorded):
    found = plan(observed(recorded), wanted())
    assert "identity" in names(found)
    assert len(found.refusals) == 1
    assert "pom_identity.yml -e identity_host=epm4" in found.refusals[0]


def test_the_playbook_for_this_host_may_carry_it_through_and_no_other():
    assert plan(observed(RECORDED), wanted(changing="epm4")).refusals == ()
    assert plan(observed(RECORDED), wanted(changing="epm1")).refusals != ()


def test_an_identity_that_was_carried_through_is_not_due_again():
    recorded = {name: WORDS[name] for name in ("name", "fqdn", "address")}
    assert "identity" not in names(plan(observed(recorded), wanted(changing="epm4")))


def test_another_inventory_name_alone_changes_nothing_of_pom():
    recorded = {**{name: WORDS[name] for name in ("fqdn", "address")}, "name": "epm2"}
    assert plan(observed(recorded), wanted()).refusals == ()


def test_without_a_record_its_own_configuration_decides():
    assert "identity" in names(plan(observed(former_name="epm2"), wanted(changing="epm4")))
    assert "identity" not in names(plan(observed(), wanted()))


def test_a_server_without_pom_is_installed_and_not_renamed():
    bare = replace(DONE, installation=pom_server.Installation(ABSENT), markers={"identity": {"words": RECORDED}})
    found = plan(bare, wanted())
    assert "identity" not in names(found)
    assert not any("identity" in refusal for refusal in found.refusals)


# --- the database's server ----------------------------------------------------------------------------------------

MOVED = {"database_server": "db2", "former_database_hosts": ["db1", "192.0.2.20"]}
ON_DB2 = Connection("postgres", "db2", 5432, "pomdb", "pom", True)


def test_a_moved_database_is_refused_without_the_playbook_that_stops_pom():
    desired = replace(wanted(**MOVED), database=ON_DB2)
    assert "database_identity.yml -e identity_host=db2" in plan(observed(), desired).refusals[0]


def test_of_a_server_that_is_both_the_playbook_of_the_pom_server_is_named():
    desired = replace(wanted(**{**MOVED, "database_server": "epm4"}), database=replace(ON_DB2, host="epm4"))
    assert any("pom_identity.yml -e identity_host=epm4" in refusal for refusal in plan(observed(), desired).refusals)


@pytest.mark.parametrize("kind", ["primary", "auxiliary"])
def test_the_connection_is_moved_on_every_server(kind):
    found = plan(observed(), replace(wanted(changing="db2", kind=kind, **MOVED), database=ON_DB2))
    assert [action.reasons for action in found.actions if action.name == "schema"] == [("db1 becomes db2",)]
    assert found.database_moved
    assert found.refusals == ()


@pytest.mark.parametrize("schema", [UNKNOWN, pom_server.UNREACHABLE])
def test_a_schema_is_never_created_in_a_database_that_only_has_another_name(schema):
    moved = replace(wanted(changing="db2", **MOVED), database=ON_DB2, schema_exists=False)
    assert not plan(observed(schema=schema), moved).create_schema
    assert plan(observed(schema=schema), replace(moved, server=None)).create_schema


def test_a_renamed_server_without_the_schema_is_another_one():
    found = plan(observed(schema=ABSENT), replace(wanted(changing="db2", **MOVED), database=ON_DB2))
    assert "no table of POM's" in found.refusals[0]
    assert not found.create_schema


@pytest.mark.parametrize("other", [{"name": "other"}, {"port": 5433}, {"engine": "oracle"}])
def test_another_database_on_the_renamed_server_is_not_the_same(other):
    desired = replace(wanted(changing="db2", **MOVED), database=replace(ON_DB2, **other))
    assert not plan(observed(), desired).database_moved
