#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_server_info
short_description: Observe an application server in one round trip, and say what is left to do
version_added: 0.1.0
author: [Dialtone maintainers (@dialtone)]
description:
  - Looks at Tomcat and its version, at Java, at the names that login shells have for Tomcat's home, at the applications and
    libraries of POM in it, at the keystore of the HTTPS connector, at the unit, and at what the role keeps on the host.
  - Says what has to be done until the host is as described, in the order of the vendor's documents, and what forbids it. Changes
    nothing. Java and Tomcat tell their versions; the keystore is read without a JVM.
  - Requirements POM-APP-01 to POM-APP-06, POM-APP-08, POM-SYS-06, T-064 to T-066, T-070, T-071, T-075 and T-077.
options:
  home:
    description: Directory of Tomcat.
    type: path
    required: true
  unit:
    description: Name of the unit.
    type: str
    default: appserver
  is_local:
    description: Whether the host is a POM server, on which Experience Portal's program lays Tomcat.
    type: bool
    default: false
  archive:
    description: Whether Tomcat is unpacked from an archive of the site where there is none.
    type: bool
    default: false
  install_program:
    description: Path of Experience Portal's program that installs Tomcat; empty where nobody told it.
    type: str
    default: ""
  other_versions_consent:
    description: Consent to another line of Java or Tomcat than the documented ones (T-070).
    type: bool
    default: false
  java_home:
    description: Directory of the Java runtime of an external application server.
    type: path
  source:
    description: Where the applications come from, in words.
    type: str
    default: ""
  supplied:
    description: SHA-256 of each file of POM's package by its path below O(home), webapps/*.war and lib/*.
    type: dict
    default: {}
  is_supplied_known:
    description: Whether O(supplied) was seen. V(false) while POM has yet to be installed.
    type: bool
    default: true
  keystore:
    description: Keystore of the HTTPS connector, a JKS store (T-077).
    type: path
    required: true
  keystore_password:
    description: Its password.
    type: str
    required: true
  keystore_mode:
    description: Its mode as quoted octal.
    type: str
    default: '0640'
  owner:
    description: Account of Tomcat; empty for the one that Tomcat's configuration belongs to.
    type: str
    default: ""
  group:
    description: Its group, as O(owner).
    type: str
    default: ""
  identity_directory:
    description: Directory of the host's own key and certificate.
    type: path
    required: true
  certificate_due:
    description: Whether the host is about to get another certificate, so that the keystore will have to be written.
    type: bool
    default: false
  registered_as:
    description: Words by which M(dialtone.contact_center.pom_server_marker) records the registration; empty for none.
    type: dict
    default: {}
  state:
    description: What the role keeps on the host, in the words of M(dialtone.contact_center.host_state).
    type: dict
    default: {}
  refuse:
    description: Whether the task fails where something forbids what is left to do.
    type: bool
    default: true
attributes:
  check_mode:
    description: Only looks, so it does the same in check mode.
    support: full
  diff_mode:
    description: Changes nothing, so has no diff.
    support: none
  platform:
    description: Hosts with systemd and Python 3.9 or newer.
    platforms: posix
    support: full
"""

EXAMPLES = r"""
- name: Preflight | Observe the application server
  dialtone.contact_center.app_server_info:
    home: /opt/AppServer/Tomcat/tomcat
    archive: true
    java_home: /usr/lib/jvm/java-1.8.0
    source: /opt/Avaya/avpom/POManager/DDapps of epm1
    supplied:
      webapps/Nailer.war: 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
    keystore: /opt/AppServer/Tomcat/tomcat/conf/myTrustStore
    keystore_password: "{{ app_server_keystore_password }}"
    identity_directory: /etc/dialtone/tls
  register: app_server
"""

RETURN = r"""
actions:
  description: What is left to do, in its order - C(name) of the role's file, C(what) in words, C(reasons).
  returned: always
  type: list
  elements: dict
  sample: [{name: restart, what: Tomcat is restarted, reasons: [applications change]}]
due:
  description: The names of RV(actions), once each.
  returned: always
  type: list
  elements: str
