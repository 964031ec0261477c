"""Every verb of the bundle, as every role, about an own and a foreign application: refused as the table of roles says.

Which permissions a verb takes is said here once more, on purpose: a verb that forgets to ask, and one that asks for
another, are found. A refusal is what the audit log holds of it.
"""

import inspect
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import msgspec
import pytest

from provisor.admin import actor as may
from provisor.admin.actor import ALL_PERMISSIONS, LOCAL_OPERATOR, OF_APPLICATIONS
from provisor.admin.assignments import Narrowed, PrincipalKey
from provisor.admin.bundle import Admin
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.health import Pulse
from provisor.admin.roles import PERMISSIONS, ROLES
from provisor.admin.service_principals import ApplicationKey
from provisor.admin.source_verbs import SourceVerbs
from provisor.database import open_database
from provisor.engine.letter import MailServer
from provisor.engine.log_event import Facts, Sent, encode
from provisor.engine.plan import Plan
from provisor.rules.scoping import Scope
from provisor.runner.importing.import_source import CsvImport
from provisor.storage import audit, exchanges, log, plans
from provisor.storage.log import LogRow
from provisor.storage.plans import NewPlan, PlanSearch
from provisor.storage.schema import migrate
from provisor.storage.secrets import load_key
from provisor.storage.times import to_microseconds

UMBRELLA = "Cisco Umbrella User Management"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
PLACES = ("Own", "Foreign")
PERSON, GROUP = "olga@x.example", "Staff"

