from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab import inventory, lifecycle, namespaces, network, roster, snapshots, topology
from lab.errors import LabError
from lab.roster import Renamed
from lab.snapshots import Snapshot
from lab.state import Lab

EPM4 = {"epm2": Renamed("epm4", 18, ("epm2",))}


@pytest.fixture
def lab(tmp_path, monkeypatch) -> Lab:
    monkeypatch.setattr("lab.state.REPOSITORY", tmp_path)
    lab = Lab("example")
    lab.directory.mkdir(parents=True)
    return lab


def test_the_second_data_center_has_room_that_is_not_used_by_default(lab):
    default = [host.name for host in roster.default_hosts(lab)]
    assert default == ["epm1", "epm2", "kafka3", "db1", "app1", "cms1", "cms2"]
    assert {"epm3", "kafka4", "db2"} == set(topology.HOSTS) - set(default)


def test_hosts_come_once_and_in_the_order_of_the_topology(lab):
    assert [host.name for host in roster.select(lab, ["cms2", "epm1", "cms2"])] == ["epm1", "cms2"]


def test_an_unknown_host_is_refused_with_the_known_ones(lab):
    with pytest.raises(LabError, match=r"no host 'epm9'; its hosts are epm1, epm2"):
        roster.select(lab, ["epm1", "epm9"])


def test_a_renamed_host_is_found_by_its_new_name_and_keeps_its_place(lab):
    roster.save(lab, EPM4)
    host = roster.host(lab, "epm4")
    assert (host.address, host.fqdn) == ("10.88.1.18", "epm4.dc1.lab.test")
    assert (host.key, host.interface, host.portal) == ("epm2", "vb-epm2", "auxiliary")
    assert [entry.name for entry in roster.default_hosts(lab)][:3] == ["epm1", "epm4", "kafka3"]
    assert roster.now(lab, topology.HOSTS["epm2"]) == host
    with pytest.raises(LabError, match=r"no host 'epm2'; .*; the one of that name is epm4 now"):
        roster.host(lab, "epm2")


def test_what_a_controller_needs_names_the_host_as_it_is_now(lab):
    roster.save(lab, EPM4)
    key = lab.host_directory("epm2") / "ssh_host_ed25519_key.pub"
    key.parent.mkdir(parents=True)
    key.write_text("ssh-ed25519 AAAAKEY epm2\n", encoding="utf-8")
    inventory.write_all(lab, roster.default_hosts(lab))
    known = (lab.directory / "known_hosts").read_text(encoding="utf-8")
    assert known == "10.88.1.18,epm4,epm4.dc1.lab.test ssh-ed25519 AAAAKEY\n"
    hosts = (lab.inventory / "hosts.yml").read_text(encoding="utf-8")
    assert "    epm4:\n      ansible_host: 10.88.1.18\n" in hosts
    assert "epm2" not in hosts + lab.ssh_config.read_text(encoding="utf-8")


def test_a_renamed_host_is_cut_at_its_own_cable(lab):
    assert '{ "vb-epm2" }' in network.ruleset(["epm4"], roster.named(EPM4).values())


def test_a_snapshot_keeps_names_and_one_that_was_taken_before_has_none(lab):
    roster.save(lab, EPM4)
    snapshots.save(lab, {"renamed": Snapshot("then", {}, ["epm2"], roster.encoded(roster.renamed(lab)))})
    assert roster.decoded(snapshots.snapshots(lab)["renamed"].renamed) == EPM4
    assert Snapshot(taken="then", layers={}, running=[]).renamed == {}


@pytest.mark.parametrize(("old", "new", "address", "why"), [
    ("epm9", "epm4", "", "no host 'epm9'"),
    ("epm2", "epm1", "", "the lab has a host of that name"),
    ("epm2", "db2", "", "the lab has a host of that name"),
    ("epm2", "Epm4", "", "is no name for a host"),
    ("epm2", "dc1", "", "is no name for a host"),
    ("epm2", "epm4", "10.88.1.13", "it is that of kafka3"),
    ("epm2", "epm4", "10.88.2.18", "is no address for a host in dc1: 10.88.1.2 to 10.88.1.254 are"),
    ("epm2", "epm4", "10.88.1.1", "is no address for a host in dc1"),
    ("epm2", "epm4", "10.88.1.018", "is no address for a host in dc1"),
])
def test_what_cannot_be_is_refused_with_the_reason(old, new, address, why):
    with pytest.raises(LabError, match=why):
        roster.change({}, old, new, address)


