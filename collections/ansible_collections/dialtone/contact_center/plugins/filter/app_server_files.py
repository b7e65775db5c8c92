# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: app_server_files
short_description: What POM's package of applications supplies to an application server
version_added: 0.1.0
author: [Dialtone maintainers (@dialtone)]
description:
  - Applications go to C(webapps) of Tomcat, libraries to C(lib) (POM-APP-01, POM-APP-03).
options:
  _input:
    description: Files as M(ansible.builtin.find) returns them, with C(path) and C(checksum).
    type: list
    elements: dict
    required: true
  directory:
    description: Directory of the package on the primary POM server.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Preflight | Observe the application server
  dialtone.contact_center.app_server_info:
    home: /opt/AppServer/Tomcat/tomcat
    supplied: "{{ found.files | dialtone.contact_center.app_server_files('/opt/Avaya/avpom/POManager/DDapps') }}"
    keystore: /opt/AppServer/Tomcat/tomcat/conf/myTrustStore
    keystore_password: "{{ app_server_keystore_password }}"
    identity_directory: /etc/dialtone/tls
"""

RETURN = r"""
_value:
  description: Checksums by the path below Tomcat's home.
  type: dict
"""

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.app_servers import supplied_files


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"app_server_files": supplied_files}
