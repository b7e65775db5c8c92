"""Lab only. Stand-ins for POM's certificate scripts: LAB-pomCertificateGenerate.sh, LAB-pomCertificateImport.sh,
LAB-pomCertKeystore.sh, LAB-importCertInPomTruststore.sh, LAB-updatePOMCertificateStorePassword.sh.

pomCertificateInstall.sh is what the first two call."""

from __future__ import annotations

import argparse
import shutil
import socket
import time
from collections.abc import Sequence
from pathlib import Path

from . import host, stores
from .terminal import ask, ask_secret, main, menu, say

OVERWRITE = "Existing entry alias pomservercert exists, overwrite? [no]:"
JAVA = "/usr/java/default/bin/java"
NAMES = {"TRUSTSTORE": "TrustStore", "KEYSTORE": "KeyStore"}
EXTENSIONS = (".pem", ".cer", ".crt", ".der")
PASSWORD_USAGE = (
    "Usage: updatePOMCertificateStorePassword.sh [-certstore KEYSTORE|TRUSTSTORE -oldpass <old> -newpass <new>] [--help]"
)


def log_file() -> host.Log:
    return host.Log(host.pom_home() / "logs/pomCertificate.log")


def now() -> str:
    return time.strftime("%a %b %d %H:%M:%S %Z %Y")


def install(held: stores.Stores, key: Path, certificate: Path) -> bool:
    """The files into their places, then the identity, if the person lets it replace the one that is there."""
    stores.pack(held, key, certificate)
    stores.publish(held, key, certificate)
    say("Result of keyfile copy: 0")
    say("Result of cert copy 1: 0")
    say(f"{host.shown(host.pom_home())}/bin/pomCertificateInstall.sh: Returning 0")
    say(JAVA)
    if held.key_store.exists() and ask(OVERWRITE, "no").lower() not in ("yes", "y"):
        log_file().assumption("anything but yes leaves the store as it is")
        return False
    stores.import_identity(held)
    return True


def generate(arguments: Sequence[str]) -> int:
    host.require_root()
    log_file().assumption("prompt for the validity, and the lines after the last answer")
    period = ask("Enter the validity period in days [1186]:", str(stores.VALID_DAYS))
    if not period.isdigit() or int(period) < 1:
        raise host.Refused(f"Invalid validity period: {period}")
    say("----- Started -----")
    held = stores.Stores(host.pom_home())
    # The documents show the private key being left here.
    key = host.real("/tmp/pim.key")
    address = stores.own_address()
    with stores.scratch() as directory:
        certificate = Path(directory, "pim.crt")
        text = stores.new_identity(socket.getfqdn(), int(period), key, certificate, san=[f"IP:{address}"] if address else [])
        say("Generating a 2048 bit RSA private key")
        say("writing new private key to '/tmp/pim.key'")
        say("Return value: 0")
        say("Generated Certificate:")
        say(text)
        say("Return value: 0")
        if not install(held, key, certificate):
            return 1
    say("Entry for alias pomservercert successfully imported.")
    say("----- COMPLETED -----")
    return 0


def import_certificate(arguments: Sequence[str]) -> int:
    host.require_root()
    if len(arguments) != 2:
        raise host.Refused("Usage: pomCertificateImport.sh <newcert.p12> <password_of_newcert.p12>")
    say(f"POM Certificate Import is started on date={now()}")
    say("----- Started -----")
    held = stores.Stores(host.pom_home())
    with stores.scratch() as directory:
        key, certificate = Path(directory, "key"), Path(directory, "certificate")
        stores.unpack(host.real(arguments[0]), arguments[1], key, certificate)
        for _ in range(3):
            say("MAC verified OK")
        if not install(held, key, certificate):
            return 1
    say("Entry for alias pomservercert successfully imported.")
    say("Import command completed: 1 entries successfully imported, 0 entries failed or cancelled")
    say("MAC verified OK")
    say("./pomCertificateImport.sh: Returning 0")
    say(f"POM Certificate Import and Installation is completed on date={now()}")
    say("----- COMPLETED -----")
    return 0


def install_again(arguments: Sequence[str]) -> int:
    """pomCertificateInstall.sh <key> <certificate>, as the other two call it; its arguments are a stand-in assumption."""
    host.require_root()
    if len(arguments) != 2:
        raise host.Refused("Usage: pomCertificateInstall.sh <key> <certificate>")
    return 0 if install(stores.Stores(host.pom_home()), host.real(arguments[0]), host.real(arguments[1])) else 1


