"""*Test connection* as a verb: with what is stored, or with credentials of which nothing is kept."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import uvloop

from provisor.admin.actor import JOB_CREDENTIALS, JOB_RUN, Actor
from provisor.admin.context import Context
from provisor.admin.credential_keeping import accepted
from provisor.admin.credential_keys import BASE_ADDRESS, KEPT, STORED
from provisor.admin.errors import AdminError
from provisor.admin.first_steps import note_tested
from provisor.admin.jobs import Jobs, owner_of
from provisor.admin.rules import readable
from provisor.database import Connection
from provisor.engine.behaviour import PROVISOR, behaviour_named
from provisor.engine.ports import Target
from provisor.engine.record import Kind
from provisor.rules.graph_json import read_schema
from provisor.rules.ruleset import RuleSet
from provisor.runner.asking.examination import Check, Examination, ReportCheck, examine
from provisor.runner.asking.pace import Pace
from provisor.runner.asking.paced import Paced, Questioned
from provisor.scim.schemas.schema import ResourceType
from provisor.storage import applications, jobs
from provisor.storage.applications import Application
from provisor.storage.jobs import Job

__all__ = ["Check", "Examination", "ReportCheck", "examine_application", "examine_connection"]

PATIENCE_SECONDS = 5.0  # where the application has asked for a pause; a longer one is told, and not waited for


def examine_connection(
    context: Context,
    known: Jobs,
    actor: Actor,
    key: str,
    unsaved: Mapping[str, str] | None,
    report: ReportCheck | None = None,
) -> Examination:
    """What was checked. Raises AdminError with the status, the reason and an advice when the job could not work.

    Unsaved credentials are used alone: a stored token never goes to an address that nobody saved for it.
    """
    connection = context.read(actor, JOB_RUN)
    if unsaved is not None:
        context.needs(actor, JOB_CREDENTIALS)
    job = known.find(connection, key, actor, JOB_RUN)
    if unsaved is not None:
        context.needs(actor, JOB_CREDENTIALS, about=job.application)
    else:
        known.ready(connection, job)
    return _examined(context, known, job, _rules(connection, job), unsaved, report)


def examine_application(
    context: Context, known: Jobs, actor: Actor, application: Application, unsaved: Mapping[str, str] | None
) -> Examination:
    """The same for an application: as its first job would, or one that is made from its template."""
    context.needs(actor, JOB_RUN, about=application.id)
    if unsaved is not None:
        context.needs(actor, JOB_CREDENTIALS, about=application.id)
    connection = context.database.reader()
    first = next(iter(jobs.all_jobs(connection, application.tenant, application.id)), None)
    if first is not None:
        return _examined(context, known, first, _rules(connection, first), unsaved)
    rules = readable(known.applications.template(application.template).rules)
    return _examined(context, known, _to_be_made(application), rules, unsaved)


def _to_be_made(application: Application) -> Job:
    """A job as it would be; nothing is stored of it."""
    return Job(
        number=0,
        id=application.id,
        tenant=application.tenant,
        application=application.id,
        template=application.template,
        schedule_state="Disabled",
        interval_seconds=jobs.DEFAULT_INTERVAL_SECONDS,
        status_code="NotConfigured",
        settings={},
        behaviour=PROVISOR.name,
        ruleset_version=0,
        watermark=None,
        full_evaluation=False,
        last_began_at=None,
        last_ended_at=None,
        last_cycle=0,
        steady_first_at=None,
        steady_last_at=None,
        created_at=0,
        restarts=0,
        next_at=None,
        escrows_pruned=False,
        aborts=0,
        force_deletes=None,
    )


def _examined(
    context: Context,
    known: Jobs,
    job: Job,
    ruleset: RuleSet,
    unsaved: Mapping[str, str] | None,
    report: ReportCheck | None = None,
) -> Examination:
    connection = context.database.reader()
    application = applications.read(connection, job.application)
    name = application.display_name if application else job.application
    behaviour = behaviour_named(job.behaviour) or PROVISOR
    if unsaved is None:
        known.needs_credentials(connection, job)
        stored = context.secret(connection, owner_of(job), BASE_ADDRESS)
        address = "" if stored is None else stored.reveal()
        target = context.connect(job)
    else:
        target, address = _unsaved(context, job, unsaved)
    target.use(_types(known, job, ruleset))
    asked = partial(
        examine,
        ruleset=ruleset,
        random_bytes=context.random_bytes,
        application=name,
        address=address.partition("?")[0],
        thorough=behaviour.test_connection == "thorough",
        report=report,
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        found = runner.run(_in_turn(context, target, asked))
    if found.failure is not None:
        said = f"\nIt answered: {found.answered}" if found.answered else ""
        if len(found.checks) > 1:
            said += "\nChecked: " + ", ".join(f"{check.what} ({check.finding})" for check in found.checks) + "."
        advice = f"Ensure your {name} account has Admin permissions and try again."
        raise AdminError("connection-failed", f"{found.failure.message}{said}", f"{found.failure.hint} {advice}")
    note_tested(context, job.application)
    return found


def _types(known: Jobs, job: Job, ruleset: RuleSet) -> Mapping[Kind, ResourceType]:
    schema = known.applications.template(job.template).schema.as_listed(ruleset)
    return {"user": schema.user_type, "group": schema.group_type}


async def _in_turn(
    context: Context, target: Target, examine: Callable[[Questioned], Awaitable[Examination]]
) -> Examination:
    """Put the questions among those of all who ask this application, and before theirs."""
    turns = context.rates.turns(target.caller)
    pace = Pace(turns, now=context.now, prompt=True, patience_seconds=PATIENCE_SECONDS, tries=1)
    try:
        return await examine(Paced(target, pace))
    finally:
        pace.close()
        await target.close()


def _rules(connection: Connection, job: Job) -> RuleSet:
    ruleset = read_schema(jobs.rules(connection, job.number, job.ruleset_version))
    if not isinstance(ruleset, RuleSet):
        raise AdminError("rule-problems", "\n".join(map(str, ruleset)), "Correct the rules first.")
    return ruleset


def _unsaved(context: Context, job: Job, given: Mapping[str, str]) -> tuple[Target, str]:
    for name, text in given.items():
        if text == KEPT:
            raise AdminError(
                "invalid-value",
                f"{name[:80]} is {KEPT}, which stands for what is stored, and unsaved credentials are used alone.",
                "Give its value, or test with the saved credentials.",
            )
    pairs = {name: text for name, text in accepted(given).items() if text is not None and name in STORED}
    if context.connect_unsaved is None:
        raise AdminError("no-session", "This process makes no connections.", "Call it through `provisor`.")
    return context.connect_unsaved(job, pairs), pairs.get(BASE_ADDRESS, "")
