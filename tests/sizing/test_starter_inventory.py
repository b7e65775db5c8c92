"""The contract accepts every inventory that the sizing command writes, once a person accepts the licence agreement."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.companions import REQUIRED
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.sizing import Load
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.sizing_recommendation import recommend, starter_inventory

SECRETS = {
    "trust_ca_certificate": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    "trust_ca_private_key": "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n",
    "trust_store_password": "canary-store-password",
    "pom_database_password": "canary-database-password",
    "certificates_keystore_password": "canary-pom-store-password",
    "certificates_truststore_password": "canary-pom-store-password",
    "pom_web_password": "canary-web-password",
    "pom_outcall_password": "canary-outcall-password",
    "app_server_runtimeconfig_password": "canary-runtimeconfig-password",
}
LOADS = {
    "one server": Load(80, jobs=10, local_mpp_ports=300),
    "one server and a platform": Load(0, 100, jobs=10),
    "300 agents": Load(300, jobs=50),
    "1000 agents": Load(1000, jobs=170),
    "2000 agents": Load(2000, jobs=200),
    "2200 ports": Load(0, 2200, jobs=50, ports_override=True),
    "by hand": Load(200, jobs=20, telephony=False, email_campaigns=True),
}
DOCUMENTED_MODES = sorted(set(REQUIRED) - {"CCaaS-Outbound"})


def write(files: dict[str, str], directory: Path) -> Path:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return directory


def judged(files: dict[str, str], directory: Path) -> Any:
    from ansible.parsing.dataloader import DataLoader

    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.run import run_contract

    return run_contract([str(write(files, directory))], loader=DataLoader())


@pytest.mark.parametrize("load", LOADS.values(), ids=LOADS.keys())
@pytest.mark.parametrize(("mode", "geo"), [*((mode, False) for mode in DOCUMENTED_MODES), ("CCElite", True)])
def test_accepted(mode: str, geo: bool, load: Load, tmp_path: Path) -> None:
    files = starter_inventory(recommend(load, mode=mode, geo=geo), site="bank", secrets=SECRETS, accept_eula=True)
    result = judged(files, tmp_path)
    assert [finding for finding in result.findings if finding.severity != "warn"] == []
    assert result.site == "bank"
    assert not result.refused


def test_advice_is_only_about_what_no_one_can_know_yet(tmp_path: Path) -> None:
    files = starter_inventory(recommend(LOADS["300 agents"], mode="CCElite"), secrets=SECRETS, accept_eula=True)
    result = judged(files, tmp_path)
    assert result.findings == []


def test_the_licence_agreement_is_left_to_a_person(tmp_path: Path) -> None:
    result = judged(starter_inventory(recommend(LOADS["300 agents"]), secrets=SECRETS), tmp_path)
    assert [(finding.rule, finding.path) for finding in result.findings] == [("licence-agreement", "pom_server_accept_eula")]


def test_secrets_stand_in_one_file() -> None:
    files = starter_inventory(recommend(LOADS["300 agents"]), secrets=SECRETS)
    assert [name for name, text in files.items() if "canary" in text] == ["group_vars/all/secrets.yml"]
    assert yaml.safe_load(files["group_vars/all/secrets.yml"]) == SECRETS


def test_the_same_question_gives_the_same_text() -> None:
    once, again = (starter_inventory(recommend(LOADS["2000 agents"]), secrets=SECRETS) for _time in range(2))
    assert once == again
