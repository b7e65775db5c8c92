# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files of a Tomcat that have other owners too: its connectors, its start script, its libraries, its unit. Pure.

A file is edited as text, so that comments and everything that is not ours stay as they are to the byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.sax.saxutils import escape

MASK = "(not shown: secret)"
HOME_PLACEHOLDER = "%%APPSERVER_HOME%%"

# Comments, CDATA and instructions are passed over, so that a connector in one of them is none.
_TOKEN = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|(?P<tag></?[A-Za-z_][^\s/>]*(?:\"[^\"]*\"|'[^']*'|[^>\"'])*>)", re.DOTALL
)
_NAME = re.compile(r"</?([^\s/>]+)")

# A version begins with a digit behind a hyphen, and ends where the name does.
_VERSIONED = re.compile(
    r"(?P<artifact>.+)-(?P<version>\d+(?:[._]\w+)*(?:[-.](?:alpha|beta|rc|m|ga|final|release|snapshot|sp|jre|android|incubating)[\d.]*)*)"
    r"\.jar",
    re.IGNORECASE,
)
# What the Tomcat project itself lays into lib; ecj is the one of them with a version in its name.
_OWN_JAR = re.compile(
    r"(?:annotations-api|catalina(?:-[a-z]+)?|ecj-.+|el-api|jasper(?:-el)?|jaspic-api|jsp-api|servlet-api|tomcat-.+|websocket-api)\.jar"
)


class TomcatError(ValueError):
    """A file of Tomcat is not what it has to be. Says where, and what to do."""


# --- server.xml -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Element:
    """One connector in the text of server.xml: where it stands, and what it says."""

    start: int
    end: int
    attributes: Mapping[str, str]
    has_children: bool


def parsed(text: str) -> ElementTree.Element:
    """The document, or why it is none. The connector as printed has a quote too many (T-071)."""
    try:
        return ElementTree.fromstring(text.encode("utf-8"))
    except ElementTree.ParseError as error:
        raise TomcatError(
            f"is no well-formed XML ({error}). Tomcat cannot read it either: repair it, or bring back a copy that was whole"
        ) from error


def connectors(text: str) -> list[Element]:
    """Every connector of a well-formed server.xml, in its order."""
    found = []
    opened: tuple[int, str] | None = None
    for token in _TOKEN.finditer(text):
        tag = token.group("tag")
        if tag is None or _NAME.match(tag).group(1) != "Connector":  # type: ignore[union-attr]
            continue
        if tag.startswith("</"):
            if opened is not None:
                start, first = opened
                found.append(Element(start, token.end(), _attributes(first), has_children=True))
                opened = None
        elif tag.endswith("/>"):
            found.append(Element(token.start(), token.end(), _attributes(tag), has_children=False))
        else:
            opened = (token.start(), tag)
    return found


def _attributes(tag: str) -> dict[str, str]:
    closed = tag if tag.endswith("/>") else tag[:-1] + "/>"
    return dict(ElementTree.fromstring(closed.encode("utf-8")).attrib)


def with_connector(text: str, attributes: Mapping[str, str]) -> str:
    """The text with exactly one connector on the port of `attributes`, and that one with exactly these.

    One that says the same stays as it is written; another one on the port is replaced, and a second one is removed.
    """
    root = parsed(text)
    if root.tag != "Server" or root.find("Service/Engine") is None:
        raise TomcatError("is no server.xml of a Tomcat: it has no Server with a Service and an Engine")
    on_port = [one for one in connectors(text) if one.attributes.get("port") == attributes["port"]]
    same = [one for one in on_port if one.attributes == dict(attributes) and not one.has_children]
    kept = next(iter(same or on_port), None)
    if kept is None:
        text = _inserted(text, attributes)
    # From the end, so that the places before it stay where they are.
    for one in reversed(on_port):
        if one is not kept:
            text = _without(text, one)
        elif not same:
            text = text[: one.start] + _rendered(attributes, _indent(text, one.start)) + text[one.end :]
    parsed(text)
    return text


def _rendered(attributes: Mapping[str, str], indent: str) -> str:
    words = [f'{name}="{escape(value, {chr(34): "&quot;"})}"' for name, value in attributes.items()]
    return "<Connector " + f"\n{indent}           ".join(words) + "/>"


def _indent(text: str, position: int) -> str:
    line = text[text.rfind("\n", 0, position) + 1 : position]
    return line if not line.strip() else ""


def _without(text: str, one: Element) -> str:
    """Without the connector, and without its line where nothing else stands on it."""
    start, end = one.start, one.end
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end + 1
    if not text[line_start:start].strip() and not text[end:line_end].strip():
        start, end = line_start, line_end
    return text[:start] + text[end:]


def _inserted(text: str, attributes: Mapping[str, str]) -> str:
    """Before the engine of the first service: there Tomcat's own connectors stand too."""
    engine = next(
        token.start()
        for token in _TOKEN.finditer(text)
        if token.group("tag") and _NAME.match(token.group("tag")).group(1) == "Engine"  # type: ignore[union-attr]
    )
    indent = _indent(text, engine)
    return text[:engine] + _rendered(attributes, indent) + f"\n\n{indent}" + text[engine:]


def redacted(text: str, secret_attributes: Iterable[str]) -> str:
    """The text without the values of these attributes, wherever they stand, in comments too."""
    names = "|".join(re.escape(name) for name in secret_attributes)
    return re.sub(rf"\b({names})(\s*=\s*)(\"[^\"]*\"|'[^']*')", rf'\1\2"{MASK}"', text) if names else text


# --- libraries --------------------------------------------------------------------------------------------------------


def artifact_of(name: str) -> str:
    """The artefact that a jar is a version of; empty where its name shows no version.

    >>> artifact_of("log4j-1.2-api-2.17.1.jar"), artifact_of("guava-31.1-jre.jar"), artifact_of("pomapps-common.jar")
    ('log4j-1.2-api', 'guava', '')
    """
    found = _VERSIONED.fullmatch(name)
    return found.group("artifact").lower() if found else ""


def other_versions(present: Iterable[str], supplied: Iterable[str]) -> list[str]:
    """Jars that are another version of what is supplied (T-064). Tomcat's own are none, whatever is supplied."""
    wanted = set(supplied)
    artifacts = {artifact_of(name) for name in wanted} - {""}
    return sorted(name for name in set(present) - wanted if artifact_of(name) in artifacts and not _OWN_JAR.fullmatch(name))


# --- start script and unit --------------------------------------------------------------------------------------------


def placeholders(unit: str) -> list[str]:
    """
    >>> placeholders("ExecStart=%%APPSERVER_HOME%%/bin/catalina.sh run")
    ['%%APPSERVER_HOME', '%%']
    """
    return re.findall(r"%%\w*", unit)


def rendered_unit(template: str, home: str) -> str:
    """The vendor's unit for this home (POM-APP-02)."""
    if not re.fullmatch(r"/[^\s%'\"\\]+", home):
        raise TomcatError(
            f"{home!r} is no path that a unit can hold: write app_server_home without blanks, quotes and percent signs"
        )
    if HOME_PLACEHOLDER not in template:
        raise TomcatError(f"holds no {HOME_PLACEHOLDER}, so it is not the template of the document (POM-APP-02)")
    unit = template.replace(HOME_PLACEHOLDER, home)
    if left := placeholders(unit):
        raise TomcatError(f"holds {left[0]} beside {HOME_PLACEHOLDER}, and no document says what stands for it (POM-APP-02)")
    return unit
