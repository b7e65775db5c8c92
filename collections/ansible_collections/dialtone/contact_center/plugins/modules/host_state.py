#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only: the action plugin of the same name does the work on the controller.
from __future__ import annotations

DOCUMENTATION = r"""
module: host_state
short_description: Observe and keep everything that a role keeps on a host, in one round trip
version_added: 0.1.0
author: [Dialtone maintainers (@dialtone)]
description:
  - Templates are rendered on the controller, then one module call observes every item on the host, says what differs and why, and
    writes what it is responsible for. Forty template tasks cost 36 times as much.
  - Directories, files, properties, marked blocks, connectors, links and absent files are written here. Groups, users, packages,
    trees and units are only observed; RV(drift) names them, and the role acts on them with the builtin modules.
  - Items are written in this order - directories, files, properties, blocks, connectors, links, absent files. A failure at one
    leaves those before it written, and says so; the next run goes on from there.
  - In check mode RV(changes) holds the drift too, so that the items listed are the items that a run changes.
  - No content ever reaches the host's syslog.
options:
  apply:
    description: V(false) only observes and reports.
    type: bool
    default: true
  desired:
    description: The whole desired state as one dictionary with the keys below. Excludes every other option but O(apply).
    type: dict
  directory:
    description: Directories. Words C(path), C(owner), C(group), C(mode) as quoted octal, C(follow).
    type: list
    elements: dict
  file:
    description:
      - Files that are ours from the first to the last byte. Words C(path), one of C(content) and C(template), C(owner), C(group),
        C(mode), C(secret) to keep the content out of diffs, C(backup) (default true), C(keep_existing) to set only owner and mode
        of a file that is there.
    type: list
    elements: dict
  properties:
    description:
      - Java properties files. Words C(path), C(values), C(owned) (V(file) writes all of it, V(keys) leaves every other key,
        comment and line of the vendor's file as it is), C(header), C(absent_keys), C(secret_keys) whose values are masked, and
        the words of a file.
    type: list
    elements: dict
  block:
    description:
      - A marked block in a file of several owners. Words C(path), C(name), C(content) (empty removes the block), C(comment),
        C(position) V(start), V(after_shebang) or V(end) for a new block, C(create), C(unless) (a regular expression; where a line
        of others matches it, the block is not needed), and the words of a file.
    type: list
    elements: dict
  connector:
    description:
      - The one connector of a port in Tomcat's C(server.xml); everything else in the file stays as it is. Words C(path),
        C(attributes) with C(port), C(secret_keys) whose values are masked, and the words of a file.
    type: list
    elements: dict
  link:
    description: Symbolic links. Words C(path), C(target), C(replace) to replace a file that is there.
    type: list
    elements: dict
  absent:
    description: Files and links that must not exist. Word C(path). A directory is never removed.
    type: list
    elements: dict
  group:
    description: Groups that must exist. Word C(name).
    type: list
    elements: dict
  user:
    description: Users that must exist. Words C(name), C(group), C(home), C(shell).
    type: list
    elements: dict
  package:
    description: Packages that must be installed. Word C(name).
    type: list
    elements: dict
  tree:
    description: Unpacked archives. Words C(path), C(marker) (a file that holds the digest), C(digest).
    type: list
    elements: dict
  unit:
    description:
      - systemd units. Words C(name), C(state), C(enabled), C(reads) (shell patterns of everything that the service reads),
        C(label) (what the service is called in the reasons for a restart, by default its name).
      - A unit is stale when what was recorded at its start differs from what is present, or when its start was not recorded.
        Contents decide, never times. Of properties, unit files and drop-ins only lines count that are neither blank nor comment,
        and their keys are named.
    type: list
    elements: dict
attributes:
  check_mode:
    support: full
    description: Nothing is written; changes and diff are those of the run.
  diff_mode:
    support: full
    description: One diff an item, secrets masked.
  platform:
    support: full
    description: Linux hosts with systemd.
    platforms: posix
"""

EXAMPLES = r"""
- name: Configure | Keep the node's files
  dialtone.contact_center.host_state:
    directory:
      - {path: /var/log/kafka, owner: kafka, group: kafka, mode: '0750'}
    properties:
      - path: /opt/kafka_server/config/server.properties
        owned: keys
        values: {broker.id: "3"}
    unit:
      - {name: kafka, label: broker 3, state: started, enabled: true, reads: [/opt/kafka_server/config/server.properties]}
  register: node
"""

RETURN = r"""
changes:
  description: What differs, one entry an item with the reasons in words, in the order of writing.
  returned: always
  type: list
  elements: dict
  sample: [{kind: properties, path: /opt/kafka_server/config/server.properties, reasons: ["log.retention.hours: 72 becomes 168"]}]
drift:
  description: Names of groups, users, packages, trees and units that differ.
  returned: always
  type: dict
  sample: {group: [], user: [kafka], package: [], tree: [], unit: []}
units:
  description:
    - What was observed of each unit - whether it C(exists), is C(active), is C(enabled), C(needs_reload), the C(reasons) for
      which it must be started or enabled, why it is C(stale), and why it will be once what differs is written (C(stale_after)).
    - A unit that does not run is not stale.
  returned: always
  type: dict
  sample:
    kafka:
      exists: true
      active: active
      enabled: enabled
      needs_reload: false
      reasons: []
      stale: []
      stale_after: [min.insync.replicas in server.properties differs from what broker 2 was started with]
backups:
  description: Copies of replaced files of other owners.
  returned: always
  type: list
  elements: str
"""
