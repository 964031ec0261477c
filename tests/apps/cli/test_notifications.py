"""`provisor mail`, `provisor webhook`, and who is told about a job."""

import asyncio
import contextlib
import json

import pytest

from support.beside import beside
from support.certificates import Identity
from support.mail_sink import PASSWORD, USER, MailSink, mail_sink

APP = "Cisco Umbrella User Management"


@pytest.fixture
def sink(tmp_path):
    identity, kept = Identity(tmp_path / "tls"), MailSink()
    kept.root = identity.root
    with beside(lambda: mail_sink(kept, starttls=identity.context())):
        yield kept


def set_mail(provisor, sink, tmp_path, *more, password=PASSWORD):
    (tmp_path / "password").write_text(password)
    return provisor(
        *("mail", "set", "--host", "localhost", "--port", sink.port, "--from", "p@fjord.example", "--user", USER),
        *("--password-file", tmp_path / "password", "--ca-file", sink.root, *more),
    )


def test_a_test_letter_arrives(provisor, sink, tmp_path):
    assert set_mail(provisor, sink, tmp_path).code == 0

    answered = provisor("mail", "test", "ops@fjord.example")

    assert answered.out == "The mail server took a letter for ops@fjord.example.\n"
    (letter,) = sink.parsed()
    assert letter["Subject"] == "[provisioning] A letter to try the mail server"


def test_a_test_says_what_the_server_said_and_not_the_password(provisor, sink, tmp_path):
    set_mail(provisor, sink, tmp_path, password="wrong horse")

    answered = provisor("mail", "test", "ops@fjord.example")

    assert answered.code == 1
    assert "refused the sign-in of provisor (535)" in answered.err
    assert "wrong horse" not in answered.err


def test_the_password_is_stored_encrypted_and_never_shown(provisor, sink, tmp_path):
    set_mail(provisor, sink, tmp_path)

    shown = provisor("mail", "show", "--json").out

    assert json.loads(shown)["server"]["user"] == USER
    assert PASSWORD not in shown
    assert all(PASSWORD.encode() not in path.read_bytes() for path in (tmp_path / "data").iterdir())


@pytest.mark.parametrize("password", ["pässword", "pass\tword"])
def test_a_password_that_cannot_be_sent_is_refused_and_not_shown(provisor, sink, tmp_path, password):
    answered = set_mail(provisor, sink, tmp_path, password=password)

    assert (answered.code, "The password is blank" in answered.err, "word\t" in answered.err) == (1, True, False)
    assert password not in answered.err


def test_the_authorities_are_found_from_any_folder(provisor, sink, tmp_path, monkeypatch):
    monkeypatch.chdir(sink.root.parent)
    (tmp_path / "password").write_text(PASSWORD)
    provisor(
        *("mail", "set", "--host", "localhost", "--port", sink.port, "--from", "p@x.ie", "--user", USER),
        *("--password-file", tmp_path / "password", "--ca-file", sink.root.name),
    )
    monkeypatch.chdir(tmp_path)

    assert provisor("mail", "test", "ops@x.ie").code == 0


def test_without_a_server_a_test_says_what_to_do(provisor):
    answered = provisor("mail", "test", "ops@fjord.example")

    assert (answered.code, "provisor mail set" in answered.err) == (1, True)


def test_nobody_is_told_by_mail_before_a_server_is_set(provisor):
    assert provisor("mail", "show").out.startswith("No mail server is set")


REFUSED = {
    "no TLS to another host": (("--host", "mail.example.com", "--from", "p@x.ie", "--tls", "none"), "without TLS"),
    "a sender that is none": (
        ("--host", "mail.example.com", "--from", "Provisor <p@x.ie>"),
        "a mail address does not have",
    ),
    "a line in the sender": (
        ("--host", "mail.example.com", "--from", "p@x.ie\r\nBcc: a@x.ie"),
        "a mail address does not have",
    ),
    "a host with a blank": (("--host", "mail example", "--from", "p@x.ie"), "is no name of a host"),
    "a port that is none": (("--host", "m.x.ie", "--from", "p@x.ie", "--port", "70000"), "There is no port 70000"),
    "authorities that are not there": (("--host", "m.x.ie", "--from", "p@x.ie", "--ca-file", "no"), "no certificates"),
    "somebody to tell who is none": (("--host", "m.x.ie", "--from", "p@x.ie", "--to", "it"), "is no mail address"),
}


@pytest.mark.parametrize(("arguments", "said"), REFUSED.values(), ids=REFUSED)
def test_a_mail_server_that_cannot_be_is_refused(provisor, arguments, said):
    answered = provisor("mail", "set", *arguments)

    assert (answered.code, said in answered.err) == (1, True)
    assert provisor("mail", "show").out.startswith("No mail server is set")


@pytest.fixture
def job(provisor):
    provisor("app", "add", APP)
    provisor("job", "create", APP)


