"""Verbs on jobs: create, list, credentials, start, pause, restart, settings. Running them is in admin.cycles.

A job is named by its id, or by its application's id or name while that has one job. State transitions:
spec/provisioning-service.md section 2.2; what a restart forgets: section 2.3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Unpack

from provisor.admin.actor import JOB_CREDENTIALS, JOB_READ, JOB_WRITE, Actor
from provisor.admin.applications import Applications
from provisor.admin.context import Change, Context
from provisor.admin.errors import AdminError
from provisor.admin.rules import source_schema, usable
from provisor.database import Connection
from provisor.engine.behaviour import behaviour_named
from provisor.engine.ports import Secret
from provisor.scim.entra import bearer_token
from provisor.scim.nearest import did_you_mean
from provisor.scim.values import Json
from provisor.storage import applications, extensions, jobs, resets, secrets
from provisor.storage.jobs import Job, JobChanges, StatusCode

BASE_ADDRESS: Final = "BaseAddress"  # Graph's names of the two credentials
SECRET_TOKEN: Final = "SecretToken"  # noqa: S105 - a name, not a secret

RESET_SCOPES: Final = ("None", "Escrows", "Watermark", "ConnectorDataStore", "Full")
PLAIN_RESTART: Final = frozenset({"Escrows", "Watermark"})  # what the portal's button does
# Words of Graph for what no job here has: taken, they would reset nothing.
_NOTHING_TO_RESET: Final = {
    "quarantinestate": "A job has no quarantine to be reset",
    "forcedeletes": "A restart lets no deletions through",
}
SHORTEST_INTERVAL_SECONDS: Final = 1
LONGEST_INTERVAL_SECONDS: Final = 366 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class JobShown:
    """A job with the name of its application and which credentials it has (never their values)."""

    job: Job
    application: str
    credentials: tuple[str, ...]
    base_address: str | None


@dataclass(frozen=True, slots=True)
class Jobs:
    """Provisioning jobs of the tenant."""

    context: Context
    applications: Applications

    def create(self, actor: Actor, application: str, *, behaviour: str = "provisor") -> JobShown:
        """A job for an application, with the mappings of its template; not started, without credentials."""
        if behaviour_named(behaviour) is None:
            raise AdminError("invalid-value", f"There is no behaviour {behaviour!r}.", "It is provisor or entra.")
        with self.context.change(actor, JOB_WRITE, "Create provisioning configuration") as change:
            found = self.applications.find(change.connection, application)
            existing = jobs.all_jobs(change.connection, self.context.tenant, found.id)
            if existing:
                raise AdminError(
                    "job-exists",
                    f"{found.display_name} has a job already: {existing[0].id}.",
                    "Use that one; `provisor job restart` starts it from the beginning.",
                )
            job = jobs.create(
                change.connection,
                tenant=self.context.tenant,
                application=found.id,
                template=found.template,
                document=self.applications.template(found.template).rules,
                created_by=actor.name,
                now=change.now,
                settings={"scope": "assigned", "skipOutOfScopeDeletions": False},
                behaviour=behaviour,
            )
            change.target, change.detail = job.id, {"application": found.display_name}
            return self._shown(change.connection, job)

    def all(self, actor: Actor) -> Sequence[JobShown]:
        """Every job, oldest first."""
        connection = self.context.read(actor, JOB_READ)
        return [self._shown(connection, job) for job in jobs.all_jobs(connection, self.context.tenant)]

    def show(self, actor: Actor, key: str) -> JobShown:
        """One job."""
        connection = self.context.read(actor, JOB_READ)
        return self._shown(connection, self.find(connection, key))

    def save_credentials(self, actor: Actor, key: str, *, url: str, token: str) -> JobShown:
        """Keep the tenant URL and the secret token, encrypted. They are tested by `test_connection`, not here."""
        url, token = url.strip(), bearer_token(token)
        if not token:
            raise AdminError("blank-token", "The secret token is blank.", "Copy the token that the application showed.")
        problem = self.context.problem_with_credentials(url, Secret(token))
        if problem is not None:
            raise AdminError("invalid-credentials", problem, "Copy the URL and the token that the application showed.")
        key_of_secrets = self.context.key()
        with self.context.change(actor, JOB_CREDENTIALS, "Update provisioning setting or credentials") as change:
            job = self.find(change.connection, key)
            for name, value in ((BASE_ADDRESS, url), (SECRET_TOKEN, token)):
                secrets.save(
                    change.connection, key_of_secrets, job=job.number, name=name, secret=Secret(value), now=change.now
                )
            if job.status_code == "NotConfigured":
                jobs.change(change.connection, job.number, status_code="NotRun")
            change.target, change.detail = job.id, {"saved": [BASE_ADDRESS, SECRET_TOKEN]}
            return self._shown(change.connection, self.find(change.connection, job.id))

    def start(self, actor: Actor, key: str) -> JobShown:
        """Let the job run on its interval; nothing happens when it does already. All problems of its rules are told."""
        with self.context.change(actor, JOB_WRITE, "Enable/start provisioning configuration") as change:
            job = self.find(change.connection, key)
            self.ready(change.connection, job)
            change.target = job.id
            if job.schedule_state == "Active":
                change.nothing()
            return self._changed(change, job, schedule_state="Active", status_code=_running_code(job))

    def pause(self, actor: Actor, key: str) -> JobShown:
        """Start no further cycle; one that runs goes on to its end. Everything is kept."""
        with self.context.change(actor, JOB_WRITE, "Disable/pause provisioning configuration") as change:
            job = self.find(change.connection, key)
            change.target = job.id
            if job.schedule_state == "Paused":
                change.nothing()
            code: StatusCode = job.status_code if job.status_code == "NotConfigured" else "Paused"
            return self._changed(change, job, schedule_state="Paused", status_code=code)

    def restart(self, actor: Actor, key: str, *, reset_scope: str = "") -> JobShown:
        """Start, having forgotten what `reset_scope` names (comma-separated); empty: as the portal does."""
        scopes = read_reset_scope(reset_scope)
        with self.context.change(actor, JOB_WRITE, "Enable/restart provisioning configuration") as change:
            job = self.find(change.connection, key)
            self.ready(change.connection, job)
            if scopes & {"ConnectorDataStore", "Full"}:
                resets.forget_links(change.connection, job.number)
            if scopes & {"ConnectorDataStore", "Full", "Watermark"}:
                resets.forget_position(change.connection, job.number, now=change.now)
            if scopes & {"Escrows", "Full"}:
                resets.forget_failures(change.connection, job.number)
            change.target, change.detail = job.id, {"resetScope": ", ".join(sorted(scopes))}
            fresh = self.find(change.connection, job.id)
            return self._changed(change, fresh, schedule_state="Active", status_code=_running_code(fresh))

    def settings(
        self,
        actor: Actor,
        key: str,
        *,
        scope: str | None = None,
        interval_seconds: int | None = None,
        behaviour: str | None = None,
        skip_out_of_scope_deletions: bool | None = None,
    ) -> JobShown:
        """Change how the job runs; what is None stays. A changed scope, or an end of skipped deletions, makes the
        next cycle look at every object.
        """
        with self.context.change(actor, JOB_WRITE, "Update provisioning setting or credentials") as change:
            job = self.find(change.connection, key)
            changes = _settings(job, scope, skip_out_of_scope_deletions)
            if interval_seconds is not None:
                changes["interval_seconds"] = _interval(interval_seconds)
            if behaviour is not None:
                if behaviour_named(behaviour) is None:
                    raise AdminError(
                        "invalid-value", f"There is no behaviour {behaviour!r}.", "It is provisor or entra."
                    )
                changes["behaviour"] = behaviour
            change.target = job.id
            if not changes:
                change.nothing()
                return self._shown(change.connection, job)
            if scope == "all":  # some rules need assignments, and there are none then
                rules = jobs.rules(change.connection, job.number, job.ruleset_version)
                self.usable(change.connection, job, rules, scope=scope)
            detail: dict[str, Json] = {name: _said(value) for name, value in changes.items()}
            change.detail = detail
            return self._changed(change, job, **changes)

    def find(self, connection: Connection, key: str) -> Job:
        """The job a person means. Raises AdminError when there is none, or several."""
        job = jobs.by_id(connection, key)
        if job is not None and job.tenant == self.context.tenant:
            return job
        try:
            application = self.applications.find(connection, key)
        except AdminError as error:
            if error.code != "not-found":
                raise
            raise AdminError(
                "not-found",
                f"There is no job or application {key!r}.",
                "`provisor job list` shows the jobs.",
                ("job", key),
            ) from error
        found = jobs.all_jobs(connection, self.context.tenant, application.id)
        if not found:
            raise AdminError(
                "not-found",
                f"{application.display_name} has no job yet.",
                f'Create one with `provisor job create "{application.display_name}"`.',
            )
        return found[0]

    def ready(self, connection: Connection, job: Job) -> None:
        """Raise AdminError unless the job may run: credentials saved, and no problem in its rules."""
        missing = {BASE_ADDRESS, SECRET_TOKEN} - set(secrets.names(connection, job.number))
        if missing:
            raise AdminError(
                "no-credentials",
                "The job has no credentials yet.",
                "Save the tenant URL and the secret token with `provisor job credentials`.",
            )
        self.usable(connection, job, jobs.rules(connection, job.number, job.ruleset_version))

    def usable(self, connection: Connection, job: Job, document: Json, *, scope: Json = None) -> None:
        """Raise AdminError unless the job can work by these rules, in its own scope or another one."""
        source = source_schema(extensions.registered(connection, self.context.tenant).values())
        template = self.applications.template(job.template)
        usable(document, template, source, scope=scope or job.settings.get("scope"))

    def _address(self, connection: Connection, job: Job) -> str | None:
        """The tenant URL, for people to see. Without the right key a job is still shown; what needs the URL says so."""
        try:
            stored = self.context.secret(connection, job.number, BASE_ADDRESS)
        except AdminError:
            return None
        return stored.reveal() if stored else None

    def _changed(self, change: Change, job: Job, **changes: Unpack[JobChanges]) -> JobShown:
        jobs.change(change.connection, job.number, **changes)
        return self._shown(change.connection, self.find(change.connection, job.id))

    def _shown(self, connection: Connection, job: Job) -> JobShown:
        application = applications.read(connection, job.application)
        names = tuple(secrets.names(connection, job.number))
        address = None
        if BASE_ADDRESS in names:
            address = self._address(connection, job)
        return JobShown(
            job=job,
            application=application.display_name if application else job.application,
            credentials=names,
            base_address=address,
        )


def _interval(seconds: int) -> int:
    if seconds < SHORTEST_INTERVAL_SECONDS:
        raise AdminError("invalid-value", "The interval must be at least one second.", "Give it in seconds.")
    if seconds > LONGEST_INTERVAL_SECONDS:
        raise AdminError("invalid-value", "The interval must be at most 366 days.", "Give it in seconds.")
    return seconds


def read_reset_scope(text: str) -> frozenset[str]:
    """The parts of a resetScope. Raises AdminError for a word it does not have."""
    named = {scope.lower(): scope for scope in RESET_SCOPES}
    words = [word.strip() for word in text.split(",") if word.strip()]
    for word in words:
        if word.lower() in _NOTHING_TO_RESET:
            raise AdminError(
                "invalid-value", f"{_NOTHING_TO_RESET[word.lower()]}, so {word} has no effect.", "Leave it out."
            )
        if word.lower() not in named:
            raise AdminError(
                "invalid-value",
                f"{word!r} is no part of a reset scope.",
                f"{did_you_mean(word, RESET_SCOPES)}The parts are {', '.join(RESET_SCOPES)}.",
            )
    if len(words) > 1 and any(word.lower() == "none" for word in words):
        raise AdminError("invalid-value", "None forgets nothing and cannot stand beside other parts.", "Leave it out.")
    return frozenset(named[word.lower()] for word in words) if words else PLAIN_RESTART


def _running_code(job: Job) -> StatusCode:
    return "NotRun" if job.watermark is None and job.steady_first_at is None else "Active"


def _settings(job: Job, scope: str | None, skip: bool | None) -> JobChanges:
    settings = dict(job.settings)
    if scope is not None:
        if scope not in ("assigned", "all"):
            raise AdminError("invalid-value", f"There is no scope {scope!r}.", "It is assigned or all.")
        settings["scope"] = scope
    if skip is not None:
        settings["skipOutOfScopeDeletions"] = skip
    if settings == job.settings:
        return {}
    changes: JobChanges = {"settings": settings}
    stays = "skipOutOfScopeDeletions"  # who was left alone for it is to be looked at once it is off
    if settings["scope"] != job.settings.get("scope") or (job.settings.get(stays) and not settings.get(stays)):
        changes["full_evaluation"] = True
    return changes


def _said(value: object) -> Json:
    if isinstance(value, dict):
        return {str(name): _said(inner) for name, inner in value.items()}
    return value if isinstance(value, bool | int | str) else None
