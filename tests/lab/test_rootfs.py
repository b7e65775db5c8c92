from __future__ import annotations

import shutil

import pytest

from lab import rootfs
from lab.errors import LabError

DEB822 = """\
Types: deb
# a comment
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates bookworm-backports
Components: main contrib
Signed-By: /usr/share/keyrings/example.gpg

Types: deb deb-src
URIs: http://mirror.example/security
Suites: bookworm-security
Components: main

Types: deb
Enabled: no
URIs: http://mirror.example/disabled
Suites: bookworm
Components: main
"""


def test_sources_of_both_formats_are_read(tmp_path):
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text(
        "# deb http://mirror.example/comment bookworm main\n"
        "deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/list bookworm main contrib # note\n"
        "deb-src http://mirror.example/list bookworm main\n"
        "deb http://mirror.example/other nodistro main\n"
    )
    (tmp_path / "sources.list.d" / "debian.sources").write_text(DEB822)
    (tmp_path / "sources.list.d" / "ignored.save").write_text("deb http://mirror.example/ignored bookworm main\n")
    assert rootfs.package_sources(tmp_path) == [
        "deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/list bookworm main",
        "deb [signed-by=/usr/share/keyrings/example.gpg] http://mirror.example/debian bookworm main",
        "deb [signed-by=/usr/share/keyrings/example.gpg] http://mirror.example/debian bookworm-updates main",
        "deb http://mirror.example/security bookworm-security main",
    ]


def test_a_machine_without_a_source_for_the_release_is_refused(tmp_path):
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text("deb http://mirror.example/debian trixie main\n")
    with pytest.raises(LabError, match="no source for Debian bookworm main"):
        rootfs.package_sources(tmp_path)


def test_the_image_is_named_by_everything_in_its_recipe(tmp_path):
    recipe = tmp_path / "recipe"
    shutil.copytree(rootfs.RECIPE, recipe)
    before = rootfs.recipe_digest(recipe)
    assert before == rootfs.recipe_digest(rootfs.RECIPE)

    packages = recipe / "packages.txt"
    packages.write_text(packages.read_text() + "tree\n")
    with_package = rootfs.recipe_digest(recipe)
    (recipe / "files" / "etc" / "motd").write_text("hello\n")
    with_file = rootfs.recipe_digest(recipe)
    (recipe / "customize.sh").chmod(0o644)
    assert len({before, with_package, with_file, rootfs.recipe_digest(recipe)}) == 4


def test_the_recipe_names_no_package_source():
    for path in rootfs.recipe_files(rootfs.RECIPE):
        assert "://" not in path.read_text(), path


def test_packages_are_read_without_comments():
    packages = rootfs.packages(rootfs.RECIPE)
    assert "openssh-server" in packages
    assert not [name for name in packages if " " in name or "#" in name]
