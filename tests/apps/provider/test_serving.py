"""The server as a process at its edges: TLS, slow and greedy clients, several tenants, health, backups under load."""

import http.client
import json
import os
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

pytestmark = pytest.mark.slow

HASTY = (
    "import provisor.web.connections as c; c.HEAD_SECONDS = c.BODY_SECONDS = c.ANSWER_SECONDS = 0.5; "
    "c.SWEEP_SECONDS = 0.1; from provisor.provider.commands.serve import app; app()"
)
COMMANDS = "from provisor.provider.commands.serve import app; app()"


class Server:
    def __init__(self, folder, *arguments, code=COMMANDS):
        self.file = folder / "target.sqlite"
        self.environment = {**os.environ, "PROVISOR_TARGET_DATABASE_URL": f"sqlite:///{self.file}"}
        self.child = subprocess.Popen(
            [sys.executable, "-c", code, "serve", "--port", "0", *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        line = self.child.stdout.readline()
        assert " listens on http" in line, line
        self.url = line.split()[-1]
        self.parts = urlsplit(self.url)

    def run(self, *arguments):
        return subprocess.run(
            [sys.executable, "-c", COMMANDS, *arguments], env=self.environment, capture_output=True, text=True
        )

    def token(self, *arguments):
        made = self.run("token", "create", "--label", "tests", "--json", *arguments)
        assert made.returncode == 0, made.stderr
        return json.loads(made.stdout)

    def connection(self):
        return http.client.HTTPConnection(self.parts.hostname, self.parts.port, timeout=20)

    def get(self, path, token=None):
        connection = self.connection()
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body

    def socket(self):
        return socket.create_connection((self.parts.hostname, self.parts.port), timeout=20)

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        code = self.child.wait(20)
        self.child.stdout.close()
        return code


@pytest.fixture
def start(tmp_path):
    started = []

    def start(*arguments, **more):
        started.append(Server(tmp_path, *arguments, **more))
        return started[-1]

    yield start
    for server in started:
        if server.child.poll() is None:
            server.child.kill()
            server.stop()


def read_until_closed(connection):
    began, received = time.monotonic(), b""
    try:
        while part := connection.recv(65_536):
            received += part
    except ConnectionResetError:
        pass
    return received, time.monotonic() - began


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET /identity",
        b"GET / HTTP/1.1\r\nhost: a\r\n",
        b"POST /identity/v2/scim/Users HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\ncontent-length: 9\r\n\r\n{",
    ],
    ids=["nothing", "line", "headers", "body"],
)
def test_a_client_that_does_not_go_on_is_cut(start, sent):
    server = start(code=HASTY)
    token = server.token()["token"]
    connection = server.socket()
    connection.sendall(sent.replace(b"{token}", token.encode()))

    received, seconds = read_until_closed(connection)

    assert received.startswith(b"HTTP/1.1 408 ")
    assert 0.4 < seconds < 5
    assert server.get("/healthz")[0] == 200


def test_a_client_that_takes_its_time_between_requests_is_not_cut_by_the_watch(start):
    server = start(code=HASTY)
    connection = server.connection()

    statuses = []
    for _ in range(3):
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
        time.sleep(0.8)

    assert statuses == [200] * 3


def test_a_head_without_end_is_refused(start):
    server = start()
    connection = server.socket()
    connection.sendall(b"GET / HTTP/1.1\r\n")

    try:
        for number in range(1_000):
            connection.sendall(b"x-%d: %s\r\n" % (number, b"x" * 1_000))
    except OSError:
        pass

    assert read_until_closed(connection)[0][:12] in (b"HTTP/1.1 431", b"")  # nothing when it was reset meanwhile
    assert server.get("/healthz")[0] == 200


def test_a_stop_answers_the_request_in_flight(start):
    server = start()
    token = server.token()["token"]
    connection = server.connection()
    body = json.dumps({"userName": "late"}).encode()
    connection.putrequest("POST", server.parts.path + "/Users")
    connection.putheader("Authorization", f"Bearer {token}")
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body[:5])
    time.sleep(0.2)

    server.child.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    connection.send(body[5:])
    answer = connection.getresponse()

    assert answer.status == 201
    answer.read()
    connection.close()
    assert server.stop() == 0


