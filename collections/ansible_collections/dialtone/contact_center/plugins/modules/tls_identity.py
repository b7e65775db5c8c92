#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: tls_identity
short_description: Keep a node's own key, its certificate and the stores made of them
version_added: 0.1.0
author: [Dialtone maintainers (@dialtone)]
description:
  - The private key is made on the node and never leaves it (POM-KAFKA-06). The module hands out a signing request, takes the
    signed certificate, and lays both down where the services of the node read them.
  - It compares certificates, names and fingerprints, never file times, and says in words why something has to change.
  - Java stores are written by keytool, with passwords from files; they are read without a JVM.
  - A PKCS#12 file holds key, certificate and CA, encrypted in the way that Java before 8u301 opens too (POM-CERT-02). Programs
    of others import it; what they made of it is not looked at here.
options:
  state:
    description:
      - V(observed) changes nothing and says what differs.
      - V(requested) makes the key, if there is none, and returns a signing request.
      - V(present) installs O(certificate), if given, and brings every export up to date.
    type: str
    choices: [observed, requested, present]
    default: present
  directory:
    description: Where the node keeps C(node.key), C(node.crt) and C(ca.crt).
    type: path
    default: /etc/dialtone/tls
  subject:
    description: Subject of the certificate, for example V(CN=epm1.example.com,O=Example).
    type: str
    required: true
  dns_names:
    description: Names that the certificate carries (POM-KAFKA-06, T-108).
    type: list
    elements: str
    default: []
  ip_addresses:
    description: Addresses that the certificate carries.
    type: list
    elements: str
    default: []
  key_bits:
    description: Length of a new RSA key in bits. A key that exists is kept.
    type: int
    choices: [2048, 3072, 4096]
    default: 3072
  ca_certificate:
    description: The certificate of the site's CA in PEM.
    type: str
    required: true
  certificate:
    description: The signed certificate of the node in PEM, to be installed.
    type: str
  renew_before_days:
    description: A certificate with fewer days left is asked for anew (POM-CERT-14).
    type: int
    default: 60
  exports:
    description: Copies and stores made of the identity.
    type: list
    elements: dict
    default: []
    suboptions:
      format:
        description: What is written.
        type: str
        choices: [jks_keystore, jks_truststore, pkcs12, pem_key, pem_certificate, pem_ca]
        required: true
      alias:
        description: Name of the key in the store of the format V(pkcs12).
        type: str
        default: dialtone-node
      path:
        description: Where it is written. A missing parent directory is made, owned like the file, mode 0750.
        type: path
        required: true
      owner:
        description: Owner of the file.
        type: str
        required: true
      group:
        description: Group of the file.
        type: str
        required: true
      mode:
        description: Mode of the file as quoted octal.
        type: str
        required: true
  store_password:
    description: Password of Java stores, of the key in them, and of PKCS#12 files. Needed as soon as one is exported.
    type: str
  keytool:
    description: Path of keytool.
    type: path
    default: keytool
  on_mismatch:
    description:
      - What to do with a certificate of another CA, or a store that the password does not open.
      - V(fail) refuses and says why. V(repair) replaces it, with a backup.
    type: str
    choices: [fail, repair]
    default: fail
attributes:
  check_mode:
    support: full
    description: In check mode nothing is written; the reasons are those of the run.
  platform:
    support: full
    description: Linux hosts.
    platforms: posix
extends_documentation_fragment: []
"""

EXAMPLES = r"""
- name: Identity | Observe
  dialtone.contact_center.tls_identity:
    state: observed
    subject: CN=epm1.example.com
    dns_names: [epm1.example.com]
    ip_addresses: [192.0.2.11]
    ca_certificate: "{{ trust_ca_certificate }}"
  register: identity
"""

RETURN = r"""
reasons:
  description: What differs, by item, in words.
  returned: always
  type: dict
needs_certificate:
  description: Whether a new certificate has to be signed.
  returned: always
  type: bool
csr:
  description: The signing request in PEM.
  returned: O(state=requested)
  type: str
not_after:
  description: When the certificate expires, UTC.
  returned: where there is one
  type: str
days_left:
  description: Whole days until then.
  returned: where there is one
  type: int
