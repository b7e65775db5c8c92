#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: identity_search
short_description: Find where on a host former names and addresses of the site still stand
version_added: 0.1.0
author: [Dialtone maintainers (@dialtone)]
description:
  - Searches the files of a host, whatever their kind, for names and addresses that hosts of the site no longer have. A name is
    found as a whole word only. Names of files, targets of links and certificates within keystores are looked at too.
  - Logs, backup sets, transcripts, the ledger of guided steps, and data of Kafka, ZooKeeper and PostgreSQL may go on telling of
    the past, and are left out.
  - Rows of a table of the POM database are asked for where O(database) is given. A row that names a present identity beside a
    former one was carried on under its old label, and is no hit.
  - Nothing that is read leaves the host but path, line and name.
  - Requirements POM-ID-01, POM-ID-02 and T-111.
options:
  former:
    description: Names and addresses that no host of the site has any more. An empty list finds nothing.
    type: list
    elements: str
    required: true
  present:
    description: Names and addresses that hosts of the site have.
    type: list
    elements: str
    required: true
  exempt:
    description: Further places that may hold a former name.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Absolute path, or a shell pattern over the whole of it.
        type: str
        required: true
      reason:
        description: Why it may.
        type: str
        required: true
  database:
    description:
      - The PostgreSQL database that is asked for rows - C(host), C(port), C(database), C(user), C(address), C(root_certificate).
    type: dict
    default: {}
  database_password:
    description: Password of the database's user.
    type: str
    default: ''
  strict:
    description:
      - Whether the task fails where the database does not answer. V(false) tells it among RV(unread) - before a change is carried
        through, the database may not have the certificate of its new name yet.
    type: bool
    default: true
  tables:
    description: Tables whose rows are asked for.
    type: list
    elements: str
    default: [pim_server]
attributes:
  check_mode:
    support: full
    description: Only looks.
  diff_mode:
    support: none
    description: Changes nothing.
  platform:
    description: Python 3.9 or newer.
    platforms: posix
    support: full
"""

EXAMPLES = r"""
- name: Identity | Look for the former name of an auxiliary server
  dialtone.contact_center.identity_search:
    former: [epm2, epm2.dc1.example.com, 192.0.2.12]
    present: [epm4, epm4.dc1.example.com, 192.0.2.14]
  register: found
"""

RETURN = r"""
hits:
  description: Each place with its C(path), C(line) (0 - the path itself, or what a link points to), C(name) and C(where).
  returned: always
  type: list
  elements: dict
  sample: [{path: /etc/hosts, line: 4, name: epm2, where: "/etc/hosts:4"}]
unread:
  description: Files that could not be searched, and why.
  returned: always
  type: list
  elements: str
host_name:
  description: The host's own name as the kernel has it.
  returned: always
  type: str
"""

import socket
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dialtone.contact_center.plugins.module_utils import guided_proof
from ansible_collections.dialtone.contact_center.plugins.module_utils.identity_search import (
    EXEMPT,
    Hit,
    Identities,
    Search,
    SearchError,
    hits_of_rows,
)


def rows(params: dict[str, Any], table: str, run: guided_proof.Run) -> list[str]:
    """The rows of a table as JSON behind a line with its name; a table that is not there has none."""
    database, password = params["database"], params["database_password"]
    status, output, errors = guided_proof.ask(database, password, guided_proof.rows_of_table(table), run)
    if status != 0:
        raise SearchError(
            "the rows of {} cannot be asked for: psql as {} on {}:{}: {}. Correct pom_database_user and pom_database_password, "
            "or let this host connect".format(
                table, database["user"], database["host"], database["port"], guided_proof.reason(errors, password)
            )
        )
    return output.splitlines()


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "former": {"type": "list", "elements": "str", "required": True},
            "present": {"type": "list", "elements": "str", "required": True},
            "exempt": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {"path": {"type": "str", "required": True}, "reason": {"type": "str", "required": True}},
            },
            "database": {"type": "dict", "default": {}},
            "database_password": {"type": "str", "default": "", "no_log": True},
            "strict": {"type": "bool", "default": True},
            "tables": {"type": "list", "elements": "str", "default": ["pim_server"]},
        },
        supports_check_mode=True,
    )
    params = module.params
    identities = Identities.of(params["former"], params["present"])
    search = Search(identities, {**EXEMPT, **{entry["path"]: entry["reason"] for entry in params["exempt"]}})
    hits: list[Hit] = search.hits()
    try:
        if params["database"] and identities.former:
            run = guided_proof.bounded(module.run_command)
            for table in params["tables"]:
                hits += hits_of_rows(table, rows(params, table, run), identities)
    except (SearchError, guided_proof.ProofError) as error:
        if params["strict"]:
            module.fail_json(msg=str(error))
        search.unread.append(str(error))
    module.exit_json(
        changed=False, hits=[hit.as_dict() for hit in hits], unread=search.unread, host_name=socket.gethostname()
    )


if __name__ == "__main__":
    main()