def test_who_is_told_stands_in_the_status(job, provisor):
    provisor("job", "settings", APP, "--notify", "a@x.ie", "--notify", "b@x.ie")
    told = provisor("job", "status", APP).out
    provisor("job", "settings", APP, "--no-notify")

    assert "a@x.ie, b@x.ie" in told
    assert "a@x.ie" not in provisor("job", "status", APP).out


def notification(provisor):
    return json.loads(provisor("job", "status", APP, "--json").out)["settings"].get("notification")


SET = {
    "one": ([("--notify", "a@x.ie")], {"recipients": ["a@x.ie"], "enabled": True}),
    "several": ([("--notify", "a@x.ie", "--notify", "b@x.ie")], {"recipients": ["a@x.ie", "b@x.ie"], "enabled": True}),
    "one twice": ([("--notify", "a@x.ie", "--notify", "a@x.ie")], {"recipients": ["a@x.ie"], "enabled": True}),
    "others later": (
        [("--notify", "a@x.ie"), ("--notify", "b@x.ie")],
        {"recipients": ["b@x.ie"], "enabled": True},
    ),
    "ended": ([("--notify", "a@x.ie"), ("--no-notify",)], {"recipients": ["a@x.ie"], "enabled": False}),
    "another setting": ([("--notify", "a@x.ie"), ("--interval", "60")], {"recipients": ["a@x.ie"], "enabled": True}),
}


@pytest.mark.parametrize(("calls", "kept"), SET.values(), ids=SET)
def test_section_11_4_who_is_told_about_a_job(job, provisor, calls, kept):
    for call in calls:
        assert provisor("job", "settings", APP, *call).code == 0

    assert notification(provisor) == kept


@pytest.mark.parametrize("address", ["ops", "a@x.ie\nBcc: b@x.ie", "a@x.ie,b@x.ie"])
def test_what_is_no_address_is_told_nothing(job, provisor, address):
    assert provisor("job", "settings", APP, "--notify", address).code == 1
    assert notification(provisor) is None


# Webhooks


@contextlib.contextmanager
def receiver(answer):
    """A web server that gives this answer to every request; has the requests, and its address."""
    requests, bound = [], []

    async def serve(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        requests.append(json.loads(await reader.readexactly(length)))
        writer.write(answer)
        await writer.drain()
        writer.close()

    @contextlib.asynccontextmanager
    async def run():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        bound.append(server.sockets[0].getsockname()[1])
        try:
            yield
        finally:
            server.close()

    with beside(run):
        yield f"http://127.0.0.1:{bound[0]}/hook/t0ken", requests


TAKEN = b"HTTP/1.1 204 -\r\nConnection: close\r\n\r\n"
FAILED = b"HTTP/1.1 500 -\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def test_a_webhook_is_added_listed_tested_and_deleted(provisor):
    with receiver(TAKEN) as (url, requests):
        added = json.loads(provisor("webhook", "add", url, "--json").out)
        tested = provisor("webhook", "test", added["id"])
    listed = json.loads(provisor("webhook", "list", "--json").out)
    deleted = provisor("webhook", "delete", added["id"])

    assert added["secret"].startswith("whsec_")
    assert (tested.code, requests[0]["type"]) == (0, "webhook.test")
    assert [(each["id"], each["state"]) for each in listed] == [(added["id"], "works")]
    assert deleted.code == 0
    assert json.loads(provisor("webhook", "list", "--json").out) == []


def test_a_signing_secret_and_the_path_are_shown_once_or_never(provisor, tmp_path):
    added = provisor("webhook", "add", "https://hooks.example.com/t0ken")
    secret = added.out.rpartition(" ")[2].strip()

    everything = provisor("webhook", "list").out + provisor("webhook", "list", "--json").out

    assert secret.startswith("whsec_")
    assert "t0ken" not in everything
    assert secret not in everything
    assert all(secret.encode() not in path.read_bytes() for path in (tmp_path / "data").iterdir())


def test_a_signing_secret_of_ones_own_is_taken_and_not_shown(provisor, tmp_path):
    (tmp_path / "secret").write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")

    added = provisor("webhook", "add", "https://hooks.example.com", "--secret-file", tmp_path / "secret")

    assert (added.code, "whsec" in added.out) == (0, False)


def test_a_webhook_that_fails_its_test_says_how(provisor):
    with receiver(FAILED) as (url, _):
        added = json.loads(provisor("webhook", "add", url, "--json").out)
        tested = provisor("webhook", "test", added["id"])

    assert (tested.code, "it answered 500" in tested.err, "t0ken" in tested.err) == (1, True, False)


@pytest.mark.parametrize("verb", ["test", "delete"])
def test_a_webhook_that_is_not_there_is_told(provisor, verb):
    assert "There is no webhook 'x'" in provisor("webhook", verb, "x").err


def test_a_webhook_without_tls_to_elsewhere_is_refused(provisor):
    assert "use https://" in provisor("webhook", "add", "http://hooks.example.com/x").err
