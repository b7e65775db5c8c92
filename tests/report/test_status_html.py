"""The status page as a person sees it: in a real browser, wide and narrow, light and dark."""

from __future__ import annotations

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.html_report import render
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.status import aggregate
from ansible_collections.dialtone.contact_center.tests.unit.plugins.plugin_utils.example_site import NOW, broken, healthy, model

pytestmark = pytest.mark.browser

LONG_NAME = "a-database-server-with-a-very-long-name." + "subdomain." * 12 + "example.test"


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    directory = tmp_path_factory.mktemp("pages")
    site = model()
    site["hosts"]["db1"]["fqdn"] = LONG_NAME
    written = {}
    for name, results in (("healthy", healthy()), ("broken", broken())):
        path = directory / f"{name}.html"
        path.write_text(render(aggregate(site, results, NOW)), encoding="utf-8")
        written[name] = path.as_uri()
    return written


@pytest.mark.parametrize("name", ["healthy", "broken"])
@pytest.mark.parametrize("width", [1280, 768, 390])
def test_page_fits_its_window(chromium, pages, name, width):
    chromium.open(pages[name], width)
    assert chromium.too_wide(width) == []


@pytest.mark.parametrize("name", ["healthy", "broken"])
def test_console_stays_silent(chromium, pages, name):
    chromium.open(pages[name])
    assert chromium.console() == []


def test_all_hosts_and_facts_are_shown(chromium, pages):
    chromium.open(pages["broken"])
    for host in model()["hosts"]:
        assert chromium.evaluate(f"document.getElementById('host-{host}').offsetHeight") > 40
    facts = chromium.evaluate("document.querySelectorAll('.facts tbody tr:not(.group)').length")
    assert facts == len(aggregate(model(), broken(), NOW).rows)


def test_verdict_is_the_first_thing_on_a_phone(chromium, pages):
    chromium.open(pages["broken"], 390)
    assert chromium.evaluate("document.querySelector('.verdict').innerText.trim().endsWith('CRITICAL')")
    assert chromium.evaluate("document.querySelector('.verdict').getBoundingClientRect().bottom") < 300


def test_what_a_service_logged_is_shown_as_text(chromium, pages):
    chromium.open(pages["broken"])
    assert "<script>alert(1)</script>" in chromium.evaluate("document.querySelector('pre').textContent")
    assert chromium.evaluate("document.scripts.length") == 0


CONTRAST = r"""(() => {
  const luminance = color => {
    const [red, green, blue] = color.match(/[\d.]+/g).slice(0, 3).map(n => n / 255)
      .map(n => n <= .03928 ? n / 12.92 : ((n + .055) / 1.055) ** 2.4);
    return .2126 * red + .7152 * green + .0722 * blue;
  };
  const background = element => {
    for (; element; element = element.parentElement) {
      const color = getComputedStyle(element).backgroundColor;
      if (!/, 0\)$/.test(color)) return color;
    }
    return 'rgb(255,255,255)';
  };
  const hasText = element => [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
  return [...document.querySelectorAll('body *')].filter(hasText).map(element => {
    const one = luminance(getComputedStyle(element).color), other = luminance(background(element));
    return [element.className || element.tagName, (Math.max(one, other) + .05) / (Math.min(one, other) + .05)];
  }).filter(([, ratio]) => ratio < 4.5);
})()"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["healthy", "broken"])
def test_every_text_can_be_read(chromium, pages, name, dark):
    """WCAG AA: contrast of at least 4.5."""
    chromium.open(pages[name], dark=dark)
    background = chromium.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(15, 21, 28)" if dark else "rgb(244, 246, 249)")
    assert chromium.evaluate(CONTRAST) == []
