#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: pkcs12_copy
short_description: Copy a PKCS#12 file under another password
version_added: 0.1.0
author: [Dialtone maintainers (@dialtone)]
description:
  - Some of the vendor's programs take the password of a PKCS#12 file as an argument, where every user of the host can read it.
    They are given a copy, whose password is good for nothing else (POM-CERT-06).
  - Neither password nor key is in an argument, in the environment, or in a file that others can read.
options:
  src:
    description: The file on the host.
    type: path
    required: true
  src_password:
    description: Its password.
    type: str
    required: true
  dest:
    description: The copy, readable to root only. Written anew each time.
    type: path
    required: true
  dest_password:
    description: Password of the copy.
    type: str
    required: true
  alias:
    description: Name of the key in the copy.
    type: str
    required: true
attributes:
  check_mode:
    support: full
    description: Says that it would write.
  diff_mode:
    support: none
    description: Both files are secret.
  platform:
    description: Python 3.9 or newer, and openssl.
    platforms: posix
    support: full
"""

EXAMPLES = r"""
- name: Certificate | Give POM a copy of the host's identity
  dialtone.contact_center.pkcs12_copy:
    src: /etc/dialtone/tls/pom.p12
    src_password: "{{ trust_store_password }}"
    dest: /var/lib/dialtone/pom/import.p12
    dest_password: "{{ once }}"
    alias: pomservercert
"""

RETURN = r"""
path:
  description: The copy.
  returned: always
  type: str
  sample: /var/lib/dialtone/pom/import.p12
"""

import os
import tempfile

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dialtone.contact_center.plugins.module_utils import files
from ansible_collections.dialtone.contact_center.plugins.module_utils.tls_identity import PKCS12_CIPHER, PKCS12_MAC


class CopyError(Exception):
    """The copy cannot be made. Says why, and what to do."""


def copied(module: AnsibleModule, directory: str) -> bytes:
    """The copy's content; everything in between lies in the directory."""
    params = module.params
    key, old, new, made = (os.path.join(directory, name) for name in ("identity.pem", "old", "new", "made.p12"))
    for path, secret in ((old, params["src_password"]), (new, params["dest_password"])):
        files.write(path, (secret + "\n").encode("utf-8"), 0o600)
    opened = ["openssl", "pkcs12", "-in", params["src"], "-passin", f"file:{old}", "-nodes", "-out", key]
    rc, _out, err = module.run_command(opened)
    if rc != 0:
        raise CopyError(
            "{} is not opened by openssl with the password that it was given: {}. Compare trust_store_password, or of a "
            "delivered file certificates_pkcs12_password".format(params["src"], last_line(err))
        )
    algorithms = ["-keypbe", PKCS12_CIPHER, "-certpbe", PKCS12_CIPHER, "-macalg", PKCS12_MAC]
    exported = ["openssl", "pkcs12", "-export", "-in", key, "-name", params["alias"], "-out", made, "-passout", f"file:{new}"]
    rc, _out, err = module.run_command([*exported, *algorithms])
    if rc != 0:
        raise CopyError("openssl pkcs12 -export of {}: {}".format(params["src"], last_line(err)))
    with open(made, "rb") as stream:
        return stream.read()


def last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it gave no reason")


def main() -> None:
    secret = {"type": "str", "required": True, "no_log": True}
    module = AnsibleModule(
        {
            "src": {"type": "path", "required": True},
            "src_password": secret,
            "dest": {"type": "path", "required": True},
            "dest_password": secret,
            "alias": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    dest = module.params["dest"]
    if not module.check_mode:
        try:
            with tempfile.TemporaryDirectory(dir=module.tmpdir) as directory:
                content = copied(module, directory)
            os.makedirs(os.path.dirname(dest), mode=0o700, exist_ok=True)
            files.write(dest, content, 0o600)
        except (CopyError, OSError) as error:
            module.fail_json(msg=str(error))
    module.exit_json(changed=True, path=dest)


if __name__ == "__main__":
    main()
