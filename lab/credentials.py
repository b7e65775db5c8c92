"""Secrets of a lab, made at first use and kept in its directory only. Lab only; nothing in it reaches a site."""
from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError
from lab.shell import run, step
from lab.state import Lab

ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
CA_DAYS = 3650


def password(length: int = 24) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def write_secret(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    partial.rename(path)


def ansible_vault() -> str:
    beside = Path(sys.executable).parent / "ansible-vault"
    program = os.environ.get("ANSIBLE_VAULT_BIN") or (str(beside) if beside.exists() else shutil.which("ansible-vault"))
    if not program:
        raise LabError(
            f"no ansible-vault beside {sys.executable} nor on PATH, so the lab's secrets cannot be encrypted; "
            "run the lab with the project's own Python, or name the program in ANSIBLE_VAULT_BIN"
        )
    return program


def certificate_authority(common_name: str) -> tuple[str, str]:
    """A new CA: its certificate and private key as PEM. The key never lies in a file unencrypted."""
    key = run(["openssl", "genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"])
    certificate = run(
        [
            "openssl", "req", "-x509", "-new", "-key", "/dev/stdin", "-sha256", "-days", str(CA_DAYS),
            "-subj", f"/CN={common_name}",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        ],
        stdin=key,
    )
    return certificate, key


def as_yaml(values: dict[str, str]) -> str:
    """YAML of plain strings: one line as JSON has it, several lines as a block."""
    lines = ["---"]
    for name, value in values.items():
        if "\n" in value:
            lines += [f"{name}: |", *(f"  {line}" for line in value.rstrip("\n").splitlines())]
        else:
            lines.append(f"{name}: {json.dumps(value)}")
    return "\n".join(lines) + "\n"


def encrypt(text: str, vault_password: Path, target: Path) -> None:
    command = [ansible_vault(), "encrypt", "--vault-password-file", str(vault_password), "--output", str(target), "-"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    result = subprocess.run(command, input=text, env=environment, cwd=target.parent, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise LabError(f"ansible-vault could not encrypt the lab's secrets: {result.stderr.strip()[-500:]}")


def opened(lab: Lab) -> dict[str, str]:
    """The secrets of the lab's inventory, as a person who knows the vault's password reads them."""
    import yaml  # beside ansible-vault; the lab itself needs nothing but the standard library

    secrets_file = lab.inventory / "group_vars" / "all" / "secrets.yml"
    text = run([ansible_vault(), "view", "--vault-password-file", str(lab.directory / "vault-password"), str(secrets_file)])
    values: dict[str, str] = yaml.safe_load(text)
    return values


def make(lab: Lab) -> None:
    """Make the secrets of a new lab; what a lab has, it keeps, and one of an earlier checkout gets what it lacks."""
    secrets_file = lab.inventory / "group_vars" / "all" / "secrets.yml"
    made_here = {
        "trust_store_password": password,
        "pom_database_password": password,
        "pom_outcall_password": password,
        "pom_web_password": lambda: portal(lab).password,
    }
    if secrets_file.exists():
        held = opened(lab)
        lacking = {name: make_one() for name, make_one in made_here.items() if name not in held}
        if lacking:
            keep(lab, secrets_file, held | lacking)
        return
    with step("keys, passwords and a certificate authority of the lab's own"):
        secrets_file.parent.mkdir(parents=True, exist_ok=True)
        key = lab.directory / "id_ed25519"
        key.unlink(missing_ok=True)
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"dialtone-lab-{lab.name}", "-f", str(key)])
        sudo_password = password()
        password_hash = run(["openssl", "passwd", "-6", "-stdin"], stdin=sudo_password)
        write_secret(lab.directory / "sudo-password-hash", password_hash)
        write_secret(lab.directory / "vault-password", password() + "\n")
        certificate, private_key = certificate_authority(f"Dialtone lab {lab.name} CA")
        values = {
            "ansible_become_password": sudo_password,
            "trust_ca_certificate": certificate,
            "trust_ca_private_key": private_key,
        }
        keep(lab, secrets_file, values | {name: make_one() for name, make_one in made_here.items()})


def keep(lab: Lab, secrets_file: Path, values: dict[str, str]) -> None:
    partial = secrets_file.with_name("secrets.yml.partial")
    partial.unlink(missing_ok=True)
    encrypt(as_yaml(values), lab.directory / "vault-password", partial)
    partial.chmod(0o600)
    partial.rename(secrets_file)


@dataclass(frozen=True)
class PortalSecrets:
    """What Experience Portal's stand-in was installed with: its administrator's password, the token that EP servers share."""

    password: str
    token: str


def make_portal(lab: Lab) -> None:
    for name in ("portal-password", "portal-token"):
        if not (lab.directory / name).exists():
            write_secret(lab.directory / name, password())


def portal(lab: Lab) -> PortalSecrets:
    return PortalSecrets(*((lab.directory / name).read_text(encoding="utf-8") for name in ("portal-password", "portal-token")))


def make_host_key(lab: Lab, host: str) -> None:
    key = lab.host_directory(host) / "ssh_host_ed25519_key"
    if not key.with_suffix(".pub").exists():
        key.parent.mkdir(parents=True, exist_ok=True)
        key.unlink(missing_ok=True)
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", host, "-f", str(key)])
