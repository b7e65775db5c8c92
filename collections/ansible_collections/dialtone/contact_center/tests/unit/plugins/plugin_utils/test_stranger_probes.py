# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from ansible_collections.dialtone.contact_center.plugins.module_utils.probes import check_probes
from ansible_collections.dialtone.contact_center.plugins.module_utils.tls_client import Identity
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.stranger_probes import stranger_probes
from ansible_collections.dialtone.contact_center.tests.unit.plugins.plugin_utils.example_site import model


def test_node_with_both_services():
    probes = stranger_probes(model()["hosts"]["kafka3"]["probes"])
    assert [(probe["kind"], probe["port"]) for probe in probes] == [
        ("anonymous_refused", 2182),
        ("tcp_closed", 2181),
        ("anonymous_refused", 9093),
        ("tcp_closed", 9092),
    ]
    check_probes(probes, Identity(ca="ca.crt"))


def test_port_that_tls_itself_uses_is_not_expected_to_be_closed():
    probe = {"id": "k", "kind": "kafka", "host": "192.0.2.1", "port": 9092, "broker_id": 1}
    assert [found["kind"] for found in stranger_probes([probe])] == ["anonymous_refused"]


def test_host_without_such_services():
    assert stranger_probes(model()["hosts"]["db1"]["probes"]) == []
