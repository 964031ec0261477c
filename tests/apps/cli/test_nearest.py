"""Whatever is misspelt, the nearest name is offered; and only to those who may see it."""

import json
from datetime import UTC, datetime

import pytest

from provisor.admin.actor import ALL_PERMISSIONS, APPLICATION_READ, DIRECTORY_READ, JOB_READ, Actor
from provisor.admin.bundle import Admin
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.storage import extensions

APP = "Cisco Umbrella User Management"
ALMOST = "Cisco Umbrela User Managment"
ANNA = "anna@contoso.example"


@pytest.fixture
def full(provisor, tmp_path):
    """One of everything."""
    provisor("user", "create", f"userPrincipalName={ANNA}")
    provisor("user", "create", "userPrincipalName=berta@contoso.example")
    provisor("user", "delete", "berta@contoso.example")
    provisor("group", "create", "displayName=Marketing")
    provisor("app", "add", APP)
    provisor("job", "create", APP)
    users = tmp_path / "users.csv"
    users.write_text(f"userPrincipalName,shoeSize\n{ANNA},40\n")
    provisor("import", "csv", "--users", users, "--source", "shoes")
    kim = tmp_path / "kim.csv"
    kim.write_text("userPrincipalName,employeeId,badgeColour\nkim@contoso.example,7,red\n")
    provisor("import", "csv", "--users", kim)
    (tmp_path / "members.csv").write_text("groupp,member\n")
    secret = tmp_path / "password"
    secret.write_text("long enough to be one\n")
    for command in (("token", "create", "--label", "provisor"), ("account", "create", "otto@contoso.example",
                    "--password-file", str(secret)), ("tenant", "create", "branch")):  # fmt: skip
        provisor("target", *command)
    provisor.folder = tmp_path
    return provisor


def members(full):
    return full.folder / "members.csv"


# noun: command, the word offered
MISSPELT = {
    "command": (("usr", "list"), "user"),
    "verb": (("user", "lst"), "list"),
    "option": (("user", "list", "--serch", "x"), "--search"),
    "user": (("user", "show", "ana@contoso.example"), ANNA),
    "user, cut short": (("user", "show", "anna"), ANNA),
    "group, cut short": (("group", "show", "mark"), "Marketing"),
    "application, cut short": (("app", "show", "cisco"), APP),
    "template, cut short": (("app", "add", "Cisco"), APP),
    "attribute, cut short": (("user", "set", ANNA, "dep=x"), "department"),
    "function, cut short": (("expression", "eval", "ToLow([a])"), "ToLower"),
    "user, in another place": (("member", "add", "Marketing", "anna@contso.example"), ANNA),
    "user to be assigned": (("app", "assign", APP, "--user", "anna@kontoso.example"), ANNA),
    "manager": (("user", "set", ANNA, "manager=kim@contso.example"), "kim@contoso.example"),
    "owner": (("app", "owner", "add", APP, "ana@contoso.example"), ANNA),
    "deleted user": (("user", "restore", "bertha@contoso.example"), "berta@contoso.example"),
    "group": (("group", "show", "Markting"), "Marketing"),
    "group, in another place": (("member", "list", "Marketng"), "Marketing"),
    "application": (("app", "show", ALMOST), APP),
    "application to be deleted": (("app", "delete", ALMOST, "--yes"), APP),
    "job": (("job", "status", ALMOST), APP),
    "job of a log": (("log", "list", "--job", ALMOST), APP),
    "job of rules": (("schema", "export", ALMOST), APP),
    "template": (("app", "add", "Cisco Umbrela"), APP),
    "role": (("app", "assign", APP, "--user", ANNA, "--role", "Usr"), "User"),
    "attribute": (("user", "set", ANNA, "departmnt=x"), "department"),
    "attribute by another name": (("user", "set", ANNA, "telefoneNumber=1"), "telephoneNumber"),
    "attribute of a group": (("group", "set", "Marketing", "descripton=x"), "description"),
    "extension": (("user", "set", ANNA, "badgeColor=x"), "badgeColour"),
    "function": (("expression", "eval", "ToLowr([a])"), "ToLower"),
    "reset scope": (("job", "restart", APP, "--reset-scope", "Watermrk"), "Watermark"),
    "token": (("target", "token", "revoke", "provizor"), "provisor"),
    "tenant of the target": (("target", "token", "list", "--tenant", "brunch"), "branch"),
    "account of the target": (("target", "account", "delete", "oto@contoso.example"), "otto@contoso.example"),
}


