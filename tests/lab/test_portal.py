from __future__ import annotations

import stat

import pytest

from lab import credentials, state
from lab.state import Lab


@pytest.fixture
def lab(tmp_path, monkeypatch):
    monkeypatch.setattr(state, "REPOSITORY", tmp_path)
    found = Lab("portal")
    found.directory.mkdir(parents=True)
    return found


def test_the_secrets_of_experience_portal_are_made_once_and_closed_to_others(lab):
    credentials.make_portal(lab)
    made = credentials.portal(lab)
    assert made.password != made.token
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in lab.directory.glob("portal-*"))
    credentials.make_portal(lab)
    assert credentials.portal(lab) == made


def test_a_lab_that_was_made_before_gets_what_is_missing(lab):
    credentials.make_portal(lab)
    token = credentials.portal(lab).token
    (lab.directory / "portal-password").unlink()
    credentials.make_portal(lab)
    assert credentials.portal(lab).token == token


def test_a_lab_of_an_earlier_checkout_gets_the_secrets_it_lacks_and_keeps_the_others(lab):
    credentials.make_portal(lab)
    credentials.make(lab)
    made = credentials.opened(lab)
    assert made["pom_web_password"] == credentials.portal(lab).password
    secrets_file = lab.inventory / "group_vars/all/secrets.yml"
    credentials.keep(lab, secrets_file, {name: value for name, value in made.items() if name != "pom_outcall_password"})
    credentials.make(lab)
    completed = credentials.opened(lab)
    assert completed.pop("pom_outcall_password") not in made.values()
    assert completed.items() <= made.items()
    assert secrets_file.read_text().startswith("$ANSIBLE_VAULT;1.1;AES256")
