# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ansible's loader for the inventory's own files, without the work that it does more than once."""

from __future__ import annotations

from typing import Any

from ansible.parsing.dataloader import DataLoader


class ParseOnceLoader(DataLoader):
    """Ansible offers each inventory file to one plugin after another: each parses it anew, and is given a copy of the result.

    None of the built-in ones changes what another one reads, so they share it here. Half of the time that Ansible takes for a
    large YAML inventory is this.
    """

    def __init__(self, loader: DataLoader) -> None:
        super().__init__()
        self.__dict__.update(loader.__dict__)  # its vault secrets and its base directory
        self._parsed: dict[str, Any] = {}

    def load_from_file(
        self,
        file_name: str,
        cache: str = "all",
        unsafe: bool = False,
        json_only: bool = False,
        trusted_as_template: bool = False,
    ) -> Any:
        if file_name not in self._parsed:
            self._parsed[file_name] = super().load_from_file(
                file_name, cache="none", unsafe=True, json_only=json_only, trusted_as_template=True
            )
        return self._parsed[file_name]
