"""The EPM's web server: log in, the EPM's own pages, those of POM's plug-in, the channel between EP servers.

Stand-in of the lab. Lab only; nothing in it reaches a site. Follows the catalogue of what the vendor documents (pages of POM-CFG
and POM-CERT; `https://<EPM>/axis2`). Further pages of Experience Portal are in epadmin.py.
Stand-in assumptions: how pages look, what is not named there, the session cookie, the channel `/channel/<name>` with a token
that EP servers share, and the path on port 80 under which a primary gives POM's certificate to the installer of an auxiliary.
"""
from __future__ import annotations

import configparser
import contextlib
import hmac
import html
import http.cookies
import http.server
import importlib
import json
import os
import re
import secrets
import socket
import ssl
import subprocess
import sys
import threading
import urllib.parse
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import epadmin  # noqa: E402  (it lies beside this program, wherever that is laid)
import epweb  # noqa: E402
from epweb import Entry, Page, Refused, Request, Response  # noqa: E402

ROOT = Path(os.environ.get("STANDIN_ROOT", "/"))
VP_HOME = HERE.parent
CONF = ROOT / "etc/standin/ep.conf"
PROFILE = ROOT / "etc/profile.d/pom.sh"
HOME = re.compile(r"POM_HOME=(/\S+)")
TLS = VP_HOME / "web/tls"
TRUSTED = VP_HOME / "trustedcerts"
LARGEST_REQUEST = 4 * 1024 * 1024
CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
CERTIFICATES = "/security/certificates/trusted"


def configuration() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(CONF, encoding="utf-8")
    return parser


def vpms_runs() -> bool:
    return subprocess.run(["systemctl", "is-active", "vpms"], stdout=subprocess.DEVNULL, check=False).returncode == 0


def make_identity(conf: configparser.ConfigParser) -> None:
    """The EPM's own, self-signed certificate, with its names and address; made once."""
    if (TLS / "epm.crt").exists():
        return
    TLS.mkdir(mode=0o700, parents=True, exist_ok=True)
    names = [f"DNS:{name}" for name in (conf["ep"]["host"], conf["ep"].get("fqdn", "")) if name]
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-sha256",
        "-days",
        "1186",
        "-subj",
        f"/O=Avaya/OU=EP/CN={conf['ep']['host']}",
        "-addext",
        f"subjectAltName={','.join([*names, 'IP:' + conf['ep']['address']])}",
        "-keyout",
        str(TLS / "epm.key"),
        "-out",
        str(TLS / "epm.crt.partial"),
    ]
    subprocess.run(command, check=True, capture_output=True)
    (TLS / "epm.crt.partial").rename(TLS / "epm.crt")


class Pom:
    """What an installed POM adds to the console: the pages of its plug-in (primary only), and what servers ask of each other."""

    def __init__(self) -> None:
        self.seen: tuple[str, int] = ("", 0)
        self.module: ModuleType | None = None
        self.lock = threading.Lock()

    def web(self) -> ModuleType | None:
        home = HOME.search(PROFILE.read_text(encoding="utf-8")) if PROFILE.exists() else None
        library = ROOT / home.group(1).lstrip("/") / "lib" if home else None
        source = library / "standin_pom/services/web.py" if library else None
        if library is None or source is None or not source.exists():
            return None
        seen = (str(source), source.stat().st_mtime_ns)
        with self.lock:
            if self.module is None or seen != self.seen:
                for name in [name for name in sys.modules if name.split(".")[0] == "standin_pom"]:
                    del sys.modules[name]
                sys.path[1:] = [path for path in sys.path[1:] if path != str(library)] + [str(library)]
                self.module, self.seen = importlib.import_module("standin_pom.services.web"), seen
            return self.module

    def collect(self, name: str) -> dict[str, Any]:
        return dict(getattr(self.web(), name, {}))

    def home_words(self) -> str:
        """What POM says on the home page."""
        speaks = getattr(self.web(), "home_words", None) if self.plugged_in() else None
        return str(speaks()) if speaks else ""

    def plugged_in(self) -> bool:
        return (VP_HOME / "plugins/pom/plugin.properties").exists()

    def menu(self) -> list[Entry]:
        return list(getattr(self.web(), "MENU", ())) if self.plugged_in() else []

    def pages(self) -> dict[str, epweb.Handler]:
        return self.collect("ROUTES") if self.plugged_in() else {}