def test_a_repeated_command_finds_its_work_done():
    once = roster.change({}, "epm2", "epm4", "10.88.1.18")
    assert once == EPM4
    assert roster.change(once, "epm2", "epm4", "10.88.1.18") == once
    assert roster.change(once, "epm2", "epm4") == once


def test_a_host_takes_its_first_name_and_address_again():
    back = roster.change(EPM4, "epm4", "epm2", "10.88.1.12")
    assert {name: (host.address, host.key) for name, host in roster.named(back).items()} == {
        host.name: (host.address, host.name) for host in topology.HOSTS.values()
    }


class FakeHost:
    """What a rename does to a running host, and what the host then tells."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.address = self.written = "10.88.1.12"
        self.done: list[str] = []
        monkeypatch.setattr(Lab, "require_running", lambda lab: 1)
        monkeypatch.setattr(lifecycle, "require_host_running", lambda lab, host: 1)
        monkeypatch.setattr(lifecycle, "run_in_host", self.run)
        monkeypatch.setattr(namespaces, "inside", self.inside)

    def inside(self, lab: Lab, arguments: list[str]) -> None:
        self.done.append(" ".join(arguments))
        if arguments[0] == "give-address":
            self.written = roster.host(lab, arguments[1]).address

    def run(self, lab: Lab, host: topology.Host, command: list[str]) -> str:
        if command[:2] == ["networkctl", "reconfigure"]:
            self.address = self.written
        return f"2: host0    inet {self.address}/24 brd 10.88.1.255 scope global host0\n"


def test_a_rename_that_was_cut_off_is_finished_by_the_same_command(lab, monkeypatch):
    host = FakeHost(monkeypatch)
    roster.save(lab, EPM4)
    lifecycle.rename(lab, "epm2", "epm4", "10.88.1.18")
    assert host.address == "10.88.1.18"
    assert host.done == ["give-address epm4", "await-ssh epm4"]
    assert "ansible_host: 10.88.1.18" in (lab.inventory / "hosts.yml").read_text(encoding="utf-8")
    lifecycle.rename(lab, "epm2", "epm4", "10.88.1.18")
    assert host.done == ["give-address epm4", "await-ssh epm4", "await-ssh epm4"]


def test_a_host_that_is_cut_is_not_renamed(lab, monkeypatch):
    FakeHost(monkeypatch)
    network.remember(lab, network.NetworkFaults(cut=("epm2",)))
    with pytest.raises(LabError, match="epm2 is cut from the network; undo that first"):
        lifecycle.rename(lab, "epm2", "epm4")
    assert roster.renamed(lab) == {}


RENAMES = st.lists(st.tuples(
    st.sampled_from([*topology.HOSTS, "epm4", "kafka5"]), st.sampled_from(["epm2", "epm4", "kafka5", "db1"]),
    st.sampled_from(["", "10.88.1.12", "10.88.1.14", "10.88.1.18", "10.88.2.18"]),
), max_size=6)


@given(RENAMES)
def test_whatever_is_renamed_names_addresses_and_places_stay_unique(renames):
    changes: dict[str, Renamed] = {}
    for old, new, address in renames:
        try:
            after = roster.change(changes, old, new, address)
        except LabError:
            continue
        assert roster.change(after, old, new, address) == after
        changes = after
        hosts = roster.named(changes).values()
        assert len({host.name for host in hosts}) == len({host.address for host in hosts}) == len(topology.HOSTS)
        assert [host.key for host in hosts] == list(topology.HOSTS)
        assert roster.decoded(roster.encoded(changes)) == changes
