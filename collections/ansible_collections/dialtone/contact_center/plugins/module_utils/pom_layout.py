# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where POM and Experience Portal keep things on a server, and what they are called. The only place that knows.

Sources: POM-INST-04, POM-INST-07, POM-CERT-01, POM-SVC-01, POM-UNINST-01 and the table of names at the top of the catalogue.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

INSTALL_PATH = "/opt/Avaya/avpom"
HOME_NAME = "POManager"
EP_HOME = "/opt/Avaya/VoicePortal"
EP_UNITS = ("vpms", "httpd")
EP_MANAGEMENT_UNIT = "vpms"
OWNER, GROUP = "avayavp", "avayavpgroup"
IDENTITY_ALIAS = "pomservercert"
WRAPPER = "POM"
WRAPPER_DIRECTORIES = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
INSTALLER = "installPOM"
# The only documented record of what an uninstallation removed.
UNINSTALL_LOG = "/PomUnInstall.log"

# What the guide calls fully installed has these programs below bin: the database, the truststore and the way out.
PROGRAMS = ("installDB.sh", "uninstallPOM.sh")
# POM's own; any of them below POM_HOME is a part of an installation. Mounts of archive and public may be there before it.
PARTS = ("bin", "config", "web", "kafka_server", "DDapps", "logs")
# Below the home directory of root, where the vendor's programs look for jars (POM-DB-16, POM-DB-17).
DRIVER_DIRECTORIES = {"oracle": "POMOracleJDBC", "mssql": "POMMssqlJDBC"}

# Written by two names in the guide (T-086), so it is looked for without regard to case.
TRUSTSTORE_PROGRAM = "importCertInPomTruststore.sh"
# Printed without its directory, and its log in another case (T-120).
CONVERSION_PROGRAM, CONVERSION_LOG = "enablenonTeleMode.sh", "enableNonTeleMode.log"


@dataclass(frozen=True)
class PomLayout:
    """The paths of one POM_HOME."""

    home: str = posixpath.join(INSTALL_PATH, HOME_NAME)

    @property
    def install_path(self) -> str:
        return posixpath.dirname(self.home)

    @property
    def bin(self) -> str:
        return posixpath.join(self.home, "bin")

    @property
    def config(self) -> str:
        return posixpath.join(self.home, "config")

    @property
    def logs(self) -> str:
        return posixpath.join(self.home, "logs")

    @property
    def keystore(self) -> str:
        return posixpath.join(self.config, "pomKeyStore")

    @property
    def truststore(self) -> str:
        return posixpath.join(self.config, "pomTrustStore")

    @property
    def pkcs12(self) -> str:
        return posixpath.join(self.config, "pom.p12")

    @property
    def database(self) -> str:
        return posixpath.join(self.config, "PIMHibernate.cfg.xml")

    @property
    def database_log(self) -> str:
        return posixpath.join(self.logs, "installDB.log")

    @property
    def conversion_log(self) -> str:
        return posixpath.join(self.logs, CONVERSION_LOG)

    @property
    def kafka(self) -> str:
        return posixpath.join(self.home, "kafka_server")

    @property
    def identity_files(self) -> tuple[str, ...]:
        """Properties in which the server's own name or address stands (POM-ID-01, T-111)."""
        kafka = posixpath.join(self.kafka, "config")
        return (
            posixpath.join(self.config, "pomDashboardAnalytics.properties"),
            posixpath.join(kafka, "server.properties"),
            posixpath.join(kafka, "zookeeper.properties"),
        )

    @property
    def applications(self) -> str:
        return posixpath.join(self.home, "DDapps")

    @property
    def web_certificates(self) -> str:
        return posixpath.join(self.home, "web", "pom_cert")


def is_safe_home(path: str) -> bool:
    """Whether a path may be removed as a POM_HOME: absolute, in no way the root, ending in /POManager (T-068)."""
    normal = posixpath.normpath(path) if path else ""
    return (
        path == normal
        and normal.startswith("/")
        and not normal.startswith("//")
        and posixpath.basename(normal) == HOME_NAME
        and posixpath.dirname(normal) != "/"
    )