class Sessions:
    def __init__(self) -> None:
        self.users: dict[str, str] = {}

    def open(self, user: str) -> str:
        token = secrets.token_urlsafe(24)
        self.users[token] = user
        return token

    def user(self, cookies: str) -> tuple[str, str]:
        """Token and user of a request's cookies; empty where nobody is logged in."""
        jar: http.cookies.SimpleCookie = http.cookies.SimpleCookie()
        with contextlib.suppress(http.cookies.CookieError):
            jar.load(cookies)
        token = jar["EPMSESSION"].value if "EPMSESSION" in jar else ""
        return token, self.users.get(token, "")


# --- the EPM's own pages -------------------------------------------------------------------------------------------------------


def login_page(words: str = "") -> str:
    return (epweb.message(words, refused=True) if words else "") + epweb.form(
        "/login", epweb.field("User Name", "user"), epweb.field("Password", "password", "password"), epweb.button("Logon")
    )


def leads_on(entry: Entry) -> epweb.Handler:
    return lambda request: Page(entry.label, epweb.links(entry.children))


def certificate_words(pem: bytes) -> str:
    asked = ["openssl", "x509", "-noout", "-subject", "-issuer", "-serial", "-dates", "-fingerprint", "-sha256"]
    done = subprocess.run(asked, input=pem, capture_output=True, check=False)
    if done.returncode != 0:
        raise Refused("The file is not an X.509 certificate.")
    return done.stdout.decode("utf-8", "replace")


def as_pem(content: bytes) -> bytes:
    if CERTIFICATE.search(content):
        return b"\n".join(CERTIFICATE.findall(content)) + b"\n"
    done = subprocess.run(["openssl", "x509", "-inform", "DER"], input=content, capture_output=True, check=False)
    if done.returncode != 0:
        raise Refused("The file is not an X.509 certificate.")
    return done.stdout


def trusted(request: Request) -> Page:
    words = ""
    if request.method == "POST":
        name = request.form.get("row", "")
        if name not in [path.stem for path in TRUSTED.glob("*.pem")]:
            raise Refused("Select a certificate.")
        (TRUSTED / f"{name}.pem").unlink()
        words = epweb.message(f"The certificate {name} was deleted.")
    return trusted_list(words)


def trusted_list(words: str) -> Page:
    rows = [
        [
            epadmin.chosen_row(path.stem, path.stem),
            epweb.text(path.stem),
            f"<pre>{epweb.text(certificate_words(path.read_bytes()))}</pre>",
        ]
        for path in sorted(TRUSTED.glob("*.pem"))
    ]
    ways = f"{epweb.link('Upload', f'{CERTIFICATES}/upload')} {epweb.link('Import', f'{CERTIFICATES}/import')}"
    buttons = f"<p>{ways} {epweb.button('Delete', 'delete')}</p>"
    table = epweb.table(["", "Name", "Certificate"], rows)
    return Page("Trusted Certificates", words + epweb.form(CERTIFICATES, table, buttons))