def make_key_store(arguments: Sequence[str]) -> int:
    """pomCertKeystore.sh: pomKeyStore anew out of pom.p12."""
    host.require_root()
    held = stores.Stores(host.pom_home())
    if not held.pkcs12.exists():
        raise host.Refused(f"{host.shown(held.pkcs12)} does not exist.")
    log_file().assumption("words of pomCertKeystore.sh")
    if held.key_store.exists():
        shutil.move(str(held.key_store), f"{held.key_store}.{time.strftime('%Y%m%d%H%M%S')}")
    stores.import_identity(held)
    say("Entry for alias pomservercert successfully imported.")
    return 0


def trust(arguments: Sequence[str]) -> int:
    """importCertInPomTruststore.sh <alias> <absolute path>"""
    host.require_root()
    log = log_file()
    if len(arguments) != 2:
        raise host.Refused("Usage: importCertInPomTruststore.sh <certificate-alias> <absolute path of certificate>")
    alias, path = arguments
    if not path.startswith("/"):
        raise host.Refused(f"{path} is not an absolute path.")
    if not path.lower().endswith(EXTENSIONS):
        raise host.Refused(f"{path} is not a supported certificate file: pem, cer, crt, der.")
    held = stores.Stores(host.pom_home())
    log.assumption("an alias that is taken is refused, by keytool's words")
    if alias.lower() in (entry.lower() for entry in stores.entries(held.trust_store, held.password("truststore"))):
        raise host.Refused(f"keytool error: java.lang.Exception: Certificate not imported, alias <{alias}> already exists")
    stores.trust(held, alias, host.real(path))
    say(f"Certificate {Path(path).name} imported successfully in POM Truststore!")
    return 0


def update_password(arguments: Sequence[str]) -> int:
    host.require_root()
    if not arguments:
        return update_password_by_menu()
    if "--help" in arguments:
        say(PASSWORD_USAGE)
        return 0
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for option in ("-certstore", "-oldpass", "-newpass"):
        parser.add_argument(option, default="")
    options, unknown = parser.parse_known_args(list(arguments))
    if unknown or options.certstore not in NAMES or not options.oldpass or not options.newpass:
        raise host.Refused(PASSWORD_USAGE)
    change(options.certstore, options.oldpass, options.newpass)
    return 0


def update_password_by_menu() -> int:
    while True:
        choice = menu(
            "Please select following options to change the password for:",
            ("POM TrustStore", "POM KeyStore", "Usage Information", "Exit"),
            "Please enter your preferred choice :",
        )
        if choice == "Exit":
            return 0
        if choice == "Usage Information":
            say(PASSWORD_USAGE)
            continue
        name = choice.split()[1]
        old = ask_secret(f"Enter the existing POM {name} Password:")
        new = ask_secret(f"Enter the new password for POM {name}:")
        if ask_secret(f"Re-Enter the new password for POM {name}") != new:
            log_file().assumption("words for passwords that differ")
            say("The passwords do not match.")
            continue
        change(name.upper(), old, new)
        return 0


def change(store: str, old: str, new: str) -> None:
    held = stores.Stores(host.pom_home())
    if old != held.password(store.lower()):
        log_file().assumption("words for a wrong old password")
        raise host.Refused(f"The existing POM {NAMES[store]} Password is incorrect.")
    if len(new) < 6:
        raise host.Refused("keytool error: java.lang.Exception: Password must be at least 6 characters")
    stores.change_password(held, store.lower(), old, new)
    say(f"Update POM {NAMES[store]} Password Completed Successfully at {now()}")
    say("Warning: vpms and POM service will need to be restarted on all POM Servers for the changes to take effect.")
    say(
        "Note: Verify vpms and POM service is running after restarting them on Primary POM server. "
        "Once verified, restart vpms and POM service on all Auxiliary POM Servers."
    )


PROGRAMS = {
    "generate": generate,
    "import": import_certificate,
    "install": install_again,
    "keystore": make_key_store,
    "trust": trust,
    "password": update_password,
}


def run(arguments: Sequence[str]) -> int:
    return PROGRAMS[arguments[0]](arguments[1:])


if __name__ == "__main__":
    main(run)
