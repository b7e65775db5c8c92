# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The variables of an inventory, layered in Ansible's order, each with the place that it was written in.

Ansible's own merge keeps the value of the winner but the key of the loser, and with the key the loser's position. So the
layers are laid here, file by file. The result equals VariableManager.get_vars under Ansible's default settings; other settings
are refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.inventory.group import Group
from ansible.inventory.helpers import sort_groups
from ansible.inventory.host import Host
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import AnsibleVaultError

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.ansible_words import SET_BY_INVENTORY
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import (
    COMMAND_LINE,
    NOWHERE,
    REFUSE,
    Finding,
    Location,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.positions import (
    YAML_SUFFIXES,
    Documents,
    YamlSyntaxError,
    locate,
    locate_inline,
    origin_of,
    shown,
)

NOT_INVENTORY = ("group_vars", "host_vars")
DEFAULT_PRECEDENCE = [
    "all_inventory",
    "groups_inventory",
    "all_plugins_inventory",
    "all_plugins_play",
    "groups_plugins_inventory",
    "groups_plugins_play",
]


class Place(NamedTuple):
    """What a variable was written for, and the file; without a file it stands in the inventory itself, or on the command line."""

    kind: str  # group, host or extra
    name: str
    file: str | None = None


class Definition(NamedTuple):
    """A variable as it was written once. There are as many as hosts times variables: hence no dataclass."""

    name: str
    key: Any
    value: Any
    place: Place


Layer = dict[str, Definition]


@dataclass
class VarsFile:
    path: str
    place: Place
    variables: Mapping[Any, Any] = field(default_factory=dict)
    is_readable: bool = True

    @cached_property
    def layer(self) -> Layer:
        return as_layer(self.variables, self.place)


def as_layer(variables: Mapping[Any, Any], place: Place) -> Layer:
    return {(name := str(key)): Definition(name, key, value, place) for key, value in variables.items()}


def source_directory(source: str) -> str | None:
    """The directory beside which Ansible looks for group_vars and host_vars of a source."""
    if "," in source and not os.path.exists(source):
        return None
    path = os.path.abspath(source)
    return path if os.path.isdir(path) else os.path.dirname(path)


def inventory_files(sources: Iterable[str]) -> list[str]:
    """The inventory's own YAML files, in the order in which Ansible parses them."""
    found: list[str] = []
    for source in sources:
        if os.path.isfile(source):
            found.append(os.path.abspath(source))
        elif os.path.isdir(source):
            for directory, subdirectories, names in os.walk(os.path.abspath(source)):
                subdirectories[:] = sorted(
                    name for name in subdirectories if name not in NOT_INVENTORY and not name.startswith(".")
                )
                found += [os.path.join(directory, name) for name in sorted(names)]
    return [path for path in found if path.endswith(YAML_SUFFIXES)]


class VarsFiles:
    """Every file below group_vars and host_vars of the sources and of the playbook, whether Ansible would read it or not."""

    def __init__(self, loader: DataLoader, documents: Documents, inventory_bases: list[str], play_bases: list[str]) -> None:
        self._loader = loader
        self._documents = documents
        self.inventory_bases = inventory_bases
        self.play_bases = [base for base in play_bases if base not in inventory_bases]
        self.findings: list[Finding] = []
        self.files: dict[tuple[str, str, str], list[VarsFile]] = {}
        for base in [*self.inventory_bases, *self.play_bases]:
            for kind in ("group", "host"):
                self._read_directory(base, kind)

    def __iter__(self) -> Iterator[VarsFile]:
        for files in self.files.values():
            yield from files

    def of(self, bases: Iterable[str], kind: str, name: str) -> Iterator[VarsFile]:
        for base in bases:
            yield from self.files.get((base, kind, name), ())

    def _read_directory(self, base: str, kind: str) -> None:
        directory = os.path.join(base, f"{kind}_vars")
        if not os.path.isdir(directory):
            return
        for name in sorted({_entity(entry, directory) for entry in os.listdir(directory) if _is_read(entry)}):
            paths = self._loader.find_vars_files(directory, name)
            self.files[base, kind, name] = [self._read(path, Place(kind, name, path)) for path in paths]
            self._report_ignored(directory, name, paths)

    def _report_ignored(self, directory: str, name: str, paths: list[str]) -> None:
        entity = os.path.join(os.path.basename(directory), name)
        for extension in C.YAML_FILENAME_EXTENSIONS:
            beside = os.path.join(directory, name + extension)
            if os.path.isfile(beside) and beside not in paths:
                self.findings.append(
                    Finding(
                        rule="file-ignored",
                        severity=REFUSE,
                        path=name,
                        found=f"this file beside {entity}: Ansible reads only that one",
                        expected="one file, or one directory, for a host or group",
                        fix=f"move this file into {entity}/",
                        location=shown(Location(beside)),
                    )
                )

    def _read(self, path: str, place: Place) -> VarsFile:
        try:
            variables = self._loader.load_from_file(path, cache="all", unsafe=True, trusted_as_template=True)
        except AnsibleVaultError:
            self.findings.append(vault_finding(path))
        except AnsibleError as error:
            self.findings.append(self._syntax_finding(path, error))
        else:
            if isinstance(variables, Mapping):
                return VarsFile(path, place, variables)
            if variables is None:
                return VarsFile(path, place)
            self.findings.append(
                Finding(
                    rule="yaml-not-a-mapping",
                    severity=REFUSE,
                    path=os.path.basename(path),
                    found=f"the file holds a {type(variables).__name__.lstrip('_').removeprefix('AnsibleTagged').lower()}",
                    expected="variables, each as `name: value`",
                    fix="write one variable a line",
                    location=shown(Location(path)),
                )
            )
        return VarsFile(path, place, is_readable=False)

    def _syntax_finding(self, path: str, error: AnsibleError) -> Finding:
        try:
            self._documents.check(path)
        except YamlSyntaxError as problem:
            return syntax_finding(path, problem)
        origin = origin_of(getattr(error, "obj", None))
        return Finding(
            rule="yaml-syntax",
            severity=REFUSE,
            path=os.path.basename(path),
            found=str(error.message).splitlines()[0],
            expected="a file that Ansible can read",
            fix="repair the file",
            location=shown(origin if origin != NOWHERE else Location(path)),
        )


def _entity(entry: str, directory: str) -> str:
    if os.path.isdir(os.path.join(directory, entry)):
        return entry
    stem, extension = os.path.splitext(entry)
    return stem if extension in C.YAML_FILENAME_EXTENSIONS else entry


def _is_read(entry: str) -> bool:
    return not entry.startswith(".") and not entry.endswith(("~", ".md", ".orig", ".bak", ".swp"))


def syntax_finding(path: str, problem: YamlSyntaxError) -> Finding:
    return Finding(
        rule="yaml-syntax",
        severity=REFUSE,
        path=os.path.basename(path),
        found=problem.problem,
        expected="a YAML document that parses; nothing in this file has been checked",
        fix="repair this line or the one before it",
        location=shown(Location(path, problem.line, problem.column)),
    )


def vault_finding(path: str, name: str | None = None, location: Location | None = None) -> Finding:
    return Finding(
        rule="vault-closed",
        severity=REFUSE,
        path=name or os.path.basename(path),
        found="it is encrypted by ansible-vault, and none of the passwords that were passed opens it",
        expected="the password that it was encrypted with" + ("" if name else "; nothing in this file has been checked"),
        fix="pass --vault-password-file FILE (or --vault-id NAME@FILE, or --ask-vault-pass)",
        location=location or shown(Location(path)),
    )


class Layering:
    """The variables of each host, as Ansible would merge them."""

    def __init__(
        self,
        inventory: InventoryManager,
        files: VarsFiles,
        documents: Documents,
        sources: list[str],
        extra_vars: Mapping[Any, Any],
    ) -> None:
        self._inventory = inventory
        self._files = files
        self._documents = documents
        self._inline_files = inventory_files(sources)
        self._extra = as_layer(extra_vars, Place("extra", "the command line"))
        self._of_groups: dict[tuple[str, ...], Layer] = {}
        self._of_hosts = {host.name: inline_layer(host.vars, "host", host.name) for host in inventory.hosts.values()}

    def of(self, host: Host) -> Layer:
        groups = sort_groups([group for group in host.get_groups() if group.name != "all"])
        names = tuple(group.name for group in groups)
        if names not in self._of_groups:
            self._of_groups[names] = self._group_layer(groups)
        layer = dict(self._of_groups[names])
        layer |= self._of_hosts[host.name]
        for file in self._host_files(host):
            layer |= file.layer
        return layer | self._extra

    def _group_layer(self, groups: list[Group]) -> Layer:
        everyone = self._inventory.groups["all"]
        layer = inline_layer(everyone.vars, "group", "all")
        for group in groups:
            layer |= inline_layer(group.vars, "group", group.name)
        for file in self._group_files(groups):
            layer |= file.layer
        return layer

    def _group_files(self, groups: list[Group]) -> Iterator[VarsFile]:
        inventory, play = self._files.inventory_bases, self._files.play_bases
        yield from self._files.of(inventory, "group", "all")
        yield from self._files.of(play, "group", "all")
        for bases in (inventory, play):
            for base in bases:
                for group in groups:
                    yield from self._files.of([base], "group", group.name)

    def _host_files(self, host: Host) -> Iterator[VarsFile]:
        yield from self._files.of([*self._files.inventory_bases, *self._files.play_bases], "host", host.name)

    def unreadable_files(self, host: Host) -> list[VarsFile]:
        groups = sort_groups([group for group in host.get_groups() if group.name != "all"])
        return [file for file in (*self._group_files(groups), *self._host_files(host)) if not file.is_readable]

    def written(self) -> Iterator[Definition]:
        """Every variable as often as it was written, also where another one wins over it."""
        for group in self._inventory.groups.values():
            yield from inline_layer(group.vars, "group", group.name).values()
        for layer in self._of_hosts.values():
            yield from layer.values()
        for file in self._files:
            yield from file.layer.values()
        yield from self._extra.values()

    def location(self, definition: Definition, steps: Iterable[str | int] = ()) -> Location:
        place, path = definition.place, [definition.name, *steps]
        if place.kind == "extra":
            return COMMAND_LINE
        if place.file:
            return shown(locate(self._documents, place.file, path))
        found = locate_inline(self._documents, self._inline_files, place.kind, place.name, path)
        return shown(found if found != NOWHERE else origin_of(definition.value, definition.key))

    def declaration(self, host: str) -> Location:
        found = locate_inline(self._documents, self._inline_files, "host", host, ())
        if found == NOWHERE:  # no YAML: Ansible knows the file, not the line
            file = self._inventory.hosts[host].vars.get("inventory_file")
            found = Location(str(file)) if file else NOWHERE
        return shown(found)

    def group_declaration(self, group: str) -> Location:
        return shown(locate_inline(self._documents, self._inline_files, "group", group, ()))

    def own_file(self, host: str) -> Location | None:
        files = list(self._files.of([*self._files.inventory_bases, *self._files.play_bases], "host", host))
        return shown(Location(files[0].path)) if files else None


def inline_layer(variables: Mapping[Any, Any], kind: str, name: str) -> Layer:
    return {key: found for key, found in as_layer(variables, Place(kind, name)).items() if key not in SET_BY_INVENTORY}


def unsupported_settings() -> list[Finding]:
    """Settings of Ansible under which the layers here would not be Ansible's."""
    wrong = []
    if C.DEFAULT_HASH_BEHAVIOUR != "replace":
        wrong.append(("hash_behaviour", C.DEFAULT_HASH_BEHAVIOUR, "replace"))
    if list(C.VARIABLE_PRECEDENCE) != DEFAULT_PRECEDENCE:
        wrong.append(("precedence", ", ".join(C.VARIABLE_PRECEDENCE), "Ansible's default"))
    if list(C.VARIABLE_PLUGINS_ENABLED) != ["host_group_vars"]:
        wrong.append(("vars_plugins_enabled", ", ".join(C.VARIABLE_PLUGINS_ENABLED), "host_group_vars"))
    return [
        Finding(
            rule="ansible-setting",
            severity=REFUSE,
            path=setting,
            found=f"{setting} = {value}",
            expected=expected,
            fix=f"remove {setting} from ansible.cfg and from the environment: it changes which value of a variable wins",
            location=shown(Location(C.CONFIG_FILE)) if C.CONFIG_FILE else NOWHERE,
        )
        for setting, value, expected in wrong
    ]
