"""The request and the answer behind each failure and each quarantine: kept, redacted, for a time that a setting says."""

from datetime import timedelta

import pytest

from provisor.engine.ports import Exchange, Rejected, Unauthorized
from provisor.storage import exchanges, jobs, quarantine

EXCHANGE = Exchange(
    method="POST",
    url="https://target.example/Users",
    request_body=b'{"userName":"anna@x","title":"hidden-one"}',
    status=422,
    response_body=b'{"detail":"hidden-one is no title"}',
    milliseconds=12.5,
)


@pytest.fixture
def failed(make_world):
    """Anna is refused, and what went over the wire is known."""
    world = make_world("scim", scope="all")
    world.organisation.user("anna@x", jobTitle="hidden-one")

    async def create(original, kind, document):
        raise Rejected("no", status=422, exchange=EXCHANGE)

    world.failing(create=create)
    return world


def kept(world):
    rows = world.database.reader().all("SELECT event FROM exchange")
    return exchanges.of_events(world.database.reader(), [row[0] for row in rows])


def shown(world):
    return world.events(status="failure")[-1].document


def test_the_exchange_behind_a_failure_is_kept_apart_and_shown_with_its_event(failed):
    failed.run()

    (entry,) = failed.escrow()
    assert kept(failed)[entry.event].response == EXCHANGE.response_body.decode()
    assert shown(failed)["exchange"]["status"] == 422
    stored = failed.database.reader().all("SELECT document FROM log_event WHERE status = 'failure'")
    assert all("no title" not in row[0] for row in stored)


def test_the_exchange_behind_a_quarantine_is_kept(failed):
    failed.run()

    async def find(original, kind, path, value):
        raise Unauthorized("no", exchange=EXCHANGE)

    failed.failing(find=find)
    failed.run()

    found = quarantine.read(failed.database.reader(), failed.job.number)
    assert kept(failed)[found.event].method == "POST"


def redact(world):
    rules = world.rules()
    for row in world.mapping_of(rules)["attributeMappings"]:
        if row["targetAttributeName"] == "title":
            row["source"] = {
                "type": "Function",
                "name": "Redact",
                "expression": "Redact([jobTitle])",
                "parameters": [
                    {"key": "value", "value": {"type": "Attribute", "name": "jobTitle", "expression": "[jobTitle]"}}
                ],
            }
    world.save_rules(rules)


def test_a_redacted_value_is_in_no_exchange(failed):
    redact(failed)

    failed.run()

    assert kept(failed)
    assert "hidden-one" not in repr(kept(failed))


def test_a_redacted_value_is_in_no_exchange_of_a_quarantine(failed):
    redact(failed)

    async def create(original, kind, document):
        raise Unauthorized("no", exchange=EXCHANGE)

    failed.failing(create=create)
    failed.run()

    assert quarantine.read(failed.database.reader(), failed.job.number) is not None
    assert kept(failed)
    assert "hidden-one" not in repr(kept(failed))


@pytest.mark.parametrize("days", [None, 3])
def test_exchanges_are_kept_for_the_time_that_the_setting_says(failed, days):
    if days is not None:
        job = jobs.read(failed.database.reader(), failed.job.number)
        with failed.database.transaction() as connection:
            jobs.change(connection, job.number, settings={**job.settings, "keepExchangesDays": days})
    failed.run()
    failed.run()
    first = min(kept(failed))

    failed.pass_time(days=(days or 30) - 0.5)
    failed.run()
    assert first in kept(failed)
    failed.pass_time(days=1)
    failed.run()

    assert first not in kept(failed)
    failed.heal()
    assert "exchange" not in failed.events(status="failure")[0].document
    assert failed.events(status="failure")[0].document["durationInMilliseconds"] == 12


def test_no_more_than_a_step_is_swept_at_once(failed, monkeypatch):
    monkeypatch.setattr(exchanges, "SWEPT_AT_ONCE", 1)
    failed.run()
    failed.run()
    before = len(kept(failed))
    failed.pass_time(days=40)
    failed.heal()

    failed.run()

    assert len(kept(failed)) == before - 1


def test_nothing_is_swept_while_the_clock_is_doubted(failed):
    failed.run()
    before = kept(failed)
    failed.heal()
    failed.passed = timedelta(days=400)

    failed.run()

    assert kept(failed) == before
