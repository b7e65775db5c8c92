# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the words of Kafka and ZooKeeper say of the tree that POM's installer lays down on a POM server. Pure.

Sources: POM-KAFKA-04, POM-ZK-02, POM-SVC-01.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_layout import GROUP, OWNER, PomLayout
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.pom_servers import home_of
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import POM_SERVERS

OF_BOTH = ("kafka_home", "kafka_user", "kafka_group", "kafka_keystore_path", "kafka_truststore_path")
OF_KAFKA = ("kafka_unit", "kafka_unit_managed", "kafka_ownership")
OF_ZOOKEEPER = ("zookeeper_unit", "zookeeper_unit_managed", "zookeeper_ownership")
# By role, what it has to be handed: its own default is that of a node beside POM.
WORDS: Mapping[str, tuple[str, ...]] = {
    "kafka_distribution": ("kafka_distribution_managed",),
    "kafka": (*OF_BOTH, *OF_KAFKA),
    "zookeeper": OF_ZOOKEEPER,
}
WORDS_READ = frozenset(word for words in WORDS.values() for word in words)
# Those that one of the two services reads alone; the others are of the tree that they share.
OF_ONE_SERVICE = {**dict.fromkeys(OF_KAFKA, "kafka"), **dict.fromkeys(OF_ZOOKEEPER, "zookeeper")}


def words_of(install_path: str) -> dict[str, Any]:
    layout = PomLayout(home_of(install_path))
    return {
        "kafka_distribution_managed": False,
        "kafka_home": layout.kafka,
        "kafka_user": OWNER,
        "kafka_group": GROUP,
        "kafka_keystore_path": layout.keystore,
        "kafka_truststore_path": layout.truststore,
        "kafka_unit": "pomkafka",
        "kafka_unit_managed": False,
        "kafka_ownership": "keys",
        "zookeeper_unit": "pomzookeeper",
        "zookeeper_unit_managed": False,
        "zookeeper_ownership": "keys",
    }


def defaults_on(components: Collection[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """The words that are the vendor's on a host with these components and values: none where Dialtone does not install POM."""
    services = {"kafka", "zookeeper"}.intersection(components)
    is_pom_server = not set(POM_SERVERS).isdisjoint(components) and values.get("pom_server_managed") is True
    if not services or not is_pom_server or "pom_server_install_path" not in values:
        return {}
    words = words_of(values["pom_server_install_path"])
    return {word: value for word, value in words.items() if OF_ONE_SERVICE.get(word) in {None, *services}}