def require_new(name: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", name):
        raise Refused("Name: letters, digits, '.', '_' and '-', at most 64.")
    if (TRUSTED / f"{name}.pem").exists():
        raise Refused(f"A certificate with the name {name} exists already.")


def saved(name: str, pem: bytes) -> Page:
    TRUSTED.mkdir(parents=True, exist_ok=True)
    (TRUSTED / f"{name}.pem").write_bytes(pem)
    return trusted_list(epweb.message(f"The certificate {name} was saved."))


def confirmed(path: str, title: str, name: str, pem: bytes) -> Page:
    """The second screen: the certificate is shown before it is saved."""
    words = f"<pre>{epweb.text(certificate_words(pem))}</pre>"
    save = epweb.form(path, epweb.hidden("name", name), epweb.hidden("pem", pem.decode()), epweb.button("Save"))
    return Page(title, epweb.shown("Name", name) + words + save)


def upload(request: Request) -> Page:
    if request.method == "GET":
        fields = (
            epweb.field("Name", "name"),
            epweb.choice("Type", "type", ["Application", "Certificate Authority"]),
            epweb.field("Enter Certificate Path", "certificate", "file"),
            epweb.button("Continue"),
        )
        return Page("Upload Trusted Certificate", epweb.form(request.path, *fields, upload=True))
    name = request.form.get("name", "")
    require_new(name)
    if "pem" in request.form:
        return saved(name, as_pem(request.form["pem"].encode()))
    return confirmed(request.path, "Upload Trusted Certificate", name, as_pem(request.files.get("certificate", b"")))


def presented_certificate(location: str) -> bytes:
    found = re.fullmatch(r"https://([A-Za-z0-9.-]+)(?::([0-9]{1,5}))?(?:/\S*)?", location)
    if found is None:
        raise Refused("Enter Certificate Path: https://<host>[:<port>][/<path>]")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    place = found.group(1), int(found.group(2) or 443)
    try:
        with socket.create_connection(place, 10) as plain, context.wrap_socket(plain, server_hostname=place[0]) as secured:
            return ssl.DER_cert_to_PEM_cert(secured.getpeercert(binary_form=True) or b"").encode()
    except (OSError, OverflowError) as error:
        raise Refused(f"The certificate of {location} could not be fetched: {error}") from error


def import_certificate(request: Request) -> Page:
    if request.method == "GET":
        fields = (
            epweb.field("Name", "name"),
            epweb.field("Enter Certificate Path", "location", value="https://"),
            epweb.button("Continue"),
        )
        return Page("Import Trusted Certificate", epweb.form(request.path, *fields))
    name = request.form.get("name", "")
    require_new(name)
    if "pem" in request.form:
        return saved(name, as_pem(request.form["pem"].encode()))
    pem = presented_certificate(request.form.get("location", ""))
    return confirmed(request.path, "Import Trusted Certificate", name, pem)


OWN_MENU = [
    Entry("Home", "/home"),
    Entry(
        "Security",
        "/security",
        (Entry("Certificates", "/security/certificates", (Entry("Trusted Certificates", CERTIFICATES),)),),
    ),
]
OWN_PAGES: dict[str, epweb.Handler] = {
    CERTIFICATES: trusted,
    f"{CERTIFICATES}/upload": upload,
    f"{CERTIFICATES}/import": import_certificate,
    **epadmin.PAGES,
}


def pages_that_lead_on(entries: list[Entry]) -> dict[str, epweb.Handler]:
    found: dict[str, epweb.Handler] = {}
    for entry in entries:
        if entry.children:
            found[entry.path] = leads_on(entry)
            found.update(pages_that_lead_on(list(entry.children)))
    return found


# --- the server ----------------------------------------------------------------------------------------------------------------


class Console:
    def __init__(self, conf: configparser.ConfigParser) -> None:
        self.conf = conf
        self.pom = Pom()
        self.sessions = Sessions()

    def logs_in(self, user: str, password: str) -> bool:
        web = self.conf["web"]
        return hmac.compare_digest(user.encode(), web["user"].encode()) and hmac.compare_digest(
            password.encode(), web["password"].encode()
        )

    def public(self, request: Request) -> Response | None:
        """What needs no log-in."""
        if request.path == "/axis2":
            return Response(b"<html><body>Axis2 is running (stand-in of the lab)</body></html>")
        handler = self.pom.collect("PUBLIC").get(request.path)
        answer = handler(request) if handler is not None else None
        return answer if isinstance(answer, Response) else None

    def channel(self, request: Request, token: str, body: bytes) -> Response:
        if not hmac.compare_digest(token.encode(), self.conf["channel"]["token"].encode()):
            return Response(b'{"refused": "the EP servers do not share a token"}', 403, "application/json")
        handler = self.pom.collect("CHANNEL").get(request.path)
        if handler is None:
            return Response(b'{"refused": "POM is not installed on this EP server"}', 404, "application/json")
        try:
            answer = handler(json.loads(body or b"{}"))
        except Refused as refusal:
            return Response(json.dumps({"refused": str(refusal)}).encode(), 409, "application/json")
        return Response(json.dumps(answer).encode(), 200, "application/json")

    def log_in(self, request: Request) -> Response:
        user = request.form.get("user", "")
        if request.method == "POST" and self.logs_in(user, request.form.get("password", "")):
            cookie = f"EPMSESSION={self.sessions.open(user)}; Path=/; Secure; HttpOnly; SameSite=Strict"
            return epweb.redirect("/home", (("Set-Cookie", cookie),))
        wrong = "Login failed: the user name or password is not correct." if request.method == "POST" else ""
        return Response(epweb.document("Login", login_page(wrong)), 401 if wrong else 200)

    def home(self, request: Request) -> Page:
        said = self.pom.home_words()
        words = f"<p><strong>{epweb.text(said)}</strong></p>" if said else ""
        return Page("Home", f"<p>Logged in as {epweb.text(request.user)}.</p>{words}")

    def page(self, request: Request) -> Response:
        menu = epweb.merged([*OWN_MENU, *epadmin.MENU, *self.pom.menu()])
        routes = {**pages_that_lead_on(menu), "/home": self.home, **OWN_PAGES, **self.pom.pages()}
        handler = routes.get(request.path)
        if handler is None:
            return Response(epweb.document("Not found", "<p>There is no such page.</p>", menu, request.user), 404)
        try:
            answer = handler(request)
        except Refused as refusal:
            back = epweb.link("Back", request.path)
            answer = Page("Refused", epweb.message(str(refusal), refused=True) + f"<p>{back}</p>")
        if isinstance(answer, Response):
            return answer
        return Response(epweb.document(answer.title, answer.content, menu, request.user))

    def answer(self, request: Request, cookies: str) -> Response:
        if not vpms_runs():
            return Response(b"Service Unavailable: vpms is stopped\n", 503, "text/plain")
        token, user = self.sessions.user(cookies)
        found = self.public(request)
        if found is not None:
            return found
        if request.path == "/login" or not user:
            return self.log_in(request) if request.path == "/login" else epweb.redirect("/login")
        if request.path == "/logoff":
            self.sessions.users.pop(token, None)
            return epweb.redirect("/login")
        return epweb.redirect("/home") if request.path == "/" else self.page(request._replace(user=user))

    def plain(self, request: Request) -> Response:
        """Port 80: only what an installer asks for; a person is led to TLS."""
        if not vpms_runs():
            return Response(b"Service Unavailable: vpms is stopped\n", 503, "text/plain")
        found = self.public(request)
        return found or epweb.redirect(f"https://{self.conf['ep']['address']}{request.path}")


class Handler(http.server.BaseHTTPRequestHandler):
    server_version = "EPM"
    sys_version = ""
    timeout = 30
    console: Console
    tls = True

    def setup(self) -> None:
        if isinstance(self.request, ssl.SSLSocket):
            # Here, in the connection's own thread: a client that says nothing must not hold up the others.
            self.request.settimeout(self.timeout)
            self.request.do_handshake()
        super().setup()

    def respond(self) -> None:
        parts = urllib.parse.urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_REQUEST:
            self.send(Response(b"Request too large\n", 413, "text/plain"))
            return
        body = self.rfile.read(length)
        query = epweb.single(urllib.parse.parse_qs(parts.query, keep_blank_values=True))
        path = parts.path.rstrip("/") or "/"
        request = Request(self.command, path, query, {}, {}, "")
        if not self.tls:
            self.send(self.console.plain(request))
        elif path.startswith("/channel/"):
            self.send(self.console.channel(request, self.headers.get("X-EP-Token", ""), body))
        else:
            fields, files = epweb.parse_form(self.headers.get("Content-Type", ""), body) if self.command == "POST" else ({}, {})
            self.send(self.console.answer(request._replace(form=fields, files=files), self.headers.get("Cookie", "")))

    do_GET = do_POST = do_HEAD = respond

    def send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in (("Content-Type", response.kind), ("Content-Length", str(len(response.body))), *response.headers):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: object) -> None:
        print(f"{self.address_string()} {html.unescape(format % args)}", flush=True)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that breaks off, or does not trust the certificate, is no fault of the server's."""
        error = sys.exc_info()[1]
        if isinstance(error, OSError):
            print(f"{client_address}: {error}", flush=True)
        else:
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def servers(conf: configparser.ConfigParser) -> list[Server]:
    console = Console(conf)
    make_identity(conf)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "epm.crt", TLS / "epm.key")
    bind, web = conf["web"].get("bind", "0.0.0.0"), conf["web"]
    secure = Server((bind, web.getint("https_port", 443)), type("Secure", (Handler,), {"console": console}))
    secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
    plain = Server((bind, web.getint("http_port", 80)), type("Plain", (Handler,), {"console": console, "tls": False}))
    return [secure, plain]


def say_ready() -> None:
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.sendto(b"READY=1", address if not address.startswith("@") else "\0" + address[1:])


def main() -> None:
    running = servers(configuration())
    for server in running[1:]:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    say_ready()
    running[0].serve_forever()


if __name__ == "__main__":
    main()
