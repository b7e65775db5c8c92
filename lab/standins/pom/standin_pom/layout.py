"""Lab only. What an installed POM consists of: units, services' names, directories, packages."""

from __future__ import annotations

from pathlib import Path

# unit: name in the text of `POM status`, in the order in which `POM start` starts them
SERVICES = {
    "pomzookeeper": "Zookeeper",
    "pomkafka": "Kafka Server",
    "pomactmq": "ActiveMQ",
    "ruleeng": "Rule Engine",
    "cmpmgr": "Campaign Manager",
    "cmpdir": "Campaign Director",
    "agtmgr": "Agent Manager",
    "advlistmgmt": "Advance List Management",
    "pomagentsdk": "Agent SDK Service",
    "pomdashboard": "Dashboard service",
}
NOT_NAMED_IN_STATUS = ("pomzookeeper", "pomactmq", "pomdashboard")
OF_KAFKA = ("pomzookeeper", "pomkafka")

OF_AN_ORGANIZATION = (
    *("public/{}/dncimport", "public/{}/contactlistimport", "public/{}/export"),
    *("archive/{}/contactlistimport", "archive/{}/dncimport", "archive/{}/splitter"),
)
DIRECTORIES = (
    *(path.format("default") for path in OF_AN_ORGANIZATION),
    "Upload",
    "config",
    "logs",
    "web/pom_cert",
)
MANDATORY = {"primary": ("vpmsplugin", "pomserver"), "auxiliary": ("pomserver",)}
OPTIONAL = "ddapps"
TITLES = {"vpmsplugin": "EPMS plug-in", "pomserver": "POM server", "ddapps": "Orchestration Designer application"}


def unit_files(directory: Path) -> list[Path]:
    return [path for path in (directory / f"{unit}.service" for unit in SERVICES) if path.exists()]
