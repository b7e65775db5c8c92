# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The checklist of a POM system, in the order of the vendor's guide: what each item needs, and where it stands. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import companions
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.rt_sockets import pom_servers

if TYPE_CHECKING:
    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import SiteHost

WORDS_READ = frozenset({"fips_enabled", "pom_home_country", "pom_mode", "pom_users"})
DONE, OPEN, OTHERS, UNUSED = "done", "open", "others", "unused"
LICENCE_SERVER = "companions_license_server"

Row = dict[str, Any]


def rows(hosts: Iterable[SiteHost], steps: Iterable[Mapping[str, Any]]) -> list[Row]:
    """One row an item of each data center. `state` stands where no step decides it; `why` says who or what does."""
    found = []
    known = list(steps)
    for data_center, servers in pom_servers(hosts).items():
        of_kind: dict[str, list[str]] = {}
        for step in known:
            if step["data_center"] == data_center:
                of_kind.setdefault(step["id"].partition(".")[0], []).append(step["id"])
        for row in items(servers, of_kind):
            found.append({"data_center": data_center, "steps": [], "state": "", "why": "", **row})
    return found


def items(servers: Iterable[SiteHost], of_kind: Mapping[str, list[str]]) -> Iterator[Row]:
    everyone = list(servers)

    def steps(*kinds: str) -> list[str]:
        return [step for kind in kinds for step in of_kind.get(kind, ())]

    def of_steps(item: str, *kinds: str, missing: str) -> Row:
        found = steps(*kinds)
        return {"item": item, "steps": found} if found else {"item": item, "state": UNUSED, "why": missing}

    is_fips = companions.first_value(everyone, "fips_enabled", False)
    yield {
        "item": "FIPS mode (optional)",
        "state": OTHERS if is_fips else UNUSED,
        "why": "fips_enabled is true: as the documents of Experience Portal say" if is_fips else "fips_enabled is false",
    }
    yield of_steps("POM database", "add_pom_server", missing="no POM server of this data center is Dialtone's")
    yield of_steps(
        "POM servers",
        "fetch_epm_certificate",
        "add_pom_server",
        "host_address_update",
        "outcall_user",
        missing="no POM server of this data center is Dialtone's",
    )
    yield integration(companions.first_value(everyone, "pom_mode", ""))
    yield of_steps("users and their privileges", "pom_user", missing="pom_users is empty: the administrator has every privilege")
    yield of_steps("default country", "home_country", missing="pom_home_country is not stated")
    yield of_steps(
        "certificates of POM and the application servers",
        "trust_pom_certificate",
        "trust_app_server",
        missing="no certificate to exchange",
    )
    yield of_steps(
        "applications and licences",
        "check_applications",
        "application",
        "runtimeconfig_password",
        "licences",
        missing="no application server and no licence server is described",
    )


def integration(mode: str) -> Row:
    products = [companions.TITLES[word] for word in companions.REQUIRED.get(mode, ()) if word != LICENCE_SERVER]
    item = "integration of the contact center"
    if not products:
        return {"item": item, "state": UNUSED, "why": f"the mode {mode or 'of this site'} has none"}
    return {"item": item, "state": OTHERS, "why": f"{', '.join(products)}: as their own documents say"}


def judged(row: Row, done: Collection[str]) -> tuple[str, str]:
    """State and reason of a row, where these guided steps are done."""
    if row["state"]:
        return row["state"], row["why"]
    rest = [step for step in row["steps"] if step not in done]
    return (OPEN, ", ".join(rest)) if rest else (DONE, "")


def lines(table: Iterable[Row], done: Collection[str], data_center: str) -> list[str]:
    """
    >>> row = {"data_center": "dc1", "item": "POM servers", "steps": ["add_pom_server.epm1"], "state": "", "why": ""}
    >>> lines([row], ["add_pom_server.epm1"], "dc1")
    ['Checklist of data center dc1 (POM-CFG-01):', '  done    POM servers']
    """
    found = [f"Checklist of data center {data_center} (POM-CFG-01):"]
    for row in table:
        if row["data_center"] == data_center:
            state, why = judged(row, done)
            found.append(f"  {state:<6}  {row['item']}" + (f": {why}" if why else ""))
    return found
