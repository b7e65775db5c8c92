#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: guided_proof
short_description: Look at what proves guided steps, and at the ledger of a host
version_added: 0.1.0
author: [Dialtone maintainers (@dialtone)]
description:
  - Answers in one round trip which guided steps can be seen to be done, what the ledger of the host holds, and which certificate
    POM has on it; of servers whose certificate a step hands over, which one they present. Changes nothing.
  - What proves a step is on the host of its console - a certificate in POM's trust store, or a row in POM's database.
  - A proof that cannot be looked at is V(unknown), with the reason. It is no failure.
options:
  steps:
    description: The guided steps of the site model, C(site_model.tables.guided_steps). Those of other hosts are passed over.
    type: list
    elements: dict
    required: true
  host:
    description: Name of this host in the site model.
    type: str
    required: true
  pom_home:
    description: POM_HOME of this host; empty where it is no POM server.
    type: str
    default: ''
  keystore_password:
    description: Password of POM's key store.
    type: str
    default: ''
  truststore_password:
    description: Password of POM's trust store.
    type: str
    default: ''
  database_password:
    description: Password of POM's user of the database.
    type: str
    default: ''
  ledger_directory:
    description: Directory of the ledger on the host.
    type: path
    default: /var/lib/dialtone/ledger
  lease:
    description: The fact C(site_lease) of a run that waits, so that its lease on this host does not end meanwhile.
    type: dict
    default: {}
attributes:
  check_mode:
    support: full
    description: Changes nothing.
  diff_mode:
    support: none
    description: Changes nothing, so it has no diff.
  platform:
    support: full
    description: Linux hosts with Python 3.9 or newer; psql where POM's database is PostgreSQL.
    platforms: posix
"""

EXAMPLES = r"""
- name: Guided steps | Look at the proofs and the ledger
  dialtone.contact_center.guided_proof:
    steps: "{{ site_model.tables.guided_steps }}"
    host: "{{ inventory_hostname }}"
    pom_home: /opt/Avaya/avpom/POManager
    keystore_password: "{{ certificates_keystore_password }}"
    truststore_password: "{{ certificates_truststore_password }}"
    database_password: "{{ pom_database_password }}"
"""

RETURN = r"""
proofs:
  description: By step, C(state) - V(proven), V(open) or V(unknown) - and C(why). Only of steps whose proof is on this host.
  returned: always
  type: dict
records:
  description: What the ledger of this host holds, by step.
  returned: always
  type: dict
damaged:
  description: Files in the directory of the ledger that are no record.
  returned: always
  type: list
  elements: str
fingerprint:
  description: SHA-256 of POM's certificate on this host; empty where there is none or it cannot be told.
  returned: always
  type: str
presented:
  description: SHA-256 of the certificate that the server of a step presents, by step; empty where nothing answers.
  returned: always
  type: dict
lease:
  description: Whether the run still holds its lease on this host; true where it was not asked.
  returned: always
  type: bool
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dialtone.contact_center.plugins.module_utils import guided_proof, lease, ledger
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_layout import IDENTITY_ALIAS, PomLayout


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "steps": {"type": "list", "elements": "dict", "required": True},
            "host": {"type": "str", "required": True},
            "pom_home": {"type": "str", "default": ""},
            "keystore_password": {"type": "str", "default": "", "no_log": True},
            "truststore_password": {"type": "str", "default": "", "no_log": True},
            "database_password": {"type": "str", "default": "", "no_log": True},
            "ledger_directory": {"type": "path", "default": ledger.DIRECTORY},
            "lease": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    asked = module.params
    secrets = {"store_password": asked["truststore_password"], "database_password": asked["database_password"]}
    run = guided_proof.bounded(module.run_command)
    of_console = [step for step in asked["steps"] if step["console"] == asked["host"]]
    mine = [step for step in of_console if step["proof"]["kind"] != "record"]
    handed_over = [step for step in of_console if step["presented_at"]]
    try:
        records, damaged = ledger.Ledger(asked["ledger_directory"]).read()
        held = renewed(asked["lease"]) if asked["lease"] and not module.check_mode else True
    except (OSError, lease.LeaseError) as error:
        module.fail_json(
            msg=f"what Dialtone keeps on this host cannot be read: {error}. It is root's, so the play needs `become: true`"
        )
        return
    module.exit_json(
        changed=False,
        proofs={step["id"]: guided_proof.look(step["proof"], secrets, run) for step in mine},
        records=records,
        damaged=damaged,
        fingerprint=fingerprint(asked["pom_home"], asked["keystore_password"], run),
        presented={step["id"]: guided_proof.presented_fingerprint(step["presented_at"]) for step in handed_over},
        lease=held,
    )


def renewed(fact: dict[str, str]) -> bool:
    return lease.renew(fact["site"], fact["data_center"], fact["run"])


def fingerprint(pom_home: str, password: str, run: guided_proof.Run) -> str:
    return guided_proof.own_certificate(PomLayout(pom_home).keystore, password, IDENTITY_ALIAS, run) if pom_home else ""


if __name__ == "__main__":
    main()