# What a verb takes, all of it; the first is asked for first.
VERBS = {
    (may.DIRECTORY_READ,): "users.count users.page users.show groups.count groups.page groups.show members.count"
    " members.page clock.doubt typed_users.count typed_users.manager typed_users.page typed_users.read"
    " typed_groups.count typed_groups.manager typed_groups.page typed_groups.read members_by_id.count"
    " members_by_id.groups members_by_id.page deleted_objects.count deleted_objects.live_by_ids deleted_objects.page"
    " deleted_objects.numbers"
    " deleted_objects.read extension_properties.available extension_properties.by_name deleted_objects.live"
    " extension_properties.valued provenance.sources provenance.last_runs"
    " directory_changes.begin directory_changes.latest directory_changes.page imports.sources",
    (may.DIRECTORY_WRITE,): "users.create users.set users.set_enabled users.delete users.restore groups.create"
    " groups.set groups.set_enabled groups.delete groups.restore members.add members.remove imports.csv typed_users.create"
    " typed_users.delete typed_users.set_manager typed_users.update typed_groups.create typed_groups.delete"
    " typed_groups.set_manager typed_groups.update members_by_id.add members_by_id.remove"
    " deleted_objects.restore",
    (may.DIRECTORY_PURGE,): "users.purge groups.purge clock.believe deleted_objects.purge",
    (may.SOURCE_READ,): "source_settings.all source_settings.show source_runs.history source_told.status"
    " source_told.problems source_told.leaving source_extensions.chosen source_previews.look",
    (may.SOURCE_WRITE,): "source_settings.add source_settings.change source_settings.start source_settings.pause"
    " source_settings.stage source_settings.delete source_runs.test source_runs.test_unsaved source_runs.ask"
    " source_runs.run source_previews.preview source_previews.ask source_told.allow source_told.reject source_extensions.available"
    " source_extensions.choose",
    (may.APPLICATION_CREATE,): "applications.add service_principals.instantiate",
    (may.APPLICATION_READ,): "applications.all applications.gallery applications.show applications.assignments"
    " app_roles.all removals.application_outlook service_principals.all service_principals.gallery"
    " service_principals.owners service_principals.show service_principals.template assignments.count_of_application"
    " assignments.of_application assignments.of_principal assignments.show service_principals.several"
    " service_principals.assigned"
    " extension_properties.of_application extension_properties.read",
    (may.APPLICATION_WRITE,): "applications.add_owner applications.remove_owner app_roles.add app_roles.set"
    " app_roles.remove service_principals.add_owner service_principals.change service_principals.remove_owner"
    " extension_properties.delete extension_properties.register",
    (may.APPLICATION_WRITE, may.JOB_WRITE): "removals.delete_application service_principals.delete",
    (may.ASSIGNMENT_WRITE,): "applications.assign applications.unassign assignments.add assignments.remove"
    " assignments.remove_several",
    (may.DIRECTORY_READ, may.JOB_READ): "on_demand.scope schemas.subject schemas.count_scope",
    (
        may.JOB_READ,
    ): "cycles.succeeded jobs.all jobs.show jobs.in_force attributes.all escrow.causes escrow.entries escrow.show"
    " escrow.exchange deletions.show deletions.entries links.show removals.job_outlook cycles.status cycles.causes"
    " cycles.done plans.all plans.show plans.details plans.stale plans.causes plans.compare schemas.export"
    " schemas.concerned reports.asked reports.cycles reports.statistics credentials.show schemas.current"
    " synchronization.all_jobs synchronization.templates synchronization.template credential_sets.show plans.operations"
    " plan_making.look plan_making.under_way plans.page links.leavers links.shown_whole schemas.draft"
    " schemas.surroundings schemas.problems schemas.would_concern cycles.succeeded",
    (may.JOB_WRITE,): "jobs.check_settings jobs.create jobs.start jobs.pause jobs.abort jobs.restart jobs.settings"
    " cycles.abort attributes.add attributes.set attributes.remove escrow.quarantine deletions.allow deletions.reject"
    " links.forget removals.delete_job schemas.map schemas.restore schemas.save schemas.replace"
    " synchronization.create_job schemas.examine synchronization.save_template schemas.change_draft"
    " schemas.discard_draft schemas.save_draft attributes.added attributes.said attributes.without",
    (may.JOB_RUN,): "cycles.run cycles.runnable cycles.test_connection escrow.retry plans.make attributes.discover"
    " attributes.asked"
    " cycles.ask on_demand.rules plans.plannable plan_making.ask synchronization.test_connection",
    (may.DIRECTORY_READ, may.JOB_RUN): "on_demand.user on_demand.group",
    (may.JOB_CREDENTIALS,): "jobs.save_credentials credentials.save credential_sets.replace",
    (may.LOG_READ,): "logs.page logs.show logs.export logs.follow logs.position reports.report reports.people"
    " logs.count logs.search",
    (may.PLAN_APPROVE,): "plans.approve plans.discard",
    (may.JOB_RUN, may.PLAN_APPROVE): "plans.apply",
    (may.JOB_READ, may.JOB_RUN, may.PLAN_APPROVE): "plans.ask_to_apply",
    (may.AUDIT_READ,): "audits.page audits.activities audits.count audits.search audits.show",
    (may.SERVICE_READ,): "health.look health.figures retentions.show logs.receivers openid.show openid.test"
    " health.places keys.state",
    (may.SERVICE_WRITE,): "cycles.serve retentions.set logs.forward openid.set openid.remove",
    (may.SERVICE_BACKUP,): "backups.back_up",
    (may.KEY_WRITE,): "keys.rotate keys.reset",
    (may.NOTIFICATION_READ,): "mail.show webhooks.all webhooks.deliveries",
    (may.NOTIFICATION_WRITE,): "mail.set mail.test mail.remove webhooks.add webhooks.delete webhooks.test",
    (may.ACCOUNT_READ,): "accounts.all accounts.show token.all client.all",
    (may.ACCOUNT_WRITE,): "accounts.add accounts.set accounts.set_password accounts.delete accounts.setup_link"
    " accounts.sign_in_link"
    " token.create token.rotate token.revoke client.create client.rotate client.revoke",
    # What the actor may see is suggested; who sets up no sources has none of them changed.
    (): "nearest.hinted source_foreign_extensions.adopt",
}
TAKES = {verb: permissions for permissions, verbs in VERBS.items() for verb in verbs.split()}
# About no one application: who may it of any gets an answer, with what the actor may see.
FILTERED = {
    "applications.all",
    "applications.gallery",
    "jobs.all",
    "logs.page",
    "logs.export",
    "logs.follow",
    "logs.position",
    "logs.count",
    "logs.search",
    "service_principals.all",
    "service_principals.gallery",
    "service_principals.template",
    "service_principals.several",
    "service_principals.assigned",
    "assignments.of_principal",
    "schemas.examine",  # of rules of a job that is not there yet
    "plan_making.look",  # by a number that nobody guesses; the job is asked about once it is known
}
# Public for other verbs and for wiring: none of these is a skin's to call.
WITHOUT_ACTOR = {
    *("users.find", "groups.find", "applications.find", "applications.template", "jobs.find", "jobs.ready"),
    *("jobs.needs_credentials", "jobs.show_again", "jobs.usable", "cycles.order", "schemas.saved", "logs.number_of"),
    *("typed_users.find", "typed_groups.find", "service_principals.find", "service_principals.read"),
    *("assignments.principal", "synchronization.job", "openid.begin", "openid.offered", "openid.vouched"),
    *("source_settings.find", "source_settings.needs_secret", "source_settings.owner", "health.watch"),
}
WHO_IT_IS = ("authentication", "setup", "browsers")  # these say who somebody is, so nobody is asking yet
NO_VERBS = ("link_key", "machines", "sources")  # the last two are several groups