def certificate(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


def test_row_18_of_section_6_with_a_certificate_it_speaks_tls_1_2_and_newer(start, tmp_path):
    file, key = certificate(tmp_path)
    server = start("--tls-certificate", str(file), "--tls-key", str(key))
    token = server.token()
    trusted = ssl.create_default_context(cafile=str(file))
    connection = http.client.HTTPSConnection("localhost", server.parts.port, timeout=10, context=trusted)
    connection.request(
        "POST",
        server.parts.path + "/Users",
        json.dumps({"userName": "a"}),
        {"Authorization": f"Bearer {token['token']}"},
    )
    answer = connection.getresponse()
    version = connection.sock.version()
    answer.read()
    connection.close()

    assert server.url.startswith("https://")
    assert token["url"] == server.url
    assert answer.status == 201
    assert answer.headers["location"].startswith(f"https://localhost:{server.parts.port}/")
    assert version in ("TLSv1.2", "TLSv1.3")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_row_18_of_section_6_older_tls_is_refused(start, tmp_path):
    file, key = certificate(tmp_path)
    server = start("--tls-certificate", str(file), "--tls-key", str(key))
    old = ssl.create_default_context(cafile=str(file))
    old.set_ciphers("DEFAULT:@SECLEVEL=0")  # or our own side would refuse it
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    plain = socket.create_connection(("localhost", server.parts.port), timeout=10)

    with plain, pytest.raises(ssl.SSLError) as refused:
        old.wrap_socket(plain, server_hostname="localhost")

    assert refused.value.reason in ("TLSV1_ALERT_PROTOCOL_VERSION", "UNEXPECTED_EOF_WHILE_READING")  # by the server


def test_one_server_serves_every_tenant_and_one_alone_when_asked(start):
    server = start()
    server.run("tenant", "create", "acme", "--profile", "generic", "--base-path", "/acme")
    token = server.token("--tenant", "acme")
    time.sleep(1.1)

    together = server.get("/acme/Users", token["token"])[0], server.get(server.parts.path + "/Users")[0]
    server.stop()
    alone = start("--tenant", "acme")

    assert urlsplit(token["url"]).port == server.parts.port
    assert together == (200, 401)
    assert alone.parts.path == "/acme"
    assert alone.get("/acme/Users", token["token"])[0] == 200
    assert alone.get("/identity/v2/scim/Users", token["token"])[0] == 404


def test_strict_umbrella_and_a_rate_are_options_of_serve(start):
    server = start("--strict-umbrella", "--rate-limit", "3")
    token = server.token()["token"]
    path = server.parts.path

    statuses = [server.get(f"{path}/Users?sortBy=userName", token)[0] for _ in range(5)]

    assert statuses[0] == 501
    assert statuses[-1] == 429


def test_a_backup_under_load_holds_every_write_answered_before_it(start, tmp_path):
    server = start()
    token = server.token()["token"]
    answered, going = [], threading.Event()

    def create():
        connection = server.connection()
        for number in range(100_000):
            if going.is_set():
                return
            body = json.dumps({"userName": f"u{number}", "displayName": "x" * 2_000})
            connection.request("POST", server.parts.path + "/Users", body, {"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 201
            answered.append(f"u{number}")

    worker = threading.Thread(target=create)
    worker.start()
    while len(answered) < 300:
        time.sleep(0.01)
    before = list(answered)
    made = server.run("backup", str(tmp_path / "copy.sqlite"), "--json")
    again = server.run("backup", str(tmp_path / "copy.sqlite"))
    going.set()
    worker.join()

    assert made.returncode == 0, made.stderr
    copy = sqlite3.connect(tmp_path / "copy.sqlite")
    stored = {row[0] for row in copy.execute("SELECT name_key FROM resource")}
    assert set(before) <= stored
    assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert (again.returncode, "exists already" in again.stderr) == (1, True)
    assert len(answered) > len(before)
    assert {file.name for file in Path(tmp_path).glob("copy*")} == {"copy.sqlite"}


def test_a_restored_backup_is_served(start, tmp_path):
    server = start()
    token = server.token()["token"]
    server.run("backup", str(tmp_path / "copy.sqlite"))
    server.stop()
    (tmp_path / "restored").mkdir()
    (tmp_path / "copy.sqlite").rename(tmp_path / "restored" / "target.sqlite")

    restored = Server(tmp_path / "restored")
    try:
        assert restored.get(restored.parts.path + "/Users", token)[0] == 200
    finally:
        restored.stop()


@pytest.mark.parametrize(
    "sent",
    [
        b"\0" * 100,
        b"GET\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET /%ff%00/../Users HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /identity/v2/scim/Users HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
        b"POST /identity/v2/scim/Users HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx",
        b"POST /identity/v2/scim/Users HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n",
        b"CONNECT example.org:443 HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET http://other.example/identity/v2/scim/Users HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
    ],
)
def test_what_is_hardly_http_is_answered_4xx_or_cut_and_hurts_nobody(start, sent):
    server = start(code=HASTY)
    connection = server.socket()
    connection.sendall(sent)
    connection.shutdown(socket.SHUT_WR)

    received, _ = read_until_closed(connection)

    assert received[:10] in (b"", b"HTTP/1.1 4", b"HTTP/1.1 3", b"HTTP/1.1 2")
    assert server.get("/healthz") == (200, b"ok\n")
