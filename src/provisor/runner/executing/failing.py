"""The outcome of an operation that failed: the failure to be shown, and what is unknown since.

Order: words, the outcome.
"""

from provisor.engine.log_event import LoggedAction
from provisor.engine.outcome import Verb
from provisor.engine.ports import ConnectorError
from provisor.engine.unknown import is_open, values_sent
from provisor.rules.failure import Failure
from provisor.runner.planning.link_rows import in_doubt
from provisor.runner.recording.log_rows import Journal
from provisor.runner.recording.recorder import Outcome
from provisor.runner.recording.sending import Sending
from provisor.runner.run import Run

VERBS: dict[str, Verb] = {
    "create": "create",
    "link": "link",
    "update": "update",
    "disable": "disable",
    "release": "disable",
    "delete": "delete",
}
ACTIONS: dict[str, LoggedAction] = {
    "create": "create",
    "link": "update",
    "update": "update",
    "disable": "disable",
    "release": "disable",
    "delete": "delete",
}


def failed(
    run: Run,
    journal: Journal,
    sending: Sending,
    failure: Failure,
    error: ConnectorError | None = None,
    *,
    unknown: bool | None = None,
) -> Outcome:
    """An operation on an object failed. `unknown`: something may have been written anyway; None asks `error`."""
    operation, desired = sending.operation, sending.desired
    failure = journal.shown(desired, failure)
    doubted = unknown if unknown is not None else error is not None and is_open(error)
    event = journal.failed(
        desired,
        failure,
        ACTIONS[operation.kind],
        target_id=operation.target_id,
        exchange=None if error is None else error.exchange,
    )
    outcome = Outcome(
        stage=operation.stage,
        object=desired.id,
        kind=desired.kind,
        events=[event],
        failure=failure,
        counts=f"{desired.kind}.fail",
    )
    if doubted and operation.kind == "create" and desired.mapped is not None:
        outcome.unknown = values_sent(desired.mapped)
    elif doubted and sending.link is not None:
        deleted = operation.kind == "delete"
        outcome.link = in_doubt(run, desired.kind, desired.id, sending.link, deleted=deleted)
    return outcome
