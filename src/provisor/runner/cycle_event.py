"""The event that a failed cycle leaves in the provisioning log: about the job, and why in one sentence."""

from provisor.database.identifiers import new_id
from provisor.engine.log_event import Facts, encode, refused, sent
from provisor.engine.ports import Exchange
from provisor.rules.failure import Failure
from provisor.storage.log import LogRow

NO_CYCLE = ""  # stands for the cycle when none could begin


def failed_cycle(
    *,
    tenant: str,
    job: int,
    application: str,
    cycle: str,
    failure: Failure,
    at: int,
    exchange: Exchange | None = None,
    by: str = "",
) -> LogRow:
    """The row. It has no source id, by which it is told from an object's (engine.log_event)."""
    return LogRow(
        id=new_id(),
        tenant=tenant,
        job=job,
        cycle=cycle,
        at=at,
        action="other",
        status="failure",
        code=failure.code,
        source_id=None,
        name=application,
        target_id=None,
        facts=encode(Facts(kind="user", refused=refused(failure, "import"), by=by)).decode(),
        kind="job",
        exchange=None if exchange is None else encode(sent(exchange)).decode(),
    )
