"""Lab only. The programs of the POM media: which name stands for what, and what runs behind it."""

from __future__ import annotations

from dataclasses import dataclass

INSTALLER = "installPOM"


@dataclass(frozen=True)
class Program:
    name: str
    # module of standin_pom, and the words that it gets before the caller's own
    module: str
    section: str
    about: str

    def script(self, launcher: str) -> str:
        """
        >>> print(Program("POM", "control", "LAB-POM", "the wrapper of the services").script("../lib/standin"), end="")
        #!/bin/sh
        # Lab only. Stand-in for the vendor's POM (catalogue: LAB-POM): the wrapper of the services.
        exec "$(dirname "$(readlink -f "$0")")/../lib/standin" control "$@"
        """
        return (
            "#!/bin/sh\n"
            f"# Lab only. Stand-in for the vendor's {self.name} (catalogue: {self.section}): {self.about}.\n"
            f'exec "$(dirname "$(readlink -f "$0")")/{launcher}" {self.module} "$@"\n'
        )


LAUNCHER = """#!/bin/sh
# Lab only. Runs a program of the stand-in: its module of standin_pom, then its arguments.
lib=$(dirname "$(readlink -f "$0")")
module=$1
shift
PYTHONPATH=$lib exec python3 -B -m "standin_pom.$module" "$@"
"""

MEDIA_ROOT = Program(INSTALLER, "installer", "LAB-installPOM", "installs POM, by questions or silently")

STATUS = {
    "cmpmgrstatus": "cmpmgr",
    "cmpdirstatus": "cmpdir",
    "agtmgrstatus": "agtmgr",
    "pomactmqstatus": "pomactmq",
    "rulengstatus": "ruleeng",
    "pomkafkastatus": "pomkafka",
    "advlistmgmtstatus": "advlistmgmt",
    "pomagentsdkstatus": "pomagentsdk",
    "pomdashboardstatus": "pomdashboard",
}

INSTALLED = (
    Program("installDB.sh", "install_db", "LAB-installDB.sh", "settings, test and schema of POM's database"),
    Program("enabledKafkaHA.sh", "kafka_ha", "LAB-enabledKafkaHA.sh", "makes the broker one of a cluster"),
    Program("importCertInPomTruststore.sh", "certificates trust", "LAB-importCertInPomTruststore.sh", "trusts a certificate"),
    Program(
        "pomCertificateGenerate.sh", "certificates generate", "LAB-pomCertificateGenerate.sh", "makes a self-signed identity"
    ),
    Program("pomCertificateImport.sh", "certificates import", "LAB-pomCertificateImport.sh", "imports an identity"),
    Program(
        "pomCertificateInstall.sh", "certificates install", "LAB-pomCertificateGenerate.sh", "puts an identity into its places"
    ),
    Program("pomCertKeystore.sh", "certificates keystore", "LAB-pomCertKeystore.sh", "makes the key store anew"),
    Program(
        "updatePOMCertificateStorePassword.sh",
        "certificates password",
        "LAB-updatePOMCertificateStorePassword.sh",
        "changes the password of a store",
    ),
    Program(
        "POMSecurityManagementTool.sh", "security_tool", "LAB-POMSecurityManagementTool.sh", "encrypts, decrypts, tells passwords"
    ),
    Program("InstallPOMOracleJDBC.sh", "drivers Oracle", "LAB-InstallPOMOracleJDBC.sh", "installs Oracle's driver"),
    Program(
        "InstallPOMMssqlJDBC.sh", "drivers MSSQL", "LAB-InstallPOMMssqlJDBC.sh", "installs the driver of Microsoft SQL Server"
    ),
    Program("uninstallPOM.sh", "maintenance uninstall", "LAB-uninstallPOM.sh", "removes POM"),
    Program("vpUpgrade.sh", "maintenance upgrade", "LAB-vpUpgrade.sh", "follows an upgrade of Experience Portal"),
    Program("updateVPMSConf.sh", "maintenance vpms", "LAB-updateVPMSConf.sh", "follows an upgrade of Experience Portal"),
    Program("updatePOMConfig", "maintenance configuration", "LAB-updatePOMConfig", "sets one setting of POM"),
    Program(
        "updateAgentManagerMemory.sh", "maintenance memory", "LAB-updateAgentManagerMemory.sh", "sets the Agent Manager's memory"
    ),
    Program("setConnectorMode.sh", "modes connector", "LAB-setConnectorMode.sh", "changes the Contact Center configuration mode"),
    Program("enablenonTeleMode.sh", "modes manual", "LAB-enablenonTeleMode.sh", "converts POM to manual dialing"),
    Program("eventSettingOperation.sh", "events", "LAB-eventSettingOperation.sh", "sets levels and alarms of events"),
    Program(
        "migrateCustomToSystemAttr.sh", "utilities attribute", "LAB-migrateCustomToSystemAttr.sh", "copies a custom attribute"
    ),
    Program(
        "setNonEnglishFontForPOMReports.sh", "utilities font", "LAB-setNonEnglishFontForPOMReports.sh", "gives reports a font"
    ),
    Program("insert_POM_Apps.sh", "epm applications", "LAB-insert_POM_Apps.sh", "registers POM's applications"),
    Program("getOrgID", "epm organization", "LAB-getOrgID", "tells the id of an organization"),
    Program("POM", "control", "LAB-POM (wrapper)", "starts, stops and tells POM's services"),
    *(Program(name, f"control {unit}", "LAB-service units", f"tells the state of {unit}") for name, unit in STATUS.items()),
)
