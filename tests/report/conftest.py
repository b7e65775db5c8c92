"""A headless Chromium for the tests of this directory, driven over WebDriver by the standard library alone."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
START_SECONDS = 20


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: needs chromium and chromedriver (Debian: chromium, chromium-driver)")


class Browser:
    def __init__(self, address: str) -> None:
        self._address = address
        self._session = ""

    def start(self, profile: str) -> None:
        options = {"binary": CHROMIUM, "args": [*ARGUMENTS, f"--user-data-dir={profile}"]}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        self._session = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def stop(self) -> None:
        if self._session:
            self._call("DELETE", f"/session/{self._session}")

    def open(self, url: str, width: int = 1280, dark: bool = False) -> None:
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        scheme = "dark" if dark else "light"
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self._call("POST", f"/session/{self._session}/url", {"url": url})

    def evaluate(self, expression: str) -> Any:
        return self._call("POST", f"/session/{self._session}/execute/sync", {"script": f"return {expression}", "args": []})

    def too_wide(self, width: int, selector: str = "body *") -> list[str]:
        """The elements that stick out of a window of this width, and the page itself where it has to be scrolled sideways."""
        assert self.evaluate("window.innerWidth") == width
        scrolled = self.evaluate("document.documentElement.scrollWidth") > width
        outside: list[str] = self.evaluate(
            f"[...document.querySelectorAll('{selector}')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
            ".map(e => e.outerHTML.slice(0, 80))"
        )
        return ["the page"] * scrolled + outside

    def console(self) -> list[dict[str, Any]]:
        return self._call("POST", f"/session/{self._session}/se/log", {"type": "browser"})

    def devtools(self, command: str, **parameters: Any) -> Any:
        return self._call("POST", f"/session/{self._session}/goog/cdp/execute", {"cmd": command, "params": parameters})

    def ready(self) -> bool:
        try:
            return bool(self._call("GET", "/status")["ready"])
        except (urllib.error.URLError, ConnectionError):
            return False

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._address + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.read().decode()[:500]}") from error


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        driver = subprocess.Popen([str(DRIVER), f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        started = Browser(f"http://127.0.0.1:{port}")
        try:
            deadline = time.monotonic() + START_SECONDS
            while not started.ready():
                assert driver.poll() is None, "chromedriver ended at once"
                assert time.monotonic() < deadline, f"chromedriver is not ready after {START_SECONDS} s"
                time.sleep(0.1)
            started.start(profile)
            yield started
        finally:
            with contextlib.suppress(AssertionError, OSError):
                started.stop()
            driver.terminate()
            driver.wait(10)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not (CHROMIUM and DRIVER):
        pytest.skip("chromium and chromedriver are not installed (Debian: chromium, chromium-driver)")
    with browser() as started:
        yield started
