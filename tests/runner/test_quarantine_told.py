"""A quarantine is told by mail and webhooks: once when it begins, and once when it is over."""

from datetime import UTC, datetime

from provisor.engine import notice
from provisor.engine.letter import MailServer
from provisor.engine.ports import Rejected
from provisor.storage import jobs, quarantine, recipients


def told(world):
    """The notices that wait to be sent, oldest first: (turn, reason)."""
    rows = world.database.reader().all("SELECT document FROM notice ORDER BY id")
    return [(one.turn, one.reason) for one in (notice.read(row[0]) for row in rows)]


def refuse(world):
    """The application refuses the credentials."""
    world.target.fail(1, Rejected("no", status=401), method="GET")
    assert world.run().state == "failed"


def with_recipient(world):
    """Somebody is told of this job."""
    server = MailServer(host="localhost", port=25, protection="none", sender="provisor@x.example")
    with world.database.transaction() as connection:
        recipients.save_mail_server(connection, world.job.tenant, server)
        settings = {**world.job.settings, recipients.NOTIFICATION: {"enabled": True, "recipients": ["ops@x.example"]}}
        jobs.change(connection, world.job.number, settings=settings)


def test_section_11_4_it_is_told_once_however_often_it_is_met(world):
    with_recipient(world)

    refuse(world)
    refuse(world)

    assert told(world) == [("began", "EncounteredQuarantineException")]


def test_section_11_4_its_end_is_told(world):
    with_recipient(world)
    refuse(world)

    world.run()

    assert told(world)[1:] == [("over", "EncounteredQuarantineException")]


def test_section_11_4_the_letter_says_until_when(world):
    with_recipient(world)
    refuse(world)

    (row,) = world.database.reader().all("SELECT document FROM notice")

    facts = dict(notice.read(row[0]).facts)
    assert facts.keys() == {"Job", "Error", "Next attempt", "Switched off"}
    assert datetime.fromisoformat(facts["Switched off"]) > datetime.now(UTC)


def test_nobody_is_told_where_nobody_is_to_be(world):
    refuse(world)

    assert told(world) == []
    assert quarantine.read(world.database.reader(), world.job.number) is not None
