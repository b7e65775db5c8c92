"""Lab only. Stand-in for the installer at the root of the POM media (LAB-installPOM)."""

from __future__ import annotations

import argparse
import grp
import os
import pwd
import shutil
import socket
import time
import urllib.error
import urllib.request
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from . import host, identity, layout, properties, stores
from .terminal import ask, ask_one_of, ask_secret, extra_question, main, say

MEDIA = Path(__file__).resolve().parents[4]
PROGRAM = "installPOM"
DEFAULT_PATH = "/opt/Avaya/avpom"
TOMCAT = "/opt/AppServer/Tomcat/tomcat"
NAVIGATION = "Press 1 to Continue, 2 for Previous, 3 to Redisplay or 4 to Quit [1]"
WIDTH = "====="
HELP = f"""Usage: {PROGRAM} [-s]
       [-d <install path>]
       [-p vpmsplugin|pomserver|ddapps]
       [-t primary|aux]
       [-i <primary ip address:port>]
       [-c <cert import path>]
       [-P <cert password>]
       [-f <config file>]
       [-h]
       [-?]

Silent installation
Following options will work only with -s:
-d, -p, -t, -c, -f, -i, -P

-s  installs without a question.
-d  directory below which POManager is made.
-p  a package to install; give the option once for each package.
Package name can be one of :
vpmsplugin
pomserver
ddapps
-t  primary selects vpmsplugin and pomserver, aux selects pomserver.
-i  address and port of the primary, only with -t aux.
-c  a certificate to import; without it a new one is made.
-P  the password of that certificate.
-f  a file with these settings: install_dir_path, cert_path, cert_password, pack, install_type, primary_ip_port.
-h, -?  this text.
"""
MANUAL_STEPS = """If you are using an external application server and you have installed the POM AAOD Application package while \
installing POM, you need to:
a--> Copy the *.war files from $POM_HOME/DDapps to $CATALINA_HOME/webapps of the external application server.
b--> If the file log4j-1.2.15.jar is present in $CATALINA_HOME/lib, then delete it from your external application server.
c--> Copy files from $POM_HOME/DDapps/lib/* to $CATALINA_HOME/lib of your external application server.
d--> Enable the SSL Configurations for application server.
e--> Restart the external application server."""


class Quit(Exception):
    """The person left the installer."""


@dataclass
class Choices:
    """What the questions, or the options, have decided."""

    kind: str
    path: str = DEFAULT_PATH
    packages: list[str] = field(default_factory=list)
    primary: str = ""
    certificate: str = ""
    certificate_password: str = ""

    @property
    def home(self) -> str:
        return f"{self.path}/POManager"


def run(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    if options.help:
        say(HELP)
        return 0
    host.require_root()
    log = host.Log(host.real(f"/tmp/pom_install_{os.getpid()}.log"))
    choices = prepare(options, log)
    if not options.silent:
        log.assumption("texts of the prompts for licence, path, primary and certificate")
        try:
            converse(choices)
        except Quit:
            log.assumption("whether vpms is started again by someone who leaves")
            if host.switched_on(PROGRAM, "quit_starts_vpms"):
                host.systemctl("start", "vpms")
            return 1
    install(choices, log, silent=options.silent)
    return 0


# Before the first question


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=PROGRAM, add_help=False, allow_abbrev=False)

    def refuse(message: str) -> NoReturn:
        raise host.Refused(f"{message}\n{HELP}")

    parser.error = refuse  # type: ignore[method-assign]
    parser.add_argument("-s", dest="silent", action="store_true")
    parser.add_argument("-d", dest="path")
    parser.add_argument("-p", dest="packages", action="append", default=[])
    parser.add_argument("-t", dest="kind", action="append", default=[])
    parser.add_argument("-i", dest="primary")
    parser.add_argument("-c", dest="certificate")
    parser.add_argument("-P", dest="certificate_password")
    parser.add_argument("-f", dest="file")
    parser.add_argument("-h", "-?", dest="help", action="store_true")
    return parser.parse_args(list(arguments))


