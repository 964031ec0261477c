"""Every verb asks for a permission before it does anything, and every change leaves one audit event."""

import inspect
from datetime import UTC, datetime

import pytest

from provisor.admin.actor import ALL_PERMISSIONS, JOB_WRITE, LOCAL_OPERATOR, Actor
from provisor.admin.bundle import Admin
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.notification import Notification
from provisor.engine.letter import MailServer
from provisor.runner.importing.import_source import CsvImport
from provisor.storage import audit
from provisor.storage.secrets import load_key

NOBODY = Actor(id="nobody", name="nobody", kind="user", permissions=frozenset())
APP = "Cisco Umbrella User Management"
GROUPS_OF_VERBS = (
    "users",
    "groups",
    "members",
    "imports",
    "applications",
    "app_roles",
    "service_principals",
    "assignments",
    "jobs",
    "cycles",
    "schemas",
    "logs",
    "audits",
    "removals",
    "retentions",
    "reports",
    "health",
    "backups",
    "keys",
    "mail",
    "webhooks",
    "links",
    "synchronization",
    "credential_sets",
    "openid",
)


def unreachable(job):
    raise AssertionError("no verb tested here may reach an application")


@pytest.fixture
def admin(database, tenant, tmp_path):
    return Admin(
        Context(
            database=database,
            tenant=tenant,
            now=lambda: datetime(2026, 3, 1, tzinfo=UTC),
            random_bytes=bytes,
            load_key=lambda: load_key(tmp_path / "secret.key"),
            problem_with_credentials=lambda url, token: None,
            connect=unreachable,
            key_file=tmp_path / "secret.key",
        )
    )


@pytest.fixture
def events(database, tenant):
    return lambda: audit.newest(database.reader(), tenant)


def verbs():
    """(group, name, how many arguments it cannot do without) of every verb."""
    blank = Admin(None)
    for group in GROUPS_OF_VERBS:
        for name, verb in inspect.getmembers(getattr(blank, group), inspect.ismethod):
            parameters = list(inspect.signature(verb).parameters.values())
            if name.startswith("_") or not parameters or parameters[0].name != "actor":
                continue
            yield group, name, parameters[1:]


VERBS = list(verbs())


@pytest.mark.parametrize("group, name, parameters", VERBS, ids=[f"{group}.{name}" for group, name, _ in VERBS])
def test_a_verb_refuses_who_lacks_its_permission(admin, events, group, name, parameters):
    optional = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    needed = [each for each in parameters if each.default is inspect.Parameter.empty and each.kind not in optional]
    positional = [_value(each.name) for each in needed if each.kind is not inspect.Parameter.KEYWORD_ONLY]
    named = {each.name: _value(each.name) for each in needed if each.kind is inspect.Parameter.KEYWORD_ONLY}

    with pytest.raises(AdminError) as refused:
        getattr(getattr(admin, group), name)(NOBODY, *positional, **named)

    assert refused.value.code == "permission-denied"
    (event,) = events()
    assert (event.actor, event.result) == ("nobody", "failure")
    assert event.target in refused.value.message


def _value(name):
    """Something that every verb would accept, were it allowed."""
    special = {
        "order": CsvImport(),
        "given": {},
        "template": APP,
        "document": {},
        "said": print,
        "failed": print,
        "sink": "file",
    }
    return special.get(name, "x")


def test_the_local_operator_has_every_permission():
    assert LOCAL_OPERATOR.permissions == ALL_PERMISSIONS


def test_a_change_leaves_one_event_naming_who_and_what(admin, events):
    made = admin.users.create(LOCAL_OPERATOR, {"userPrincipalName": "anna@x.example"})

    (event,) = events()
    assert (event.actor, event.activity, event.target) == ("local operator", "Add user", made.object.id)


def test_a_change_that_changes_nothing_leaves_no_event(admin, events):
    admin.users.create(LOCAL_OPERATOR, {"userPrincipalName": "anna@x.example"})
    before = len(events())

    admin.users.set_enabled(LOCAL_OPERATOR, "anna@x.example", enabled=True)

    assert len(events()) == before


def test_a_refused_change_leaves_no_event(admin, events):
    with pytest.raises(AdminError):
        admin.users.create(LOCAL_OPERATOR, {"userPrincipalName": "  "})

    assert events() == []


def test_saved_credentials_are_named_in_the_event_and_not_shown(admin, events):
    admin.applications.add(LOCAL_OPERATOR, APP)
    admin.jobs.create(LOCAL_OPERATOR, APP)

    admin.jobs.save_credentials(LOCAL_OPERATOR, APP, url="http://127.0.0.1:1", token="a-secret-token")

    event = events()[0]
    assert event.activity == "Update provisioning setting or credentials"
    assert "a-secret-token" not in str(event)


SECTION_18 = [
    (
        "Update provisioning setting or credentials",
        "jobs",
        "save_credentials",
        {"url": "http://127.0.0.1:2", "token": "x"},
    ),
    ("Update provisioning setting or credentials", "jobs", "settings", {"scope": "all"}),
    ("Enable/start provisioning configuration", "jobs", "start", {}),
    ("Disable/pause provisioning configuration", "jobs", "pause", {}),
    ("Enable/restart provisioning configuration", "jobs", "restart", {}),
    (
        "Update attribute mappings or scope",
        "schemas",
        "map",
        {"kind": "user", "source": "mail", "target": "displayName"},
    ),
]


