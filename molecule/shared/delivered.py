"""A certificate as a company's own authority delivers it: a PKCS#12 file on the controller, its password in the vault."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml
from pom_site import PomSite

from lab.shell import run

BITS = "rsa:2048"


@dataclass(frozen=True)
class Authority:
    """An authority of its own, which is not the site's. Its files lie in one directory."""

    directory: Path
    name: str = "Delivering Authority"

    @property
    def certificate(self) -> Path:
        return self.directory / "authority.pem"

    def found(self) -> None:
        """Make its key and certificate."""
        extensions = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"]
        made = ["-keyout", str(self.directory / "authority.key"), "-out", str(self.certificate), "-days", "30"]
        run(["openssl", "req", "-x509", "-newkey", BITS, "-noenc", "-subj", f"/CN={self.name}", *made, *extensions])

    def deliver(self, fqdn: str, password: str) -> Path:
        """A PKCS#12 file with key, certificate and chain for this name."""
        key, request, certificate, delivered = (self.directory / f"{fqdn}.{kind}" for kind in ("key", "csr", "crt", "p12"))
        names = ["-subj", f"/CN={fqdn}", "-addext", f"subjectAltName=DNS:{fqdn}"]
        run(["openssl", "req", "-new", "-newkey", BITS, "-noenc", "-keyout", str(key), "-out", str(request), *names])
        signer = ["-CA", str(self.certificate), "-CAkey", str(self.directory / "authority.key"), "-days", "20"]
        run(["openssl", "x509", "-req", "-in", str(request), "-copy_extensions", "copy", "-out", str(certificate), *signer])
        held = ["-inkey", str(key), "-in", str(certificate), "-certfile", str(self.certificate)]
        run(["openssl", "pkcs12", "-export", *held, "-out", str(delivered), "-passout", "stdin"], stdin=password)
        return delivered


def described(site: PomSite, directory: Path, host: str, fqdn: str, file: Path, password: str, authority: Authority) -> str:
    """An inventory beside the site's, in which this host has the file; returns its directory."""
    words = {"certificates_source": "delivered", "certificates_pkcs12": str(file), "certificates_names": [fqdn]}
    trusted = [{"alias": "delivering_authority", "path": str(authority.certificate)}]
    stated = {"all": {"hosts": {host: words}, "vars": {"certificates_trusted": trusted}}}
    (directory / "hosts.yml").write_text(yaml.safe_dump(stated), encoding="utf-8")
    site.keep(directory / "host_vars" / host / "secrets.yml", {"certificates_pkcs12_password": password})
    return str(directory)
