"""Lab only. The applications of the POM media: web applications that Tomcat deploys, with a page where the documents have one.

They play nothing: each page tells which application it stands for.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

# By name, the page below the context that Experience Portal calls (POM-APP-07).
PAGES = {
    "PomDriverApp": "ccxml/start.jsp",
    "Nailer": "ccxml/start.jsp",
    "AvayaPOMNotifier": "Start",
    "AvayaPOMAnnouncement": "Start",
    "AvayaPOMAgent": "Start",
    "AvayaPOMSMS": "Start",
    "AvayaPOMEmail": "Start",
}
LIBRARIES = ("pomapps-common-4.0.2.jar", "axis2-kernel-1.7.9.jar")
# One time for every entry, so that packing again gives the same bytes.
PACKED_AT = (2026, 1, 1, 0, 0, 0)

# The page is served as it is, also where its name ends like a program's: nothing has to be compiled.
DESCRIPTOR = """<?xml version="1.0" encoding="UTF-8"?>
<!-- Lab only. -->
<web-app xmlns="http://xmlns.jcp.org/xml/ns/javaee" version="3.1" metadata-complete="true">
  <display-name>{name}</display-name>
  <servlet-mapping>
    <servlet-name>default</servlet-name>
    <url-pattern>/{page}</url-pattern>
  </servlet-mapping>
</web-app>
"""


def stage(directory: Path) -> None:
    """Lay the package ddapps: applications, and the libraries that they share."""
    (directory / "lib").mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        text = f"Lab only: stand-in of the application {name}\n"
        (directory / f"{name}.war").write_bytes(packed({page: text, "WEB-INF/web.xml": DESCRIPTOR.format(name=name, page=page)}))
    for library in LIBRARIES:
        manifest = "Manifest-Version: 1.0\nComment: Lab only\n\n"
        (directory / "lib" / library).write_bytes(packed({"META-INF/MANIFEST.MF": manifest}))


def packed(entries: Mapping[str, str]) -> bytes:
    """
    >>> packed({"a": "b"}) == packed({"a": "b"})
    True
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in entries.items():
            entry = zipfile.ZipInfo(name, PACKED_AT)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, text)
    return content.getvalue()
