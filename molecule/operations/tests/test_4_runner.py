"""site.yml as it is under ansible-runner, the engine of AWX and its execution nodes."""

from __future__ import annotations

import json

from lab import runner
from lab.rehearsal import HOSTS
from lab.state import REPOSITORY


def test_site_yml_runs_as_it_is_and_leaves_its_record(site, tmp_path):
    done = runner.run(
        "playbooks/site.yml",
        site.inventories,
        tmp_path,
        "--vault-password-file",
        str(site.directory / "vault-password"),
    )
    assert done.status == "successful", done.stdout.read()[-3000:]
    assert done.stats["changed"] == {}
    assert set(done.stats["ok"]) == set(HOSTS)
    newest = max((REPOSITORY / "build" / "lab" / "runs").iterdir(), key=lambda path: path.name)
    record = json.loads((newest / "run.json").read_text(encoding="utf-8"))
    assert record["result"] == "succeeded"
    assert record["ended"]
