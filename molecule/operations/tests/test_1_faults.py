"""A broker that does not come back: the roll stops there, the others stay up, the message says why, the next run goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from lab.rehearsal import BROKERS, HOSTS, KAFKA, Playbook, wait_for

# Takes the port in the moment in which the broker lets it go.
THIEF = """\
import socket, time
while True:
    try:
        listener = socket.create_server((%r, 9093), reuse_port=False)
        break
    except OSError:
        time.sleep(0.002)
time.sleep(600)
"""
STATIC_WORD = '{"kafka_socket_request_max_bytes": %d}'


class Fault:
    """A way in which a broker does not come back. `words` must stand in what the person reads."""

    words: tuple[str, ...] = ()

    def __init__(self, site, lab, host: str) -> None:
        self.site, self.lab, self.host = site, lab, host

    def before(self) -> None:
        """Set up before the run."""

    def moment(self) -> bool:
        """Whether `meanwhile` happens now, even before the broker is another process."""
        return False

    def meanwhile(self) -> None:
        """What happens when the broker has gone."""

    def heal(self) -> None:
        """Take the fault away."""


class PortTaken(Fault):
    words = ("Address already in use",)

    def before(self) -> None:
        address = self.lab(self.host).check_output("getent ahostsv4 %s.dc1.lab.test", self.host).split()[0]
        self.lab(self.host).check_output(
            "systemd-run --quiet --unit=thief --collect --property=Nice=-15 python3 -c %s", THIEF % address
        )

    def heal(self) -> None:
        self.lab(self.host).check_output("systemctl stop thief")


class DiskFull(Fault):
    words = ("No space left on device",)

    def moment(self) -> bool:
        """While it stops: the broker that starts next has no byte to write."""
        return "deactivating" in self.site.exec(self.host, "systemctl", "show", "--property=ActiveState", "kafka")

    def meanwhile(self) -> None:
        self.site.fault("fill", self.host, KAFKA)

    def heal(self) -> None:
        self.site.fault("unfill", self.host)


class Frozen(Fault):
    words = ("unreachable",)

    def meanwhile(self) -> None:
        self.site.fault("freeze", self.host)

    def heal(self) -> None:
        self.site.fault("thaw", self.host)


class Cut(Fault):
    words = ("unreachable",)

    def meanwhile(self) -> None:
        self.site.fault("cut", self.host)

    def heal(self) -> None:
        self.site.fault("heal", self.host)


@contextmanager
def rolled(site, lab, fault: type[Fault], word: str) -> Iterator[tuple[str, Playbook]]:
    """site.yml with a word that restarts every broker, and the fault on the first of them."""
    before = site.processes()
    site_words = ("-e", word)
    first = "epm1"
    one = fault(site, lab, first)
    one.before()
    try:
        run = site.start("site.yml", *site_words)
        wait_for(
            lambda: run.poll() is not None or one.moment() or site.processes([first])[first] != before[first],
            "the first broker is not restarted",
            180,
        )
        one.meanwhile()
        output, _ = run.communicate(timeout=420)
        yield first, Playbook(run.returncode, output)
    finally:
        with suppress(Exception):
            one.heal()


def make_epm1_go_first(play, lab) -> None:
    """The controller goes last: where epm1 is the controller, its restart moves that."""
    from kafka_facts import controller

    if controller(lab) == "epm1":
        lab("epm1").check_output("systemctl restart kafka")
        assert play("verify.yml").rc == 0


@pytest.mark.parametrize("fault", [PortTaken, DiskFull, Frozen, Cut])
def test_the_roll_stops_and_the_next_run_goes_on(fault: type[Fault], play: Callable[..., Playbook], site, lab):
    make_epm1_go_first(play, lab)
    before = site.processes()
    number = 104857600 + 1024 * (1 + [PortTaken, DiskFull, Frozen, Cut].index(fault))
    with rolled(site, lab, fault, STATIC_WORD % number) as (first, run):
        assert run.rc != 0
        for word in fault.words:
            assert word.lower() in run.words.lower(), run.output[-4000:]
        assert first in run.words
        others = [host for host in BROKERS if host != first]
        assert {host: site.processes([host])[host] for host in others} == {host: before[host] for host in others}
        for host in others:
            assert f"{host}" in run.words.partition("Not touched")[2], run.output[-3000:]

    healed = play("site.yml", "-e", STATIC_WORD % number)
    assert healed.rc == 0, healed.output[-4000:]
    again = play("site.yml", "-e", STATIC_WORD % number)
    assert again.changed() == dict.fromkeys(HOSTS, 0), again.output[-3000:]
