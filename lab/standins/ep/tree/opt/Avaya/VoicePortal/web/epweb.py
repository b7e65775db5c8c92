"""What the pages of the EPM console are made of: requests, responses, forms and tables. Stand-in of the lab.

Lab only; nothing in it reaches a site. Labels, menu words and buttons are documented; how pages look is a stand-in assumption.
"""

from __future__ import annotations

import email
import email.policy
import html
import urllib.parse
from collections.abc import Iterable, Sequence
from typing import Any, Callable, NamedTuple, Union


class Refused(Exception):
    """What a person asked for cannot be done; the words are shown on the page."""


class Request(NamedTuple):
    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    files: dict[str, bytes]
    user: str


class Page(NamedTuple):
    """The middle of a page; the console puts menu and frame around it."""

    title: str
    content: str


class Response(NamedTuple):
    body: bytes
    status: int = 200
    kind: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


Handler = Callable[[Request], Union[Page, Response]]
# What one EP server asks of another: (files or words as a JSON object) -> answer as a JSON object.
Channel = Callable[[dict[str, Any]], dict[str, Any]]


class Entry(NamedTuple):
    """One link of the menu, or of a page that only leads on."""

    label: str
    path: str
    children: tuple[Entry, ...] = ()


STYLE = """
body{font:14px/1.45 system-ui,sans-serif;margin:0;color:#222;background:#f4f5f7}
header{background:#3b4653;color:#fff;padding:.7em 1.2em;display:flex;justify-content:space-between}
header a{color:#fff}
.frame{display:flex}
nav{width:15em;flex:none;padding:1em 1.2em;background:#e9ecef;min-height:85vh}
nav ul{list-style:none;margin:0 0 .4em;padding-left:.9em} nav>ul{padding-left:0}
main{padding:1em 2em;flex:1;min-width:0;overflow-x:auto} h1{font-size:1.3em} h2{font-size:1.1em}
input[type=text]{width:32em;max-width:100%}
table{border-collapse:collapse;background:#fff} th,td{border:1px solid #ccd1d7;padding:.35em .7em;text-align:left}
.url{overflow-wrap:anywhere}
pre{background:#fff;border:1px solid #ccd1d7;padding:.7em;overflow:auto}
label{display:inline-block;min-width:14em} p.field{margin:.5em 0}
.message{background:#e3f1e3;border:1px solid #8cb98c;padding:.5em .8em}
.refused{background:#fbe4e4;border:1px solid #d48a8a;padding:.5em .8em}
.green{color:#187a18} .red{color:#b31b1b}
"""


def text(value: object) -> str:
    return html.escape(str(value), quote=True)


def link(label: str, path: str) -> str:
    return f'<a href="{text(path)}">{text(label)}</a>'


def field(label: str, name: str, kind: str = "text", value: str = "") -> str:
    shown = f' value="{text(value)}"' if kind not in ("file", "password") else ""
    return (
        f'<p class="field"><label for="{name}">{text(label)}</label> <input id="{name}" name="{name}" type="{kind}"{shown}></p>'
    )


def shown(label: str, value: str) -> str:
    return f'<p class="field"><label>{text(label)}</label> <span>{text(value)}</span></p>'


def choice(label: str, name: str, options: Sequence[str], value: str = "") -> str:
    rows = "".join(f"<option{' selected' if option == value else ''}>{text(option)}</option>" for option in options)
    return f'<p class="field"><label for="{name}">{text(label)}</label> <select id="{name}" name="{name}">{rows}</select></p>'


def tick(label: str, name: str, checked: bool = False) -> str:
    box = f'<input id="{name}" name="{name}" type="checkbox" value="yes"{" checked" if checked else ""}>'
    return f'<p class="field">{box} <label for="{name}">{text(label)}</label></p>'


def button(label: str, name: str = "", value: str = "", enabled: bool = True, title: str = "") -> str:
    words = f' name="{name}" value="{text(value or label)}"' if name else ""
    spoken = f' aria-label="{text(title)}"' if title else ""
    return f'<button type="submit"{words}{spoken}{"" if enabled else " disabled"}>{text(label)}</button>'


def hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{name}" value="{text(value)}">'


def form(path: str, *parts: str, upload: bool = False) -> str:
    encoding = ' enctype="multipart/form-data"' if upload else ""
    return f'<form method="post" action="{text(path)}"{encoding}>{"".join(parts)}</form>'


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Cells are HTML already."""
    top = "".join(f"<th>{head}</th>" for head in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def message(words: str, refused: bool = False) -> str:
    kind, role = ("refused", "alert") if refused else ("message", "status")
    return f'<p class="{kind}" role="{role}">{text(words)}</p>'


def merged(entries: Iterable[Entry]) -> list[Entry]:
    """One menu of several: entries of the same label become one with the children of all."""
    found: dict[str, Entry] = {}
    for entry in entries:
        known = found.get(entry.label)
        found[entry.label] = entry if known is None else known._replace(children=(*known.children, *entry.children))
    return list(found.values())


def links(entries: Iterable[Entry]) -> str:
    rows = "".join(
        f"<li>{link(entry.label, entry.path)}{links(entry.children) if entry.children else ''}</li>" for entry in entries
    )
    return f"<ul>{rows}</ul>"


def document(title: str, content: str, menu: Iterable[Entry] = (), user: str = "") -> bytes:
    who = f"<span>{text(user)} {link('Logoff', '/logoff')}</span>" if user else ""
    nav = f"<nav>{links(menu)}</nav>" if user else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{text(title)}</title><style>{STYLE}</style></head>'
        f"<body><header><strong>Experience Portal Manager (stand-in of the lab)</strong>{who}</header>"
        f'<div class="frame">{nav}<main><h1>{text(title)}</h1>{content}</main></div></body></html>'
    ).encode()


def redirect(path: str, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    return Response(b"", 303, "text/plain", (("Location", path), *headers))


def download(name: str, content: bytes) -> Response:
    return Response(content, 200, "application/x-pem-file", (("Content-Disposition", f'attachment; filename="{name}"'),))


def parse_form(kind: str, body: bytes) -> tuple[dict[str, str], dict[str, bytes]]:
    """Fields and files of a posted form."""
    if not kind.startswith("multipart/form-data"):
        return single(urllib.parse.parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)), {}
    head = f"Content-Type: {kind}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    fields: dict[str, str] = {}
    files: dict[str, bytes] = {}
    for part in email.message_from_bytes(head + body, policy=email.policy.HTTP).iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        content: Any = part.get_payload(decode=True)
        if part.get_filename() is not None:
            files[name] = content
        else:
            fields[name] = content.decode("utf-8", "replace").strip()
    return fields, files


def single(values: dict[str, list[str]]) -> dict[str, str]:
    return {name: value[-1].strip() for name, value in values.items()}