def groups(admin):
    """Every group of verbs, by name."""
    names = [
        name
        for name, value in inspect.getmembers_static(Admin)
        if isinstance(value, cached_property) and name not in NO_VERBS
    ]
    of_sources = [name for name, value in vars(SourceVerbs).items() if isinstance(value, cached_property)]
    return {
        **{name: getattr(admin, name) for name in names},
        **admin.machines,
        **{f"source_{name}": getattr(admin.sources, name) for name in of_sources},
    }


def public():
    """Every public method of every group, with its parameters."""
    for group, found in groups(Admin(None)).items():
        for name, verb in inspect.getmembers(found, inspect.ismethod):
            if not name.startswith("_") and group not in WHO_IT_IS:
                yield f"{group}.{name}", list(inspect.signature(verb).parameters.values())


PUBLIC = dict(public())


def test_no_verb_is_forgotten():
    assert set(PUBLIC) == set(TAKES) | WITHOUT_ACTOR
    assert {name for name, parameters in PUBLIC.items() if parameters and parameters[0].name == "actor"} == set(TAKES)


def test_every_permission_is_taken_by_a_verb_and_told_in_a_sentence():
    assert {each for permissions in VERBS for each in permissions} == ALL_PERMISSIONS == set(PERMISSIONS)


class ReachedError(Exception):
    """The verb was allowed, and got as far as where it would begin."""


def reached(*_):
    raise ReachedError


def service(file: Path):
    """All verbs over a file, and the database."""
    database = open_database(f"sqlite:///{file}")
    admin = Admin(
        Context(
            database=database,
            tenant=migrate(database),
            now=lambda: NOW,
            random_bytes=random_bytes,
            load_key=lambda: load_key(file.with_name("secret.key")),
            problem_with_credentials=lambda url, token: None,
            connect=reached,
            connect_unsaved=reached,
            key_file=file.with_name("secret.key"),
        )
    )
    return admin, database


def random_bytes(number):
    random_bytes.calls += 1
    return random_bytes.calls.to_bytes(number, "big")


random_bytes.calls = 0


@pytest.fixture(scope="module")
def filled(migrated_file, tmp_path_factory):
    """A service with one owner, an own and a foreign application, and an account for every role."""
    file = tmp_path_factory.mktemp("filled") / "service.db"
    shutil.copy(migrated_file, file)
    admin, database = service(file)
    me, tenant = LOCAL_OPERATOR, admin.users.context.tenant
    admin.users.create(me, {"userPrincipalName": PERSON})
    admin.groups.create(me, {"displayName": GROUP})
    for place in PLACES:
        admin.applications.add(me, UMBRELLA, name=place)
        job = admin.jobs.create(me, place).job
        admin.jobs.save_credentials(me, place, url="http://127.0.0.1:1", token="a-secret-token")
        row = LogRow(
            id=f"event-{place}",
            tenant=tenant,
            job=job.number,
            cycle="c",
            at=1,
            action="create",
            status="failure",
            code="x",
            source_id="o",
            name="anna",
            target_id=None,
            facts=encode(Facts(kind="user")).decode(),
        )
        with database.transaction() as connection:
            log.append(connection, [row])
            exchanges.keep(
                connection, [(row.id, job.number, 1, msgspec.json.encode(Sent("GET", "", 1, "", "", 1.0)).decode())]
            )
            for _ in range(2):
                made = NewPlan(
                    tenant,
                    job.number,
                    to_microseconds(NOW),
                    "x",
                    "x",
                    1,
                    1,
                    None,
                    Plan(cycle="initial", application=place),
                )
                plans.made(connection, plans.add(connection, made))
    admin.applications.add_owner(me, "Own", PERSON)
    for role in ROLES:
        admin.accounts.add(me, role, [role], person=PERSON, password="twelve characters")
    database.close()
    return file


@pytest.fixture
def opened(filled, tmp_path):
    """Makes a service like that one, anew each time."""
    made = []

    def new():
        file = tmp_path / f"{len(made)}" / "service.db"
        file.parent.mkdir()
        for each in filled.parent.iterdir():
            if not each.name.endswith(("-wal", "-shm")):
                shutil.copy(each, file.with_name(each.name))
        made.append(service(file))
        return made[-1]

    yield new
    for _, database in made:
        database.close()