refusals:
  description: What forbids it.
  returned: always
  type: list
  elements: str
registered:
  description: Whether insert_POM_Apps.sh has run on this host, for whatever address.
  returned: always
  type: bool
tomcat_version:
  description: Version of Tomcat; empty where there is none.
  returned: always
  type: str
java_version:
  description: Version of the Java runtime; empty where none answers.
  returned: always
  type: str
owner:
  description: Account of Tomcat.
  returned: always
  type: str
group:
  description: Group of that account.
  returned: always
  type: str
unit_content:
  description: The unit that the vendor's template gives for O(home); empty where it is not needed.
  returned: always
  type: str
copied:
  description: Files of POM's package that are missing or differ, by their path below O(home).
  returned: always
  type: list
  elements: str
removed:
  description: Libraries that must go - other versions of what POM supplies, and C(log4j-1.2.15.jar).
  returned: always
  type: list
  elements: str
unpacked_anew:
  description: Directories of applications that Tomcat has to unpack anew.
  returned: always
  type: list
  elements: str
drift:
  description: What of O(state) the role hands to the builtin modules.
  returned: always
  type: dict
units:
  description: The units of O(state), as M(dialtone.contact_center.host_state) tells them.
  returned: always
  type: dict
changes:
  description: What of O(state) differs.
  returned: always
  type: list
  elements: dict
