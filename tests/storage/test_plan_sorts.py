"""What a plan holds by sort and name: pages of it, and plans that were kept before there were sorts."""

import shutil
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from provisor.database import open_database
from provisor.database.migrations import migrate as apply
from provisor.engine.detail import Detail
from provisor.engine.plan import Plan
from provisor.storage import plans, schema, tenants
from provisor.storage.plans import NewPlan, PlanRow, PlanSearch

MIGRATIONS = Path(schema.__file__).parent / "migrations"


def row(name, operation="create", status="planned"):
    detail = Detail(operation=operation, status=status, kind="user", id=name, name=name)
    return PlanRow(1, name, "digest" if status == "planned" else None, detail)


ROWS = [
    row("Anna"),
    row("Bo", "update"),
    row("Ängström"),
    row("Carl", "none", "failure"),
    row("Dora", "none", "skipped"),
    row("annabel"),
]


def kept(database, tenant):
    with database.transaction() as connection:
        new = NewPlan(tenant, 1, 1, "x", "x", 1, 1, None, Plan(cycle="initial", application="App"))
        number = plans.add(connection, new)
        plans.add_rows(connection, number, 0, ROWS)
        plans.made(connection, number)
    return number


EVERYTHING = PlanSearch()


def names(database, number, search=EVERYTHING, **page):
    return [one.detail.name for one in plans.page(database.reader(), number, search, **page)]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        (PlanSearch(), ["Anna", "Bo", "Ängström", "Carl", "Dora", "annabel"]),
        (PlanSearch("create"), ["Anna", "Ängström", "annabel"]),
        (PlanSearch("failure"), ["Carl"]),
        (PlanSearch("skipped"), ["Dora"]),
        (PlanSearch("", "ANNA"), ["Anna", "annabel"]),
        (PlanSearch("", "äng"), ["Ängström"]),
        (PlanSearch("update", "anna"), []),
    ],
)
def test_rows_are_found_by_sort_and_name(database, tenant, search, found):
    assert names(database, kept(database, tenant), search) == found


def test_pages_go_forward_and_back(database, tenant):
    number = kept(database, tenant)

    assert names(database, number, after=1, limit=2) == ["Ängström", "Carl"]
    assert names(database, number, before=4, limit=2) == ["Ängström", "Carl"]
    assert names(database, number, PlanSearch("create"), before=5, limit=1) == ["Ängström"]


def test_what_was_left_out_is_a_sort_of_its_own(database, tenant):
    number = kept(database, tenant)
    with database.transaction() as connection:
        plans.stale(connection, number, [(1, "Anna")], "changed since")

    assert names(database, number, PlanSearch(plans.STALE)) == ["Anna"]
    assert names(database, number, PlanSearch("create")) == ["Ängström", "annabel"]


def test_a_plan_that_was_kept_before_there_were_sorts_is_found_by_them(tmp_path, now):
    """Its rows get theirs with the migration."""
    first = tmp_path / "migrations"
    first.mkdir()
    shutil.copy(MIGRATIONS / "0001_service.sql", first)
    with closing(open_database(f"sqlite:///{tmp_path / 'service.db'}")) as database:
        apply(database, first, owner="the provisioning service")
        with database.transaction() as connection:
            tenant = tenants.ensure(connection, now=now)
            connection.execute(
                """INSERT INTO plan (number, tenant, job, state, made_at, made_by, made_by_id, ruleset_version, change,
                document) VALUES (1, ?, 1, 'planned', 1, 'x', 'x', 1, 1, '{}')""",
                (tenant,),
            )
            connection.many(
                """INSERT INTO plan_operation (plan, position, stage, object, digest, detail, stale)
                VALUES (1, ?, 1, 'o', 'd', ?, ?)""",
                (
                    (0, document("Anna", "create", "planned"), None),
                    (1, document("Bo", "update", "planned"), "changed since"),
                    (2, document("Carl", "none", "failure"), None),
                ),
            )

        schema.make_tables(database)

        assert names(database, 1, PlanSearch("create", "ANNA")) == ["Anna"]
        assert names(database, 1, PlanSearch(plans.STALE)) == ["Bo"]
        assert names(database, 1, PlanSearch("failure")) == ["Carl"]


def document(name, operation, status):
    detail = Detail(operation=operation, status=status, kind="user", id=name, name=name)
    return msgspec.json.encode(detail.to_json()).decode()
