"""A broker that does not come back: the roll stops there, the others stay up, the message says why, the next run goes on."""

from __future__ import annotations

import json
import shlex
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from lab.rehearsal import BROKERS, KAFKA, Playbook, wait_for

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

LATE = "/run/systemd/system/kafka.service.d"


class Fault:
    """A way in which a broker does not come back. `tells` must stand in what the person reads."""

    tells = ""

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

    @property
    def words(self) -> dict[str, object]:
        """The words of the run that meets the fault: others for each, so that every broker has to be restarted for them."""
        return {"kafka_socket_request_max_bytes": 104857600 + 1024 * FAULTS.index(type(self))}

    @property
    def healed_words(self) -> dict[str, object]:
        """The words of the run that goes on."""
        return self.words


class WrongOption(Fault):
    """A word of the inventory with which no broker starts; it is taken back, and nobody else is restarted for it."""

    tells = "NoSuchOption"
    words = {"kafka_jvm_options": ["-XX:+UseSerialGC", "-XX:NoSuchOption"]}
    healed_words = {}


class PortTaken(Fault):
    tells = "Address already in use"

    def before(self) -> None:
        address = self.lab(self.host).check_output("getent ahostsv4 %s.dc1.lab.test", self.host).split()[0]
        self.lab(self.host).check_output(
            "systemd-run --quiet --unit=thief --collect --property=Nice=-15 python3 -c %s", THIEF % address
        )

    def heal(self) -> None:
        self.lab(self.host).check_output("systemctl stop thief")


class DiskFull(Fault):
    """While it stops: the broker that starts next has no byte to write. It stops late, so that there is time to take them all.
    What becomes free is taken too: a start removes the oldest log of the garbage collector."""

    tells = "No space left on device"

    def __init__(self, site, lab, host: str) -> None:
        super().__init__(site, lab, host)
        self.healed = threading.Event()
        self.filling = threading.Thread(target=self.keep_full)

    def before(self) -> None:
        late = shlex.quote("[Service]\nExecStop=/bin/sleep 15\n")
        self.lab(self.host).check_output(f"mkdir -p {LATE} && printf {late} >{LATE}/late.conf && systemctl daemon-reload")

    def moment(self) -> bool:
        return "deactivating" in self.site.exec(self.host, "systemctl", "show", "--property=ActiveState", "kafka")

    def meanwhile(self) -> None:
        self.filling.start()

    def keep_full(self) -> None:
        while not self.healed.wait(0.2):
            self.site.fault("fill", self.host, KAFKA)

    def heal(self) -> None:
        self.healed.set()
        if self.filling.is_alive():
            self.filling.join()
        self.site.fault("unfill", self.host)
        self.lab(self.host).check_output(f"rm -r {LATE} && systemctl daemon-reload")


class Frozen(Fault):
    tells = "unreachable"

    def meanwhile(self) -> None:
        self.site.fault("freeze", self.host)

    def heal(self) -> None:
        self.site.fault("thaw", self.host)


class Cut(Fault):
    tells = "unreachable"

    def meanwhile(self) -> None:
        self.site.fault("cut", self.host)

    def heal(self) -> None:
        self.site.fault("heal", self.host)


# The wrong option first: it is taken back to what the brokers were started with, which no other fault has changed by then.
FAULTS = [WrongOption, PortTaken, DiskFull, Frozen, Cut]


@contextmanager
def rolled(one: Fault) -> Iterator[Playbook]:
    """site.yml with words that restart every broker, and the fault on the first of them."""
    site, first = one.site, one.host
    before = site.processes()
    one.before()
    try:
        run = site.start("site.yml", "-e", json.dumps(one.words))
        wait_for(
            lambda: run.poll() is not None or one.moment() or site.processes([first])[first] != before[first],
            "the first broker is not restarted",
            180,
        )
        one.meanwhile()
        output, _ = run.communicate(timeout=420)
        yield Playbook(run.returncode, output)
    finally:
        with suppress(Exception):
            one.heal()


def make_epm1_go_first(play, lab) -> None:
    """The controller goes last: where epm1 is the controller, its restart moves that."""
    from kafka_facts import controller

    if controller(lab) == "epm1":
        lab("epm1").check_output("systemctl restart kafka")
        assert play("verify.yml").rc == 0


@pytest.mark.one_of("a run that meets a fault stops there, says why, and is finished by the next")
@pytest.mark.parametrize("fault", FAULTS)
def test_the_roll_stops_and_the_next_run_goes_on(fault: type[Fault], play: Callable[..., Playbook], site, lab):
    make_epm1_go_first(play, lab)
    before = site.processes()
    first, *others = BROKERS
    one = fault(site, lab, first)
    with rolled(one) as run:
        assert run.rc != 0
        assert one.tells.lower() in run.words.lower(), run.output[-4000:]
        assert first in run.words
        assert site.processes(others) == {host: before[host] for host in others}
        for host in others:
            assert host in run.words.partition("Not touched")[2], run.output[-3000:]

    words = ("-e", json.dumps(one.healed_words))
    healed = play("site.yml", *words)
    assert healed.rc == 0, healed.output[-4000:]
    if one.healed_words != one.words:
        assert site.processes(others) == {host: before[host] for host in others}, "who was not touched is not restarted either"
    status = play("status.yml", *words)
    assert status.rc == 0, status.output[-3000:]