"""

import glob
import json
import os
import posixpath
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Callable

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dialtone.contact_center.plugins.module_utils import (
    app_server,
    files,
    host_state,
    java_keystore,
    tls_identity,
    tomcat,
)
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_layout import EP_HOME
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_server import LEDGER

SERVER_INFO = "org/apache/catalina/util/ServerInfo.properties"
UNITS = "/etc/systemd/system"
UNIT_TEMPLATE = "Support/AppServer/appserver.service"
WORDS = (*app_server.HOME_WORDS, "VP_HOME")


@dataclass
class Observer:
    """Looks at the host. Its files are below another root only in tests."""

    run: Callable[[Sequence[str]], tuple[int, str, str]]
    params: dict[str, Any]
    root: str = "/"

    def real(self, path: str) -> str:
        return path if self.root == "/" else os.path.join(self.root, path.lstrip("/"))

    @property
    def home(self) -> str:
        return str(self.params["home"])

    def read(self, path: str) -> bytes | None:
        try:
            with open(self.real(path), "rb") as stream:
                return stream.read()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def tomcat(self) -> str:
        """The version; a tree without configuration or its main library is no Tomcat."""
        library = self.real(f"{self.home}/lib/catalina.jar")
        if not os.path.isfile(library) or self.read(f"{self.home}/conf/server.xml") is None:
            return ""
        try:
            with zipfile.ZipFile(library) as jar:
                said = jar.read(SERVER_INFO).decode("utf-8", "replace")
        except (zipfile.BadZipFile, KeyError) as error:
            raise app_server.AppServerError(
                f"{self.home}/lib/catalina.jar does not tell Tomcat's version ({error}): it is damaged, or no library of Tomcat"
            ) from error
        return app_server.tomcat_version(said) or "of unknown version"

    def is_home_empty(self) -> bool:
        home = self.real(self.home)
        return not os.path.isdir(home) or not os.listdir(home)

    def java(self) -> str:
        if not self.params["java_home"]:
            return ""
        try:
            _rc, out, err = self.run([f"{self.params['java_home']}/bin/java", "-XX:TieredStopAtLevel=1", "-version"])
        except OSError:
            return ""
        return app_server.java_version(err or out)

    def environment(self) -> dict[str, str]:
        """What a person finds who works on the host: `echo $APPSERVER_HOME` in a login shell, as the guide has it."""
        _rc, out, _err = self.run(["bash", "-lc", 'printf "%s\\n" ' + " ".join(f'"{word}=${word}"' for word in WORDS)])
        said = dict(line.partition("=")[::2] for line in out.splitlines() if "=" in line)
        return {word: said.get(word, "") for word in WORDS}

    def unit(self, environment: dict[str, str]) -> tuple[str, str]:
        """The unit that the vendor's template gives, or why there is none (POM-APP-02)."""
        portal = environment["VP_HOME"] or EP_HOME
        if not os.path.isdir(self.real(portal)):
            return "", f"VP_HOME is {portal}, which is no directory: install Experience Portal first (POM-APP-02)"
        template = posixpath.join(portal, UNIT_TEMPLATE)
        content = self.read(template)
        if content is None:
            return "", f"{template} is missing: Experience Portal brings it (POM-APP-02)"
        try:
            return tomcat.rendered_unit(content.decode("utf-8", "replace"), self.home), ""
        except tomcat.TomcatError as error:
            return "", f"{template} {error}"

    def unrendered_unit(self, name: str) -> str:
        """Why a unit that is there is none that systemd can start: somebody copied the template as it is (POM-APP-02)."""
        path = f"{UNITS}/{name}.service"
        left = tomcat.placeholders((self.read(path) or b"").decode("utf-8", "replace"))
        return f"{path} still holds {left[0]} of the vendor's template" if left else ""

    def files(self) -> dict[str, str]:
        paths = [
            *glob.glob(self.real(f"{self.home}/{app_server.WEBAPPS}/*.war")),
            *glob.glob(self.real(f"{self.home}/{app_server.LIBRARIES}/*")),
        ]
        home = self.real(self.home)
        return {os.path.relpath(path, home): files.sha256(path) for path in sorted(paths) if os.path.isfile(path)}

    def unpacked(self) -> frozenset[str]:
        return frozenset(
            os.path.basename(path.rstrip("/")) for path in glob.glob(self.real(f"{self.home}/{app_server.WEBAPPS}/*/"))
        )

    def keystore(self, owner: str, group: str) -> tuple[list[str], str]:
        """Why the keystore has to be written, or why it must not be."""
        path, password = self.params["keystore"], self.params["keystore_password"]
        data = self.read(path)
        if data is None:
            return ["is created"], ""
        try:
            java_keystore.read(data, password)
        except java_keystore.KeystoreError as error:
            return [], (
                f"{path}: {error}. It is not overwritten: set app_server_keystore_password to the store's password, or move the "
                "store away (POM-APP-06)"
            )
        certificate, authority = (self.read(f"{self.params['identity_directory']}/{name}") for name in ("node.crt", "ca.crt"))
        if certificate is None or authority is None:
            return ["the host has no certificate yet"], ""
        if self.params["certificate_due"]:
            return ["the host gets another certificate"], ""
        trusted = tls_identity.pem_to_der(authority.decode("ascii", "replace"))
        chain = tls_identity.pem_to_der(certificate.decode("ascii", "replace")) + trusted
        reasons = tls_identity.keystore_reasons(data, password, chain) + tls_identity.truststore_reasons(data, password, trusted)
        item = {"owner": owner, "group": group, "mode": self.params["keystore_mode"]}
        host = host_state.Host(run=self.run, root=self.root)
        return reasons + host_state.attribute_reasons(item, host.observe_path(path, read=False)), ""

    def registered(self) -> dict[str, Any]:
        try:
            words = json.loads((self.read(f"{LEDGER}/{app_server.MARKER}.json") or b"{}").decode("utf-8")).get("words")
        except (ValueError, AttributeError):
            words = None
        return words if isinstance(words, dict) else {}

    def account(self) -> tuple[str, str]:
        found = host_state.Host(run=self.run, root=self.root).observe_path(f"{self.home}/conf", read=False, follow=True)
        return self.params["owner"] or found.owner, self.params["group"] or found.group


def desired_state(params: dict[str, Any]) -> app_server.Desired:
    return app_server.Desired(
        home=params["home"],
        unit=params["unit"],
        is_local=params["is_local"],
        has_archive=params["archive"],
        install_program=params["install_program"],
        other_versions_consent=params["other_versions_consent"],
        source=params["source"],
        supplied={str(path): str(digest) for path, digest in params["supplied"].items()} if params["is_supplied_known"] else None,
        registered_as=params["registered_as"],
    )


