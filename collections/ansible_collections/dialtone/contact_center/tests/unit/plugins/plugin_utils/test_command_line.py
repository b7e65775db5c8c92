# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The command line that a person is shown: it does what was asked, and holds no value of an unknown extra variable."""

from __future__ import annotations

import json
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.command_line import HIDDEN, shown

PUBLIC = {"site", "kafka_restart_all"}
CANARY = "c4n4ry"


def line(*words: str) -> str:
    return shown(["ansible-playbook", *words], PUBLIC.__contains__)


def test_what_holds_no_extra_variable_is_given_again_word_for_word():
    words = ["-i", "inventories/a site", "--limit", "kafka3:&dc1", "--check", "--diff", "-vv", "playbooks/site.yml"]
    assert shlex.split(line(*words)) == ["ansible-playbook", *words]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["-e", "site=main"], "-e site=main"),
        (["-e", f"password={CANARY}"], f"-e password={HIDDEN}"),
        (["-e", f"site=main password={CANARY}"], f"-e 'site=main password={HIDDEN}'"),
        ([f"-epassword={CANARY}"], f"-e password={HIDDEN}"),
        ([f"-Ce=password={CANARY}"], f"-Ce password={HIDDEN}"),
        (["-De", f"password={CANARY}"], f"-De password={HIDDEN}"),
        ([f"--extra-vars=password={CANARY}"], f"'--extra-vars=password={HIDDEN}'"),
        (["--extra", f"password={CANARY}"], f"--extra password={HIDDEN}"),
        (["-e", "@words.yml"], "-e @words.yml"),
        (["-e", '{"kafka_restart_all": true}'], """-e '{"kafka_restart_all": true}'"""),
        (["-e", f"{{site: main, password: {CANARY}}}"], f"""-e '{{"site": "main", "password": "{HIDDEN}"}}'"""),
        (["-e", f"{{password: '{CANARY}"], f"-e {HIDDEN}"),
        (["-e", f"[{CANARY}]"], f"-e {HIDDEN}"),
        (["-e", f"password='{CANARY}"], f"-e {HIDDEN}"),
        (["-e", CANARY], f"-e {HIDDEN}"),
    ],
)
def test_values_of_unknown_variables_are_not_shown(words, expected):
    told = line(*words, "playbooks/site.yml")
    assert CANARY not in told
    assert shlex.split(told) == shlex.split(f"ansible-playbook {expected} playbooks/site.yml")


NAMES = st.from_regex(r"[a-z_]{1,8}", fullmatch=True).filter(lambda name: name not in PUBLIC)
OPTIONS = st.sampled_from(["-e", "-Ce", "--extra-vars", "--extra-var", "--ext"])


@given(OPTIONS, NAMES, st.text(max_size=10), st.booleans())
def test_no_form_of_an_extra_variable_shows_its_value(option, name, value, as_mapping):
    secret = CANARY + value
    text = json.dumps({name: secret, "site": "main"}) if as_mapping else f"{name}={shlex.quote(secret)} site=main"
    told = line(option, text)
    assert CANARY not in told
    assert "main" in told


@given(st.text(max_size=30))
def test_public_value_survives_the_shell_and_ansible(value):
    told = shlex.split(line("-e", f"site={shlex.quote(value)}"))
    assert shlex.split(told[-1]) == [f"site={value}"]


def test_program_is_named_as_shortly_as_it_is_found(tmp_path, monkeypatch):
    program = tmp_path / "bin" / "ansible-playbook"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    assert shown([str(program), "site.yml"], PUBLIC.__contains__) == "bin/ansible-playbook site.yml"
    monkeypatch.chdir(tmp_path / "bin")
    assert shown([str(program)], PUBLIC.__contains__) == "ansible-playbook"
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.chdir(other)
    assert shown([str(program)], PUBLIC.__contains__) == str(program)
    monkeypatch.setenv("PATH", str(program.parent))
    assert shown([str(program)], PUBLIC.__contains__) == "ansible-playbook"
