# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The licences that a site orders, data center by data center, and how the totals come about. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import companions
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.rt_sockets import pom_servers

if TYPE_CHECKING:
    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import SiteHost

TITLES: Mapping[str, str] = {
    "licences_outbound_ports": "POM outbound ports",
    "licences_predictive_agents": "POM agents, predictive",
    "licences_preview_agents": "POM agents, preview",
    "licences_manual_agents": "POM agents, manual",
    "licences_sms_channels": "POM SMS channels",
    "licences_email_channels": "POM email channels",
    "licences_telephony_ports": "Experience Portal telephony ports",
    "licences_call_classification": "Experience Portal enhanced call classification (ECC)",
    "licences_tts": "Experience Portal text to speech",
    "licences_asr": "Experience Portal speech recognition",
    "licences_experience_portal_sms_channels": "Experience Portal SMS channels",
    "licences_experience_portal_email_channels": "Experience Portal email channels",
}
AGENT_LICENCES = ("licences_predictive_agents", "licences_preview_agents", "licences_manual_agents")
WORDS_READ = frozenset(TITLES) | {"pom_scenario"}
# Said wherever the table is told: what is installed stands on no host.
NOT_OBSERVABLE = "what is installed is not observable on a host; the page of the licence server (WebLM) shows it (POM-SYS-02)"


def rows(hosts: Iterable[SiteHost]) -> list[dict[str, Any]]:
    """One row a licence of which any data center orders one."""
    data_centers = pom_servers(hosts)
    is_geo = any(companions.first_value(servers, "pom_scenario") == "geo" for servers in data_centers.values())
    found = []
    for word, title in TITLES.items():
        counts = {name: companions.first_value(servers, word, 0) for name, servers in data_centers.items()}
        if any(counts.values()):
            found.append(
                {
                    "licence": title,
                    "word": word,
                    "data_centers": counts,
                    "total": sum(counts.values()),
                    "arithmetic": arithmetic(counts, is_geo=is_geo),
                    "source": ["POM-SYS-02", *(["POM-GEO-13"] if is_geo else [])],
                }
            )
    return found


def arithmetic(counts: Mapping[str, int], *, is_geo: bool) -> str:
    total, different = sum(counts.values()), set(counts.values())
    if is_geo and len(counts) > 1 and len(different) == 1:
        return f"{different.pop()} in full for each of {len(counts)} data centers = {total}"
    return f"{' + '.join(f'{count} ({name})' for name, count in counts.items())} = {total}"