def prepare(options: argparse.Namespace, log: host.Log) -> Choices:
    """Look at the host, restart and stop vpms, and take the options of a silent run."""
    portal = host.experience_portal()
    if portal is None:
        raise host.Refused("Primary or auxiliary EPM is not installed on this server. Quitting the installation.")
    if not portal.get("version", "").startswith(tuple(host.setting(PROGRAM, "ep_versions").split())):
        raise host.Refused(
            f"Unsupported version of Experience Portal found: {portal.get('version', 'unknown')}. Quitting the installation."
        )
    choices = Choices(portal["kind"], packages=[*layout.MANDATORY[portal["kind"]], layout.OPTIONAL])
    if options.silent:
        silent_choices(options, choices)
    refuse_what_is_there(choices.path)
    say("*** Starting POM Installation ***")
    say("*** Restarting and checking vpms service status, please wait... ***")
    if not host.active("vpms") and host.setting(PROGRAM, "vpms_down") == "refuse":
        log.assumption("vpms that is down is not started")
        raise host.Refused("*** EP service status [FAILED]: vpms is not running. ***")
    if not host.systemctl("restart", "vpms") or not host.active("vpms"):
        raise host.Refused("*** EP service status [FAILED]: vpms could not be restarted. ***")
    say("*** EP service status [OK]***")
    say("*** Stopping vpms service, please wait... ***")
    if not host.systemctl("stop", "vpms"):
        raise host.Refused("*** vpms service could not be stopped. ***")
    say("*** vpms service stopped... Starting POM Installation... ***")
    say("Running CLI installation program...")
    return choices


def refuse_what_is_there(path: str) -> None:
    """A whole or a half POM, wherever its parts are."""
    units = layout.unit_files(host.real(host.UNIT_DIRECTORY))
    if host.real(f"{path}/POManager").exists() or units:
        raise host.Refused(
            "Installation aborted. POM is fully or partially installed on this server. Uninstall POM, then start it again."
        )


def silent_choices(options: argparse.Namespace, choices: Choices) -> None:
    if len(options.kind) > 1:
        raise host.Refused("Option -t can be given once only.")
    config = read_config(options.file) if options.file else {}
    kind = (options.kind or config.get("install_type") or [""])[0]
    names = {"primary": "primary", "aux": "auxiliary"}
    if kind and kind not in names:
        raise host.Refused(f"Invalid installation type: {kind}. Use primary or aux.")
    if kind and names[kind] != choices.kind:
        raise host.Refused(f"Installation type {kind} does not fit this server: the {choices.kind} EPM is installed on it.")
    choices.path = options.path or one(config, "install_dir_path") or choices.path
    packages = options.packages or config.get("pack", [])
    unknown = [name for name in packages if name not in layout.TITLES]
    if unknown:
        raise host.Refused(f"Invalid package name: {unknown[0]}")
    chosen = {*packages, *(layout.MANDATORY[choices.kind] if kind or not packages else ())}
    if "vpmsplugin" in chosen and choices.kind == "auxiliary":
        raise host.Refused("Package vpmsplugin belongs to the primary EPM only.")
    missing = [name for name in layout.MANDATORY[choices.kind] if name not in chosen]
    if missing:
        raise host.Refused(f"Mandatory package is missing: {missing[0]}")
    choices.packages = [name for name in layout.TITLES if name in chosen]
    choices.primary = options.primary or one(config, "primary_ip_port")
    if choices.primary and choices.kind == "primary":
        raise host.Refused("Option -i works only with -t aux.")
    if choices.kind == "auxiliary" and not choices.primary.rpartition(":")[0]:
        raise host.Refused("Option -i <primary ip address:port> is required with -t aux.")
    choices.certificate = options.certificate or one(config, "cert_path")
    choices.certificate_password = options.certificate_password or one(config, "cert_password")
    if choices.certificate_password and not choices.certificate:
        raise host.Refused("Option -P works only with -c.")
    if choices.certificate:
        check_certificate(choices)


CONFIG_KEYS = ("install_dir_path", "cert_path", "cert_password", "pack", "install_type", "primary_ip_port")


def read_config(path: str) -> dict[str, list[str]]:
    try:
        lines = host.real(path).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise host.Refused(f"Configuration file {path} cannot be read: {error.strerror}.") from None
    values: dict[str, list[str]] = {}
    for line in lines:
        name, separator, value = line.partition("=")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not separator or name.strip() not in CONFIG_KEYS:
            raise host.Refused(f"Unknown parameter in {path}: {name.strip()}")
        values.setdefault(name.strip(), []).append(value.strip())
    return values


