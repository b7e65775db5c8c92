# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.dialtone.contact_center.plugins.action.controller_files import ActionModule

VARIABLES = {"inventory_hostname": "epm1"}


def test_documented_options_are_those_it_takes(documented):
    described = documented("controller_files")["files"]
    spec = ActionModule.ARGUMENTS["files"]
    assert set(described["suboptions"]) == set(spec["options"])
    assert set(described["suboptions"]["identity"]["suboptions"]) == set(spec["options"]["identity"]["options"])


@pytest.fixture
def judge(run_action, make_action, monkeypatch, tmp_path):
    """As a role would ask; files are looked for in one directory."""

    def look(action, directory, path):
        return action._loader.path_dwim_relative_stack([str(tmp_path)], directory, path)

    monkeypatch.setattr(ActionModule, "_find_needle", look)

    def ask(*files):
        return run_action("controller_files", {"files": list(files)}, VARIABLES)[0]

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
