"""Lab only. POM's key store, trust store and PKCS#12 file, made and changed by the real keytool and openssl."""

from __future__ import annotations

import base64
import re
import socket
import tempfile
from collections.abc import Sequence
from pathlib import Path

from . import host, properties

ALIAS = "pomservercert"
VALID_DAYS = 1186


class Stores:
    """The files below one POM_HOME."""

    def __init__(self, home: Path) -> None:
        self.config = home / "config"
        self.key_store = self.config / "pomKeyStore"
        self.trust_store = self.config / "pomTrustStore"
        self.pkcs12 = self.config / "pom.p12"
        self.certificate = home / "web/pom_cert/pom.crt"
        self.key = home / "web/pom_cert/pom.key"
        self.passwords = self.config / "storePasswords.properties"

    def password(self, store: str) -> str:
        """`keystore` or `truststore`; the documents do not say where POM keeps them."""
        stored = properties.read(self.passwords).get(store) if self.passwords.exists() else None
        return unscrambled(stored) if stored else host.setting("stores", "password")

    def set_password(self, store: str, password: str) -> None:
        values = properties.read(self.passwords) if self.passwords.exists() else {}
        properties.write(self.passwords, {**values, store: scrambled(password)}, "Passwords of the stores. # stand-in assumption")
        host.own(self.passwords, 0o600)


def scrambled(secret: str) -> str:
    """Looks encrypted, and is not: the stand-in's services must read it."""
    return f"ENC({base64.b64encode(secret.encode()[::-1]).decode()})"


def unscrambled(text: str) -> str:
    """
    >>> unscrambled(scrambled("changeit"))
    'changeit'
    """
    found = re.fullmatch(r"ENC\((.*)\)", text)
    return base64.b64decode(found.group(1))[::-1].decode() if found else text


def keytool(*arguments: str) -> str:
    # A program of a moment needs neither the optimizing compiler nor a collector in the background.
    return host.must(["keytool", "-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC", "-J-Duser.language=en", *arguments])


def openssl(*arguments: str) -> str:
    return host.must(["openssl", *arguments])


def entries(store: Path, password: str) -> list[str]:
    """The aliases of a store; refused with keytool's words where it cannot be opened."""
    with host.secret_file(password) as secret:
        listing = keytool("-list", "-keystore", str(store), "-storepass:file", secret)
    return re.findall(r"^(.+), \w+ \d+, \d{4}, (?:PrivateKeyEntry|trustedCertEntry)", listing, re.MULTILINE)


def new_identity(name: str, days: int, key: Path, certificate: Path, *, san: Sequence[str]) -> str:
    """A key and a self-signed certificate as the generator makes them; returns the certificate's text."""
    key.parent.mkdir(parents=True, exist_ok=True)
    extensions = ["-addext", "subjectAltName=" + ",".join(san)] if san else []
    openssl(
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-sha256",
        "-days",
        str(days),
        "-subj",
        f"/CN={name}/O=Avaya/OU=POM",
        "-keyout",
        str(key),
        "-out",
        str(certificate),
        *extensions,
    )
    return openssl("x509", "-in", str(certificate), "-noout", "-text", "-fingerprint", "-sha256")


def unpack(pkcs12: Path, password: str, key: Path, certificate: Path) -> None:
    """The key, and the certificate with its chain, out of a PKCS#12 file."""
    with host.secret_file(password) as secret:
        openssl("pkcs12", "-in", str(pkcs12), "-passin", f"file:{secret}", "-nodes", "-nocerts", "-out", str(key))
        leaf = openssl("pkcs12", "-in", str(pkcs12), "-passin", f"file:{secret}", "-nokeys", "-clcerts")
        chain = openssl("pkcs12", "-in", str(pkcs12), "-passin", f"file:{secret}", "-nokeys", "-cacerts")
    certificates = re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", leaf + chain, re.DOTALL)
    if not certificates or "PRIVATE KEY" not in key.read_text(encoding="utf-8"):
        raise host.Refused(f"{host.shown(pkcs12)} holds no private key with its certificate.")
    certificate.write_text("".join(certificates), encoding="utf-8")