@pytest.mark.fast_rows(7)
@pytest.mark.parametrize(("command", "offered"), MISSPELT.values(), ids=MISSPELT.keys())
def test_the_nearest_name_is_offered(full, command, offered):
    answered = full(*command)

    assert answered.code in (1, 2)
    assert offered in answered.err


@pytest.mark.parametrize(
    ("columns", "arguments", "offered"),
    [
        ("userPrincipalName,employeNumber", ("--anchor", "employeeNumber"), "employeNumber"),
        ("userPrincipalNam,displayName", (), "userPrincipalNam"),
    ],
)
def test_the_nearest_column_is_offered(full, columns, arguments, offered):
    path = full.folder / "columns.csv"
    path.write_text(columns + "\n")

    answered = full("import", "csv", "--users", path, "--source", "another", *arguments)

    assert answered.code == 1
    assert f"Did you mean {offered}?" in answered.err


def test_the_nearest_column_of_memberships_is_offered(full):
    answered = full("import", "csv", "--members", members(full))

    assert "Did you mean groupp?" in answered.err


def test_nothing_is_offered_for_what_is_like_nothing(full):
    assert "Did you mean" not in full("user", "show", "zzz").err


@pytest.fixture
def admin(database, tenant, tmp_path):
    admin = Admin(
        Context(
            database=database,
            tenant=tenant,
            now=lambda: datetime(2026, 3, 1, tzinfo=UTC),
            random_bytes=bytes,
            load_key=lambda: None,
            problem_with_credentials=lambda url, token: None,
            connect=lambda job: None,
        )
    )
    everything = Actor(id="a", name="a", kind="user", permissions=ALL_PERMISSIONS)
    admin.users.create(everything, {"userPrincipalName": ANNA})
    admin.groups.create(everything, {"displayName": "Marketing"})
    admin.applications.add(everything, APP)
    admin.jobs.create(everything, APP)
    with database.transaction() as connection:
        extensions.register(connection, tenant, "badgeColour", "user", now=datetime(2026, 3, 1, tzinfo=UTC))
    return admin


@pytest.mark.parametrize("noun", ["user", "group"])
def test_one_in_the_recycle_bin_is_told_only_to_those_who_may_see_it(admin, noun):
    everything = Actor(id="a", name="a", kind="user", permissions=ALL_PERMISSIONS)
    objects, name = (admin.users, ANNA) if noun == "user" else (admin.groups, "Marketing")
    objects.delete(everything, name)
    error = AdminError("not-found", "It is not there.", "Look.", (noun, name))
    blind = Actor(id="b", name="b", kind="user", permissions=ALL_PERMISSIONS - {DIRECTORY_READ})

    assert "is in the recycle bin" in admin.nearest.hinted(everything, error).hint
    assert admin.nearest.hinted(blind, error).hint == "Look."


SEEN = {
    "user": (DIRECTORY_READ, "ana@contoso.example", ANNA),
    "group": (DIRECTORY_READ, "Marketng", "Marketing"),
    "application": (APPLICATION_READ, ALMOST, APP),
    "job": (JOB_READ, ALMOST, APP),
    "user attribute": (DIRECTORY_READ, "badgeColor", "badgeColour"),
}


@pytest.mark.parametrize(("noun", "permission", "key", "name"), [(noun, *row) for noun, row in SEEN.items()])
def test_a_name_is_offered_only_to_those_who_may_see_it(admin, noun, permission, key, name):
    error = AdminError("not-found", "It is not there.", "Look.", (noun, key))
    blind = Actor(id="b", name="b", kind="user", permissions=ALL_PERMISSIONS - {permission})
    seeing = Actor(id="s", name="s", kind="user", permissions=frozenset({permission}))

    assert admin.nearest.hinted(blind, error).hint == "Look."
    assert admin.nearest.hinted(seeing, error).hint == f"Did you mean {name}? Look."


def test_the_refusal_itself_names_nobody(admin):
    actor = Actor(id="b", name="b", kind="user", permissions=ALL_PERMISSIONS - {DIRECTORY_READ})

    with pytest.raises(AdminError) as refused:
        admin.applications.assign(actor, APP, users=["ana@contoso.example"])

    assert ANNA not in json.dumps([refused.value.message, refused.value.hint])
