"""A host with another name and address: what the engineer writes then, and where its former name still stands."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pom_site import WAIT, PomSite

from lab.state import REPOSITORY

PLACES = ("/etc", "/home", "/opt", "/root", "/run", "/srv", "/tmp", "/usr/local", "/var")
# Where a former name may go on standing, and why. Written down here a second time: Dialtone's own list is what is tested.
TELLS_OF_THE_PAST = {
    r"/logs?/|\.log(\.\d+)?$": "a log",
    r"^/var/lib/dialtone/(backups|jobs|ledger|leases)/": "backups, transcripts, and who confirmed what",
    r"\.\d{8}T\d{6}Z[^/]*~$": "the copy that Dialtone leaves beside a file it replaces",
    r"\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~$": "the copy that Ansible leaves beside a file it replaces",
    r"/config/pomTrustStore$": "POM calls a server's certificate by the label that stays; its certificates are asked themselves",
    r"[.](jar|war|zip|gz|xz|so)$": "compressed, or code: three characters of it are a name by chance",
    r"/kafka-store/|/version-2/(log|snapshot)\.": "former registrations in the data of Kafka and ZooKeeper",
    r"^/var/lib/postgresql/": "former versions of rows; the present ones are asked for",
    r"/\.ansible/tmp/|/ansible-tmp-": "what Ansible is running",
    r"^/etc/ssh/ssh_host_[^/]*_key": "the comment of a host key",
    r"^/var/(cache|spool|tmp)/|^/var/lib/systemd/|^/tmp/|^/run/": "caches and temporary files",
    r"^/etc/[^/]+-$": "the copy that a program of the distribution keeps",
    r"/\.\w+_history$": "what a person typed",
}


@dataclass(frozen=True)
class Move:
    """A host, what it is called afterwards, and the playbook that brings the site to it."""

    old: str
    new: str
    old_address: str
    new_address: str
    playbook: str
    domain: str = "dc1.lab.test"

    def now(self, hosts: Sequence[str]) -> list[str]:
        """The hosts, by the names that they have then."""
        return [self.new if host == self.old else host for host in hosts]

    @property
    def former_names(self) -> list[str]:
        return [self.old, f"{self.old}.{self.domain}", self.old_address]

    def described(self, site: PomSite, directory: Path) -> PomSite:
        """The site as the engineer describes it now: the new name and address wherever the old ones were, and these as former."""
        inventory = directory / "lab"
        shutil.copytree(REPOSITORY / site.inventory, inventory)
        for file in [path for path in inventory.rglob("*") if path.is_file()]:
            text = re.sub(rf"\b{self.old}\b", self.new, file.read_text(encoding="utf-8"))
            text = re.sub(rf"(?<![\d.]){re.escape(self.old_address)}(?![\d.])", self.new_address, text)
            file.write_text(text, encoding="utf-8")
        words = (inventory / "host_vars" / f"{self.old}.yml").rename(inventory / "host_vars" / f"{self.new}.yml")
        with words.open("a", encoding="utf-8") as stream:
            stream.write(f"host_former_names: [{', '.join(self.former_names)}]\n")
        return replace(site, inventory=str(inventory))

    @property
    def arguments(self) -> tuple[str, ...]:
        return (self.playbook, "-e", f"identity_host={self.new}", *WAIT)


def left_behind(site: PomSite, move: Move, hosts: Sequence[str]) -> dict[str, list[str]]:
    """By host, the files that hold the former name or address as a word of its own, and do not tell of the past."""
    pattern = rf"(^|[^A-Za-z0-9])({move.old}|{re.escape(move.old_address)})([^A-Za-z0-9]|$)"
    look = f"LC_ALL=C grep -rlaEis --devices=skip -e {shlex.quote(pattern)} {' '.join(PLACES)}; true"
    files = {host: site.shell(host, look).splitlines() for host in move.now(hosts)}
    assert files[move.new], f"the logs of {move.new} tell of {move.old} at least, so nobody has looked"
    left = {host: [path for path in paths if not tells_of_the_past(path)] for host, paths in files.items()}
    return {host: sorted(paths) for host, paths in left.items() if paths}


def tells_of_the_past(path: str) -> bool:
    return any(re.search(place, path) for place in TELLS_OF_THE_PAST)
