"""The event that a failed cycle leaves in the provisioning log: about the job, and why in one sentence."""

from provisor.engine.facts import Facts, encode, refused
from provisor.rules.failure import Failure
from provisor.storage.identifiers import new_id
from provisor.storage.log import LogRow

_MICROSECONDS_A_DAY = 86_400_000_000
NO_CYCLE = ""  # the cycle of what kept one from beginning


def failed_cycle(*, tenant: str, job: int, application: str, cycle: str, failure: Failure, at: int) -> LogRow:
    """The row. It has no source id, by which it is told from an object's (engine.log_event)."""
    facts = Facts(kind="user", refused=refused(failure, "import"))
    day = at // _MICROSECONDS_A_DAY
    code = failure.code
    return (
        new_id(),
        tenant,
        job,
        cycle,
        day,
        at,
        "other",
        "failure",
        code,
        None,
        application,
        None,
        encode(facts).decode(),
    )
