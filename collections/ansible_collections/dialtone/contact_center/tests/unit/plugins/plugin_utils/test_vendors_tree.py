# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import vendors_tree
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import build_model
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import load_catalogue
from ansible_collections.dialtone.contact_center.tests.unit.plugins.plugin_utils.test_model import site_host

CATALOGUE = load_catalogue()
INSTALLED = {"pom_server_managed": True, "pom_server_install_path": "/opt/pom"}


def test_every_word_of_the_tree_says_in_its_schema_that_it_is_another_on_a_pom_server() -> None:
    told = {name for name, word in CATALOGUE.words.items() if "x-on-pom-server" in word.schema}
    assert told == set(vendors_tree.words_of("/opt/pom")) == vendors_tree.WORDS_READ


def test_each_of_them_differs_from_the_default_of_a_node_beside_pom() -> None:
    assert not vendors_tree.words_of("/opt/pom").items() & CATALOGUE.defaults().items()


def test_the_tree_is_where_pom_is_installed() -> None:
    found = vendors_tree.defaults_on(("epm_primary", "kafka"), INSTALLED)
    assert found["kafka_home"] == "/opt/pom/POManager/kafka_server"
    assert found["kafka_keystore_path"] == "/opt/pom/POManager/config/pomKeyStore"
    assert "zookeeper_unit" not in found, "no ZooKeeper is on that host"


@pytest.mark.parametrize(
    ("components", "values"),
    [
        (("kafka", "zookeeper"), INSTALLED),
        (("epm_primary",), INSTALLED),
        (("epm_primary", "kafka"), {**INSTALLED, "pom_server_managed": False}),
        (("epm_primary", "kafka"), {"pom_server_managed": True}),
    ],
    ids=["no POM server", "no Kafka", "POM is installed by others", "nobody knows where"],
)
def test_elsewhere_nothing_is_the_vendors(components: tuple[str, ...], values: dict[str, Any]) -> None:
    assert vendors_tree.defaults_on(components, values) == {}


def test_the_roles_are_handed_what_holds_on_the_host() -> None:
    words = vendors_tree.words_of("/opt/pom")
    model = build_model("main", [site_host("epm1", 1, "epm_primary", "zookeeper", "kafka", **words)])
    assert words.items() <= model["hosts"]["epm1"]["inputs"].items()
