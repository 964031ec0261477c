"""All tables of the service; tools/regenerate_migration.py makes this file from tables.py."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _text(name: str, *, null: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.Text, nullable=null)


def _bytes(name: str, *, null: bool = False) -> "sa.Column[bytes]":
    return sa.Column(name, sa.LargeBinary, nullable=null)


def _number(name: str, *, null: bool = False, default: str | None = None) -> "sa.Column[int]":
    kind = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    value = sa.text(default) if default else None
    return sa.Column(name, kind, nullable=null, autoincrement=False, server_default=value)


def upgrade() -> None:
    """Make every table with its indexes."""
    _create_application()
    _create_application_owner()
    _create_assignment()
    _create_audit_event()
    _create_cycle()
    _create_deleted_job()
    _create_extension_property()
    _create_feed()
    _create_job()
    _create_link()
    _create_listing()
    _create_log_event()
    _create_log_facet()
    _create_member()
    _create_member_link()
    _create_object()
    _create_operation()
    _create_ruleset()
    _create_secret()
    _create_setting()
    _create_source()
    _create_tenant()
    _create_unknown_create()
    _create_waiting()
    _create_work()


# fmt: off


def _create_application() -> None:
    op.create_table(
        "application", _text("id"), _text("tenant"), _text("app_id"), _text("template"), _text("display_name"),
        _text("roles"), _number("created_at"), sa.PrimaryKeyConstraint("id")
    )
    op.create_index("application_name", "application", ["tenant", "display_name"])


def _create_application_owner() -> None:
    op.create_table(
        "application_owner", _text("application"), _text("object"), _text("tenant"),
        sa.PrimaryKeyConstraint("application", "object")
    )


def _create_assignment() -> None:
    op.create_table(
        "assignment", _text("id"), _text("tenant"), _text("application"), _text("principal"), _text("principal_kind"),
        _text("role"), _number("created_at"), _number("removed_at", null=True), _number("change"),
        sa.PrimaryKeyConstraint("id")
    )
    op.create_index("assignment_application", "assignment", ["application", "principal_kind", "principal"],
                    sqlite_where=sa.text("removed_at IS NULL"))
    op.create_index("assignment_change", "assignment", ["application", "change"])
    op.create_index("assignment_page", "assignment", ["application", "id"], sqlite_where=sa.text("removed_at IS NULL"))
    op.create_index("assignment_principal", "assignment", ["principal", "application", "role"], unique=True)
    op.create_index("assignment_removed", "assignment", ["tenant", "change"],
                    sqlite_where=sa.text("removed_at IS NOT NULL"))


def _create_audit_event() -> None:
    op.create_table(
        "audit_event", _text("id"), _text("tenant"), _number("at"), _text("actor"), _text("activity"),
        _text("target"), _text("detail"), sa.PrimaryKeyConstraint("id")
    )
    op.create_index("audit_event_at", "audit_event", ["tenant", "at", "id"])


def _create_cycle() -> None:
    op.create_table(
        "cycle", _text("job"), _number("n"), _text("id"), _text("kind"), _text("phase"), _text("state"),
        _number("ruleset_version"), _number("low"), _number("high"), _text("cursor", null=True), _text("counters"),
        _text("error", null=True), _number("began_at"), _number("ended_at", null=True),
        _number("restarts", default="0"), _text("application_name", null=True), sa.PrimaryKeyConstraint("job", "n")
    )
    op.create_index("cycle_id", "cycle", ["job", "id"])


def _create_deleted_job() -> None:
    op.create_table(
        "deleted_job", _text("id"), _text("tenant"), _text("application"), _text("application_name"),
        _text("template"), _number("deleted_at"), sa.PrimaryKeyConstraint("id")
    )
    op.create_index("deleted_job_name", "deleted_job", ["tenant", "application_name"])


def _create_extension_property() -> None:
    op.create_table(
        "extension_property", _text("name"), _text("tenant"), _text("id"), _text("app_id"), _text("attribute"),
        _text("data_type"), _text("targets"), _number("created_at"), sa.PrimaryKeyConstraint("name", "tenant")
    )


def _create_feed() -> None:
    op.create_table(
        "feed", _text("tenant"), _number("number"), sa.PrimaryKeyConstraint("tenant")
    )


def _create_job() -> None:
    op.create_table(
        "job", _text("id"), _text("tenant"), _text("application"), _text("template"), _text("schedule_state"),
        _number("interval_seconds"), _text("status_code"), _text("settings"), _text("behaviour"),
        _number("ruleset_version"), _number("watermark", null=True), _number("full_evaluation", default="0"),
        _number("last_began_at", null=True), _number("last_ended_at", null=True), _number("last_cycle", default="0"),
        _number("steady_first_at", null=True), _number("steady_last_at", null=True), _number("restarts", default="0"),
        _number("created_at"), sa.PrimaryKeyConstraint("id")
    )
    op.create_index("job_application", "job", ["application"])


def _create_link() -> None:
    op.create_table(
        "link", _text("job"), _text("object"), _text("kind"), _text("target_id"), _text("state"),
        _text("wanted_hash"), _text("pushed_hash"), _text("pushed_document"), _text("etag", null=True),
        _number("linked_at"), _number("verified_at", null=True), sa.PrimaryKeyConstraint("job", "object")
    )
    op.create_index("link_target", "link", ["job", "kind", "target_id"], unique=True)


def _create_listing() -> None:
    op.create_table(
        "listing", _text("job"), _text("kind"), _text("path"), _text("folded_value"), _text("target_id"),
        _text("document"), sa.PrimaryKeyConstraint("job", "kind", "path", "folded_value", "target_id")
    )


def _create_log_event() -> None:
    op.create_table(
        "log_event", _text("id"), _text("tenant"), _text("job"), _text("cycle"), _number("day"), _number("at"),
        _text("action"), _text("status"), _text("code", null=True), _text("source_id", null=True),
        _text("name", null=True), _text("target_id", null=True), _text("document"), _number("facet"),
        sa.PrimaryKeyConstraint("id")
    )
    op.create_index("log_event_cycle", "log_event", ["cycle", "facet", "at", "id"])
    op.create_index("log_event_facet", "log_event", ["facet", "at", "id"])
    op.create_index("log_event_name", "log_event", ["name"])
    op.create_index("log_event_source", "log_event", ["source_id"])
    op.create_index("log_event_target", "log_event", ["target_id"], sqlite_where=sa.text("target_id IS NOT NULL"))


def _create_log_facet() -> None:
    op.create_table(
        "log_facet", _number("id"), _text("tenant"), _text("job"), _text("action"), _text("status"), _text("code"),
        sa.PrimaryKeyConstraint("id")
    )
    op.create_index("log_facet_of", "log_facet", ["tenant", "job", "action", "status", "code"], unique=True)


def _create_member() -> None:
    op.create_table(
        "member", _text("group_id"), _text("member_id"), _text("tenant"), _number("change"),
        _number("removed_at", null=True), sa.PrimaryKeyConstraint("group_id", "member_id")
    )
    op.create_index("member_change", "member", ["tenant", "change", "group_id", "member_id"])
    op.create_index("member_of", "member", ["member_id", "group_id"])
    op.create_index("member_removed", "member", ["tenant", "change"], sqlite_where=sa.text("removed_at IS NOT NULL"))


def _create_member_link() -> None:
    op.create_table(
        "member_link", _text("job"), _text("group_id"), _text("member_id"), _number("pushed", default="0"),
        _number("pending", default="0"), sa.PrimaryKeyConstraint("job", "group_id", "member_id")
    )
    op.create_index("member_link_idle", "member_link", ["job", "group_id"],
                    sqlite_where=sa.text("pushed = 0 AND pending = 0"))
    op.create_index("member_link_member", "member_link", ["job", "member_id"])
    op.create_index("member_link_pending", "member_link", ["job", "group_id", "member_id"],
                    sqlite_where=sa.text("pending != 0"))


def _create_object() -> None:
    op.create_table(
        "object", _text("id"), _text("tenant"), _text("source"), _text("kind"), _text("anchor", null=True),
        _text("name"), _text("folded_name"), _text("attributes"), _text("manager", null=True),
        _number("enabled", default="1"), _number("created_at"), _number("deleted_at", null=True),
        _number("purged_at", null=True), _number("change"), _number("alive_change"), sa.PrimaryKeyConstraint("id")
    )
    op.create_index("object_anchor", "object", ["tenant", "source", "kind", "anchor"], unique=True)
    op.create_index("object_bin", "object", ["tenant", "kind", "purged_at", "id"],
                    sqlite_where=sa.text("deleted_at IS NOT NULL AND purged_at IS NULL"))
    op.create_index("object_change", "object", ["tenant", "change", "id"])
    op.create_index("object_deleted", "object", ["tenant", "deleted_at"],
                    sqlite_where=sa.text("deleted_at IS NOT NULL AND purged_at IS NULL"))
    op.create_index("object_kind", "object", ["tenant", "kind", "id", "deleted_at", "purged_at", "folded_name"])
    op.create_index("object_manager", "object", ["manager"], sqlite_where=sa.text("manager IS NOT NULL"))
    op.create_index("object_name", "object", ["tenant", "kind", "folded_name", "id", "deleted_at", "purged_at"])
    op.create_index("object_purged", "object", ["tenant", "change"], sqlite_where=sa.text("purged_at IS NOT NULL"))


def _create_operation() -> None:
    op.create_table(
        "operation", _text("job"), _number("stage"), _text("object"), _number("cycle"), _text("object_kind"),
        _text("name"), _text("kind"), _number("phase"), _text("state"), _text("target_id", null=True),
        _text("wanted_hash", null=True), _text("base_hash", null=True), _text("found_document", null=True),
        _text("detail"), _number("removes", default="0"), _text("sent", null=True), _number("attempts", default="0"),
        _text("failure", null=True), _number("first_failed_at", null=True), _number("due_at", null=True),
        _text("lease_owner", null=True), _number("lease_until", null=True), _number("fence", default="0"),
        sa.PrimaryKeyConstraint("job", "stage", "object")
    )
    op.create_index("operation_claim", "operation", ["job", "object_kind", "target_id"],
                    sqlite_where=sa.text("kind = 'link'"))
    op.create_index("operation_removes", "operation", ["job", "state", "stage", "object_kind", "removes"],
                    sqlite_where=sa.text("removes > 0"))
    op.create_index("operation_state", "operation", ["job", "state", "phase", "stage", "object"])


def _create_ruleset() -> None:
    op.create_table(
        "ruleset", _text("job"), _number("version"), _text("document"), _number("created_at"), _text("created_by"),
        sa.PrimaryKeyConstraint("job", "version")
    )


def _create_secret() -> None:
    op.create_table(
        "secret", _text("job"), _text("name"), _bytes("nonce"), _bytes("ciphertext"), _number("created_at"),
        sa.PrimaryKeyConstraint("job", "name")
    )


def _create_setting() -> None:
    op.create_table(
        "setting", _text("tenant"), _text("name"), _text("value"), sa.PrimaryKeyConstraint("tenant", "name")
    )


def _create_source() -> None:
    op.create_table(
        "source", _text("id"), _text("tenant"), _text("kind"), _text("name"), _text("user_anchor", null=True),
        _text("group_anchor", null=True), _number("created_at"), _text("last_run", null=True),
        sa.PrimaryKeyConstraint("id")
    )
    op.create_index("source_name", "source", ["tenant", "name"], unique=True)


def _create_tenant() -> None:
    op.create_table(
        "tenant", _text("id"), _text("name"), _number("created_at"), sa.PrimaryKeyConstraint("id")
    )


def _create_unknown_create() -> None:
    op.create_table(
        "unknown_create", _text("job"), _text("object"), _text("kind"), _text("sent"),
        sa.PrimaryKeyConstraint("job", "object")
    )


def _create_waiting() -> None:
    op.create_table(
        "waiting", _text("job"), _text("waits_for"), _text("object"), _text("attribute"),
        sa.PrimaryKeyConstraint("job", "waits_for", "object", "attribute")
    )
    op.create_index("waiting_object", "waiting", ["job", "object", "attribute", "waits_for"])


def _create_work() -> None:
    op.create_table(
        "work", _text("job"), _text("kind"), _text("object"), sa.PrimaryKeyConstraint("job", "kind", "object")
    )
