"""Lab only. Stand-in for POMSecurityManagementTool.sh (LAB-POMSecurityManagementTool.sh).

Its cipher is none: what it makes only looks encrypted (stand-in assumption)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn

from . import host, stores
from .terminal import ask, main, say

PASSWORDS = {"GET_POM_KEYSTORE_PASSWORD_DECRYPTED": "keystore", "GET_POM_TRUSTSTORE_PASSWORD_DECRYPTED": "truststore"}
PROGRAM = "POMSecurityManagementTool.sh"
LINE = "=" * 60
USAGE = "Usage: POMSecurityManagementTool.sh -o ENCRYPT|DECRYPT -r 4.X_ONWARDS -d <data> | -i <information>"


class Silent(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise host.Refused(message)


def run(arguments: Sequence[str]) -> int:
    host.require_root()
    return silent(arguments) if arguments else interactive()


def interactive() -> int:
    log().assumption("what it does with empty or wrong data, and that the menu comes back")
    while True:
        for text in (
            LINE,
            "POM Security Management Tool Menu:",
            LINE,
            "1. Encrypt",
            "2. Decrypt",
            "3. Tool Usage Information",
            "4. Exit",
            LINE,
        ):
            say(text)
        choice = ask("Please enter your preferred choice :")
        if choice == "4":
            return 0
        if choice == "3":
            say(USAGE)
        elif choice in ("1", "2"):
            convert(encrypts=choice == "1")
            if not host.switched_on(PROGRAM, "menu_comes_back"):
                return 0


def convert(*, encrypts: bool) -> None:
    data = ask("Enter data:")
    if not data:
        raise host.Refused("Invalid data.")
    try:
        result = stores.scrambled(data) if encrypts else stores.unscrambled(data)
    except ValueError:
        raise host.Refused("Invalid data.") from None
    say(f"{'Encrypted' if encrypts else 'Decrypted'} Data: {result}", whole=True)


def log() -> host.Log:
    return host.Log(host.pom_home() / "logs/POMSecurityManagementTool.log")


def silent(arguments: Sequence[str]) -> int:
    """Errors stand in the log only."""
    log().assumption("output of the silent modes is the value alone")
    parser = Silent(add_help=False, allow_abbrev=False)
    parser.add_argument("-o", choices=("ENCRYPT", "DECRYPT"))
    parser.add_argument("-r", choices=("4.X_ONWARDS",))
    parser.add_argument("-d")
    parser.add_argument("-i", choices=tuple(PASSWORDS))
    try:
        options = parser.parse_args(list(arguments))
        if options.i:
            say(stores.Stores(host.pom_home()).password(PASSWORDS[options.i]))
        elif options.o and options.r and options.d:
            say(stores.scrambled(options.d) if options.o == "ENCRYPT" else stores.unscrambled(options.d))
        else:
            raise host.Refused(USAGE)
    except (host.Refused, ValueError) as error:
        log().write(f"ERROR {error}")
        return 1
    return 0


if __name__ == "__main__":
    main(run)
