"""Credentials that expire are told of in time: a month, a week and a day before, when they have, and when renewed."""

import asyncio
from datetime import date, timedelta

import pytest

from provisor.engine.expiry import warning
from provisor.engine.letter import MailServer
from provisor.engine.ports import Secret
from provisor.runner.notifying.delivering import Notifying
from provisor.runner.notifying.expiring import warn_of_expiry
from provisor.runner.notifying.sender import send_notices
from provisor.storage import applications, clock, jobs, outbox, recipients, secrets
from provisor.storage.secrets import SecretOwner, load_key

DAY = timedelta(days=1)
TODAY = date(2026, 3, 1)

LEFT = {
    400: None,
    31: None,
    30: "it expires within 30 days",
    8: "it expires within 30 days",
    7: "it expires within 7 days",
    2: "it expires within 7 days",
    1: "it expires within a day",
    0: "it expires within a day",
    -1: "it has expired",
    -400: "it has expired",
}


@pytest.mark.parametrize(("days", "reason"), LEFT.items())
def test_a_warning_comes_in_time(days, reason):
    assert warning(TODAY + days * DAY, TODAY) == reason


@pytest.fixture
def application(database, tenant, now):
    """An application with a job whose troubles somebody is told of."""
    with database.transaction() as connection:
        server = MailServer(host="localhost", port=9, protection="none", sender="p@x.ie")
        recipients.save_mail_server(connection, tenant, server)
        made = applications.create(
            connection, tenant=tenant, template="ciscoUmbrella", display_name="Umbrella", roles=(), now=now
        )
        jobs.create(
            connection,
            tenant=tenant,
            application=made.id,
            template="ciscoUmbrella",
            document={},
            created_by="local",
            now=now,
            settings={"notification": {"enabled": True, "recipients": ["ops@x.ie"]}},
        )
        clock.observe(connection, tenant, now=now)
    return made.id


@pytest.fixture
def order(database, tenant, now, tmp_path):
    key = load_key(tmp_path / "secret.key")
    return Notifying(database=database, tenant=tenant, now=lambda: now, key=lambda: key, failed=lambda sentence: None)


@pytest.fixture
def enter(order, application):
    """Enters the day of the end, so many days from today; None removes it."""

    def run(days):
        owner = SecretOwner(tenant=order.tenant, kind="application", id=application)
        with order.database.transaction() as connection:
            if days is None:
                secrets.forget(connection, owner, "TokenExpiration")
                return
            day = Secret((order.now().date() + days * DAY).isoformat())
            secrets.save(connection, order.key(), owner=owner, name="TokenExpiration", secret=day, now=order.now())

    return run


def put(order):
    """The notices that were put, with their reasons."""
    rows = order.database.reader().all("SELECT document FROM notice ORDER BY id")
    return [(notice.turn, notice.reason) for notice in map(outbox.notices.read, (row[0] for row in rows))]


TOLD = {
    "far away": ([90], []),
    "near": ([20], [("began", "it expires within 30 days")]),
    "near, asked again": ([20, 19, 18], [("began", "it expires within 30 days")]),
    "nearer and nearer": (
        [20, 5, 1, -3],
        [
            ("began", "it expires within 30 days"),
            ("changed", "it expires within 7 days"),
            ("changed", "it expires within a day"),
            ("changed", "it has expired"),
        ],
    ),
    "renewed": ([1, 365], [("began", "it expires within a day"), ("over", "")]),
    "no day any more": ([1, None], [("began", "it expires within a day"), ("over", "")]),
    "never a day": ([None, None], []),
}


@pytest.mark.parametrize(("days", "told"), TOLD.values(), ids=TOLD)
def test_each_turn_is_told_once(order, enter, days, told):
    for left in days:
        enter(left)
        warn_of_expiry(order)

    assert put(order) == told


def test_nothing_is_told_while_the_clock_is_doubted(order, enter, database, tenant, now):
    enter(90)
    later = Notifying(
        **{name: getattr(order, name) for name in order.__slots__ if name != "now"}, now=lambda: now + 100 * DAY
    )
    with database.transaction() as connection:
        assert clock.observe(connection, tenant, now=later.now()) is not None

    warn_of_expiry(later)

    assert put(order) == []


def test_the_sender_looks_for_it_and_the_job_s_recipients_are_told(order, enter, database, tenant):
    enter(3)

    async def run():
        stop = asyncio.Event()
        sending = asyncio.create_task(send_notices(order, stop=stop, poll_seconds=0.01))
        while not outbox.newest(database.reader(), tenant, "mail", limit=1):
            await asyncio.sleep(0.01)
            assert not sending.done()
        stop.set()
        await sending

    asyncio.run(asyncio.wait_for(run(), 60))

    (letter,) = outbox.newest(database.reader(), tenant, "mail", limit=9)
    (notice,) = outbox.content(database.reader(), letter.id)
    assert (letter.address, notice.name) == ("ops@x.ie", "Umbrella")
    assert ("Expires on", "2026-03-04") in notice.facts


def test_a_wrong_key_file_stops_no_sending(order, enter, database, tenant, tmp_path, now):
    enter(3)
    other, told = load_key(tmp_path / "other.key"), []
    wrong = Notifying(database=database, tenant=tenant, now=lambda: now, key=lambda: other, failed=told.append)

    async def run():
        stop = asyncio.Event()
        sending = asyncio.create_task(send_notices(wrong, stop=stop, poll_seconds=0.01))
        while not told:
            await asyncio.sleep(0.01)
        assert not sending.done()
        stop.set()
        await sending

    asyncio.run(asyncio.wait_for(run(), 60))

    assert "holds another key" in told[0]