@pytest.mark.parametrize(("activity", "group", "verb", "given"), SECTION_18, ids=[row[2] for row in SECTION_18])
def test_section_18_a_change_is_audited_as_entra_calls_it_and_so_is_its_refusal(
    admin, events, activity, group, verb, given
):
    admin.applications.add(LOCAL_OPERATOR, APP)
    job = admin.jobs.create(LOCAL_OPERATOR, APP).job.id
    admin.jobs.save_credentials(LOCAL_OPERATOR, APP, url="http://127.0.0.1:1", token="a-secret-token")

    getattr(getattr(admin, group), verb)(LOCAL_OPERATOR, APP, **given)
    with pytest.raises(AdminError):
        getattr(getattr(admin, group), verb)(NOBODY, APP, **given)

    refused, done = events()[:2]
    assert (done.activity, done.target, done.result) == (activity, job, "success")
    assert (refused.activity, refused.actor, refused.result) == (activity, "nobody", "failure")


def test_a_changed_setting_is_audited_with_its_old_and_new_value(admin, events):
    admin.applications.add(LOCAL_OPERATOR, APP)
    admin.jobs.create(LOCAL_OPERATOR, APP)

    admin.jobs.settings(LOCAL_OPERATOR, APP, interval_seconds=60)
    admin.retentions.set(LOCAL_OPERATOR, log_days=90)

    kept, interval = events()[:2]
    assert interval.detail == {"interval_seconds": {"old": 2400, "new": 60}}
    assert kept.detail == {"log_days": {"old": 30, "new": 90}}


@pytest.mark.parametrize(
    "verb, activity",
    [
        ("start", "Enable/start provisioning configuration"),
        ("pause", "Disable/pause provisioning configuration"),
        ("restart", "Enable/restart provisioning configuration"),
    ],
)
def test_jobs_are_audited_under_the_names_that_entra_uses(admin, events, verb, activity):
    admin.applications.add(LOCAL_OPERATOR, APP)
    admin.jobs.create(LOCAL_OPERATOR, APP)
    admin.jobs.save_credentials(LOCAL_OPERATOR, APP, url="http://127.0.0.1:1", token="a-secret-token")

    getattr(admin.jobs, verb)(LOCAL_OPERATOR, APP)

    assert events()[0].activity == activity


def test_who_is_told_stands_in_the_event(admin, events):
    admin.applications.add(LOCAL_OPERATOR, APP)
    admin.jobs.create(LOCAL_OPERATOR, APP)

    admin.jobs.settings(LOCAL_OPERATOR, APP, notification=Notification(recipients=("a@x.ie",), enabled=True))

    assert events()[0].detail["settings"]["new"]["notification"] == {"recipients": ["a@x.ie"], "enabled": True}


@pytest.mark.parametrize(
    ("verb", "given", "activity"),
    [
        ("keys", lambda verbs: verbs.rotate(LOCAL_OPERATOR), "Rotate the key of credentials"),
        ("keys", lambda verbs: verbs.reset(LOCAL_OPERATOR), "Forget credentials of a lost key"),
        ("webhooks", lambda verbs: verbs.add(LOCAL_OPERATOR, "https://x.example/t0ken"), "Add webhook"),
        (
            "mail",
            lambda verbs: verbs.set(
                LOCAL_OPERATOR,
                MailServer(host="m.x.ie", port=587, protection="starttls", sender="p@x.ie", user="u"),
                password="t0ken",
            ),
            "Set the mail server",
        ),
    ],
)
def test_what_concerns_secrets_leaves_an_event_without_them(admin, events, verb, given, activity):
    given(getattr(admin, verb))

    assert events()[0].activity == activity
    assert "t0ken" not in str(events())


def test_a_full_restart_forgets_the_links(admin, database):
    admin.applications.add(LOCAL_OPERATOR, APP)
    job = admin.jobs.create(LOCAL_OPERATOR, APP).job
    admin.jobs.save_credentials(LOCAL_OPERATOR, APP, url="http://127.0.0.1:1", token="a-secret-token")
    with database.transaction() as connection:
        connection.execute(
            "INSERT INTO link (job, object, kind, target_id, state, wanted_hash, pushed_hash, pushed_document)"
            " VALUES (?, 'o', 'user', 't', 'linked', '', '', '{}')",
            (job.number,),
        )

    admin.jobs.restart(LOCAL_OPERATOR, APP)
    kept = database.reader().one("SELECT count(*) FROM link")
    admin.jobs.restart(LOCAL_OPERATOR, APP, reset_scope="Full")

    assert (kept, database.reader().one("SELECT count(*) FROM link")) == ((1,), (0,))


@pytest.mark.parametrize(
    ("remove", "activity"),
    [("delete_job", "Delete provisioning configuration"), ("delete_application", "Remove service principal")],
)
def test_a_removal_leaves_one_event_with_what_went(admin, events, remove, activity):
    application = admin.applications.add(LOCAL_OPERATOR, APP).application.id
    job = admin.jobs.create(LOCAL_OPERATOR, APP).job.id
    before = len(events())

    getattr(admin.removals, remove)(LOCAL_OPERATOR, APP)

    event = events()[0]
    assert len(events()) == before + 1
    assert (event.activity, event.target) == (activity, job if remove == "delete_job" else application)
    assert event.detail == {"name": APP, "jobs": [job], "users": 0, "groups": 0}


def test_an_application_with_a_job_takes_the_right_to_remove_jobs(admin):
    admin.applications.add(LOCAL_OPERATOR, APP)
    admin.jobs.create(LOCAL_OPERATOR, APP)
    actor = Actor(id="a", name="a", kind="user", permissions=ALL_PERMISSIONS - {JOB_WRITE})

    with pytest.raises(AdminError, match=r"job\.write"):
        admin.removals.delete_application(actor, APP)


def test_a_dry_run_of_an_import_leaves_no_event(admin, events, tmp_path):
    users = tmp_path / "users.csv"
    users.write_text("userPrincipalName\nanna@x.example\n")

    admin.imports.csv(LOCAL_OPERATOR, CsvImport(users=users, dry_run=True))

    assert events() == []