def one(config: dict[str, list[str]], name: str) -> str:
    return config.get(name, [""])[-1]


# The questions, screen by screen


def converse(choices: Choices) -> None:
    """Show the screens in order; each ends with the four choices of navigation."""
    screens: list[Callable[[Choices], None]] = [welcome, licence, path, packages]
    if choices.kind == "auxiliary":
        screens.append(primary)
    screens += [certificate, summary]
    extra_question("start")
    index = 0
    while index < len(screens):
        screens[index](choices)
        answer = navigate()
        if answer == "1":
            index += 1
        elif answer == "2":
            index = max(0, index - 1)
    extra_question("end")


def navigate() -> str:
    while True:
        answer = ask_one_of(NAVIGATION, ("1", "2", "3", "4"), "1")
        if answer != "4":
            return answer
        confirm_quit()


def confirm_quit() -> None:
    say("1 Yes")
    say("2 No")
    if ask_one_of("Do you want to exit? [2]", ("1", "2"), "2") == "1":
        raise Quit


def choose(prompt: str, answers: Sequence[str], default: str = "") -> str:
    """An answer of a screen; 4 leaves where it means nothing else."""
    while True:
        answer = ask_one_of(prompt, [*answers, "4"], default)
        if answer != "4" or "4" in answers:
            return answer
        confirm_quit()


def enter(prompt: str, default: str = "") -> str:
    """Words of a screen; 4 alone leaves."""
    while True:
        answer = ask(prompt, default)
        if answer != "4":
            return answer
        confirm_quit()


def welcome(choices: Choices) -> None:
    say(f"Welcome to the installation of Avaya POM {host.setting(PROGRAM, 'version')}!")
    say("The homepage is at: http://www.avaya.com/")


def licence(choices: Choices) -> None:
    say((MEDIA / "EULA.txt").read_text(encoding="utf-8").rstrip())
    accepted = False
    while True:
        say(f"1 - I accept the terms of the license agreement{' [x]' if accepted else ''}")
        say(f"2 - I do not accept the terms of the license agreement{'' if accepted else ' [x]'}")
        answer = choose("Input selection:", ("1", "2", ""))
        if answer == "" and accepted:
            return
        accepted = answer == "1"


def path(choices: Choices) -> None:
    while True:
        answer = enter(f"Select the installation path: [{choices.path}]", choices.path)
        if not answer.startswith("/"):
            say("Enter an absolute path.")
            continue
        choices.path = answer.rstrip("/")
        if not host.real(choices.path).exists():
            return
        refuse_what_is_there(choices.path)
        say("The directory already exists! Are you sure you want to install here and possibly overwrite existing files?")
        say("1. Yes")
        say("2. No")
        if choose("Do you want to continue?", ("1", "2")) == "1":
            return


def packages(choices: Choices) -> None:
    names = [*layout.MANDATORY[choices.kind], layout.OPTIONAL]
    toggle = str(len(names))
    while True:
        say("Select the packages to install:")
        for number, name in enumerate(names, 1):
            mark = "required" if name != layout.OPTIONAL else "x" if name in choices.packages else " "
            say(f"{number}  [{mark}] {layout.TITLES[name]}")
        say("r  Redisplay")
        say("c  Continue")
        answer = choose("Input selection:", (toggle, "r", "c"))
        if answer == "c":
            return
        if answer == toggle and layout.OPTIONAL in choices.packages:
            choices.packages.remove(layout.OPTIONAL)
        elif answer == toggle:
            choices.packages.append(layout.OPTIONAL)


def primary(choices: Choices) -> None:
    while True:
        if host.setting(PROGRAM, "primary_prompts") == "one":
            choices.primary = enter("Enter the IP address and port of the primary POM server (address:port):")
        else:
            address = enter("Enter the IP address of the primary POM server:")
            choices.primary = f"{address}:{enter('Enter the port of the primary POM server [80]:', '80')}"
        try:
            primary_certificate(choices.primary)
        except host.Refused as error:
            say(str(error))
        else:
            return


