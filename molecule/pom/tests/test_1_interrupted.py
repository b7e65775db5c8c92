"""A roll-out that is cut off in the middle of a vendor program, and the next one, from a checkout that knows nothing of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pom_site import POM_HOME, SERVERS, STOP, PomSite, Started

from lab import seeded
from lab.rehearsal import Playbook, kill_with_workers, wait_for

PROGRAMS = "[installPOM]\ndelay.programs = 60\n"
SCHEMA = "[installDB.sh]\ndelay.schema = 60\n"
INSTALLER_LOG, DATABASE_LOG = "/tmp/pom_install_*.log", f"{POM_HOME}/logs/installDB.log"
BARE = "bare"
MEDIA = "/var/lib/dialtone/pom/media"
UNTIL_ENDED_SECONDS = 200


class Interruption:
    """What interrupts the roll-out on epm1, and when: during this stage of a vendor program, which takes so long."""

    standin, log, stage = PROGRAMS, INSTALLER_LOG, "programs"

    def strike(self, site: PomSite, run: Started) -> None:
        raise NotImplementedError

    def go_on(self, site: PomSite, following: Playbook) -> Playbook:
        """From what the following run says to a run that gets as far as the console."""
        return following


class ControllerDies(Interruption):
    """The installer goes on alone, and the next run finds it at work."""

    def strike(self, site: PomSite, run: Started) -> None:
        kill_with_workers(run.process)

    def go_on(self, site: PomSite, following: Playbook) -> Playbook:
        assert "died on this machine" in following.words
        assert "the installation that runs is waited for" in following.words
        return following


class ControllerDiesAndTheInstallerEnds(Interruption):
    """Nobody has seen how it ended: the next run takes over what it left, and begins nothing anew."""

    def strike(self, site: PomSite, run: Started) -> None:
        kill_with_workers(run.process)
        wait_for(lambda: site.jobs("epm1")["installPOM"] == "succeeded", "the installer does not end", UNTIL_ENDED_SECONDS)

    def go_on(self, site: PomSite, following: Playbook) -> Playbook:
        assert "what the installer left is taken over" in following.words, following.output[-3000:]
        assert site.starts("epm1", "installPOM") == 1
        assert site.shell("epm1", f"ls -d {MEDIA} 2>/dev/null; true") == ""
        return following


class NetworkGoes(Interruption):
    def strike(self, site: PomSite, run: Started) -> None:
        site.fault("cut", "epm1")
        try:
            first = run.finish()
        finally:
            site.fault("heal", "epm1")
        assert first.rc != 0
        assert re.search(r"^epm1 .*unreachable=1", first.output, re.MULTILINE), first.output[-3000:]


class PowerGoes(Interruption):
    """What is left is a part of POM, and it has to go by the vendor's way before anything is installed."""

    def strike(self, site: PomSite, run: Started) -> None:
        site.fault("poweroff", "epm1", "--hard")
        try:
            first = run.finish()
        finally:
            site.fault("poweron", "epm1")
        assert first.rc != 0
        assert "epm1" in first.words, first.output[-3000:]

    def go_on(self, site: PomSite, following: Playbook) -> Playbook:
        assert following.rc != 0
        assert "POM is installed in part" in following.words, following.output[-3000:]
        assert "pom_uninstall.yml" in following.words
        assert site.starts("epm1", "installPOM") == 1, "nothing is installed over a part of POM"
        removed = site.play("pom_uninstall.yml", "-e", "pom_uninstall_consent=epm1")
        assert removed.rc == 0, removed.output[-3000:]
        return site.play("site.yml", *STOP)


class PowerGoesWithTheSchema(PowerGoes):
    """Nobody but who looks knows what a database was left with: the run says so, and goes on when it is told to."""

    standin, log, stage = SCHEMA, DATABASE_LOG, "schema"

    def go_on(self, site: PomSite, following: Playbook) -> Playbook:
        assert following.rc != 0
        assert "was interrupted" in following.words, following.output[-3000:]
        assert "its host was restarted" in following.words
        assert "-e pom_server_repeat_job=installDB" in following.words
        again = site.play("site.yml", *STOP)
        assert "was interrupted" in again.words, "it is told until somebody has judged it"
        return site.play("site.yml", *STOP, "-e", "pom_server_repeat_job=installDB")


INTERRUPTIONS = (ControllerDies, ControllerDiesAndTheInstallerEnds, NetworkGoes, PowerGoes, PowerGoesWithTheSchema)


@pytest.fixture
def bare(site: PomSite) -> None:
    """The hosts as they were booted: each case begins with them, and the first one finds them so."""
    if BARE in site.snapshots():
        site.fault("restore", BARE)
    elif seeded.runs_all():
        site.fault("snapshot", BARE)
    assert not [host for host in SERVERS if site.shell(host, f"ls -d {POM_HOME}; true")], "the EPM servers carry a POM already"


@pytest.mark.one_of("whatever interrupts a vendor's program, the next run knows, and nothing is installed twice")
@pytest.mark.parametrize("interruption", INTERRUPTIONS)
def test_the_next_run_from_another_checkout_goes_on_or_says_what_is_left(
    interruption: type[Interruption], bare: None, site: PomSite, tmp_path: Path
):
    case: Interruption = interruption()
    site.standin("epm1", case.standin)
    run = site.begin("site.yml", *STOP)
    wait_for(
        lambda: case.stage in site.stages("epm1", case.log) or run.process.poll() is not None,
        f"epm1 is never at the stage {case.stage}",
        400,
    )
    assert run.process.poll() is None, run.text()[-4000:]
    case.strike(site, run)
    site.standin("epm1", "")

    elsewhere = site.in_another_checkout(tmp_path)
    stopped = case.go_on(elsewhere, elsewhere.play("site.yml", *STOP))
    assert stopped.rc == 2, stopped.output[-4000:]
    assert "fetch_epm_certificate.epm1" in stopped.words, "it has come as far as the console"
    assert {host: site.installations(host) for host in SERVERS} == dict.fromkeys(SERVERS, 1)
    assert {state for host in SERVERS for state in site.jobs(host).values()} == {"succeeded"}
