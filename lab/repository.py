"""A package repository that the lab serves to its hosts, as an air-gapped site would. Lab only; nothing in it reaches a site."""
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lab import lifecycle, namespaces, rootfs
from lab.shell import run, step
from lab.state import Lab
from lab.topology import DC1

PORT = 8080
ADDRESS = f"http://{DC1.gateway}:{PORT}"
SOURCE = f"# Lab only: the repository that 'python3 -m lab repo' serves.\ndeb [trusted=yes] {ADDRESS} ./\n"


def build(lab: Lab, packages: Sequence[str]) -> Path:
    """Fetch packages with all that the host image lacks of their dependencies, and index them."""
    repository = lab.repository_directory
    pool = repository / "pool"
    pool.joinpath("partial").mkdir(parents=True, exist_ok=True)
    image = rootfs.directory(lab.image_file.read_text(encoding="utf-8").strip())
    settings = {
        "Dir::State::status": f"{image}/rootfs/var/lib/dpkg/status",
        "Dir::Cache::archives": str(pool),
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root",
        "APT::Keep-Downloaded-Packages": "true",
    }
    options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    run(["apt-get", "--quiet", "--yes", "--download-only", "--reinstall", *options, "install", *packages])
    index = run(["apt-ftparchive", "packages", "pool"], directory=repository)
    repository.joinpath("Packages").write_text(index, encoding="utf-8")
    release = run(["apt-ftparchive", "-o", "APT::FTPArchive::Release::Suite=lab", "release", "."], directory=repository)
    repository.joinpath("Release").write_text(release, encoding="utf-8")
    return repository


def serve(lab: Lab, packages: Sequence[str]) -> None:
    """Serve the repository while the lab is up, and make it the one package source of the hosts that run."""
    lab.require_running()
    with step(f"package repository of {' '.join(packages)}"):
        build(lab, packages)
        namespaces.inside(lab, ["serve", str(lab.repository_directory), DC1.gateway, str(PORT)])
    for host in lifecycle.known_hosts(lab):
        if lifecycle.running(lab, host):
            with step(f"{host.name}: package source {ADDRESS}"):
                lifecycle.run_in_host(lab, host, ["tee", "/etc/apt/sources.list"], stdin=SOURCE)
                lifecycle.run_in_host(lab, host, ["apt-get", "--quiet", "update"])