def run(params: dict[str, Any], observer: Observer) -> dict[str, Any]:
    desired = desired_state(params)
    environment = observer.environment()
    version = observer.tomcat()
    owner, group = observer.account()
    # Without Tomcat there is no file of it that something of ours could stand in.
    kinds = params["state"] if version else {kind: params["state"].get(kind, []) for kind in ("group", "user", "unit")}
    host = host_state.Host(run=observer.run, root=observer.root)
    host.recall(host_state.DIGESTS_PATH)
    planned = host.plan(kinds)
    drift, units = host.drift(kinds, planned)
    unit = units.get(params["unit"], {})
    content, problem = ("", "")
    if params["is_local"] and not unit.get("exists"):
        content, problem = observer.unit(environment)
    elif params["is_local"]:
        problem = observer.unrendered_unit(params["unit"])
    keystore_reasons, keystore_problem = observer.keystore(owner, group)
    observed = app_server.Observed(
        tomcat=version,
        is_home_empty=observer.is_home_empty(),
        java=observer.java(),
        environment=environment,
        unit_exists=bool(unit.get("exists")),
        unit_problem=problem,
        files=observer.files() if version else {},
        unpacked=observer.unpacked(),
        keystore_reasons=tuple(keystore_reasons),
        keystore_problem=keystore_problem,
        registered=observer.registered(),
        missing_accounts=tuple(dict.fromkeys([*drift["group"], *drift["user"]])),
        state_changes=tuple(change.public() for change in planned),
        service_reasons=tuple(unit.get("reasons", ())),
        stale=tuple(unit.get("stale_after", ())),
    )
    to_do = app_server.plan(observed, desired)
    if to_do.refusals and params["refuse"]:
        raise app_server.AppServerError("Nothing is changed: " + "; ".join(to_do.refusals))
    return {
        "actions": [action.as_dict() for action in to_do.actions],
        "due": list(dict.fromkeys(action.name for action in to_do.actions)),
        "refusals": list(to_do.refusals),
        "registered": bool(observed.registered),
        "tomcat_version": version,
        "java_version": observed.java,
        "owner": owner,
        "group": group,
        "unit_content": content,
        "copied": list(to_do.files.copied),
        "removed": list(to_do.files.removed),
        "unpacked_anew": list(to_do.files.unpacked_anew),
        "drift": drift,
        "units": units,
        "changes": list(observed.state_changes),
    }


def argument_spec() -> dict[str, Any]:
    return {
        "home": {"type": "path", "required": True},
        "unit": {"type": "str", "default": "appserver"},
        "is_local": {"type": "bool", "default": False},
        "archive": {"type": "bool", "default": False},
        "install_program": {"type": "str", "default": ""},
        "other_versions_consent": {"type": "bool", "default": False},
        "java_home": {"type": "path"},
        "source": {"type": "str", "default": ""},
        "supplied": {"type": "dict", "default": {}},
        "is_supplied_known": {"type": "bool", "default": True},
        "keystore": {"type": "path", "required": True},
        "keystore_password": {"type": "str", "required": True, "no_log": True},
        "keystore_mode": {"type": "str", "default": "0640", "no_log": False},
        "owner": {"type": "str", "default": ""},
        "group": {"type": "str", "default": ""},
        "identity_directory": {"type": "path", "required": True},
        "certificate_due": {"type": "bool", "default": False},
        "registered_as": {"type": "dict", "default": {}},
        "state": {"type": "dict", "default": {}},
        "refuse": {"type": "bool", "default": True},
    }


def main() -> None:
    module = AnsibleModule(argument_spec(), supports_check_mode=True)

    def execute(argv: Sequence[str]) -> tuple[int, str, str]:
        return module.run_command([*argv], environ_update={"LC_ALL": "C", "TZ": "UTC"}, handle_exceptions=False)

    try:
        result = run(module.params, Observer(execute, module.params))
    except (app_server.AppServerError, host_state.StateError, tls_identity.IdentityError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
