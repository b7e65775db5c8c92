# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.html_report import render
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.status import aggregate
from ansible_collections.dialtone.contact_center.tests.unit.plugins.plugin_utils.example_site import (
    NOW,
    broken,
    healthy,
    model,
    replace,
)

VOID = {"meta", "link", "br"}


class Page(HTMLParser):
    """Collects what is opened, and fails on what is not closed in order."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self._open: list[str] = []
        self.feed(source)
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag


def page(results, site=None):
    return render(aggregate(site or model(), results, NOW))


@pytest.mark.parametrize("results", [healthy(), broken()], ids=["healthy", "broken"])
def test_page_is_well_formed_and_self_contained(results):
    source = page(results)
    parsed = Page(source)
    assert not {"script", "img", "iframe", "object"} & set(parsed.tags)
    assert not re.search(r"https?://|url\(|@import", source)
    assert {value for name, value in parsed.attributes if name in ("src", "href")} == {"data:,"}
    assert not [name for name, _value in parsed.attributes if name.startswith("on")]


def test_every_host_has_a_card():
    source = page(broken())
    assert set(re.findall(r'id="host-(\w+)"', source)) == set(model()["hosts"])
    assert "UNREACHABLE" in source


def test_leader_and_controller_are_badges():
    source = page(healthy())
    assert re.search(r'id="host-kafka3".*?ZooKeeper leader.*?</article>', source)
    assert re.search(r'id="host-epm1".*?Kafka controller.*?</article>', source)


@pytest.mark.parametrize("place", ["reason", "warning", "next_step", "state", "log"])
def test_what_services_say_is_never_markup(place):
    results = healthy()
    evil = '<img src=x onerror="alert(1)">&\''
    replace(results, "epm1", "kafka.ready", ok=False, **{place: [evil] if place == "log" else evil})
    source = page(results)
    assert "<img" not in source
    Page(source)


def test_names_from_the_inventory_are_never_markup():
    site = model()
    site["site"] = site["hosts"]["epm1"]["fqdn"] = "<script>alert(1)</script>"
    assert "<script" not in page(healthy(), site)


def test_healthy_site_needs_no_attention():
    assert "Needs attention" not in page(healthy())
    assert "Needs attention" in page(broken())


def test_the_same_status_is_the_same_page():
    assert page(broken()) == page(broken())
