"""Letters through a real mail server that refuses, delays or drops at any stage: none is lost, none repeated knowingly."""

import asyncio
import contextlib
import socket
from datetime import timedelta

import pytest

from provisor.connectors.email import MailDelivery
from provisor.engine.letter import Letter, MailServer
from provisor.engine.notice import Notice
from provisor.engine.ports import Secret, Unreachable
from provisor.runner.job_lock import job_lock
from provisor.runner.notifying.delivering import Notifying, deliver, hand_over, mail_owner
from provisor.runner.notifying.sender import send_notices
from provisor.storage import outbox, recipients, secrets
from provisor.storage.secrets import load_key
from support.certificates import Identity
from support.mail_sink import PASSWORD, STAGES, USER, MailSink, mail_sink

OPS = "ops@fjord.example"
LONG = timedelta(days=30)


@pytest.fixture(scope="module")
def identity(tmp_path_factory):
    return Identity(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def key(tmp_path):
    return load_key(tmp_path / "secret.key")


@pytest.fixture
def told():
    return []


@pytest.fixture
def order(database, tenant, now, key, told):
    return Notifying(
        database=database,
        tenant=tenant,
        now=lambda: now,
        key=lambda: key,
        failed=told.append,
        answer_seconds=1.0,
        letter_seconds=1.0,
    )


@pytest.fixture
def use(database, tenant, now, key, identity):
    """Sets the mail server, and keeps its password."""

    def run(port, **given):
        settings = {
            "host": "localhost",
            "port": port,
            "protection": "starttls",
            "sender": "provisor@fjord.example",
            "user": USER,
            "ca_file": str(identity.root),
            "to": (OPS,),
        }
        with database.transaction() as connection:
            recipients.save_mail_server(connection, tenant, MailServer(**settings | given))
            secrets.save(connection, key, owner=mail_owner(tenant), name="password", secret=Secret(PASSWORD), now=now)

    return run


@pytest.fixture
def put(database, tenant, now, use):
    use(9)

    def run(about="webhook 1", turn="began"):
        notice = Notice(
            trouble="webhook",
            turn=turn,
            about=about,
            name=f"The {about}",
            job=None,
            reason="it failed",
            sentence="Ærlig talt.\n.\nA line of a dot.",
            at=now,
        )
        with database.transaction() as connection:
            outbox.put(connection, tenant, notice)
            outbox.make_messages(connection, tenant, now=now)

    return run


@pytest.fixture
def newest(database, tenant):
    """The newest letter, as it stands in the outbox."""
    return lambda: outbox.newest(database.reader(), tenant, "mail", limit=1)[0]


def tried(order, newest, sink, use, identity, **options):
    """One try to deliver the newest letter to this sink."""

    async def run():
        context = {"starttls": identity.context()} if not options.get("protection") else {}
        if options.get("protection") == "implicit":
            context = {"implicit": identity.context()}
        async with mail_sink(sink, **context):
            use(sink.port, **options)
            await deliver(order, newest())

    asyncio.run(run())


def expected(stage, what):
    """(state, whether it may have arrived) of a letter that meets this."""
    if what.startswith("5") and stage in ("RCPT", "DATA", "LETTER"):
        return "given-up", False
    return "due", stage == "LETTER" and what in ("drop", "silence", "nonsense", "endless")


FAULTS = ["421 later", "451 later", "554 never", "drop", "silence", "nonsense", "endless"]


@pytest.mark.fast_rows(12)
@pytest.mark.parametrize("what", FAULTS)
@pytest.mark.parametrize("stage", STAGES)
def test_a_letter_that_meets_a_fault_is_kept_unless_it_is_refused_for_good(
    order, newest, use, put, identity, told, stage, what
):
    sink = MailSink(fault=(stage, what))
    put()

    tried(order, newest, sink, use, identity)

    letter = newest()
    assert sink.reached.is_set()
    assert (letter.state, letter.doubtful) == expected(stage, what)
    assert told == [letter.error]
    assert letter.error.endswith(".")
    assert PASSWORD not in letter.error


@pytest.mark.fast_rows(3)
@pytest.mark.parametrize("stage", STAGES)
def test_after_the_fault_the_letter_arrives_once_under_the_same_id(order, newest, use, put, identity, stage):
    sink = MailSink(fault=(stage, "drop"))
    put()
    tried(order, newest, sink, use, identity)
    first = sink.parsed()
    again = MailSink()

    tried(order, newest, again, use, identity)

    (letter,) = again.parsed()
    assert newest().state == "sent"
    assert letter["Message-ID"] == f"<{newest().id}@fjord.example>"
    assert all(one.as_bytes() == letter.as_bytes() for one in first)
    assert len(first) == (stage == "LETTER")  # the one doubtful case: taken, and not answered


@pytest.mark.parametrize("protection", [None, "implicit", "none"])
def test_a_letter_arrives_whole_by_each_kind_of_tls(order, newest, use, put, identity, protection):
    sink = MailSink()
    put()
    options = {} if protection is None else {"protection": protection}

    tried(order, newest, sink, use, identity, **options)

    (letter,) = sink.parsed()
    assert newest().state == "sent"
    assert (letter["To"], letter["From"]) == (OPS, "provisor@fjord.example")
    assert letter["Subject"] == "[provisioning] The webhook 1 was switched off: it failed"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert "Ærlig talt. . A line of a dot." in letter.get_body(("plain",)).get_content()
    assert "Ærlig talt. . A line of a dot." in letter.get_body(("html",)).get_content()


@pytest.mark.parametrize("what", ["421 gone", "554 never", "drop", "silence", "nonsense"])
def test_a_letter_that_was_taken_is_sent_whatever_comes_of_the_goodbye(order, newest, use, put, identity, what):
    sink = MailSink(fault=("QUIT", what))
    put()

    tried(order, newest, sink, use, identity)

    assert (newest().state, newest().doubtful, len(sink.letters)) == ("sent", False, 1)


@pytest.mark.parametrize(
    "name", [".", "..", ".hidden", "Ærø 電子 \U0001f600", "\ud83d half", "x" * 3000, "a\r\n.\r\nQUIT\r\n"]
)
def test_a_name_of_any_letters_arrives_in_one_letter(order, newest, use, put, identity, name):
    sink = MailSink()
    put(name)

    tried(order, newest, sink, use, identity)

    (letter,) = sink.parsed()
    shown = " ".join(name.encode("utf-8", "replace").decode().split())
    assert newest().state == "sent"
    assert shown[:150] in letter["Subject"].replace("\n", "")
    assert shown[:60] in letter.get_body(("plain",)).get_content()


REFUSED = {
    "no TLS at the server": ({"plain": True}, {}, "offers no STARTTLS"),
    "a certificate of a stranger": ({}, {"ca_file": None}, "certificate is not trusted"),
    "a certificate for another name": ({}, {"host": "127.0.0.1"}, "certificate is not trusted"),
    "implicit TLS at a plain port": ({"plain": True}, {"protection": "implicit"}, "no TLS connection"),
    "a wrong password": ({}, {"user": "somebody"}, "refused the sign-in of somebody (535)"),
    "no sign-in at the server": ({"plain": True}, {"protection": "none", "user": USER}, None),
}


@pytest.mark.parametrize(("server", "options", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_set_wrong_is_said_and_the_letter_is_kept(
    order, newest, use, put, identity, told, server, options, said
):
    sink = MailSink()
    put()

    async def run():
        async with mail_sink(sink, starttls=None if server.get("plain") else identity.context()):
            use(sink.port, **options)
            await deliver(order, newest())

    asyncio.run(run())

    if said is None:  # to this machine, without TLS, signing in is fine
        assert newest().state == "sent"
        return
    assert (newest().state, sink.letters) == ("due", [])
    assert said in told[0]


def test_a_fault_of_our_own_is_no_success(now, identity):
    sink, letter = MailSink(), Letter(id="m", to=OPS, subject="s", text="t", html="h", at=now)

    def handed():
        raise LookupError("a fault of ours")

    async def run():
        async with mail_sink(sink, starttls=identity.context()):
            server = MailServer(
                host="localhost", port=sink.port, protection="starttls", sender="p@x.ie", ca_file=str(identity.root)
            )
            await hand_over(MailDelivery(server, None, letter, handed=handed))

    with pytest.raises(Unreachable, match="LookupError") as raised:
        asyncio.run(run())

    assert (raised.value.sent, sink.letters) == (True, [])


def test_nobody_listening_is_said_and_the_letter_is_kept(order, newest, use, put, told):
    put()
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        use(unused.getsockname()[1])

        asyncio.run(deliver(order, newest()))

    assert (newest().state, newest().doubtful) == ("due", False)
    assert "did not connect: Connection refused" in told[0]


@pytest.mark.fast_rows(3)
@pytest.mark.parametrize("stage", STAGES)
def test_a_stop_cuts_a_letter_short_and_notes_what_that_means(order, newest, use, put, identity, stage):
    sink = MailSink(fault=(stage, "silence"))
    put()

    async def run():
        stop = asyncio.Event()
        async with mail_sink(sink, starttls=identity.context()):
            use(sink.port)
            patient = Notifying(
                **{name: getattr(order, name) for name in order.__slots__ if not name.endswith("_seconds")},
                answer_seconds=600,
            )
            sending = asyncio.create_task(send_notices(patient, stop=stop, poll_seconds=0.01, finish_seconds=0))
            await sink.reached.wait()
            stop.set()
            await sending

    asyncio.run(run())

    assert (newest().state, newest().doubtful) == ("due", stage == "LETTER")


@pytest.mark.parametrize("stage", ["EHLO", "AUTH", "RCPT", "DATA", "LETTER"])
def test_a_letter_under_way_at_the_stop_is_finished(order, newest, use, put, identity, stage):
    sink = MailSink(fault=(stage, "slow"))
    put()

    async def run():
        stop = asyncio.Event()
        async with mail_sink(sink, starttls=identity.context()):
            use(sink.port)
            patient = Notifying(
                **{name: getattr(order, name) for name in order.__slots__ if not name.endswith("_seconds")},
            )
            sending = asyncio.create_task(send_notices(patient, stop=stop, poll_seconds=0.01, finish_seconds=60))
            await sink.reached.wait()
            stop.set()
            sink.released.set()
            await sending

    asyncio.run(run())

    assert (newest().state, newest().attempts, len(sink.letters)) == ("sent", 1, 1)


def states(order):
    """What has become of all letters."""
    return {letter.state for letter in outbox.newest(order.database.reader(), order.tenant, "mail", limit=99)}


def sent_until(order, sink, number, **options):
    """Run the sender until the sink has so many letters and the outbox is quiet."""

    async def run():
        stop = asyncio.Event()
        async with mail_sink(sink, **options):
            sending = asyncio.create_task(send_notices(order, stop=stop, poll_seconds=0.01))
            while len(sink.letters) < number or states(order) != {"sent"}:
                await asyncio.sleep(0.01)
                assert not sending.done()
            stop.set()
            await sending

    asyncio.run(asyncio.wait_for(run(), 60))


def test_the_sender_empties_the_outbox_a_storm_in_one_digest(order, use, put, identity, database):
    sink = MailSink()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        sink.port = probe.getsockname()[1]
    use(sink.port)
    put("webhook 0")  # in a message of its own already
    for number in range(1, 30):
        put(f"webhook {number}")
    ahead = iter(range(10**6))
    moving = Notifying(
        **{name: getattr(order, name) for name in order.__slots__ if name != "now"},
        now=lambda: order.now() + next(ahead) * timedelta(minutes=1),
    )

    sent_until(moving, sink, 2, starttls=identity.context())

    first, second = sink.parsed()
    assert "The webhook 0 was" in first["Subject"]
    assert second["Subject"].startswith("[provisioning] 29 notices, the first: The webhook 1 was")
    assert all(f"The webhook {number} was" in second.get_body(("plain",)).get_content() for number in range(1, 30))


@pytest.mark.parametrize(("marker", "doubtful"), [("begin", 0), ("hand_over", 1)])
def test_a_sender_that_begins_sends_what_a_killed_one_left(
    order, use, put, identity, newest, database, marker, doubtful
):
    sink = MailSink()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        sink.port = probe.getsockname()[1]
    use(sink.port)
    put()
    with database.transaction() as connection:
        getattr(outbox, marker)(connection, newest().id)

    sent_until(order, sink, 1, starttls=identity.context())

    assert (newest().state, newest().doubtful) == ("sent", bool(doubtful))


def test_only_one_process_sends_at_a_time(order, put, database, newest, use):
    put()
    use(9)

    async def run():
        stop = asyncio.Event()
        sending = asyncio.create_task(send_notices(order, stop=stop, poll_seconds=0.01))
        for _ in range(20):
            await asyncio.sleep(0.01)
        stop.set()
        await sending

    with job_lock(database.path, "outbox"):
        asyncio.run(run())

    assert newest().attempts == 0


def test_when_the_process_that_sent_has_ended_another_one_goes_on(order, put, database, newest, use):
    put()
    use(9)

    async def run():
        stop, first = asyncio.Event(), contextlib.ExitStack()
        first.enter_context(job_lock(database.path, "outbox"))
        sending = asyncio.create_task(send_notices(order, stop=stop, poll_seconds=0.01))
        await asyncio.sleep(0.05)
        first.close()
        while newest().attempts == 0:
            await asyncio.sleep(0.01)
            assert not sending.done()
        stop.set()
        await sending

    asyncio.run(asyncio.wait_for(run(), 60))

    assert newest().attempts == 1


def test_a_message_that_cannot_be_made_waits_like_any_that_fails(order, newest, put, database, told, now):
    put()
    with database.transaction() as connection:
        connection.execute("DELETE FROM notice")

    asyncio.run(deliver(order, newest()))

    assert newest().state == "due"
    assert outbox.due(database.reader(), order.tenant, now=now, longest_wait=LONG) == []
    assert "IndexError" in told[0]


def test_a_letter_that_fails_for_days_is_given_up(order, newest, use, put, now, told):
    put()
    use(9)
    clock = [now]
    later = Notifying(**{name: getattr(order, name) for name in order.__slots__ if name != "now"}, now=lambda: clock[0])

    async def run():
        for _ in range(200):
            if newest().state == "given-up":
                return
            await deliver(later, newest())
            clock[0] += timedelta(hours=1)

    asyncio.run(run())

    assert newest().state == "given-up"
    assert 72 <= newest().attempts <= 75


def test_a_clock_that_jumps_for_days_gives_nothing_up(order, newest, use, put, now):
    put()
    use(9)
    asyncio.run(deliver(order, newest()))
    later = Notifying(
        **{name: getattr(order, name) for name in order.__slots__ if name != "now"}, now=lambda: now + LONG
    )

    asyncio.run(deliver(later, newest()))

    assert newest().state == "due"
