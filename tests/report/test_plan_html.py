"""The plan page as a person sees it: in a real browser, for seven hosts and for thirty, wide and narrow, light and dark."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.plan import build_plan
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.plan_html import render
from ansible_collections.dialtone.contact_center.tests.unit.plugins.plugin_utils.example_site import model

from .large_site import model as large_model
from .test_status_html import CONTRAST, LONG_NAME

pytestmark = pytest.mark.browser

PAGES = ("small", "large")


@pytest.fixture(scope="module")
def plans():
    site = model()
    site["hosts"]["db1"]["fqdn"] = LONG_NAME
    site["hosts"]["app1"]["components"] = []
    site["hosts"]["cms2"]["name"] = "<script>alert(1)</script>"
    return {"small": build_plan(site), "large": build_plan(large_model())}


@pytest.fixture(scope="module")
def pages(tmp_path_factory, plans):
    directory = tmp_path_factory.mktemp("pages")
    written = {}
    for name, plan in plans.items():
        path = directory / f"{name}.html"
        path.write_text(render(plan), encoding="utf-8")
        written[name] = path.as_uri()
    return written


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [1440, 1280, 1024, 390])
def test_page_fits_its_window(chromium, pages, name, width):
    chromium.open(pages[name], width)
    assert chromium.too_wide(width, "body *:not(.topology, .topology *)") == []


@pytest.mark.parametrize("name", PAGES)
def test_console_stays_silent_and_nothing_is_loaded(chromium, pages, name):
    chromium.open(pages[name])
    assert chromium.console() == []
    assert chromium.evaluate("document.scripts.length") == 0
    assert chromium.evaluate("performance.getEntriesByType('resource').length") == 0


@pytest.mark.parametrize("name", PAGES)
def test_picture_holds_every_host_and_every_port(chromium, pages, plans, name):
    chromium.open(pages[name])
    plan = plans[name]
    assert chromium.evaluate("document.querySelector('.topology').getBoundingClientRect().height") > 200
    shown = chromium.evaluate("[...document.querySelectorAll('.topology .station title')].map(e => e.textContent.split(',')[0])")
    ends = {row[end] for row in plan.ports for end in ("from", "to")}
    assert sorted(shown) == sorted({host.name for host in plan.hosts} | ends)
    marked = chromium.evaluate("[...document.querySelectorAll('.topology .target title')].map(e => e.textContent.split('/')[0])")
    assert sorted(marked) == sorted({f"{row['to']}:{row['port']}" for row in plan.ports})
    titles = chromium.evaluate("[...document.querySelectorAll('.topology .title')].map(e => e.textContent)")
    counts = {name: sum(host.data_center == name for host in plan.hosts) for name in plan.data_centers}
    assert [title for title in titles if title.startswith("Data center")] == [
        f"Data center {name}{count} host{'' if count == 1 else 's'}" for name, count in counts.items()
    ]


@pytest.mark.parametrize("name", PAGES)
def test_words_of_the_picture_do_not_overlap(chromium, pages, name):
    chromium.open(pages[name], 1280)
    overlapping = chromium.evaluate(
        """(() => {
          const boxes = [...document.querySelectorAll('.topology text')].map(e => [e.textContent, e.getBoundingClientRect()]);
          const pairs = [];
          for (let i = 0; i < boxes.length; i++) for (let j = i + 1; j < boxes.length; j++) {
            const [a, b] = [boxes[i][1], boxes[j][1]];
            if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3)
              pairs.push([boxes[i][0], boxes[j][0]]);
          }
          return pairs;
        })()"""
    )
    assert overlapping == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_every_text_can_be_read(chromium, pages, name, dark):
    """WCAG AA; what is drawn is measured by its own fill."""
    chromium.open(pages[name], dark=dark)
    assert chromium.evaluate(CONTRAST) == []
    drawn = CONTRAST.replace("body *", ".topology text:not(.target text)").replace(".color)", ".fill)")
    assert chromium.evaluate(drawn) == []


def test_what_an_inventory_holds_is_shown_as_text(chromium, pages):
    chromium.open(pages["small"])
    assert "<script>alert(1)</script>" in chromium.evaluate("document.querySelector('#hosts').textContent")


def test_every_section_is_reached_from_the_top(chromium, pages):
    chromium.open(pages["large"])
    targets = chromium.evaluate("[...document.querySelectorAll('nav a')].map(e => e.getAttribute('href').slice(1))")
    assert targets == chromium.evaluate("[...document.querySelectorAll('main section')].map(e => e.id)")
    assert {"topology", "order", "by-hand", "sizing", "storage", "ports", "rt-sockets", "licences"} <= set(targets)


def test_plan_is_printed_without_what_only_a_screen_needs(chromium, pages):
    chromium.open(pages["small"])
    chromium.devtools("Emulation.setEmulatedMedia", media="print")
    assert chromium.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    assert chromium.evaluate("document.querySelector('.topology').getBoundingClientRect().height") > 200
    chromium.devtools("Emulation.setEmulatedMedia", media="")


@pytest.mark.parametrize("name", PAGES)
def test_picture_is_well_formed(plans, name):
    (picture,) = re.findall(r"<svg class=\"topology\".*?</svg>", render(plans[name]), re.DOTALL)
    ElementTree.fromstring(picture)
