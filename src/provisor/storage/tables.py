"""The service's tables, once: SQLAlchemy Core metadata that the migrations are checked against.

Nothing runs queries through it: the SQL of the hot paths is written by hand in the modules beside this one.
Times are UTC integer microseconds; documents are JSON text; every table carries the tenant or hangs off
a job that does. The logs are in tables_of_logs.
"""

from sqlalchemy import Column, Index, LargeBinary, Table, and_

import provisor.storage.tables_of_logs  # noqa: F401 - its tables are of the same metadata
from provisor.storage.columns import metadata
from provisor.storage.columns import number_column as _number
from provisor.storage.columns import text_column as _text

__all__ = ["metadata"]

tenant = Table("tenant", metadata, _text("id", key=True), _text("name"), _number("created_at"))
setting = Table("setting", metadata, _text("tenant", key=True), _text("name", key=True), _text("value"))
# The last change number given out; bumped once in every transaction that changes what a target should hold.
feed = Table("feed", metadata, _text("tenant", key=True), _number("number"))

source = Table(
    "source",
    metadata,
    _text("id", key=True),
    _text("tenant"),
    _text("kind"),  # local, csv
    _text("name"),
    _text("user_anchor", null=True),  # the column that identifies a row; fixed by the first import
    _text("group_anchor", null=True),
    _number("created_at"),
    _text("last_run", null=True),  # JSON summary of the newest import
)
Index("source_name", source.c.tenant, source.c.name, unique=True)

object_ = Table(
    "object",
    metadata,
    _text("id", key=True),  # a GUID in time order, so that a first import appends to the index
    _text("tenant"),
    _text("source"),
    _text("kind"),  # user, group
    _text("anchor", null=True),  # null once purged, so that the anchor may come again as a new object
    _text("name"),  # userPrincipalName of a user, displayName of a group
    _text("folded_name"),
    _text("attributes"),  # JSON under Graph property names, without manager
    _text("manager", null=True),  # object id
    _number("enabled", default="1"),  # accountEnabled
    _number("created_at"),
    _number("deleted_at", null=True),
    _number("purged_at", null=True),  # the row stays as a tombstone until every job has passed it
    _number("change"),
    _number("alive_change"),  # the change number at which deleted_at, purged_at or enabled last moved
)
Index("object_anchor", object_.c.tenant, object_.c.source, object_.c.kind, object_.c.anchor, unique=True)
# With the same columns, or SQLite would prefer object_kind for who is only asked whether they are there.
Index(
    "object_name",
    object_.c.tenant,
    object_.c.kind,
    object_.c.folded_name,
    object_.c.id,
    object_.c.deleted_at,
    object_.c.purged_at,
)
Index("object_change", object_.c.tenant, object_.c.change, object_.c.id)
# With all that a page, a count and a search must know: whoever is passed over is not read.
Index(
    "object_kind",
    object_.c.tenant,
    object_.c.kind,
    object_.c.id,
    object_.c.deleted_at,
    object_.c.purged_at,
    object_.c.folded_name,
)
in_the_bin = and_(object_.c.deleted_at.is_not(None), object_.c.purged_at.is_(None))
Index(
    "object_bin",
    object_.c.tenant,
    object_.c.kind,
    object_.c.purged_at,  # never differs, but one condition more is what makes SQLite prefer this index to object_kind
    object_.c.id,
    sqlite_where=in_the_bin,
)
Index("object_deleted", object_.c.tenant, object_.c.deleted_at, sqlite_where=in_the_bin)
Index("object_purged", object_.c.tenant, object_.c.change, sqlite_where=object_.c.purged_at.is_not(None))
Index("object_manager", object_.c.manager, sqlite_where=object_.c.manager.is_not(None))

member = Table(
    "member",
    metadata,
    _text("group_id", key=True),
    _text("member_id", key=True),
    _text("tenant"),
    _number("change"),
    _number("removed_at", null=True),  # a tombstone until every job has passed it
)
Index("member_of", member.c.member_id, member.c.group_id)
Index("member_change", member.c.tenant, member.c.change, member.c.group_id, member.c.member_id)

Index("member_removed", member.c.tenant, member.c.change, sqlite_where=member.c.removed_at.is_not(None))

