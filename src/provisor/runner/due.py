"""When a job is due: when its `next_at` says so, or else its interval; in change-driven mode also on changes.

Only reads. In quarantine `next_at` alone counts. Next start on the interval = the later of (previous start + interval)
and the previous end. Who asks for a run need not wait for any of it (storage.run_requests). Order: the next start,
changes, whether there is anything to do.
"""

from provisor.database import Connection
from provisor.engine.behaviour import PROVISOR, behaviour_named
from provisor.runner.planning.begin import left_over
from provisor.storage import cycles, feed, taken
from provisor.storage.jobs import CHANGE_DRIVEN, Job
from provisor.storage.plans import approved

MICROSECONDS = 1_000_000
_A_DAY = 24 * 3600 * MICROSECONDS


def next_start(job: Job, now: int) -> int | None:
    """When the job is due, in UTC microseconds (0: at once); None while it does not start by itself.

    Never later than now and an interval, or a day in quarantine: what lies beyond that was written while the clock was
    wrong.
    """
    if not _starts_itself(job):
        return None
    if job.next_at is not None:  # in quarantine, or asked for
        return job.next_at if job.next_at <= now + _A_DAY else 0
    if job.last_began_at is None or job.last_began_at > now:
        return 0
    return max(job.last_began_at + job.interval_seconds * MICROSECONDS, min(job.last_ended_at or 0, now))


def _starts_itself(job: Job) -> bool:
    """One that was started before it had credentials waits for them."""
    return job.schedule_state == "Active" and job.status_code != "NotConfigured"


def is_change_driven(job: Job) -> bool:
    """Whether changes are sent when they come, as the job says, or else its behaviour."""
    chosen = job.settings.get(CHANGE_DRIVEN)
    if isinstance(chosen, bool):
        return chosen
    return (behaviour_named(job.behaviour) or PROVISOR).change_driven


def has_news(job: Job, change: int) -> bool:
    """Whether something has changed (`change` is the feed's newest number) that the job is to be told of at once.

    Not before its first cycle has ended, and not in quarantine: then its next start alone counts.
    """
    if not _starts_itself(job) or job.status_code == "Quarantine" or not is_change_driven(job):
        return False
    return job.must_begin_anew or (job.watermark is not None and job.watermark < change)


def nothing_to_do(connection: Connection, job: Job, at: int) -> bool:
    """Whether a cycle at this moment would find nothing, and the last one found the target well.

    In quarantine, where a run was asked for, and with an approved plan there is always something: the cycle says what
    became of it.
    """
    if job.next_at is not None or job.status_code == "Quarantine" or approved(connection, job.number, at) is not None:
        return False
    if job.must_begin_anew or job.watermark is None or job.watermark < feed.current_change(connection, job.tenant):
        return False
    if taken.waits_since(connection, job.number) is not None:
        return False
    newest = cycles.newest(connection, job.number, 1)
    well = bool(newest) and newest[0].error is None and newest[0].phase == "done"
    return well and not left_over(connection, job, at)