def primary_certificate(address: str) -> bytes:
    try:
        with urllib.request.urlopen(f"http://{address}/pom_cert/pom.crt", timeout=10) as answer:
            content: bytes = answer.read()
    except (OSError, ValueError, urllib.error.URLError) as error:
        raise host.Refused(f"The certificate of the primary POM server {address} cannot be read: {error}") from None
    if b"BEGIN CERTIFICATE" not in content:
        raise host.Refused(f"The primary POM server {address} did not send a certificate.")
    return content


def certificate(choices: Choices) -> None:
    while True:
        say("0 Create a new certificate")
        say("1 Import a certificate")
        if choose("Input selection:", ("0", "1")) == "0":
            choices.certificate = choices.certificate_password = ""
            say("A new certificate will be created.")
            return
        choices.certificate = enter("Enter the absolute path of the PKCS#12 file:")
        choices.certificate_password = ask_secret("Enter the password of the PKCS#12 file:")
        try:
            say(check_certificate(choices))
        except host.Refused as error:
            say(str(error))
        else:
            return


def check_certificate(choices: Choices) -> str:
    """Refuse what is no PKCS#12 file or does not open; otherwise the certificate's text."""
    with stores.scratch() as directory:
        key, pem = Path(directory, "key"), Path(directory, "certificate")
        try:
            stores.unpack(host.real(choices.certificate), choices.certificate_password, key, pem)
        except (host.Refused, OSError) as error:
            raise host.Refused(f"The certificate {choices.certificate} cannot be imported: {error}") from None
        return stores.openssl("x509", "-in", str(pem), "-noout", "-subject", "-issuer", "-dates", "-fingerprint", "-sha256")


def summary(choices: Choices) -> None:
    existing = host.real(choices.path)
    while not existing.exists():
        existing = existing.parent
    usage = shutil.disk_usage(existing)
    say("Installation summary")
    say(f"Installation path: {choices.path}")
    for name in choices.packages:
        size = sum(file.stat().st_size for file in (MEDIA / "packages" / name).rglob("*") if file.is_file())
        say(f"Package {layout.TITLES[name]}: {size // 1024} KB")
    say(f"Used space: {usage.used // 1024**2} MB")
    say(f"Free space: {usage.free // 1024**2} MB")
    say("The last portion of the install might take several minutes")
    say("Please be patient and wait for the Post Installation Summary to begin")
    say(f"IMPORTANT{' ' if choices.kind == 'auxiliary' else ''}: PLEASE DO NOT ABORT THE INSTALLATION")


# The installation


def install(choices: Choices, log: host.Log, *, silent: bool) -> None:
    home = host.real(choices.home)
    log.write(f"installing {host.setting(PROGRAM, 'version')} as {choices.kind} to {choices.path}: {' '.join(choices.packages)}")
    if choices.kind == "auxiliary":
        trusted = primary_certificate(choices.primary)
    make_account()
    say("[ Starting to unpack ]")
    host.stage(PROGRAM, "packages", log)
    lay_tree(choices, home)
    host.stage(PROGRAM, "programs", log)
    lay_programs(home)
    host.stage(PROGRAM, "units", log)
    lay_units(choices, home)
    host.stage(PROGRAM, "certificates", log)
    held = make_certificates(choices, home)
    if choices.kind == "auxiliary":
        log.assumption("the primary's certificate goes into the trust store under the alias primarypom")
        with stores.scratch() as directory:
            pem = Path(directory, "primary.crt")
            pem.write_bytes(trusted)
            stores.trust(held, "primarypom", pem)
    say("Installation was successful.")
    say(f"Application installed on {choices.path}")
    say(WIDTH)
    say("[ Console installation done ]")
    if choices.kind == "primary":
        tell_certificates(choices.home)
    host.stage(PROGRAM, "appserver", log)
    if choices.kind == "primary":
        change_tomcat(log)
        say("Encrypting the private key...")
        say("Private key encryption done.")
    host.stage(PROGRAM, "logs", log)
    say(f"Moving installation log files to: {choices.home}/logs")
    if silent:
        log.assumption("the file that answers for a person is kept beside the logs")
        write_answers(choices, home / "logs/auto-install.xml")
    log.write("Installation was successful.")
    shutil.move(str(log.path), str(home / "logs/pom_install.log"))
    host.own(home)
    say(WIDTH)
    say(MANUAL_STEPS)
    say("Please restart the system now !")
    if host.switched_on(PROGRAM, "reboot"):
        host.systemctl("reboot")


