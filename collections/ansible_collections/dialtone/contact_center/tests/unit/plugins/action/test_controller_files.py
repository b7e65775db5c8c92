# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import hashlib

import pytest
from ansible.errors import AnsibleActionFail
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.dialtone.contact_center.plugins.action.controller_files import ActionModule

VARIABLES = {"inventory_hostname": "epm1"}


def test_documented_options_are_those_it_takes(documented):
    described = documented("controller_files")["files"]
    spec = ActionModule.ARGUMENTS["files"]
    assert set(described["suboptions"]) == set(spec["options"])
    assert set(described["suboptions"]["identity"]["suboptions"]) == set(spec["options"]["identity"]["options"])


@pytest.fixture
def judge(make_action, monkeypatch, tmp_path):
    """As a role would ask; files are looked for in one directory."""

    def look(action, directory, path):
        return action._loader.path_dwim_relative_stack([str(tmp_path)], directory, path)

    monkeypatch.setattr(ActionModule, "_find_needle", look)

    def ask(*files, vault=()):
        action, _said = make_action("controller_files", {"files": list(files)})
        action._loader.set_vault_secrets(vault)
        return action.run(task_vars=VARIABLES)

    return ask


def test_a_file_is_found_where_copy_would_find_it(judge, tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "pom.iso").write_bytes(b"x")
    assert judge({"word": "pom_server_media_iso", "path": "pom.iso"}) == {"changed": False}


def test_the_run_is_refused_with_everything_that_is_wrong(judge):
    with pytest.raises(AnsibleActionFail) as refused:
        judge({"word": "pom_server_media_iso", "path": "pom.iso"}, {"word": "certificates_pkcs12", "path": "epm1.p12"})
    assert str(refused.value).startswith("epm1 needs files of the controller that are not as the inventory describes them.")
    assert "pom_server_media_iso is pom.iso: there is no such file" in str(refused.value)
    assert "certificates_pkcs12 is epm1.p12: there is no such file" in str(refused.value)


def test_what_is_not_needed_is_not_looked_at(judge):
    assert judge({"word": "pom_server_media_iso", "path": "pom.iso", "needed": False}) == {"changed": False}


CONTENT = b"a delivered file"
VAULT = [("default", VaultSecret(b"of the site"))]


@pytest.fixture
def vaulted(tmp_path):
    """A file that lies encrypted in the inventory's repository, as certificates and keys often do."""
    path = tmp_path / "epm1.p12"
    path.write_bytes(VaultLib(VAULT).encrypt(CONTENT))
    return {"word": "certificates_pkcs12", "path": str(path), "sha256": hashlib.sha256(CONTENT).hexdigest()}


def test_a_file_that_ansible_vault_encrypted_is_judged_by_what_is_copied(judge, vaulted, monkeypatch, tmp_path):
    left = tmp_path / "decrypted"
    left.mkdir()
    monkeypatch.setattr("ansible.constants.DEFAULT_LOCAL_TMP", str(left))
    assert judge(vaulted, vault=VAULT) == {"changed": False}
    assert list(left.iterdir()) == []


def test_an_encrypted_file_without_its_password_is_told_as_such(judge, vaulted):
    with pytest.raises(AnsibleActionFail, match="ansible-vault encrypted it, and no vault password of this run opens it"):
        judge(vaulted)