application = Table(
    "application",
    metadata,
    _text("id", key=True),  # the service principal's id
    _text("tenant"),
    _text("app_id"),
    _text("template"),
    _text("display_name"),
    _text("roles"),  # JSON list of app roles
    _number("created_at"),
)
Index("application_name", application.c.tenant, application.c.display_name)
application_owner = Table(
    "application_owner", metadata, _text("application", key=True), _text("object", key=True), _text("tenant")
)
assignment = Table(
    "assignment",
    metadata,
    _text("id", key=True),
    _text("tenant"),
    _text("application"),
    _text("principal"),
    _text("principal_kind"),  # user, group
    _text("role"),
    _number("created_at"),
    _number("removed_at", null=True),  # a tombstone, as for memberships
    _number("change"),
)
Index("assignment_principal", assignment.c.principal, assignment.c.application, assignment.c.role, unique=True)
Index(
    "assignment_application",
    assignment.c.application,
    assignment.c.principal_kind,
    assignment.c.principal,
    sqlite_where=assignment.c.removed_at.is_(None),
)
Index("assignment_page", assignment.c.application, assignment.c.id, sqlite_where=assignment.c.removed_at.is_(None))
Index("assignment_change", assignment.c.application, assignment.c.change)
Index("assignment_removed", assignment.c.tenant, assignment.c.change, sqlite_where=assignment.c.removed_at.is_not(None))

extension_property = Table(
    "extension_property",
    metadata,
    _text("name", key=True),  # extension_{appId without hyphens}_{attribute}
    _text("tenant", key=True),
    _text("id"),
    _text("app_id"),
    _text("attribute"),
    _text("data_type"),
    _text("targets"),  # JSON list: User, Group
    _number("created_at"),
)

