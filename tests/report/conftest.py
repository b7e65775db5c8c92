"""A headless Chromium for the tests of this directory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab import browser


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: needs chromium and chromedriver (Debian: chromium, chromium-driver)")


class Reader(browser.Browser):
    """Looks at pages in windows of several widths, light and dark."""

    def open(self, url: str, width: int = 1280, dark: bool = False) -> None:
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        scheme = "dark" if dark else "light"
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.go(url)

    def too_wide(self, width: int, selector: str = "body *") -> list[str]:
        """The elements that stick out of a window of this width, and the page itself where it has to be scrolled sideways."""
        assert self.evaluate("window.innerWidth") == width
        scrolled = self.evaluate("document.documentElement.scrollWidth") > width
        outside: list[str] = self.evaluate(
            f"[...document.querySelectorAll('{selector}')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
            ".map(e => e.outerHTML.slice(0, 80))"
        )
        return ["the page"] * scrolled + outside


@pytest.fixture(scope="module")
def chromium() -> Iterator[Reader]:
    if not browser.installed():
        pytest.skip("chromium and chromedriver are not installed (Debian: chromium, chromium-driver)")
    with browser.started(Reader) as started:
        yield started
