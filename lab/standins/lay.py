"""Experience Portal on a lab host, as it is before POM comes: its tree, units, configuration.

Lab only; nothing in it reaches a site.
"""

from __future__ import annotations

import configparser
import io
import shutil
from dataclasses import dataclass
from pathlib import Path

TREE = Path(__file__).with_name("ep") / "tree"
VERSION = "8.1.2.0.0303"
UNITS = ("vpms", "httpd")
APP_SERVER = "opt/Avaya/VoicePortal/Support/AppServer"


@dataclass(frozen=True)
class Portal:
    """What one EPM server is told of itself and of the others."""

    kind: str
    name: str
    fqdn: str
    address: str
    primary: str
    user: str
    password: str
    token: str


def configuration(portal: Portal) -> str:
    parser = configparser.ConfigParser(interpolation=None)
    parser["ep"] = {
        "kind": portal.kind,
        "version": VERSION,
        "host": portal.name,
        "fqdn": portal.fqdn,
        "address": portal.address,
        "primary": portal.primary,
    }
    parser["web"] = {"user": portal.user, "password": portal.password, "http_port": "80", "https_port": "443"}
    parser["channel"] = {"token": portal.token}
    text = io.StringIO()
    parser.write(text)
    return "# Lab only: what the stand-in for Experience Portal on this host is.\n" + text.getvalue()


def lay_ep(root: Path, portal: Portal, tomcat: Path | None = None) -> None:
    """Lay Experience Portal into a host's root file system. The units start with the host.

    The archive with Tomcat is what its InstallAppServer.sh unpacks.
    """
    for source in sorted(path for path in TREE.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        target = root / source.relative_to(TREE)
        # Modes of our own: those of a checkout follow its umask, and the host's directories keep theirs.
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(0o755 if source.stat().st_mode & 0o100 else 0o644)
    if tomcat is not None:
        shutil.copyfile(tomcat, root / APP_SERVER / "tomcat.tar.gz")
    conf = root / "etc/standin/ep.conf"
    conf.parent.mkdir(parents=True, exist_ok=True)
    conf.touch(mode=0o600)
    conf.chmod(0o600)
    conf.write_text(configuration(portal), encoding="utf-8")
    (root / "opt/Avaya/VoicePortal/version").write_text(f"{VERSION}\n", encoding="utf-8")
    wants = root / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir(parents=True, exist_ok=True)
    for unit in UNITS:
        link = wants / f"{unit}.service"
        link.unlink(missing_ok=True)
        link.symlink_to(f"/usr/lib/systemd/system/{unit}.service")
