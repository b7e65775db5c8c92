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