def pack(stores: Stores, key: Path, certificate: Path) -> None:
    """pom.p12 of a key and its certificates."""
    password = stores.password("keystore")
    with host.secret_file(password) as secret:
        openssl(
            "pkcs12",
            "-export",
            "-name",
            ALIAS,
            "-in",
            str(certificate),
            "-inkey",
            str(key),
            "-out",
            str(stores.pkcs12),
            "-passout",
            f"file:{secret}",
        )
    host.own(stores.pkcs12, 0o640)


def import_identity(stores: Stores) -> None:
    """pom.p12 into pomKeyStore, in place of what had the alias."""
    password = stores.password("keystore")
    with host.secret_file(password) as secret:
        if stores.key_store.exists() and ALIAS in entries(stores.key_store, password):
            keytool("-delete", "-alias", ALIAS, "-keystore", str(stores.key_store), "-storepass:file", secret)
        keytool(
            "-importkeystore",
            "-noprompt",
            "-srckeystore",
            str(stores.pkcs12),
            "-srcstoretype",
            "PKCS12",
            "-srcstorepass:file",
            secret,
            "-destkeystore",
            str(stores.key_store),
            "-deststoretype",
            "JKS",
            "-deststorepass:file",
            secret,
        )
    host.own(stores.key_store, 0o640)


def publish(stores: Stores, key: Path, certificate: Path) -> None:
    """web/pom_cert: the certificate, and the key encrypted with the store's password."""
    stores.certificate.parent.mkdir(parents=True, exist_ok=True)
    stores.certificate.write_text(certificate.read_text(encoding="utf-8"), encoding="utf-8")
    with host.secret_file(stores.password("keystore")) as secret:
        openssl("pkey", "-in", str(key), "-aes256", "-passout", f"file:{secret}", "-out", str(stores.key))
    host.own(stores.certificate, 0o644)
    host.own(stores.key, 0o640)


def empty_trust_store(stores: Stores) -> None:
    """As the documents restore a lost one: a copy of the key store without the identity."""
    stores.trust_store.write_bytes(stores.key_store.read_bytes())
    with host.secret_file(stores.password("keystore")) as secret:
        keytool("-delete", "-alias", ALIAS, "-keystore", str(stores.trust_store), "-storepass:file", secret)
    host.own(stores.trust_store, 0o640)


def trust(stores: Stores, alias: str, certificate: Path) -> None:
    with host.secret_file(stores.password("truststore")) as secret:
        keytool(
            "-importcert",
            "-noprompt",
            "-alias",
            alias,
            "-file",
            str(certificate),
            "-keystore",
            str(stores.trust_store),
            "-storepass:file",
            secret,
        )
    host.own(stores.trust_store)


def change_password(stores: Stores, store: str, old: str, new: str) -> None:
    path = stores.key_store if store == "keystore" else stores.trust_store
    with host.secret_file(old) as current, host.secret_file(new) as wanted:
        keytool("-storepasswd", "-keystore", str(path), "-storepass:file", current, "-new:file", wanted)
        if store == "keystore":
            keytool(
                "-keypasswd",
                "-alias",
                ALIAS,
                "-keystore",
                str(path),
                "-storepass:file",
                wanted,
                "-keypass:file",
                current,
                "-new:file",
                wanted,
            )
    stores.set_password(store, new)


def trusted_certificates(stores: Stores) -> str:
    """Every certificate of the trust store as PEM."""
    with host.secret_file(stores.password("truststore")) as secret:
        listing = keytool("-list", "-rfc", "-keystore", str(stores.trust_store), "-storepass:file", secret)
    return "".join(re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", listing, re.DOTALL))


def own_address() -> str | None:
    """The address that the host's own name stands for."""
    try:
        return socket.gethostbyname(socket.gethostname())
    except OSError:
        return None


def scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="standin-pom-")