job = Table(
    "job",
    metadata,
    _text("id", key=True),  # Graph's form: template.tenant.guid
    _text("tenant"),
    _text("application"),
    _text("template"),
    _text("schedule_state"),  # Active, Disabled, Paused
    _number("interval_seconds"),
    _text("status_code"),  # NotConfigured, NotRun, Active, Paused, Quarantine
    _text("settings"),  # JSON: scope, skip out of scope deletions, notification
    _text("behaviour"),  # entra, provisor
    _number("ruleset_version"),
    _number("watermark", null=True),  # null: the next cycle is an initial one
    _number("full_evaluation", default="0"),  # 1: the next cycle evaluates every object (rules or scope changed)
    _number("last_began_at", null=True),
    _number("last_ended_at", null=True),
    _number("last_cycle", default="0"),
    _number("steady_first_at", null=True),
    _number("steady_last_at", null=True),
    _number("restarts", default="0"),  # a cycle that began before the last one must not move the watermark
    _number("created_at"),
)
Index("job_application", job.c.application)
# What the log calls a job that is gone: its events stay, under the names it had last.
deleted_job = Table(
    "deleted_job",
    metadata,
    _text("id", key=True),
    _text("tenant"),
    _text("application"),
    _text("application_name"),
    _text("template"),
    _number("deleted_at"),
)
Index("deleted_job_name", deleted_job.c.tenant, deleted_job.c.application_name)
ruleset = Table(
    "ruleset",
    metadata,
    _text("job", key=True),
    _number("version", key=True),
    _text("document"),  # Graph's synchronizationSchema
    _number("created_at"),
    _text("created_by"),
)
secret = Table(
    "secret",
    metadata,
    _text("job", key=True),
    _text("name", key=True),
    Column("nonce", LargeBinary, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    _number("created_at"),
)

link = Table(
    "link",
    metadata,
    _text("job", key=True),
    _text("object", key=True),
    _text("kind"),
    _text("target_id"),
    _text("state"),  # linked, released
    _text("wanted_hash"),
    _text("pushed_hash"),
    _text("pushed_document"),
    _text("etag", null=True),
    _number("linked_at"),
    _number("verified_at", null=True),
)
Index("link_target", link.c.job, link.c.kind, link.c.target_id, unique=True)
member_link = Table(
    "member_link",
    metadata,
    _text("job", key=True),
    _text("group_id", key=True),
    _text("member_id", key=True),
    _number("pushed", default="0"),  # 1: the target holds it, 2: nobody knows
    _number("pending", default="0"),  # 1: to add, -1: to remove, 0: as wanted
)
Index("member_link_member", member_link.c.job, member_link.c.member_id)
Index(
    "member_link_pending",
    member_link.c.job,
    member_link.c.group_id,
    member_link.c.member_id,
    sqlite_where=member_link.c.pending != 0,
)
# Not held and not wanted: nearly always empty, so that a group is tidied up without reading its members.
Index(
    "member_link_idle",
    member_link.c.job,
    member_link.c.group_id,
    sqlite_where=and_(member_link.c.pushed == 0, member_link.c.pending == 0),
)
waiting = Table(
    "waiting",
    metadata,
    _text("job", key=True),
    _text("waits_for", key=True),
    _text("object", key=True),
    _text("attribute", key=True),
)
# Whole, or SQLite would rather go through all who wait than look up what one object waits for.
Index("waiting_object", waiting.c.job, waiting.c.object, waiting.c.attribute, waiting.c.waits_for)

cycle = Table(
    "cycle",
    metadata,
    _text("job", key=True),
    _number("n", key=True),
    _text("id"),
    _text("kind"),  # initial, incremental, plan
    _text("phase"),
    _text("state"),  # running, succeeded, entry-level-errors, failed
    _number("ruleset_version"),
    _number("low"),
    _number("high"),
    _text("cursor", null=True),
    _text("counters"),  # JSON
    _text("error", null=True),  # JSON failure that stopped the cycle
    _number("began_at"),
    _number("ended_at", null=True),
    _number("restarts", default="0"),  # of the job when the cycle began
    _text("application_name", null=True),  # by which its events are told, whatever the application is called later
)
Index("cycle_id", cycle.c.job, cycle.c.id)
# What an incremental cycle must look at, made once at its start by INSERT .. SELECT through the indexes above.
work = Table("work", metadata, _text("job", key=True), _text("kind", key=True), _text("object", key=True))
# What the target said it holds, read page by page when listing is cheaper than one look-up each.
listing = Table(
    "listing",
    metadata,
    _text("job", key=True),
    _text("kind", key=True),
    _text("path", key=True),
    _text("folded_value", key=True),
    _text("target_id", key=True),
    _text("document"),
)
operation = Table(
    "operation",
    metadata,
    _text("job", key=True),
    _number("stage", key=True),  # 1 entry, 2 members or references
    _text("object", key=True),
    _number("cycle"),
    _text("object_kind"),
    _text("name"),  # what a person calls the object
    _text("kind"),  # create, update, link, disable, release, delete, members, reference; verdict: left alone
    _number("phase"),  # order of execution
    _text("state"),  # planned, sent, retry, waiting; verdict (of a plan only)
    _text("target_id", null=True),
    _text("wanted_hash", null=True),
    _text("base_hash", null=True),
    _text("found_document", null=True),  # the target's document as the match saw it
    _text("detail"),  # JSON: verdict, counts
    _number("removes", default="0"),  # how many accounts or memberships it takes away
    _text("sent", null=True),  # JSON, of a create from its request on: the values by which its account can be found
    _number("attempts", default="0"),
    _text("failure", null=True),  # JSON: code, message, hint
    _number("first_failed_at", null=True),
    _number("due_at", null=True),
    _text("lease_owner", null=True),
    _number("lease_until", null=True),
    _number("fence", default="0"),
)
Index("operation_state", operation.c.job, operation.c.state, operation.c.phase, operation.c.stage, operation.c.object)
Index(
    "operation_removes",
    operation.c.job,
    operation.c.state,
    operation.c.stage,
    operation.c.object_kind,
    operation.c.removes,
    sqlite_where=operation.c.removes > 0,
)
# Two people must not claim one account in the same plan.
Index(
    "operation_claim",
    operation.c.job,
    operation.c.object_kind,
    operation.c.target_id,
    sqlite_where=operation.c.kind == "link",
)

# A create that was sent and not clearly answered, whatever becomes of its object: its account is looked for first.
unknown_create = Table(
    "unknown_create",
    metadata,
    _text("job", key=True),
    _text("object", key=True),
    _text("kind"),
    _text("sent"),  # JSON (engine.unknown.SentValues)
)
