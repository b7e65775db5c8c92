# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""site_contract: judge the inventory of the running play, and hand the site model to what follows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible import context
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.vars import load_extra_vars

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.build_files import write_json
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.run import ContractResult, run_contract
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import groups_of
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.report_text import (
    ONE_SCREEN,
    render_findings,
    summary,
)


class ActionModule(ActionBase):
    """Runs on the controller alone."""

    _requires_connection = False
    _supports_check_mode = True
    _VALID_ARGS = frozenset({"site", "build_directory"})

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(
            {"site": {"type": "str"}, "build_directory": {"type": "path", "default": "build"}}
        )
        hostvars = (task_vars or {})["hostvars"]
        contract = run_contract(
            context.CLIARGS.get("inventory") or hostvars._inventory._sources,
            loader=self._loader,
            site=arguments["site"],
            extra_vars=load_extra_vars(self._loader),
            inventory=hostvars._inventory,
        )
        directory = self._store(contract, Path(arguments["build_directory"]))
        report = render_findings(contract.findings, most=None if self._display.verbosity else ONE_SCREEN)
        if contract.refused:
            # Ansible prints the message of a failed task twice: the findings stand before it, once.
            self._display.display(report + "\n")
            raise AnsibleActionFail(
                f"the contract refuses this inventory: {summary(contract.findings)}. "
                f"The findings stand above and in {directory / 'contract.json'}; no host was contacted."
            )
        result.update(
            changed=False,
            msg=f"site {contract.site}: {summary(contract.findings)}",
            contract={"site": contract.site, "findings": [finding.as_dict() for finding in contract.findings]},
            build_directory=str(directory),
            memberships=groups_of(contract.model) if contract.model else [],
            ansible_facts={"site_model": contract.model},
        )
        if report:
            self._display.warning(f"the contract of site {contract.site} does not refuse, but tells:\n{report}", formatted=True)
        return result

    @staticmethod
    def _store(contract: ContractResult, build: Path) -> Path:
        """What the contract said stays readable after the run, also when it refused."""
        directory = build / (contract.site or "unknown-site")
        try:
            write_json(directory, "contract.json", contract.as_dict())
            if contract.model is None:
                (directory / "model.json").unlink(missing_ok=True)  # the one of an earlier run is no longer true
            else:
                write_json(directory, "model.json", contract.model)
        except OSError as error:
            raise AnsibleActionFail(
                f"{directory} on the controller cannot be written: {error.strerror}. "
                "Choose another directory with -e dialtone_build_directory=PATH."
            ) from error
        return directory
