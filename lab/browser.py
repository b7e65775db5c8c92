"""A headless Chromium, driven over WebDriver by the standard library alone: for the operator robot and the tests of pages.

Lab only; nothing in it reaches a site.
"""
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
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lab.errors import LabError

PROGRAMS = {"chromedriver": "chromium-driver", "chromium": "chromium"}
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
ANSWER_SECONDS = 60
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the name that WebDriver gives references to elements


class BrowserError(LabError):
    """The browser refused, in its own words."""


class Browser:
    """One window. An element is what a script of the page returned as one."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._session = ""

    def start(self, profile: str, arguments: Sequence[str] = ()) -> None:
        options = {"binary": shutil.which("chromium"), "args": [*ARGUMENTS, *arguments, f"--user-data-dir={profile}"]}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}, "acceptInsecureCerts": True}
        self._session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def stop(self) -> None:
        if self._session:
            self.in_session("DELETE", "")

    def go(self, url: str) -> None:
        self.in_session("POST", "/url", {"url": url})

    def run(self, script: str, *arguments: Any) -> Any:
        return self.in_session("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def evaluate(self, expression: str) -> Any:
        return self.run(f"return {expression}")

    def click(self, element: Any) -> None:
        self.in_session("POST", f"/element/{element[ELEMENT]}/click", {})

    def clear(self, element: Any) -> None:
        self.in_session("POST", f"/element/{element[ELEMENT]}/clear", {})

    def type(self, element: Any, text: str) -> None:
        self.in_session("POST", f"/element/{element[ELEMENT]}/value", {"text": text})

    def console(self) -> list[dict[str, Any]]:
        return self.in_session("POST", "/se/log", {"type": "browser"})

    def devtools(self, command: str, **parameters: Any) -> Any:
        return self.in_session("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def keep_downloads(self, directory: Path) -> None:
        self.devtools("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(directory))

    def ready(self) -> bool:
        try:
            return bool(self.call("GET", "/status")["ready"])
        except (BrowserError, OSError):
            return False

    def in_session(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        return self.call(method, f"/session/{self._session}{path}", body)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._address + path, data, {"Content-Type": "application/json"}, method=method)
        # The driver is on this machine, whatever proxy the environment names.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=ANSWER_SECONDS) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise BrowserError(f"the browser at {method} {path}: {reason(error.read())}") from error


def reason(body: bytes) -> str:
    """The first line of what the driver says; behind it comes its stack."""
    try:
        return str(json.loads(body)["value"]["message"]).splitlines()[0]
    except (ValueError, LookupError, TypeError):
        return body.decode("utf-8", "replace")[:500]


def installed() -> bool:
    return all(shutil.which(program) for program in PROGRAMS)


@contextlib.contextmanager
def started(browser: type[Browser] = Browser, arguments: Sequence[str] = ()) -> Iterator[Any]:
    """A browser with an empty profile, which ends with the block."""
    if not installed():
        packages = " ".join(sorted(PROGRAMS.values()))
        raise LabError(f"the browser is missing on this machine; install it with: apt-get install {packages}")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        window = browser(f"http://127.0.0.1:{port}")
        try:
            deadline = time.monotonic() + START_SECONDS
            while not window.ready():
                if driver.poll() is not None:
                    raise LabError("chromedriver ended at once")
                if time.monotonic() > deadline:
                    raise LabError(f"chromedriver is not ready after {START_SECONDS} s")
                time.sleep(0.1)
            window.start(profile, arguments)
            yield window
        finally:
            with contextlib.suppress(BrowserError, OSError):
                window.stop()
            driver.terminate()
            driver.wait(10)
