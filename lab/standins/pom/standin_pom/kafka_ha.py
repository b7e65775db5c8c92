"""Lab only. Stand-in for enabledKafkaHA.sh (LAB-enabledKafkaHA.sh).

Everything that it asks, prints and writes is a stand-in assumption. It makes this server's broker and ZooKeeper those of a
cluster: the primary, the auxiliaries that POM knows, and the external node.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence

from . import database, host, properties, stores
from .terminal import ask, ask_one_of, extra_question, main, say

PROGRAM = "enabledKafkaHA.sh"
CIPHERS = (
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,"
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,TLS_EMPTY_RENEGOTIATION_INFO_SCSV"
)


def run(arguments: Sequence[str]) -> int:
    host.require_root()
    home = host.pom_home()
    log = host.Log(home / "logs/enabledKafkaHA.log")
    log.assumption("prompts, files and words of this program")
    if properties.read(home / "config/version.properties").get("kind") != "primary":
        raise host.Refused("Kafka HA is enabled on the primary POM server only.")
    external = ""
    while not external:
        external = ask("Enter the host name or IP address of the external Kafka server:")
    port = ask("Enter the port of the external Kafka server [9093]:", "9093")
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise host.Refused(f"Invalid port number: {port}")
    extra_question("start")
    if ask_one_of("Do you want to continue? (y/n)", ("y", "n")) == "n":
        return 1
    if host.setting(PROGRAM, "outcome") != "success":
        raise host.Refused("Kafka HA could not be enabled. Check the details of the external Kafka server.")
    nodes = [socket.gethostname(), *auxiliaries(), external]
    held = stores.Stores(home)
    config = home / "kafka_server/config"
    properties.change(
        config / "zookeeper.properties",
        {
            "secureClientPort": "2182",
            "serverCnxnFactory": "org.apache.zookeeper.server.NettyServerCnxnFactory",
            **{f"server.{number}": f"{node}:2888:3888" for number, node in enumerate(nodes, 1)},
        },
    )
    (home / "kafka_server/kafka-store/zookeeper").mkdir(parents=True, exist_ok=True)
    (home / "kafka_server/kafka-store/zookeeper/myid").write_text("1\n", encoding="utf-8")
    listener = f"SSL://{nodes[0]}:{port}"
    properties.change(
        config / "server.properties",
        {
            "broker.id": "1",
            "listeners": listener,
            "advertised.listeners": listener,
            "zookeeper.connect": ",".join(f"{node}:2182" for node in nodes),
            "offsets.topic.replication.factor": str(len(nodes)),
            "transaction.state.log.replication.factor": str(len(nodes)),
            "default.replication.factor": str(len(nodes)),
            "ssl.keystore.location": host.shown(held.key_store),
            "ssl.truststore.location": host.shown(held.trust_store),
            "ssl.keystore.password": held.password("keystore"),
            "ssl.key.password": held.password("keystore"),
            "ssl.truststore.password": held.password("truststore"),
            "ssl.keystore.type": "JKS",
            "ssl.truststore.type": "JKS",
            "ssl.client.auth": "required",
            "ssl.enabled.protocols": "TLSv1.2",
            "ssl.cipher.suites": CIPHERS,
            "security.inter.broker.protocol": "SSL",
        },
    )
    host.own(home / "kafka_server")
    log.write(f"nodes of the cluster: {' '.join(nodes)}")
    say("Kafka HA is enabled successfully.")
    return 0


def auxiliaries() -> list[str]:
    """The auxiliary servers that POM knows, by the names under which they were added."""
    stored = database.settings_file()
    settings = database.load(stored) if stored.exists() else None
    if settings is None or settings.type != "Postgres":
        return []
    rows = database.psql(settings, "SELECT server_name FROM pim_server WHERE server_kind = 'auxiliary' ORDER BY server_id")
    return [row["server_name"] for row in rows]


if __name__ == "__main__":
    main(run)
