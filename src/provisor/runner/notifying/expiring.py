"""Puts a notice into the outbox when a credential of an application is about to expire, and when a later one is there.

Asked every hour; nothing is told while the clock is doubted.
"""

from datetime import date

from provisor.database import Connection
from provisor.engine.expiry import warning
from provisor.engine.notice import Notice
from provisor.runner.notifying.delivering import Notifying
from provisor.storage import applications, clock, jobs, outbox, secrets
from provisor.storage.secrets import SecretOwner

EXPIRES = "TokenExpiration"  # Graph's key for the day


def warn_of_expiry(order: Notifying) -> None:
    """Tell of every credential whose day comes near. Raises SecretError when the key file is not the right one."""
    reader = order.database.reader()
    if clock.doubt(reader, order.tenant) is not None:
        return
    dated = secrets.owners(reader, order.tenant, kind="application", name=EXPIRES)
    undated = outbox.troubled(reader, order.tenant, "credential") - set(dated)
    if not dated and not undated:
        return
    days = {application: _day(order, reader, application) for application in dated}
    with order.database.transaction() as connection:
        for application, day in sorted({**days, **dict.fromkeys(undated)}.items()):
            outbox.put(connection, order.tenant, _notice(order, connection, application, day))


def _day(order: Notifying, connection: Connection, application: str) -> date | None:
    owner = SecretOwner(tenant=order.tenant, kind="application", id=application)
    stored = secrets.read(connection, order.key(), owner=owner, name=EXPIRES)
    return None if stored is None else date.fromisoformat(stored.reveal())


def _notice(order: Notifying, connection: Connection, application: str, day: date | None) -> Notice:
    now = order.now()
    found = applications.read(connection, application)
    job = next(iter(jobs.all_jobs(connection, order.tenant, application)), None)
    name = application if found is None else found.display_name
    reason = None if day is None else warning(day, now.date())
    if reason is None:
        sentence = f"The credential of {name} is good for a while now, or no day of its end is known any more."
    else:
        sentence = (
            f"The credential of {name} expires on {day}. Get a new one from the application, and save it with its day"
            " by `provisor job credentials`."
        )
    return Notice(
        trouble="credential",
        turn="over" if reason is None else "began",
        about=application,
        name=name,
        job=None if job is None else job.id,
        reason=reason or "",
        sentence=sentence,
        facts=() if day is None else (("Expires on", day.isoformat()),),
        at=now,
    )
