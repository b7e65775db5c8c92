"""Backup and restore: break, restore, running."""

from __future__ import annotations

import re

import pytest

from lab.rehearsal import BROKERS, HOSTS, PROPERTIES

BACKUPS = "/var/lib/dialtone/backups"
STORES = ("/opt/config/pomKeyStore", "/opt/config/pomTrustStore")


def digests(lab, host: str) -> str:
    return lab(host).check_output(
        f"sha256sum {PROPERTIES} {' '.join(STORES)} /etc/dialtone/tls/node.key /etc/dialtone/tls/node.crt"
    )


@pytest.mark.one_of("nothing is lost in what a site's life brings")
def test_what_was_broken_is_restored_and_runs(play, lab, secrets):
    made = play("backup.yml")
    assert made.rc == 0, made.output[-3000:]
    before = {host: digests(lab, host) for host in BROKERS}
    assert lab("epm1").check_output("stat -c %%a %s", BACKUPS) == "700"

    lab("epm1").check_output(
        f"systemctl stop kafka && rm {STORES[0]} /etc/dialtone/tls/node.key && echo broken=yes >{PROPERTIES}"
    )
    lab("epm2").check_output(f"sed -i s/num.io.threads=8/num.io.threads=3/ {PROPERTIES}")
    shown = play("restore.yml", "-e", "restore_from=latest", "--check")
    assert shown.rc == 0, shown.output[-3000:]
    assert STORES[0] in shown.words
    assert lab("epm1").run(f"test -e {STORES[0]}").rc != 0, "--check changes nothing"

    restored = play("restore.yml", "-e", "restore_from=latest")
    assert restored.rc == 0, restored.output[-3000:]
    assert {host: digests(lab, host) for host in BROKERS} == before
    assert play("verify.yml").rc == 0
    again = play("restore.yml", "-e", "restore_from=latest")
    assert again.changed() == dict.fromkeys(HOSTS, 0), again.output[-3000:]
    for run in (made, shown, restored):
        assert not [name for name, value in secrets.items() if isinstance(value, str) and len(value) > 7 and value in run.output]

    wrong = play("restore.yml", "-e", "restore_from=20200101T000000Z")
    assert wrong.rc != 0
    others = wrong.words.replace("20200101T000000Z", "")
    assert re.search(r"20\d{6}T\d{6}Z", others), "a set that is not there is refused with those that are"