def make_account() -> None:
    if host.ROOT:
        return
    try:
        grp.getgrnam(host.GROUP)
    except KeyError:
        host.must(["groupadd", "--system", host.GROUP])
    try:
        pwd.getpwnam(host.OWNER)
    except KeyError:
        host.must(["useradd", "--system", "--gid", host.GROUP, "--no-create-home", "--shell", "/usr/sbin/nologin", host.OWNER])


def lay_tree(choices: Choices, home: Path) -> None:
    """The packages' files but the programs: a tree without bin is one whose installation was cut off."""
    package = MEDIA / "packages/pomserver"
    home.mkdir(parents=True, exist_ok=True)
    for directory in layout.DIRECTORIES:
        (home / directory).mkdir(parents=True, exist_ok=True)
    for part in sorted(package.iterdir()):
        if part.is_dir() and part.name not in ("bin", "kafka", "systemd"):
            shutil.copytree(part, home / part.name, dirs_exist_ok=True)
    lay_kafka(package, home)
    if layout.OPTIONAL in choices.packages:
        shutil.copytree(MEDIA / "packages/ddapps", home / "DDapps", dirs_exist_ok=True)
    if "vpmsplugin" in choices.packages:
        plugin = host.real(f"{host.EP_HOME}/plugins/pom")
        shutil.copytree(MEDIA / "packages/vpmsplugin", plugin, dirs_exist_ok=True)
        properties.change(plugin / "plugin.properties", {"pom_home": choices.home})
    properties.write(
        home / "config/version.properties",
        {
            "version": host.setting(PROGRAM, "version"),
            "kind": choices.kind,
            "packages": ",".join(choices.packages),
            **identity.present(),
        },
        "# stand-in assumption: where POM keeps its version, and as what it was installed",
    )
    identity.write_dashboard(home)


def lay_programs(home: Path) -> None:
    shutil.copytree(MEDIA / "packages/pomserver/bin", home / "bin", dirs_exist_ok=True)
    spelling = host.setting("import", "spelling")
    (home / "bin/importCertInPomTruststore.sh").rename(home / f"bin/importCertIn{spelling}Truststore.sh")


def lay_kafka(package: Path, home: Path) -> None:
    for archive in sorted((package / "kafka").glob("*.tar.gz")):
        shutil.unpack_archive(archive, home)
    tree = home / "kafka_server"
    (tree / "config").mkdir(parents=True, exist_ok=True)
    for name in ("server.properties", "zookeeper.properties"):
        template = (package / "kafka" / name).read_text(encoding="utf-8")
        (tree / "config" / name).write_text(template.replace("@POM_HOME@", host.shown(home)), encoding="utf-8")


def lay_units(choices: Choices, home: Path) -> None:
    directory = host.real(host.UNIT_DIRECTORY)
    directory.mkdir(parents=True, exist_ok=True)
    replacements = {
        "@POM_HOME@": choices.home,
        "@KAFKA_HEAP_MB@": host.setting("pomkafka", "heap_mb"),
        "@ZOOKEEPER_HEAP_MB@": host.setting("pomkafka", "zookeeper_heap_mb"),
    }
    units = []
    for template in (MEDIA / "packages/pomserver/systemd", MEDIA / "packages/pomserver/services/units"):
        for file in sorted(template.glob("*.service")) if template.is_dir() else ():
            text = file.read_text(encoding="utf-8")
            for word, value in replacements.items():
                text = text.replace(word, value)
            (directory / file.name).write_text(text, encoding="utf-8")
            units.append(file.name)
    commands = host.real(host.COMMAND_DIRECTORY)
    commands.mkdir(parents=True, exist_ok=True)
    for name in ("POM", *(path.name for path in (home / "bin").glob("*status"))):
        link = commands / name
        link.unlink(missing_ok=True)
        link.symlink_to(home / "bin" / name)
    profile = host.real(host.PROFILE)
    profile.parent.mkdir(parents=True, exist_ok=True)
    profile.write_text(f"export POM_HOME={choices.home}\n", encoding="utf-8")
    host.systemctl("daemon-reload")
    if host.switched_on(PROGRAM, "enable_units"):
        host.systemctl("enable", "--quiet", *units)


