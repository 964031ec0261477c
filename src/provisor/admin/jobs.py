"""Verbs on jobs: create, list, credentials, start, pause, restart, settings. Running them is in admin.cycles.

A job is named by its id, or by its application's id or name if that has one job. State transitions:
spec/provisioning-service.md section 2.2; what a restart forgets: section 2.3.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Unpack

from provisor.admin.actor import JOB_READ, JOB_WRITE, Actor
from provisor.admin.applications import Applications
from provisor.admin.context import Change, Context
from provisor.admin.credential_keys import BASE_ADDRESS, SECRET_TOKEN, STORED, sign_in
from provisor.admin.errors import AdminError, accepted
from provisor.admin.job_settings import GivenSettings, changed_settings, check_together, interval
from provisor.admin.leavers import Leavers, bearable, leavers_of
from provisor.admin.rules import source_schema, usable
from provisor.database import Connection
from provisor.engine.behaviour import behaviour_named
from provisor.scim.nearest import did_you_mean
from provisor.scim.values import Json
from provisor.storage import (
    applications,
    directory_verbs,
    extensions,
    jobs,
    links,
    quarantine,
    resets,
    run_requests,
    secrets,
)
from provisor.storage.jobs import DEFAULT_INTERVAL_SECONDS, Job, JobChanges, StatusCode
from provisor.storage.secrets import SecretOwner
from provisor.storage.times import to_microseconds

RESET_SCOPES: Final = (
    *("None", "Escrows", "QuarantineState", "Watermark", "ConnectorDataStore", "ForceDeletes", "Full"),
)
PLAIN_RESTART: Final = frozenset({"Escrows", "QuarantineState", "Watermark"})  # what the portal's button does
CREATION: Final = "Create provisioning configuration"
NEVER_STARTED: Final = "P10675199DT2H48M5.4775807S"  # .NET's longest time span, as Graph shows it (section 2.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobShown:
    """A job with the name of its application and which credentials it has (never their values)."""

    job: Job
    application: str
    credentials: tuple[str, ...]
    base_address: str | None

    @property
    def leavers(self) -> Leavers:
        """What the job does with who leaves its scope."""
        return leavers_of(self.job.settings)

    @property
    def interval(self) -> str:
        """ISO 8601, as Graph tells it; of a job that was never started, the longest there is."""
        job = self.job
        fresh = job.schedule_state == "Disabled" and job.status_code in ("NotConfigured", "NotRun")
        if fresh and job.interval_seconds == DEFAULT_INTERVAL_SECONDS:
            return NEVER_STARTED
        minutes, rest = divmod(job.interval_seconds, 60)
        return f"PT{job.interval_seconds}S" if rest else f"PT{minutes}M"


@dataclass(frozen=True, slots=True)
class Jobs:
    """Provisioning jobs of the tenant."""

    context: Context
    applications: Applications

    def create(self, actor: Actor, application: str, *, behaviour: str = "provisor") -> JobShown:
        """A job for an application, with the mappings of its template; not started. Credentials are those that were
        saved for the application, if any."""
        from provisor.admin.credential_keeping import CredentialKeeping

        if behaviour_named(behaviour) is None:
            raise AdminError("invalid-value", f"There is no behaviour {behaviour!r}.", "Choose provisor or entra.")
        with self.context.change(actor, JOB_WRITE, CREATION) as change:
            found = self.applications.find(change.connection, application, actor, JOB_WRITE)
            job = jobs.create(
                change.connection,
                tenant=self.context.tenant,
                application=found.id,
                template=found.template,
                document=self.applications.template(found.template).rules_for(found.display_name),
                created_by=actor.name,
                now=change.now,
                settings={"scope": "assigned", "skipOutOfScopeDeletions": False},
                behaviour=behaviour,
            )
            CredentialKeeping(self.context, self).take_over(change, job)
            change.target, change.detail = job.id, {"application": found.display_name}
            return self.show_again(change.connection, job)

    def all(self, actor: Actor) -> Sequence[JobShown]:
        """Every job that the actor may read, oldest first."""
        connection = self.context.read(actor, JOB_READ)
        every = jobs.all_jobs(connection, self.context.tenant)
        return [self._shown(connection, job) for job in every if actor.may(JOB_READ, job.application)]

    def show(self, actor: Actor, key: str) -> JobShown:
        """One job."""
        connection = self.context.read(actor, JOB_READ)
        return self._shown(connection, self.find(connection, key, actor, JOB_READ))

    def in_force(self, actor: Actor, key: str) -> Mapping[str, Json]:
        """The settings of a job, those that nobody set with their defaults."""
        from provisor.admin.settings_in_force import in_force  # and with it the runner

        connection = self.context.read(actor, JOB_READ)
        return in_force(connection, self.find(connection, key, actor, JOB_READ))

    def save_credentials(self, actor: Actor, key: str, *, url: str, token: str) -> JobShown:
        """Keep the tenant URL and the secret token, encrypted. They are tested by `test_connection`, not here."""
        from provisor.admin.credentials import Credentials

        return Credentials(self.context, self).save(actor, key, {BASE_ADDRESS: url, SECRET_TOKEN: token})

    def start(self, actor: Actor, key: str, *, without_credentials: bool = False) -> JobShown:
        """Let the job run, at once and on its interval; out of quarantine too. All problems of its rules are told.

        Nothing happens when it runs already. One that was paused goes on where it stopped. `without_credentials`: one
        that has none is started too, and runs once they are saved.
        """
        with self.context.change(actor, JOB_WRITE, "Enable/start provisioning configuration") as change:
            job = self.find(change.connection, key, actor, JOB_WRITE)
            change.target = job.id
            if without_credentials and not self._has_credentials(change.connection, job):
                self.usable(change.connection, job, jobs.rules(change.connection, job.number, job.ruleset_version))
                if job.schedule_state == "Active":
                    change.nothing()
                return self._changed(change, job, schedule_state="Active", status_code="NotConfigured")
            self.ready(change.connection, job)
            lifted = quarantine.lift(change.connection, job, now=change.now, by=actor.author)
            if job.schedule_state == "Active" and not lifted:
                change.nothing()
                return self._shown(change.connection, job)
            return self._running(change, self._again(change.connection, job))

    def pause(self, actor: Actor, key: str) -> JobShown:
        """Start no more cycles; a running one finishes. Everything is kept."""
        with self.context.change(actor, JOB_WRITE, "Disable/pause provisioning configuration") as change:
            job = self.find(change.connection, key, actor, JOB_WRITE)
            change.target = job.id
            if job.schedule_state == "Paused":
                change.nothing()
            return self._paused(change, job)

    def abort(self, actor: Actor, key: str) -> JobShown:
        """Pause, and end the cycle that runs at once: its requests are cancelled, and looked into by the next run.

        A job that was never started is not paused by it: its cycle is one that somebody ran by hand.
        """
        with self.context.change(actor, JOB_WRITE, "Abort provisioning cycle") as change:
            job = self.find(change.connection, key, actor, JOB_WRITE)
            change.target = job.id
            jobs.note_abort(change.connection, job.number)
            if job.schedule_state == "Active":
                return self._paused(change, job)
            return self._shown(change.connection, job)

    def _paused(self, change: Change, job: Job) -> JobShown:
        code: StatusCode = job.status_code if job.status_code == "NotConfigured" else "Paused"
        return self._changed(change, job, schedule_state="Paused", status_code=code)

    def _running(self, change: Change, job: Job) -> JobShown:
        """Active, and asked to run now: whoever starts a job does not mean in forty minutes. One that stays in
        quarantine runs when that lets it.
        """
        found = quarantine.read(change.connection, job.number)
        stays = found is not None
        if found is None or (found.reason == "TooManyDeletes" and job.force_deletes is not None):
            run_requests.ask(change.connection, job.number, at=to_microseconds(change.now), by_hand=False)
        code: StatusCode = "Quarantine" if stays else jobs.running_code(job)
        return self._changed(change, job, schedule_state="Active", status_code=code, escrows_pruned=False)

    def restart(self, actor: Actor, key: str, *, reset_scope: str = "") -> JobShown:
        """Start, having forgotten what `reset_scope` names (comma-separated); empty: as the portal does.

        A cycle that runs goes on to its end, unless it was to be forgotten what it is about: then it ends where it is.
        """
        scopes = read_reset_scope(reset_scope)
        with self.context.change(actor, JOB_WRITE, "Enable/restart provisioning configuration") as change:
            job = self.find(change.connection, key, actor, JOB_WRITE)
            self.ready(change.connection, job)
            resets.reset(change.connection, job.number, scopes, now=change.now, by=actor.author)
            change.target, change.detail = job.id, {"resetScope": ", ".join(sorted(scopes))}
            return self._running(change, self._again(change.connection, job))

    def settings(
        self,
        actor: Actor,
        key: str,
        *,
        interval_seconds: int | None = None,
        behaviour: str | None = None,
        **given: Unpack[GivenSettings],
    ) -> JobShown:
        """Change how the job runs; what is not given stays. A changed scope, an end of skipped
        deletions, or another way to read nested groups makes the next cycle look at every object; a scope that became
        narrower does so where the behaviour does not wait for a restart.
        """
        with self.context.change(actor, JOB_WRITE, "Update provisioning setting or credentials") as change:
            job = self.find(change.connection, key, actor, JOB_WRITE)
            changes = self._settled(change.connection, job, interval_seconds, behaviour, given)
            change.target = job.id
            self._heed_leavers(change, job, changes)
            if not changes:
                change.nothing()
                return self._shown(change.connection, job)
            change.detail = {
                name: {"old": _said(getattr(job, name)), "new": _said(value)}
                for name, value in changes.items()
                if name not in ("full_evaluation", "regroupings")
            }
            if "full_evaluation" in changes:
                quarantine.lift(change.connection, job, now=change.now, by=actor.author)
            return self._changed(change, job, **changes)

    def check_settings(
        self,
        actor: Actor,
        key: str,
        *,
        interval_seconds: int | None = None,
        behaviour: str | None = None,
        **given: Unpack[GivenSettings],
    ) -> bool:
        """Whether `settings` would change anything. Raises AdminError as that would, and changes nothing."""
        connection = self.context.read(actor, JOB_WRITE)
        job = self.find(connection, key, actor, JOB_WRITE)
        return bool(self._settled(connection, job, interval_seconds, behaviour, given))

    def _settled(
        self, connection: Connection, job: Job, seconds: int | None, behaviour: str | None, given: GivenSettings
    ) -> JobChanges:
        """What these settings change. Raises AdminError for what the job cannot be set to."""
        first = given.get("capacity_first")
        if first is not None:
            groups = [directory_verbs.find(connection, self.context.tenant, "group", one) for one in first]
            given["capacity_first"] = [accepted(one).id for one in groups]
        changes = changed_settings(job, to=behaviour, **given)
        if seconds is not None:
            changes["interval_seconds"] = interval(seconds)
        if behaviour is not None:
            if behaviour_named(behaviour) is None:
                raise AdminError("invalid-value", f"There is no behaviour {behaviour!r}.", "Choose provisor or entra.")
            changes["behaviour"] = behaviour
        check_together(job, changes)
        rules = jobs.rules(connection, job.number, job.ruleset_version)
        after = leavers_of(changes.get("settings", job.settings))
        chosen = given.get("leavers") is not None or after != leavers_of(job.settings)
        if chosen or ("behaviour" in changes and after.policy != "disable"):
            behaviour = changes.get("behaviour", job.behaviour)
            bearable(after, rules, self.applications.template(job.template), behaviour)
        if changes and given.get("scope") == "all":  # some rules need assignments, and there are none then
            self.usable(connection, job, rules, scope="all")
        return changes

    def _heed_leavers(self, change: Change, job: Job, changes: JobChanges) -> None:
        """Where something else is done with leavers from now on, a cycle that runs must not go on as it began, and
        whoever waits to be deleted keeps the account for good where nobody is deleted any more.
        """
        after = leavers_of(changes.get("settings", job.settings))
        if after != leavers_of(job.settings):
            jobs.note_restart(change.connection, job.number)
            if not after.deletes:
                links.keep_for_good(change.connection, job.number)

    def find(self, connection: Connection, key: str, actor: Actor, permission: str, activity: str | None = None) -> Job:
        """The job that the actor means, who has this permission there. Raises AdminError when there is none, or
        several; one that the actor may not see is told of as one that is not there. `activity` as of applications.
        """
        job = jobs.by_id(connection, key)
        if job is not None and job.tenant == self.context.tenant and actor.sees(job.application, permission):
            self.context.needs(actor, permission, activity, job.application)
            return job
        try:
            application = self.applications.find(connection, key, actor, permission, activity)
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
        if len(found) > 1:
            raise AdminError(
                "name-ambiguous",
                f"{application.display_name} has {len(found)} jobs.",
                "Name the one you mean by its id: " + ", ".join(each.id for each in found) + ".",
            )
        return found[0]

    def ready(self, connection: Connection, job: Job) -> None:
        """Raise AdminError unless the job may run: credentials saved, and no problem in its rules."""
        self.needs_credentials(connection, job)
        self.usable(connection, job, jobs.rules(connection, job.number, job.ruleset_version))

    def needs_credentials(self, connection: Connection, job: Job) -> None:
        """Raise AdminError unless credentials are saved."""
        if not self._has_credentials(connection, job):
            raise AdminError(
                "no-credentials",
                "The job has no credentials yet.",
                "Save the tenant URL and the secret token with `provisor job credentials`.",
            )

    def _has_credentials(self, connection: Connection, job: Job) -> bool:
        stored = frozenset(secrets.names(connection, owner_of(job)))
        return BASE_ADDRESS in stored and sign_in(stored) is not None

    def usable(self, connection: Connection, job: Job, document: Json, *, scope: Json = None) -> None:
        """Raise AdminError unless the job can use these rules, in its own scope or the given one."""
        source = source_schema(extensions.registered(connection, self.context.tenant).values())
        template = self.applications.template(job.template)
        usable(document, template, source, scope=scope or job.settings.get("scope"))
        if (leavers := leavers_of(job.settings)).policy != "disable":
            bearable(leavers, document, template, job.behaviour)

    def _address(self, connection: Connection, job: Job) -> str | None:
        """The tenant URL, for display. Without the right key a job is still shown; what needs the URL reports it."""
        try:
            stored = self.context.secret(connection, owner_of(job), BASE_ADDRESS)
        except AdminError:
            return None
        return stored.reveal() if stored else None

    def show_again(self, connection: Connection, job: Job) -> JobShown:
        """A job that was found before, as it is within a transaction now."""
        return self._shown(connection, self._again(connection, job))

    def _again(self, connection: Connection, job: Job) -> Job:
        return jobs.read(connection, job.number) or job

    def _changed(self, change: Change, job: Job, **changes: Unpack[JobChanges]) -> JobShown:
        jobs.change(change.connection, job.number, **changes)
        return self.show_again(change.connection, job)

    def _shown(self, connection: Connection, job: Job) -> JobShown:
        application = applications.read(connection, job.application)
        names = tuple(name for name in secrets.names(connection, owner_of(job)) if name in STORED)
        address = None
        if BASE_ADDRESS in names:
            address = self._address(connection, job)
        return JobShown(
            job=job,
            application=application.display_name if application else job.application,
            credentials=names,
            base_address=address,
        )


def owner_of(job: Job) -> SecretOwner:
    """Whose the credentials of a job are: its application's, as in Graph."""
    return SecretOwner(tenant=job.tenant, kind="application", id=job.application)


def read_reset_scope(text: str) -> frozenset[str]:
    """The parts of a resetScope. Raises AdminError for a word it does not have."""
    named = {scope.lower(): scope for scope in RESET_SCOPES}
    words = [word.strip() for word in text.split(",") if word.strip()]
    for word in words:
        if word.lower() not in named:
            raise AdminError(
                "invalid-value",
                f"{word!r} is not part of a reset scope.",
                f"{did_you_mean(word, RESET_SCOPES)}The parts are {', '.join(RESET_SCOPES)}.",
            )
    if len(words) > 1 and any(word.lower() == "none" for word in words):
        raise AdminError("invalid-value", "None cannot be combined with other parts.", "Leave it out.")
    return frozenset(named[word.lower()] for word in words) if words else PLAIN_RESTART


def _said(value: object) -> Json:
    if isinstance(value, dict):
        return {str(name): _said(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_said(inner) for inner in value]
    return value if isinstance(value, bool | int | str) else None