"""

import os
import shutil
from datetime import datetime, timezone

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dialtone.contact_center.plugins.module_utils import files, java_keystore
from ansible_collections.dialtone.contact_center.plugins.module_utils import tls_identity as identity
from ansible_collections.dialtone.contact_center.plugins.module_utils.host_state import (
    Host,
    StateError,
    attribute_reasons,
    parse_mode,
)

SPEC = {
    "state": {"type": "str", "choices": ["observed", "requested", "present"], "default": "present"},
    "directory": {"type": "path", "default": "/etc/dialtone/tls"},
    "subject": {"type": "str", "required": True},
    "dns_names": {"type": "list", "elements": "str", "default": []},
    "ip_addresses": {"type": "list", "elements": "str", "default": []},
    "key_bits": {"type": "int", "choices": [2048, 3072, 4096], "default": 3072, "no_log": False},
    "ca_certificate": {"type": "str", "required": True},
    "certificate": {"type": "str"},
    "renew_before_days": {"type": "int", "default": 60},
    "exports": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "format": {
                "type": "str",
                "choices": ["jks_keystore", "jks_truststore", "pkcs12", "pem_key", "pem_certificate", "pem_ca"],
                "required": True,
            },
            "alias": {"type": "str", "default": identity.ALIAS},
            "path": {"type": "path", "required": True},
            "owner": {"type": "str", "required": True},
            "group": {"type": "str", "required": True},
            "mode": {"type": "str", "required": True},
        },
    },
    "store_password": {"type": "str", "no_log": True},
    "keytool": {"type": "path", "default": "keytool"},
    "on_mismatch": {"type": "str", "choices": ["fail", "repair"], "default": "fail"},
}


class Node:
    """The node's identity on disk."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.params = module.params
        self.host = Host(run=lambda argv: self.execute(list(argv)))
        directory = self.params["directory"]
        self.key = os.path.join(directory, "node.key")
        self.certificate = os.path.join(directory, "node.crt")
        self.ca = os.path.join(directory, "ca.crt")
        self.names = identity.san_words(self.params["dns_names"], self.params["ip_addresses"])

    def execute(self, argv, data=None):
        return self.module.run_command(argv, data=data, environ_update={"LC_ALL": "C", "LANGUAGE": "C"})

    def must(self, argv, what, data=None) -> str:
        rc, out, err = self.execute(argv, data)
        if rc != 0:
            raise identity.IdentityError("%s failed with status %d: %s" % (what, rc, (err or out).strip()[-600:]))
        return out

    def read(self, path):
        return self.host.observe_path(path, read=True).content

    def describe(self, path):
        """The certificate at the path, or None where there is none."""
        if not os.path.exists(path):
            return None
        return identity.parse_x509(
            self.must(
                [
                    "openssl",
                    "x509",
                    "-in",
                    path,
                    "-noout",
                    "-nameopt",
                    "RFC2253",
                    "-subject",
                    "-issuer",
                    "-enddate",
                    "-fingerprint",
                    "-sha256",
                    "-ext",
                    "subjectAltName",
                    "-pubkey",
                ],
                f"openssl x509 on {path}",
            )
        )

    def key_public(self):
        if not os.path.exists(self.key):
            return None
        return self.must(["openssl", "pkey", "-in", self.key, "-pubout"], f"openssl pkey on {self.key}")

    def verified_by(self, ca_path) -> bool:
        rc, _out, _err = self.execute(["openssl", "verify", "-no-CApath", "-CAfile", ca_path, "-no_check_time", self.certificate])
        return rc == 0

    def signed_by_our_ca(self) -> bool:
        """Whether the CA of the inventory signed the certificate; it need not lie on the node yet."""
        if not os.path.exists(self.certificate):
            return False
        path = os.path.join(self.module.tmpdir, "ca.crt")
        if not os.path.exists(path):
            files.write(path, self.ca_bytes(), 0o600)
        return self.verified_by(path)

    def ca_bytes(self) -> bytes:
        return (self.params["ca_certificate"].strip() + "\n").encode("ascii")

    def chain(self):
        own = self.read(self.certificate)
        return identity.pem_to_der((own or b"").decode("ascii", "replace")) + identity.pem_to_der(self.params["ca_certificate"])

    def export_reasons(self, export):
        observed = self.host.observe_path(export["path"], read=True)
        if observed.kind not in ("missing", "file"):
            raise identity.IdentityError(
                "{} is a {} where a file belongs: move it away, then run again".format(export["path"], observed.kind)
            )
        password = self.params["store_password"] or ""
        if not export["format"].startswith("pem") and not password:
            raise identity.IdentityError("{} is a store with a key: it needs store_password".format(export["path"]))
        if export["format"] == "jks_keystore":
            reasons = identity.keystore_reasons(observed.content, password, self.chain())
        elif export["format"] == "jks_truststore":
            reasons = identity.truststore_reasons(observed.content, password, identity.pem_to_der(self.params["ca_certificate"]))
        elif observed.content is None:
            reasons = ["is created"]
        elif export["format"] == "pkcs12":
            reasons = self.pkcs12_reasons(export)
        else:
            reasons = [] if observed.content == self.pem(export["format"]) else ["content changes"]
        if observed.kind == "file":
            reasons = reasons + attribute_reasons(export, observed)
        return reasons

    def pem(self, kind):
        if kind == "pem_ca":
            return self.ca_bytes()
        return self.read(self.key if kind == "pem_key" else self.certificate)

    def write_export(self, export) -> None:
        path, mode = export["path"], parse_mode(export["mode"])
        parent = os.path.dirname(path)
        if not os.path.isdir(parent):
            os.makedirs(parent, mode=0o700)
            files.set_attributes(parent, 0o750, export["owner"], export["group"])
        if export["format"] == "jks_keystore":
            content = self.build_keystore(export)
        elif export["format"] == "jks_truststore":
            content = self.build_truststore(export)
        elif export["format"] == "pkcs12":
            content = self.build_pkcs12(export)
        else:
            content = self.pem(export["format"])
        if self.read(path) == content:
            files.set_attributes(path, mode, export["owner"], export["group"])
            return
        if os.path.exists(path) and not export["format"].startswith("pem"):
            files.back_up(path)
        files.write(
            path, content, mode, export["owner"], export["group"], lambda temporary: files.label(self.module, temporary, path)
        )

    def password_file(self) -> str:
        path = os.path.join(self.module.tmpdir, "store")
        if not os.path.exists(path):
            files.write(path, (self.params["store_password"] + "\n").encode("utf-8"), 0o600)
        return path

    def opened(self, path):
        """The store at the path, or None where there is none to keep."""
        data = self.read(path)
        if data is None:
            return None
        try:
            return java_keystore.read(data, self.params["store_password"])
        except java_keystore.KeystoreError as error:
            if self.params["on_mismatch"] == "fail":
                raise identity.IdentityError(
                    f"{path}: {error}. It is not overwritten: give the password that opens it as trust_store_password, "
                    "or move it away."
                ) from error
            return None

    def bundle(self, path, alias) -> None:
        """Key, certificate and CA as PKCS#12, with the old algorithms: Java before 8u301 cannot open OpenSSL 3's defaults."""
        chain = os.path.join(self.module.tmpdir, "chain.pem")
        files.write(chain, self.read(self.certificate) + self.ca_bytes(), 0o600)
        algorithms = ["-keypbe", identity.PKCS12_CIPHER, "-certpbe", identity.PKCS12_CIPHER, "-macalg", identity.PKCS12_MAC]
        self.must(
            [
                *("openssl", "pkcs12", "-export", "-in", chain, "-inkey", self.key, "-name", alias, "-out", path),
                *("-passout", "file:" + self.password_file(), *algorithms),
            ],
            "openssl pkcs12 -export",
        )

    def pkcs12_reasons(self, export):
        """Why the file is not key, certificate and CA of the node under the alias, in the encryption that was chosen."""
        path, password = export["path"], "file:" + self.password_file()
        rc, out, said = self.execute(["openssl", "pkcs12", "-in", path, "-passin", password, "-nokeys", "-info"])
        if rc != 0:
            if self.params["on_mismatch"] == "fail" and identity.is_pkcs12_of_another_password(said):
                raise identity.IdentityError(
                    f"{path} does not open with trust_store_password. It is not overwritten: give the password that opens it, "
                    "or move it away."
                )
            return ["is no PKCS#12 file that openssl opens with trust_store_password"]
        key = os.path.join(self.module.tmpdir, "exported.key")
        self.must(
            ["openssl", "pkcs12", "-in", path, "-passin", password, "-nocerts", "-nodes", "-out", key],
            f"openssl pkcs12 on {path}",
        )
        public = self.must(["openssl", "pkey", "-in", key, "-pubout"], f"openssl pkey on the key of {path}")
        self.discard(key)
        same_key = public.split() == (self.key_public() or "").split()
        return identity.pkcs12_reasons(out, said, self.chain(), same_key, export["alias"])

    def build_pkcs12(self, export) -> bytes:
        bundle = os.path.join(self.module.tmpdir, "export.p12")
        self.discard(bundle)
        self.bundle(bundle, export["alias"])
        content = self.read(bundle)
        self.discard(bundle)
        return content

    def build_keystore(self, export) -> bytes:
        existing = self.opened(export["path"])
        secret, store = self.password_file(), os.path.join(self.module.tmpdir, "keystore")
        bundle = os.path.join(self.module.tmpdir, "bundle.p12")
        self.discard(store, bundle)
        self.bundle(bundle, identity.ALIAS)
        if existing is not None:
            shutil.copyfile(export["path"], store)
            os.chmod(store, 0o600)
            if identity.ALIAS in existing.private_keys or identity.ALIAS in existing.certificates:
                self.keytool(["-delete", "-alias", identity.ALIAS, "-keystore", store, "-storepass:file", secret])
        self.keytool(
            [
                "-importkeystore",
                "-noprompt",
                "-srckeystore",
                bundle,
                "-srcstoretype",
                "PKCS12",
                "-srcstorepass:file",
                secret,
                "-destkeystore",
                store,
                "-deststoretype",
                "JKS",
                "-deststorepass:file",
                secret,
                "-srcalias",
                identity.ALIAS,
            ]
        )
        self.discard(bundle)
        return self.finished(
            store, identity.keystore_reasons(self.read(store), self.params["store_password"], self.chain()), export
        )

    def build_truststore(self, export) -> bytes:
        existing = self.opened(export["path"])
        secret, store = self.password_file(), os.path.join(self.module.tmpdir, "truststore")
        self.discard(store)
        if existing is not None:
            shutil.copyfile(export["path"], store)
            os.chmod(store, 0o600)
        ca = identity.pem_to_der(self.params["ca_certificate"])
        if existing is None or not set(ca) <= set(existing.certificates.values()):
            taken = existing.certificates if existing is not None else {}
            alias, number = identity.CA_ALIAS, 1
            while alias in taken:
                number += 1
                alias = "%s-%d" % (identity.CA_ALIAS, number)
            self.keytool(
                [
                    "-importcert",
                    "-noprompt",
                    "-alias",
                    alias,
                    "-file",
                    self.ca,
                    "-keystore",
                    store,
                    "-storetype",
                    "JKS",
                    "-storepass:file",
                    secret,
                ]
            )
        return self.finished(store, identity.truststore_reasons(self.read(store), self.params["store_password"], ca), export)

    def keytool(self, arguments) -> None:
        self.must([self.params["keytool"], "-J-Xmx64m", "-J-XX:TieredStopAtLevel=1", *arguments], f"keytool {arguments[0]}")

    def finished(self, store, reasons, export) -> bytes:
        """The store's bytes, once it is proven to hold what it should: keytool may return 0 and have written nothing."""
        if reasons:
            raise identity.IdentityError("keytool left a store for {} that {}".format(export["path"], "; ".join(reasons)))
        return self.read(store)

    @staticmethod
    def discard(*paths) -> None:
        for path in paths:
            if os.path.exists(path):
                os.unlink(path)

    def observe(self):
        """Reasons by item, whether a certificate is needed, and the certificate that is there."""
        now = datetime.now(timezone.utc)
        certificate, public = self.describe(self.certificate), self.key_public()
        ours = self.signed_by_our_ca()
        reasons = {}
        needed = identity.certificate_reasons(certificate, public, ours, self.names, self.params["renew_before_days"], now)
        if needed:
            reasons[self.certificate] = needed
        if certificate is not None and not ours and self.params["on_mismatch"] == "fail":
            raise identity.IdentityError(
                f"{self.certificate} was issued by '{certificate.issuer}', which is not the CA whose key lies with the "
                "inventory. Another CA is never made: bring the CA's key (trust_ca_private_key, trust_ca_certificate) to this "
                "inventory, or set trust_on_foreign_ca to repair to move to the new CA."
            )
        if self.read(self.ca) != self.ca_bytes():
            reasons[self.ca] = ["is created" if self.read(self.ca) is None else "content changes"]
        for path, mode in ((self.key, 0o600), (self.certificate, 0o644), (self.ca, 0o644)):
            observed = self.host.observe_path(path, read=False)
            item = {"mode": f"{mode:04o}", "owner": "root", "group": "root"}
            if observed.kind == "file" and attribute_reasons(item, observed):
                reasons.setdefault(path, []).extend(attribute_reasons(item, observed))
        for export in self.params["exports"]:
            found = self.export_reasons(export)
            if found:
                reasons[export["path"]] = found
        return reasons, bool(needed), certificate

    def make_request(self) -> str:
        directory = self.params["directory"]
        if not os.path.isdir(directory):
            os.makedirs(directory, mode=0o755)
        if not os.path.exists(self.key):
            out = self.must(
                ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:%d" % self.params["key_bits"]],
                "openssl genpkey",
            )
            files.write(self.key, out.encode("ascii"), 0o600, "root", "root")
        config = os.path.join(self.module.tmpdir, "request.cnf")
        text = identity.request_config(self.params["subject"], self.params["dns_names"], self.params["ip_addresses"])
        files.write(config, text.encode("utf-8"), 0o600)
        return self.must(["openssl", "req", "-new", "-key", self.key, "-config", config], "openssl req")

    def install(self) -> None:
        directory = self.params["directory"]
        if not os.path.isdir(directory):
            os.makedirs(directory, mode=0o755)
        files.write(self.ca, self.ca_bytes(), 0o644, "root", "root")
        if self.params["certificate"]:
            files.write(self.certificate, (self.params["certificate"].strip() + "\n").encode("ascii"), 0o644, "root", "root")
        for path, mode in ((self.key, 0o600), (self.certificate, 0o644)):
            if os.path.exists(path):
                files.set_attributes(path, mode, "root", "root")
        for export in self.params["exports"]:
            if self.export_reasons(export):
                self.write_export(export)


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    node = Node(module)
    try:
        reasons, needs_certificate, certificate = node.observe()
        result = {"changed": False, "reasons": reasons, "needs_certificate": needs_certificate}
        state = module.params["state"]
        if state == "requested" and not module.check_mode:
            result["changed"] = not os.path.exists(node.key)
            result["csr"] = node.make_request()
        elif state == "present":
            result["changed"] = bool(reasons)
            if reasons and not module.check_mode:
                if needs_certificate and not module.params["certificate"]:
                    raise identity.IdentityError(
                        "a certificate has to be signed first: {}".format("; ".join(reasons[node.certificate]))
                    )
                node.install()
                remaining, _needed, certificate = node.observe()
                if remaining:
                    raise identity.IdentityError(
                        "written, but observed again it is not as desired: {}".format(
                            "; ".join("{} {}".format(path, ", ".join(words)) for path, words in sorted(remaining.items()))
                        )
                    )
    except (identity.IdentityError, StateError, OSError, KeyError) as error:
        words = f"user or group {error} does not exist" if isinstance(error, KeyError) else str(error)
        module.fail_json(msg=words)
        return
    if certificate is not None:
        result["not_after"] = certificate.not_after.strftime("%Y-%m-%dT%H:%M:%SZ")
        result["days_left"] = certificate.days_left(datetime.now(timezone.utc))
    if module._diff and result["changed"]:
        result["diff"] = [
            {"before_header": path, "after_header": path, "before": "", "after": "\n".join(words) + "\n"}
            for path, words in sorted(reasons.items())
        ]
    module.exit_json(**result)


if __name__ == "__main__":
    main()
