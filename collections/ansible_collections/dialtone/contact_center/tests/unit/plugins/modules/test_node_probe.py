# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.dialtone.contact_center.plugins.modules import node_probe
from ansible_collections.dialtone.contact_center.tests.unit.plugins.module_utils.tls_peers import free_port, listening


def run(capsys, **options):
    with patch_module_args(options), pytest.raises(SystemExit) as ended:
        node_probe.main()
    return ended.value.code, json.loads(capsys.readouterr().out)


def closed(port):
    return {"id": "plain", "kind": "tcp_closed", "host": "127.0.0.1", "port": port, "component": "zookeeper"}


def test_all_is_well(capsys):
    code, result = run(capsys, probes=[closed(free_port())])
    assert code == 0
    assert (result["ok"], result["changed"]) == (True, False)
    assert result["probes"][0]["component"] == "zookeeper"
    assert result["probes"][0]["log"] == []


def test_observing_does_not_fail(capsys):
    with listening(lambda connection: None) as port:
        code, result = run(capsys, probes=[closed(port)])
    assert code == 0
    assert result["ok"] is False
    assert result["probes"][0]["state"] == "open"


def test_failing_tells_what_and_what_next(capsys):
    with listening(lambda connection: None) as port:
        code, result = run(capsys, probes=[closed(port)], fail=True)
    assert code == 1
    assert f"plain: 127.0.0.1:{port} accepts connections" in result["msg"]
    assert "Next: See what listens there" in result["msg"]
    assert result["probes"][0]["ok"] is False


def test_probe_without_its_keys(capsys):
    code, result = run(capsys, probes=[{"id": "u", "kind": "unit"}])
    assert code == 1
    assert result["msg"] == "probe u of kind unit needs unit"


def test_no_probes(capsys):
    assert run(capsys, probes=[])[1]["ok"] is True


def test_check_mode_looks_too(capsys):
    assert run(capsys, probes=[closed(free_port())], _ansible_check_mode=True)[0] == 0
