# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where in a file a variable was written.

Ansible's own record of origins is missing for booleans and nulls, and belongs to the losing file after a merge. So positions
are read from the YAML documents themselves, only when a finding needs one. Ansible's record is asked only where there is no YAML
(INI inventories).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

import yaml
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import NOWHERE, Location

try:
    from ansible._internal._datatag._tags import Origin
except ImportError:  # the one internal name that Dialtone uses; without it positions in INI inventories are missing
    Origin = None

YAML_SUFFIXES = (".yml", ".yaml", ".json")
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


InlineBodies = dict[tuple[str, str], list[tuple[str, yaml.Node, yaml.Node]]]


class YamlSyntaxError(Exception):
    def __init__(self, problem: str, line: int | None, column: int | None) -> None:
        super().__init__(problem)
        self.problem, self.line, self.column = problem, line, column


class Documents:
    """The node trees of YAML files, each read at most once."""

    def __init__(self, loader: DataLoader) -> None:
        self._loader = loader
        self._roots: dict[str, yaml.Node | None] = {}
        self._bodies: dict[tuple[str, ...], InlineBodies] = {}

    def check(self, path: str) -> None:
        """Raise what is wrong with the file as YAML; AnsibleError if it is encrypted and does not open."""
        self._roots[path] = self._compose(path)

    def root(self, path: str) -> yaml.Node | None:
        if path not in self._roots:
            try:
                self.check(path)
            except (YamlSyntaxError, AnsibleError):
                self._roots[path] = None
        return self._roots[path]

    def inline_bodies(self, files: tuple[str, ...]) -> InlineBodies:
        """Where groups and hosts are declared in an inventory's own files, walked through once."""
        if files not in self._bodies:
            found: InlineBodies = {}
            for file in files:
                for kind, key_node, body in _inline_bodies(self.root(file)):
                    found.setdefault((kind, key_node.value), []).append((file, key_node, body))
            self._bodies[files] = found
        return self._bodies[files]

    def _compose(self, path: str) -> yaml.Node | None:
        try:
            return yaml.compose(self._loader.get_text_file_contents(path).encode("utf-8"), Loader=Loader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            words = " ".join(part for part in (error.context, error.problem) if part)
            raise YamlSyntaxError(words, mark.line + 1 if mark else None, mark.column + 1 if mark else None) from error
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise YamlSyntaxError("it holds characters that no YAML file may hold", None, None) from error


def locate(documents: Documents, file: str, path: Iterable[str | int]) -> Location:
    """The key (or the list item) at the end of path; as far as it is there, else the file."""
    root = documents.root(file)
    return _walk(file, root, list(path)) if root is not None else Location(file)


def _walk(file: str, node: yaml.Node | None, path: list[str | int]) -> Location:
    location = Location(file)
    for step in path:
        if isinstance(node, yaml.MappingNode):
            pair = _last_pair(node, str(step))
            if pair is None:
                break
            mark, node = pair[0].start_mark, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            mark = node.start_mark
        else:
            break
        location = Location(file, mark.line + 1, mark.column + 1)
    return location


def _last_pair(mapping: yaml.MappingNode, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    """Of a key that is written twice, YAML keeps the last."""
    found = None
    for key_node, value_node in mapping.value:
        if key_node.value == key:
            found = (key_node, value_node)
        elif found is None and key_node.tag == "tag:yaml.org,2002:merge" and isinstance(value_node, yaml.MappingNode):
            found = _last_pair(value_node, key)
    return found


def locate_inline(documents: Documents, files: Iterable[str], kind: str, name: str, path: Iterable[str | int]) -> Location:
    """A variable (or, without a path, the declaration) of a group or host in the inventory's own files: the last one wins."""
    steps = list(path)
    declared = NOWHERE
    for file, key_node, body in documents.inline_bodies(tuple(files)).get((kind, name), ()):
        here = Location(file, key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        if not steps:
            declared = here if declared is NOWHERE else declared
            continue
        variables: yaml.Node | None = body
        if kind == "group" and isinstance(body, yaml.MappingNode):
            pair = _last_pair(body, "vars")
            variables = pair[1] if pair else None
        if isinstance(variables, yaml.MappingNode) and _last_pair(variables, str(steps[0])):
            declared = _walk(file, variables, steps)
    return declared


def _inline_bodies(root: yaml.Node | None) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
    if not isinstance(root, yaml.MappingNode):
        return
    for key_node, body in root.value:
        yield "group", key_node, body
        if isinstance(body, yaml.MappingNode):
            if (hosts := _last_pair(body, "hosts")) and isinstance(hosts[1], yaml.MappingNode):
                yield from (("host", *pair) for pair in hosts[1].value)
            if (children := _last_pair(body, "children")) is not None:
                yield from _inline_bodies(children[1])


def origin_of(*values: Any) -> Location:
    """What Ansible itself remembers of the first value that it remembers anything of."""
    for value in values:
        origin = Origin.get_tag(value) if Origin else None
        if origin is not None and origin.path:
            return Location(str(origin.path), origin.line_num, origin.col_num)
    return NOWHERE


def shown(location: Location) -> Location:
    """The same place with the file as a person would name it from here."""
    if location.file is None:
        return location
    near = os.path.relpath(location.file)
    return Location(location.file if near.startswith(os.pardir) else near, location.line, location.column)
