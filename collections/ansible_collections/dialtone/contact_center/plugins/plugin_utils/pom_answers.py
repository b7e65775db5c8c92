# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the vendor's programs are answered and given, from the inputs of the role pom_server. Pure.

The names of the answers are those of the dialogues (`answers` in dialogues/<name>.yml).
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.module_utils.tls_identity import CA_ALIAS

# Words of the menus, whose case matters.
MSSQL_AUTHENTICATION = {"sqlserver": "SQLServer", "windows": "Windows"}
ORACLE_CONNECT = {"sid": "SID", "service_name": "Service Name"}
SILENT_KINDS = {"primary": "primary", "auxiliary": "aux"}
APPLICATIONS = "ddapps"


def install_answers(
    kind: str,
    install_path: str,
    packages: Sequence[str],
    primary: str,
    certificate_path: str,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Answers to installPOM. `primary` is address:port of the primary; without a certificate's path one is created."""
    address, _colon, port = primary.rpartition(":")
    answers: dict[str, Any] = {
        "install_path": install_path,
        "overwrite": overwrite,
        "applications": APPLICATIONS in packages,
        "certificate": "import" if certificate_path else "create",
        "certificate_path": certificate_path,
    }
    if kind == "auxiliary":
        answers |= {"primary": primary, "primary_address": address, "primary_port": port}
    return answers


def silent_options(
    kind: str,
    install_path: str,
    packages: Sequence[str],
    primary: str,
    certificate_path: str,
    certificate_password: str = "",
) -> str:
    """The file of options of `installPOM -s -f`: one line a package, never two on one (POM-INST-10, T-056)."""
    lines = [("install_dir_path", install_path), ("install_type", SILENT_KINDS[kind])]
    lines += [("pack", package) for package in packages]
    if kind == "auxiliary":
        lines.append(("primary_ip_port", primary))
    if certificate_path:
        lines += [("cert_path", certificate_path), ("cert_password", certificate_password)]
    for key, value in lines:
        if "\n" in value or value != value.strip():
            raise ValueError(f"{key} holds a line end, or blanks at an end: the file of options cannot carry it")
    return "".join(f"{key}={value}\n" for key, value in lines)


def database_answers(database: Mapping[str, Any], mode: str, create_schema: bool) -> dict[str, Any]:
    """Answers to installDB.sh but the password. Where the schema exists it is never created again."""
    return {**reports_answers(database, mode), "create_schema": create_schema, "save": True}


def reports_answers(database: Mapping[str, Any], mode: str) -> dict[str, Any]:
    """Answers to installDB.sh for the database of the reports, which it neither creates nor saves by an entry of the menu."""
    answers = {
        "mode": mode,
        "database_type": database["type"],
        "geo": bool(database["geo"]),
        "database_host": database["host"],
        "database_port": str(database["port"]),
        "database_name": database["name"],
        "database_user": database["user"],
        "secured": bool(database["secured"]),
    }
    if database["engine"] == "mssql":
        answers["mssql_authentication"] = MSSQL_AUTHENTICATION[database["mssql_authentication"]]
    if database["engine"] == "oracle":
        answers["oracle_connect"] = ORACLE_CONNECT[database["oracle_connect"]]
    return answers


def trusted_contents(
    trusted: Sequence[Mapping[str, Any]], ca_path: str, read: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Certificates as pom_server_info takes them.

    The site's authority is a file of the host; those of the controller are handed over by the content that slurp has `read`.
    """
    contents = {result["item"]["alias"]: result["content"] for result in read if "content" in result}
    return [
        {"alias": CA_ALIAS, "path": ca_path},
        *({"alias": one["alias"], "content": contents.get(one["alias"], "")} for one in trusted),
    ]


def certificate_files(trusted: Sequence[Mapping[str, Any]], ca_path: str, directory: str) -> list[dict[str, str]]:
    """The same certificates as files of the host, with their endings, by which the vendor's program knows the format."""
    copied = [
        {"alias": one["alias"], "file": posixpath.join(directory, one["alias"] + posixpath.splitext(one["path"])[1])}
        for one in trusted
    ]
    return [{"alias": CA_ALIAS, "file": ca_path}, *copied]


def driver(described: Mapping[str, str]) -> dict[str, str]:
    """A JDBC driver with its name on the host: a browser may have called the jar .zip (POM-DB-16, POM-DB-17)."""
    stem, ending = posixpath.splitext(posixpath.basename(described["path"]))
    return {
        "engine": described["engine"],
        "path": described["path"],
        "name": stem + (".jar" if ending.lower() == ".zip" else ending),
        "sha256": described["sha256"].lower(),
    }
