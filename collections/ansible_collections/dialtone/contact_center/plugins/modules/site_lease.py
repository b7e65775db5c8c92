#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only: the action plugin of the same name judges on the controller, site_lease_remote writes on the host.
from __future__ import annotations

DOCUMENTATION = r"""
module: site_lease
short_description: Hold the lease of a data center on a host, so that one run at a time changes it
version_added: 0.1.0
author: [Dialtone maintainers (@dialtone)]
description:
  - A run may change a data center while it holds the lease on every host of it that answers. The hosts keep the lease, not the
    controller, so that a second engineer with a second machine is kept out too.
  - A lease ends when it was not renewed for O(minutes) by the host's clock since its start, or with a restart of the host. The
    wall clock decides nothing.
  - Another run's lease makes the task fail, with who holds it, from where, since when and for how long. Where that run belonged
    to this very machine and its process has ended, the lease is taken over at once, with words.
  - Of two runs that ask at the same moment, one gets the lease of a host. Two runs may both refuse, and never both hold.
  - The token of a run follows from its main process. It needs no state on the controller, and is the same in every play.
  - A lease is bookkeeping and no state of the site, so nothing is ever reported as changed.
options:
  state:
    description:
      - V(held) takes the lease, or renews it when a third of its time is over; before that, no host is asked.
      - V(renewed) is V(held) where this run holds the lease, and nothing elsewhere.
      - V(released) gives it back, where this run holds it, or may hold it because the host fell silent when it was asked.
      - A host that does not answer keeps the lease until it ends. That is a warning and no failure.
    type: str
    choices: [held, renewed, released]
    default: held
  site:
    description: Name of the site.
    type: str
    required: true
  data_center:
    description: Name of the host's data center.
    type: str
    required: true
  playbook:
    description: What others are told is running; by default the playbook of the command line.
    type: str
  minutes:
    description: How long the lease lasts without renewal.
    type: int
    default: 30
  take_over:
    description: Whether to take the lease away from another run that still holds it. That run stops at its next renewal.
    type: bool
    default: false
  directory:
    description: Directory of the leases on the host, made where it is missing.
    type: path
    default: /var/lib/dialtone/leases
seealso:
  - module: dialtone.contact_center.site_lease_decision
attributes:
  check_mode:
    support: full
    description: Takes no lease and asks no host, because nothing will be changed.
  diff_mode:
    support: none
    description: Bookkeeping of a run, so it has no diff.
  platform:
    support: full
    description: Linux hosts, and a controller with Linux.
    platforms: posix
"""

EXAMPLES = r"""
- name: Lease | Hold the lease of the data center
  dialtone.contact_center.site_lease:
    site: "{{ site_model.site }}"
    data_center: "{{ site_model.hosts[inventory_hostname].data_center }}"

- name: Lease | Give it back
  dialtone.contact_center.site_lease:
    state: released
    site: "{{ site_model.site }}"
    data_center: "{{ site_model.hosts[inventory_hostname].data_center }}"
"""

RETURN = r"""
outcome:
  description:
    - V(acquired) and V(taken_over) are new, V(renewed) was asked for in time, V(kept) was not due; V(released) and V(not_held)
      without it, V(not_given_back) where the host does not answer any more. V(held_by_another) and V(lost) are failures.
  returned: where the host answered
  type: str
  sample: acquired
refused:
  description: Whether another run holds the lease, or has taken it from this one.
  returned: where the host answered
  type: bool
other:
  description:
    - The other run that was met - C(run), C(holder), C(held_seconds), C(renewed_seconds_ago), C(expires_in_seconds).
    - Empty where there was none.
  returned: where the host answered
  type: dict
words:
  description: What a person has to know of a lease that was taken, such as from whom.
  returned: where the host answered
  type: list
  elements: str
ansible_facts:
  description:
    - C(site_lease) with C(run), the token by which a job on the host renews the lease for this run, C(data_center), and C(asked),
      when the lease was last asked for by the controller's clock. Empty without a lease.
    - The same as C(site_lease_of_) and the name of the host, because the facts of a task that runs once are one dictionary of all
      hosts.
  returned: where the host was asked
  type: dict
msg:
  description: Why the lease was refused, and what to do.
  returned: failure
  type: str
"""
