#!/usr/bin/env python3
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Judge an inventory by the contract, without a playbook: also one that Ansible itself could not load.

    python tools/validate.py -i inventories/main [-e site=main] [--vault-password-file FILE] [--format text|json|sarif] [--all]

Ends with 0 when nothing is refused (there may be advice and waivers), with 1 when something is, with 2 when it could not be
judged at all. What it prints, and what it runs and never runs: docs/contract.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.run import ContractResult

ROOT = Path(__file__).resolve().parent.parent
COLLECTION = ROOT / "collections/ansible_collections/dialtone/contact_center"
NOT_JUDGED = 2
FEW_SITES = 3


def main(argv: list[str] | None = None) -> int:
    options = parse(sys.argv[1:] if argv is None else argv)
    try:
        find_collections()
        from ansible.errors import AnsibleError
    except ImportError as error:
        print(f"{error}: run it with the Python of the project's environment (make validate does)", file=sys.stderr)
        return NOT_JUDGED
    try:
        contract = judge(options)
    except AnsibleError as error:
        print(error, file=sys.stderr)
        return NOT_JUDGED
    tell(contract, options)
    return contract.exit_code


def parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-i", "--inventory", action="append", required=True, metavar="PATH", help="may be given several times")
    parser.add_argument("-e", "--extra-vars", action="append", default=[], metavar="NAME=VALUE", help="as for ansible-playbook")
    parser.add_argument("--vault-password-file", "--vault-pass-file", action="append", default=[], metavar="FILE")
    parser.add_argument("--vault-id", action="append", default=[], metavar="NAME@FILE")
    parser.add_argument("-J", "--ask-vault-password", "--ask-vault-pass", action="store_true")
    parser.add_argument(
        "--playbook-dir", default=str(ROOT / "playbooks"), metavar="PATH", help="whose group_vars and host_vars count"
    )
    parser.add_argument("--every-site", action="store_true", help="judge all sites of the inventory, and ask for no choice")
    parser.add_argument(
        "--without-vault", action="store_true", help="leave closed what is encrypted: it counts as present and is not judged"
    )
    parser.add_argument("--all", action="store_true", help="show every finding, not one screen of each kind")
    parser.add_argument("--format", choices=("text", "json", "sarif"), default="text", help="json: what contract.json would hold")
    parser.add_argument("--json", action="store_const", dest="format", const="json", help="the same as --format json")
    return parser.parse_args(argv)


def judge(options: argparse.Namespace) -> ContractResult:
    from ansible import context
    from ansible.cli import CLI
    from ansible.module_utils.common.collections import ImmutableDict
    from ansible.parsing.dataloader import DataLoader
    from ansible.utils.vars import load_extra_vars

    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.run import run_contract

    context.CLIARGS = ImmutableDict(extra_vars=tuple(options.extra_vars), inventory=tuple(options.inventory))
    loader = DataLoader()
    loader.set_basedir(options.playbook_dir)
    CLI.setup_vault_secrets(
        loader,
        vault_ids=options.vault_id,
        vault_password_files=options.vault_password_file,
        ask_vault_pass=options.ask_vault_password,
        auto_prompt=False,
    )
    return run_contract(
        options.inventory,
        loader=loader,
        extra_vars=load_extra_vars(loader),
        every_site=options.every_site,
        without_vault=options.without_vault,
    )


def tell(contract: ContractResult, options: argparse.Namespace) -> None:
    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.sarif import sarif_log

    if options.format == "json":
        print(json.dumps(contract.as_dict(), indent=2, ensure_ascii=False))
    elif options.format == "sarif":
        log = sarif_log(contract.findings, tool_version=_version(), exit_code=contract.exit_code)
        print(json.dumps(log, indent=2, ensure_ascii=False))
    else:
        _print_text(contract, every_finding=options.all)


def _print_text(contract: ContractResult, *, every_finding: bool) -> None:
    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.report_text import ONE_SCREEN, render_findings, summary

    most = None if every_finding else ONE_SCREEN
    if report := render_findings(contract.findings, colour=sys.stdout.isatty(), most=most):
        print(report + "\n")
    few = contract.site or ", ".join(contract.sites) or "unknown"
    judged = f"site {few}" if len(contract.sites) <= FEW_SITES else f"{len(contract.sites)} sites"
    print(f"{judged}: {summary(contract.findings)}")


def _version() -> str:
    import yaml

    return str(yaml.safe_load((COLLECTION / "galaxy.yml").read_text(encoding="utf-8"))["version"])


def find_collections() -> None:
    from ansible.plugins.loader import init_plugin_loader

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a second caller in one process finds it done
        init_plugin_loader([str(ROOT / "collections")])


if __name__ == "__main__":
    sys.exit(main())