def make_certificates(choices: Choices, home: Path) -> stores.Stores:
    held = stores.Stores(home)
    with stores.scratch() as directory:
        key, pem = Path(directory, "key"), Path(directory, "certificate")
        if choices.certificate:
            stores.unpack(host.real(choices.certificate), choices.certificate_password, key, pem)
        else:
            address = stores.own_address()
            name = socket.getfqdn()
            stores.new_identity(name, stores.VALID_DAYS, key, pem, san=[f"IP:{address}"] if address else [])
        stores.pack(held, key, pem)
        stores.import_identity(held)
        stores.publish(held, key, pem)
    stores.empty_trust_store(held)
    return held


def tell_certificates(home: str) -> None:
    say("/etc/alternatives/java_sdk_1.8.0//bin/java")
    say("Exporting the unencrypted private..")
    say(f"Importing keystore {home}/config/pom.p12 to {home}/config/pomKeyStore...")
    say("Entry for alias pomservercert successfully imported.")
    say("Import command completed: 1 entries successfully imported, 0 entries failed or cancelled.")
    say("Warning:")
    say(
        "The JKS keystore uses a proprietary format. It is recommended to migrate to PKCS12 which is an industry standard format "
        f'using "keytool -importkeystore -srckeystore {home}/config/pomKeyStore -destkeystore {home}/config/pomKeyStore '
        '-deststoretype pkcs12".'
    )
    say("Executing sslEnabledForAppserver Fresh Install Case")


def change_tomcat(log: host.Log) -> None:
    """The HTTPS connector of an application server on the same host; the documents show these lines for one that is there."""
    say("Making Appserver server configuration changes...")
    server = host.real(f"{TOMCAT}/conf/server.xml")
    if not server.exists():
        log.assumption("nothing is said about an application server that is not there")
        return
    kept = server.with_name("server.xml.ssl")
    tree = ElementTree.parse(server)
    connectors = tree.findall(".//Connector")
    if any(connector.get("port") == "7443" for connector in connectors):
        return
    say(f"SSL is NOT enabled in {TOMCAT}/conf/server.xml at port 7443, now making POM specific changes.....")
    service = tree.find("Service")
    if service is not None:
        service.append(
            ElementTree.Element(
                "Connector",
                {
                    "protocol": "HTTP/1.1",
                    "port": "7443",
                    "scheme": "https",
                    "secure": "true",
                    "SSLEnabled": "true",
                    "keystoreFile": f"{TOMCAT}/conf/myTrustStore",
                    "keystoreType": "JKS",
                    "keystorePass": "changeit",
                    "clientAuth": "false",
                    "sslEnabledProtocols": "TLSv1.2",
                },
            )
        )
    tree.write(kept, encoding="utf-8", xml_declaration=True)
    shutil.copy(kept, server)
    say(f"mv: '{TOMCAT}/conf/server.xml.ssl' and '{TOMCAT}/conf/server.xml.ssl' are the same file")
    say(f"{TOMCAT}/conf/server.xml changes done .....")
    say("Updating the catalina.sh")
    catalina = host.real(f"{TOMCAT}/bin/catalina.sh")
    if catalina.exists():
        if "JAVA_OPTS_POM_APP" in catalina.read_text(encoding="utf-8"):
            say("JAVA_OPTS_POM_APP Variable is already found")
        say(f"{TOMCAT}/bin/catalina.sh changes done ....")


def write_answers(choices: Choices, path: Path) -> None:
    """What the silent mode hands to the installer behind it; never the certificate's password."""
    document = ElementTree.Element("AutomatedInstallation", langpack="eng")
    for name, value in (
        ("installpath", choices.path),
        ("type", choices.kind),
        ("primary", choices.primary),
        ("certificate", choices.certificate),
        ("written", time.strftime("%Y-%m-%d %H:%M:%S")),
    ):
        ElementTree.SubElement(document, "entry", key=name, value=value)
    for package in choices.packages:
        ElementTree.SubElement(document, "pack", name=package, selected="true")
    ElementTree.ElementTree(document).write(path, encoding="utf-8", xml_declaration=True)


if __name__ == "__main__":
    main(run)
