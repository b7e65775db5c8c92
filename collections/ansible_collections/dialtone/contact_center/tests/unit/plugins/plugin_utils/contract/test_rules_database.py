# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the rules keep silent; that they speak is held by tests/contract/cases."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract import rules_database
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import Location
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.layering import Definition
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.site import HostView, SiteView
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import load_catalogue

DEFAULTS = load_catalogue().defaults()
ORACLE = {
    "pom_database_engine": "oracle",
    "pom_database_host": "scan.example.com",
    "pom_database_port": 1521,
    "pom_database_user": "pom",
    "pom_database_password": "canary-password",
    "pom_database_certificate_path": "files/ca.pem",
    "pom_database_oracle_driver": "files/ojdbc8.jar",
    "pom_database_oracle_driver_sha256": "0" * 64,
}


def view(name: str, components: tuple[str, ...], data_center: str = "dc1", *, closed: bool = False, **words: Any) -> HostView:
    """closed: a file of the host could not be read, so that neither defaults nor secrets are known."""
    place = {"site": "main", "data_center": data_center}
    layer: dict[str, Definition] = dict.fromkeys(words)  # type: ignore[arg-type]
    return HostView(name, components, layer, values={**({} if closed else DEFAULTS), **place, **words})


def found(*hosts: HostView) -> list[str]:
    site = SiteView(list(hosts), lambda definition, steps: Location())
    return [finding.rule for rule in rules_database.RULES for finding in rule.check(site, rule)]


def test_a_fully_described_database() -> None:
    assert found(view("epm1", ("epm_primary",), **ORACLE)) == []


@pytest.mark.parametrize(
    ("missing", "rule"),
    [
        ("pom_database_port", "database-port"),
        ("pom_database_user", "database-login"),
        ("pom_database_password", "database-login"),
        ("pom_database_certificate_path", "database-certificate"),
        ("pom_database_oracle_driver", "driver-missing"),
        ("pom_database_oracle_driver_sha256", "driver-missing"),
    ],
)
def test_each_word_of_it_is_needed(missing: str, rule: str) -> None:
    words = {word: value for word, value in ORACLE.items() if word != missing}
    assert found(view("epm1", ("epm_primary",), trust_store_password="canary-store", **words)) == [rule]


def test_a_missing_password_is_told_only_where_it_would_be_seen() -> None:
    words = {word: value for word, value in ORACLE.items() if word != "pom_database_password"}
    assert found(view("epm1", ("epm_primary",), **words)) == []


def test_a_host_with_a_closed_file_is_not_said_to_lack_anything() -> None:
    words = {"pom_database_host": "sql.example.com", "pom_database_engine": "mssql"}
    assert "database-login" not in found(view("epm1", ("epm_primary",), closed=True, **words))


def test_data_centers_of_a_geo_redundant_site_share_their_database() -> None:
    geo = {
        **{word: value for word, value in ORACLE.items() if word != "pom_database_host"},
        "pom_scenario": "geo",
        "geo_listener": "listener.example.com",
    }
    assert found(view("epm1", ("epm_primary",), **geo), view("epm4", ("epm_primary",), "dc2", **geo)) == []


def test_data_centers_may_use_two_databases_of_one_server() -> None:
    other = {**ORACLE, "pom_database_name": "pomtwo"}
    assert found(view("epm1", ("epm_primary",), **ORACLE), view("epm4", ("epm_primary",), "dc2", **other)) == []


def test_without_pom_servers_there_is_nothing_to_connect() -> None:
    assert found(view("db1", ("pom_database",), pom_database_user="pom")) == []
