# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""controller_files: refuse a run whose files on the controller are missing or are not the declared ones."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError, AnsibleFileNotFound
from ansible.parsing.vault import is_encrypted_file

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.build_files import plain
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.controller_action import ControllerAction
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.controller_files import findings


class ActionModule(ControllerAction):
    """Found as M(ansible.builtin.copy) finds its source, so that what is judged is what is copied."""

    ARGUMENTS = {
        "files": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "word": {"type": "str", "required": True},
                "path": {"type": "str", "required": True},
                "sha256": {"type": "str", "default": ""},
                "needed": {"type": "bool", "default": True},
                "identity": {
                    "type": "dict",
                    "options": {
                        "password": {"type": "str", "required": True, "no_log": True},
                        "names": {"type": "list", "elements": "str", "default": []},
                    },
                },
            },
        },
    }

    def answer(self, options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        needed = [file for file in plain(options["files"]) if file["needed"]]
        wrong = findings(needed, self.found, self.decrypted, datetime.now(timezone.utc))
        if wrong:
            host = task_vars["inventory_hostname"]
            told = f"{host} needs files of the controller that are not as the inventory describes them."
            raise AnsibleActionFail(" ".join([told, *wrong]))
        return {}

    def found(self, path: str) -> str:
        try:
            return str(self._find_needle("files", path))
        except AnsibleFileNotFound as error:
            raise FileNotFoundError(path) from error

    @contextmanager
    def decrypted(self, path: str) -> Iterator[str]:
        """What ansible-vault encrypted becomes plain, as M(ansible.builtin.copy) does on its way to the host."""
        with open(path, "rb") as stream:
            encrypted = is_encrypted_file(stream)
        try:
            content = self._loader.get_real_file(path, decrypt=encrypted)
        except AnsibleError as error:
            raise OSError(errno.EACCES, "ansible-vault encrypted it, and no vault password of this run opens it") from error
        try:
            yield content
        finally:
            self._loader.cleanup_tmp_file(content)
