#!/usr/bin/env python3
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which hosts a site needs for its agents, ports and jobs, by the vendor's sizing tables; and an inventory to start from.

    python3 -m tools.sizing --agents 300 --jobs 50 --mode CCElite [--geo]
    python3 -m tools.sizing --agents 300 --inventory inventories/bank --site bank [--accept-eula]

The inventory is accepted by the contract as it is, once POM's licence agreement is: by you, with --accept-eula or later in
group_vars/pom_servers.yml. Its names, addresses and media are placeholders, as are Experience Portal's administrator and the
user with Outcall privileges; its other secrets are new, but for those of the stores that POM's installer makes. They lie
unencrypted in group_vars/all/secrets.yml (mode 0600) until you run ansible-vault.

Ends with 0, or with 1 where no site can be recommended: the message says why.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lab.credentials import certificate_authority, password, write_secret
from lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.sizing import Load

ROOT = Path(__file__).resolve().parent.parent
SECRETS_FILE = "group_vars/all/secrets.yml"
EULA_FILE = "group_vars/pom_servers.yml"


def main(argv: list[str] | None = None) -> int:
    sys.path.insert(0, str(ROOT / "collections"))
    from ansible_collections.dialtone.contact_center.plugins.plugin_utils import sizing_recommendation as recommending

    options = parse(argv)
    try:
        recommendation = recommending.recommend(load_of(options), mode=options.mode, geo=options.geo)
        print(recommending.describe(recommendation), end="")
        if options.inventory:
            files = recommending.starter_inventory(
                recommendation,
                site=options.site,
                time_zone=options.time_zone,
                secrets=new_secrets(options.site),
                accept_eula=options.accept_eula,
            )
            write(files, options.inventory)
            print(f"\nwritten: {options.inventory}; next: ansible-vault encrypt {options.inventory / SECRETS_FILE}")
            if not options.accept_eula:
                print(f"and, after the vendor's licence agreement: pom_server_accept_eula in {options.inventory / EULA_FILE}")
    except (recommending.RecommendationError, FileExistsError, LabError) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def parse(argv: list[str] | None) -> argparse.Namespace:
    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.companions import REQUIRED

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", type=int, default=0, help="agents that work at the same time, in each data center")
    parser.add_argument("--notification-ports", type=int, default=0, help="outbound ports of notification campaigns")
    parser.add_argument("--jobs", type=int, help="campaign jobs that run at the same time")
    parser.add_argument("--mode", choices=sorted(REQUIRED), default="None", help="contact-centre mode (pom_mode)")
    parser.add_argument("--geo", action="store_true", help="two data centers that stand in for each other")
    parser.add_argument("--local-mpp-ports", type=int, default=0, help="ports of a platform on the one server, up to 100 agents")
    parser.add_argument("--non-telephony", action="store_true", help="dialling by hand, without media processing platforms")
    parser.add_argument("--email", action="store_true", help="e-mail campaigns")
    parser.add_argument("--ports-override", action="store_true", help="consent to 2001 to 2200 notification ports")
    parser.add_argument("--inventory", type=Path, metavar="DIRECTORY", help="write an inventory to start from; must not exist")
    parser.add_argument("--accept-eula", action="store_true", help="accept the vendor's licence agreement for the site")
    parser.add_argument("--site", default="main", help="name of the site in the inventory")
    parser.add_argument("--time-zone", default="Etc/UTC", help="time zone of all its hosts")
    return parser.parse_args(argv)


def load_of(options: argparse.Namespace) -> Load:
    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.sizing import Load

    return Load(
        agents=options.agents,
        notification_ports=options.notification_ports,
        jobs=options.jobs,
        telephony=not options.non_telephony,
        email_campaigns=options.email,
        local_mpp_ports=options.local_mpp_ports,
        ports_override=options.ports_override,
    )


def new_secrets(site: str) -> dict[str, str]:
    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.rules import PRINTED_PASSWORDS
    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.rules_pom_server import STORES_OF_POM

    certificate, private_key = certificate_authority(f"Dialtone site {site} CA")
    return {
        "trust_ca_certificate": certificate,
        "trust_ca_private_key": private_key,
        "trust_store_password": password(),
        "pom_database_password": password(),
        **dict.fromkeys(STORES_OF_POM, PRINTED_PASSWORDS[0]),
        "pom_web_password": password(),
        "pom_outcall_password": password(),
        "app_server_runtimeconfig_password": password(),
    }


def write(files: Mapping[str, str], directory: Path) -> None:
    """Never into a directory that holds something: the addresses of a real site are there."""
    if directory.exists() and any(directory.iterdir()):
        raise FileExistsError(f"{directory} is not empty, and nothing was written: name a new directory behind --inventory")
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name == SECRETS_FILE:
            write_secret(path, text)
        else:
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
