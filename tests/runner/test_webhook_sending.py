"""Notices to webhooks: told again under the same id until they are taken, switched off after days, and that is told."""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from provisor.connectors.webhook import signature
from provisor.engine.letter import MailServer
from provisor.engine.notice import Notice
from provisor.engine.ports import Secret
from provisor.runner.notifying.delivering import Notifying, deliver, hook_owner
from provisor.runner.notifying.sender import send_notices
from provisor.storage import outbox, recipients, secrets
from provisor.storage.secrets import load_key

SECRET = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
HOURS = timedelta(hours=1)


class Hook:
    """A receiver that answers with one status after the other, the last for good; None drops the connection."""

    def __init__(self, *statuses):
        self.statuses = list(statuses)
        self.requests = []

    async def __call__(self, reader, writer):
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            named = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
            body = await reader.readexactly(int(named["content-length"]))
            self.requests.append((named, body))
            status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
            if status is not None:
                writer.write(f"HTTP/1.1 {status} -\r\nContent-Length: 0\r\n\r\n".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def listening(hook, port=0):
    server = await asyncio.start_server(hook, "127.0.0.1", port)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    finally:
        server.close()


@pytest.fixture
def clock(now):
    return [now]


@pytest.fixture
def order(database, tenant, clock, tmp_path):
    key = load_key(tmp_path / "secret.key")
    return Notifying(
        database=database, tenant=tenant, now=lambda: clock[0], key=lambda: key, failed=lambda sentence: None
    )


@pytest.fixture
def add(order, database, tenant, now):
    def run(url):
        with database.transaction() as connection:
            hook = recipients.add_webhook(connection, tenant, url, now=now)
            owner = hook_owner(tenant, hook.id)
            secrets.save(connection, order.key(), owner=owner, name="signing", secret=SECRET, now=now)
        return hook.id

    return run


@pytest.fixture
def notice(now):
    return Notice(
        trouble="quarantine",
        turn="began",
        about="job",
        name="Umbrella",
        job="job",
        reason="Unauthorized",
        sentence="The token was refused.",
        facts=(("Error", "Unauthorized"),),
        at=now,
    )


def put(database, tenant, notice):
    with database.transaction() as connection:
        outbox.put(connection, tenant, notice)


def due(order):
    with order.database.transaction() as connection:
        outbox.make_messages(connection, order.tenant, now=order.now())
    return outbox.due(order.database.reader(), order.tenant, now=order.now(), longest_wait=timedelta(hours=10))


async def try_for(order, clock, hours):
    """Deliver whatever is due, hour by hour."""
    for _ in range(hours):
        for message in due(order):
            await deliver(order, message)
        clock[0] += HOURS


def test_what_fails_is_told_again_under_the_same_id_and_a_new_time(order, clock, add, notice, database, tenant):
    hook = Hook(500, None, 204)

    async def run():
        async with listening(hook) as url:
            add(url)
            put(database, tenant, notice)
            await try_for(order, clock, 10)

    asyncio.run(run())

    heads = [head for head, _ in hook.requests]
    assert len(heads) == 3
    assert len({head["webhook-id"] for head in heads}) == 1
    assert len({head["webhook-timestamp"] for head in heads}) == 3
    assert [head["webhook-signature"].replace("v1,", "") != "" for head in heads] == [True] * 3
    assert len({body for _, body in hook.requests}) == 1


def test_an_event_says_what_the_letter_would(order, clock, add, notice, database, tenant):
    hook = Hook(204)

    async def run():
        async with listening(hook) as url:
            add(url)
            put(database, tenant, notice)
            await try_for(order, clock, 1)

    asyncio.run(run())

    ((head, body),) = hook.requests
    document = json.loads(body)
    assert document["type"] == "quarantine.began"
    assert document["data"]["sentence"] == "The token was refused."
    signed = signature(SECRET, head["webhook-id"], int(head["webhook-timestamp"]), body)
    assert head["webhook-signature"] == signed.lower()  # this receiver folds its heads


SWITCHED_OFF = {"for days": ((500,), "it failed for days"), "gone": ((410,), "it answered that it is gone")}


@pytest.mark.parametrize(("statuses", "reason"), SWITCHED_OFF.values(), ids=SWITCHED_OFF)
def test_a_webhook_that_is_given_up_is_switched_off_and_the_others_are_told(
    order, clock, add, notice, database, tenant, statuses, reason
):
    bad, good = Hook(*statuses), Hook(204)
    with database.transaction() as connection:
        server = MailServer(host="localhost", port=9, protection="none", sender="p@x.ie", to=("it@x.ie",))
        recipients.save_mail_server(connection, tenant, server)

    async def run():
        async with listening(bad) as failing, listening(good) as url:
            switched_off = add(failing)
            add(url)
            put(database, tenant, replace(notice, job=None))
            await try_for(order, clock, 100)
            return switched_off

    switched_off = asyncio.run(run())

    hooks = {hook.id: hook.disabled_at is None for hook in recipients.webhooks(database.reader(), tenant)}
    assert hooks.pop(switched_off) is False
    assert all(hooks.values())
    told = json.loads(good.requests[-1][1])
    assert (told["type"], told["data"]["about"]) == ("webhook.began", switched_off)
    assert told["data"]["reason"] == reason
    letters = outbox.newest(database.reader(), tenant, "mail", limit=10)
    assert any(
        notice.trouble == "webhook" for letter in letters for notice in outbox.content(database.reader(), letter.id)
    )


def test_a_webhook_that_answers_again_in_time_stays_on(order, clock, add, notice, database, tenant):
    hook = Hook(*[500] * 5, 204)

    async def run():
        async with listening(hook) as url:
            add(url)
            put(database, tenant, notice)
            await try_for(order, clock, 60)

    asyncio.run(run())

    (found,) = recipients.webhooks(database.reader(), tenant)
    assert (found.failing_since, found.disabled_at) == (None, None)
    assert len(hook.requests) == 6


def test_events_of_one_webhook_keep_their_order(order, clock, add, notice, database, tenant):
    hook = Hook(500, 204)

    async def run():
        async with listening(hook) as url:
            add(url)
            for turn in ("began", "over", "began"):
                put(database, tenant, replace(notice, turn=turn))
            await try_for(order, clock, 8)

    asyncio.run(run())

    types = [json.loads(body)["type"] for _, body in hook.requests]
    assert types == ["quarantine.began", "quarantine.began", "quarantine.over", "quarantine.began"]


def test_a_webhook_deleted_meanwhile_is_told_nothing_more(order, clock, add, notice, database, tenant):
    hook = Hook(204)

    async def run():
        async with listening(hook) as url:
            deleted = add(url)
            put(database, tenant, notice)
            (message,) = due(order)
            with database.transaction() as connection:
                recipients.delete_webhook(connection, deleted)
            await deliver(order, message)

    asyncio.run(run())

    assert hook.requests == []
    assert due(order) == []


def test_a_slow_webhook_holds_up_nobody_else(order, add, notice, database, tenant):
    good, arrived, released = Hook(204), asyncio.Event(), asyncio.Event()

    async def silent(reader, writer):
        arrived.set()
        await released.wait()
        writer.close()

    async def run():
        stop = asyncio.Event()
        async with listening(silent) as slow, listening(good) as url:
            add(slow)
            add(url)
            put(database, tenant, notice)
            put(database, tenant, replace(notice, turn="over"))
            sending = asyncio.create_task(send_notices(order, stop=stop, poll_seconds=0.01, finish_seconds=0))
            await arrived.wait()
            while len(good.requests) < 2:
                await asyncio.sleep(0.01)
                assert not sending.done()
            stop.set()
            await sending
            released.set()

    asyncio.run(asyncio.wait_for(run(), 60))

    states = {message.state for message in outbox.newest(database.reader(), tenant, "webhook", limit=9)}
    assert states == {"sent", "handed"}  # cut short: nobody knows, so that the next sender tells it again