def given(name, place, folder):
    """Something that every verb would accept for a parameter of this name, about this application."""
    number = 1 + 2 * PLACES.index(place)
    of_place = {"number": number, "before": number, "after": number + 1, "event": f"event-{place}"}
    of_directory = {"group": GROUP, "member": PERSON, "user": PERSON, "who": PERSON, "enabled": True}
    of_service = {"said": reached, "failed": reached, "pulse": Pulse(), "sink": "file", "address": None, "position": 0}
    of_rules = {"given": {}, "template": UMBRELLA, "document": {}, "kind": "user", "cycle": 1, "save": False}
    return {
        **dict.fromkeys(("key", "application", "job"), place),
        **of_place,
        **of_directory,
        **of_service,
        **of_rules,
        "narrowed": Narrowed(),
        "resource": place,
        "order": CsvImport(),
        "file": folder / "copy.db",
        "roles": ["Reports Reader"],
        "password": "twelve characters",
        "server": MailServer(host="m.x.example", port=587, protection="starttls", sender="p@x.example"),
        "staging": True,
        "given_secrets": {},
        "error": AdminError("not-found", "x", "", ("application", place)),
    }.get(name, "x")


# Those that mean something else by a name.
OTHERWISE = {
    **{f"users.{verb}": {"key": PERSON} for verb in ("show", "set", "set_enabled", "delete", "restore", "purge")},
    **{f"groups.{verb}": {"key": GROUP} for verb in ("show", "set", "set_enabled", "delete", "restore", "purge")},
    "links.show": {"key": PERSON},
    "links.shown_whole": {"key": PERSON},
    "plans.page": {"search": PlanSearch()},
    "links.forget": {"key": PERSON},
    "credentials.save": {"given": {"UserName": "anna"}},
    "attributes.set": {"required": True},
    "attributes.said": {"required": True},
    "schemas.count_scope": {"scope": Scope()},
    "assignments.of_principal": {"key": PrincipalKey("user", PERSON)},
}


BY_KEY = ("service_principals", "synchronization", "credential_sets", "assignments", "extension_properties")


def call(admin, verb, actor, place, folder):
    group, name = verb.split(".")
    needed = [
        each
        for each in PUBLIC[verb][1:]
        if each.default is inspect.Parameter.empty and each.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    values = {each.name: given(each.name, place, folder) for each in needed} | OTHERWISE.get(verb, {})
    if group in BY_KEY:
        values |= {name: ApplicationKey("named", place) for name in ("key", "end") if values.get(name) in (place, "x")}
    try:
        answer = getattr(groups(admin)[group], name)(actor, **values)
        if isinstance(answer, Iterator):
            list(answer)
    except Exception as error:  # noqa: BLE001 - of whoever is let in with arguments that make no sense
        return error
    return None


def allowed(role, permission, place, verb):
    """What the table says."""
    if permission in ROLES[role].permissions:
        return True
    own = permission in ROLES[role].own_permissions
    return own and (place == "Own" or verb in FILTERED or permission not in OF_APPLICATIONS)


def failures(admin, database, actor):
    """What the audit log has of this actor's, the newest first."""
    events = audit.newest(database.reader(), admin.users.context.tenant)
    return [one for one in events if one.result == "failure" and one.author == actor.author]


@pytest.mark.parametrize("verb", TAKES)
def test_it_is_refused_to_whom_the_table_refuses_it(opened, verb, tmp_path):
    unchanged = None
    for role in ROLES:
        for place in PLACES:
            admin, database = unchanged or opened()
            actor = admin.authentication.acting_as(role)
            before = len(failures(admin, database, actor))

            error = call(admin, verb, actor, place, tmp_path)

            told = failures(admin, database, actor)
            refused = [one.detail["permission"] for one in told[: len(told) - before]]
            expected = [each for each in TAKES[verb] if not allowed(role, each, place, verb)][:1]
            unchanged = (admin, database) if expected else None  # whoever is let in next has a service of their own
            assert refused == expected, (role, place, error)
            if expected and verb != "escrow.exchange":  # which answers that there is none
                assert isinstance(error, AdminError), (role, place)
                assert error.code in ("permission-denied", "not-found"), (role, place)
            if not expected and isinstance(error, AdminError):
                assert error.code != "permission-denied", (role, place)
