"""`provisor --as NAME`: a command is an account's, with its roles alone; the audit log tells who sat there."""

import json
import os

import pytest

from provisor import main
from provisor.admin import actor as may
from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.roles import ROLES
from provisor.settings import read_settings

UMBRELLA = "Cisco Umbrella User Management"
OLGA = "olga@x.example"


@pytest.fixture
def office(provisor):
    """An account for every role, whose person owns one of two applications."""
    admin = main.build(read_settings(os.environ))
    for name in (OLGA, "bo@x.example"):
        admin.users.create(ME, {"userPrincipalName": name})
    admin.groups.create(ME, {"displayName": "Staff"})
    for name in ("Own", "Foreign"):
        admin.applications.add(ME, UMBRELLA, name=name)
        admin.jobs.create(ME, name)
    admin.applications.add_owner(ME, "Own", OLGA)
    for role in ROLES:
        admin.accounts.add(ME, role, [role], person=OLGA)
    return provisor


# {} is the name of the application. What a command takes: docs/reference/roles.md.
COMMANDS = {
    "user list": may.DIRECTORY_READ,
    "user show olga@x.example": may.DIRECTORY_READ,
    "user set olga@x.example department=Sales": may.DIRECTORY_WRITE,
    "user create userPrincipalName=new@x.example": may.DIRECTORY_WRITE,
    "user delete nobody@x.example": may.DIRECTORY_WRITE,
    "group list": may.DIRECTORY_READ,
    "member add Staff olga@x.example": may.DIRECTORY_WRITE,
    "app show {}": may.APPLICATION_READ,
    "app assign {} --user olga@x.example": may.ASSIGNMENT_WRITE,
    "app owner add {} bo@x.example": may.APPLICATION_WRITE,
    "app role list {}": may.APPLICATION_READ,
    "app role add {} Editor": may.APPLICATION_WRITE,
    "job status {}": may.JOB_READ,
    "job settings {}": may.JOB_READ,
    "job settings {} --interval 600": may.JOB_WRITE,
    "job pause {}": may.JOB_WRITE,
    "job credentials {}": may.JOB_READ,
    "job credentials {} --set UserName=anna": may.JOB_CREDENTIALS,
    "job run {}": may.JOB_RUN,
    "job plan {}": may.JOB_RUN,
    "job plans list {}": may.JOB_READ,
    "job escrow {}": may.JOB_READ,
    "job retry {} --all": may.JOB_RUN,
    "job deletions {}": may.JOB_READ,
    "job report {}": may.LOG_READ,
    "schema export {}": may.JOB_READ,
    "schema map {} mail title": may.JOB_WRITE,
    "log list --job {}": may.LOG_READ,
    "audit": may.AUDIT_READ,
    "retention show": may.SERVICE_READ,
    "retention set --log-days 60": may.SERVICE_WRITE,
    "mail show": may.NOTIFICATION_READ,
    "webhook list": may.NOTIFICATION_READ,
    "admin user list": may.ACCOUNT_READ,
    "admin token list": may.ACCOUNT_READ,
    "admin user set Nobody --disable": may.ACCOUNT_WRITE,
    "admin key rotate": may.KEY_WRITE,
}


def allowed(role, permission, place):
    found = ROLES[role]
    return permission in found.permissions or (permission in found.own_permissions and place == "Own")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_refused_to_the_roles_that_may_not(office, command):
    for role in ROLES:
        for place in ("Own", "Foreign") if "{}" in command else ("Own",):
            done = office("--as", role, *command.format(place).split())

            refused = "may not do this" in done.err or f"There is no job or application '{place}'" in done.err
            refused = refused or f"There is no application '{place}'" in done.err
            assert done.code != 2, (command, done.err)
            assert refused != allowed(role, COMMANDS[command], place), (role, place, done)


def test_lists_show_what_the_account_may_see(office):
    told = json.loads(office("--as", "Application Owner", "app", "list", "--json").out)
    everything = json.loads(office("--as", "Security Reader", "app", "list", "--json").out)

    assert [each["displayName"] for each in told] == ["Own"]
    assert [each["displayName"] for each in everything] == ["Own", "Foreign"]


def test_no_foreign_name_is_suggested(office):
    asked = [office(*who, "app", "show", "Foreigm").err for who in ((), ("--as", "Application Owner"))]

    assert ["Did you mean Foreign?" in each for each in asked] == [True, False]


def test_the_audit_log_tells_who_sat_there(office):
    office("--as", "Application Owner", "job", "pause", "Own")

    (event,) = json.loads(office("audit", "--limit", "1", "--json").out)
    told = office("audit", "--limit", "1").out
    found = json.loads(office("audit", "--actor", event["initiatedBy"]["id"], "--json").out)

    assert event["initiatedBy"] | {"id": ""} == {
        "id": "",
        "displayName": "Application Owner",
        "kind": "user",
        "ipAddress": None,
        "through": "local operator",
    }
    assert "Application Owner (local operator acting as this one): Disable/pause" in told
    assert found == [event]


def test_nobody_else_is_acted_as(office):
    done = office("--as", "Somebody", "app", "list")

    assert (done.code, "There is no account 'Somebody' to act as." in done.err) == (1, True)


def test_accounts_tokens_and_clients_are_made_changed_and_ended(provisor, tmp_path):
    password = tmp_path / "password"
    password.write_text("correct horse battery\n")
    made = json.loads(provisor("admin", "user", "add", "Anna", "--role", "Reports Reader", "--json").out)
    token = json.loads(provisor("admin", "token", "create", "--label", "ci", "--role", "Reports Reader", "--json").out)
    client = provisor("admin", "client", "create", "--label", "tf", "--role", "Reports Reader", "--expires", "90d")

    assert made["setupLink"].startswith("/set-up/provisor_setup_")
    assert provisor("admin", "user", "set-password", "Anna", "--password-file", password).code == 0
    assert json.loads(provisor("admin", "user", "show", "Anna", "--json").out)["state"] == "active"
    assert (
        "https://p.example/set-up/"
        in provisor(*("admin", "user", "setup-link", "Anna", "--address", "https://p.example/")).out
    )
    assert list(token) == ["token"]
    assert [line.partition(":")[0] for line in client.out.splitlines()[1:]] == ["clientId", "clientSecret", "tenantId"]
    assert provisor("admin", "token", "rotate", "ci", "--json").out != token["token"]
    assert (
        provisor("admin", "client", "create", "--label", "x", "--role", "Reports Reader", "--expires", "soon").code == 2
    )
    for words in (("user", "delete", "Anna"), ("token", "revoke", "ci"), ("client", "revoke", "tf")):
        assert provisor("admin", *words, "--yes").code == 0
        assert json.loads(provisor("admin", words[0], "list", "--json").out) == []


@pytest.mark.parametrize("command", ["target token list", "target serve --port 0", "demo"])
def test_no_command_without_accounts_takes_one(provisor, command):
    done = provisor(*f"--as {OLGA} {command}".split())

    assert (done.code, "--as names an account" in done.err) == (1, True)
