#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: support_bundle
short_description: Collect logs and configuration of a POM server, without secrets
version_added: 0.1.0
author: [Dialtone maintainers (@dialtone)]
description:
  - Writes an archive (tar.gz) on the host, readable to root only, with the journals of the units, the logs and the configuration
    that the documents name, and what systemd and C(POM status) say (POM-SVC-07, POM-TROUBLE-14).
  - Stores, keys and whatever is no text are left out. In what is text, known secrets are masked in each of their spellings, and
    so is whatever stands where properties and XML keep a password.
  - Of each file the last 2 MB are taken.
options:
  home:
    description: C(POM_HOME).
    type: path
    required: true
  units:
    description: Units whose journal is taken.
    type: list
    elements: str
    required: true
  since:
    description: From when on, in the words of C(journalctl --since).
    type: str
    default: "-24h"
  secrets:
    description: Secrets that must not be in the archive, wherever they stand.
    type: list
    elements: str
    default: []
  directory:
    description: Directory of the archive.
    type: path
    default: /var/lib/dialtone/support
attributes:
  check_mode:
    description: Collects nothing.
    support: full
  diff_mode:
    description: An archive has no diff.
    support: none
  platform:
    description: Hosts with systemd and Python 3.9 or newer.
    platforms: posix
    support: full
"""

EXAMPLES = r"""
- name: Support | Collect
  dialtone.contact_center.support_bundle:
    home: /opt/Avaya/avpom/POManager
    units: [vpms, cmpmgr]
  register: bundle
"""

RETURN = r"""
path:
  description: The archive.
  returned: always
  type: str
  sample: /var/lib/dialtone/support/dialtone-epm1-20260131T235959Z.tar.gz
entries:
  description: Names of the files in it.
  returned: always
  type: list
  elements: str
"""

import os
import platform
import time
from collections.abc import Sequence

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dialtone.contact_center.plugins.module_utils import files, support_bundle
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_layout import PomLayout
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_observer import Observer


def main() -> None:
    module = AnsibleModule(
        {
            "home": {"type": "path", "required": True},
            "units": {"type": "list", "elements": "str", "required": True},
            "since": {"type": "str", "default": "-24h"},
            "secrets": {"type": "list", "elements": "str", "default": [], "no_log": True},
            "directory": {"type": "path", "default": "/var/lib/dialtone/support"},
        },
        supports_check_mode=True,
    )
    params = module.params

    def run(argv: Sequence[str]) -> tuple[int, str, str]:
        return module.run_command([*argv], environ_update={"LC_ALL": "C", "TZ": "UTC"})

    layout, now = PomLayout(params["home"]), time.time()
    name = support_bundle.name_of(platform.node().partition(".")[0], now)
    path = os.path.join(params["directory"], name + ".tar.gz")
    if module.check_mode:
        module.exit_json(changed=True, path=path, entries=[])
    try:
        entries = support_bundle.collect(
            run, layout, params["units"], params["since"], Observer(run, layout).wrapper(), params["secrets"]
        )
        os.makedirs(params["directory"], mode=0o700, exist_ok=True)
        files.write(path, support_bundle.archive(entries, name, now), 0o600)
    except OSError as error:
        module.fail_json(msg=f"the support bundle could not be written to {path}: {error}")
    module.exit_json(changed=True, path=path, entries=[entry.name for entry in entries])


if __name__ == "__main__":
    main()
