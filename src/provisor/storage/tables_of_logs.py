"""The tables of the provisioning log and the audit log (see tables)."""

from sqlalchemy import Index, Table

from provisor.storage.columns import metadata
from provisor.storage.columns import number_column as _number
from provisor.storage.columns import text_column as _text

log_event = Table(
    "log_event",
    metadata,
    _text("id", key=True),  # in time order
    _text("tenant"),
    _text("job"),
    _text("cycle"),
    _number("day"),
    _number("at"),
    _text("action"),
    _text("status"),
    _text("code", null=True),
    _text("source_id", null=True),
    _text("name", null=True),
    _text("target_id", null=True),
    _text("document"),  # JSON: the facts of the event (engine.log_event)
    _number("facet"),
)
# Which combinations of the columns that events are filtered by there are: some dozens. Each has its events in order,
# so that any filter, however rare what it asks for, is answered without passing over events.
log_facet = Table(
    "log_facet",
    metadata,
    _number("id", key=True),
    _text("tenant"),
    _text("job"),
    _text("action"),
    _text("status"),
    _text("code"),  # empty: none
)
Index(
    "log_facet_of",
    log_facet.c.tenant,
    log_facet.c.job,
    log_facet.c.action,
    log_facet.c.status,
    log_facet.c.code,
    unique=True,
)
Index("log_event_facet", log_event.c.facet, log_event.c.at, log_event.c.id)
Index("log_event_cycle", log_event.c.cycle, log_event.c.facet, log_event.c.at, log_event.c.id)
# Narrow: names and target ids come in any order, so that every event writes a page of each.
Index("log_event_source", log_event.c.source_id)
Index("log_event_name", log_event.c.name)
Index("log_event_target", log_event.c.target_id, sqlite_where=log_event.c.target_id.is_not(None))
audit_event = Table(
    "audit_event",
    metadata,
    _text("id", key=True),
    _text("tenant"),
    _number("at"),
    _text("actor"),
    _text("activity"),
    _text("target"),
    _text("detail"),
)
Index("audit_event_at", audit_event.c.tenant, audit_event.c.at, audit_event.c.id)
