"""Graph's secret keys that are settings of jobs: SyncAll, SkipOutOfScopeDeletions, SyncNotificationSettings.

They come and go with the credentials of an application, which may be saved before it has a job. What was put is kept
as it was written, and shown so for as long as the jobs are as it says. Nothing here stores anything.
"""

from collections.abc import Mapping

import msgspec

from provisor.admin import credential_keys as keys
from provisor.admin.errors import AdminError
from provisor.admin.job_settings import GivenSettings
from provisor.admin.notification import Notification
from provisor.engine import brake
from provisor.scim.values import Json
from provisor.storage.jobs import SKIP, Job
from provisor.storage.recipients import NOTIFICATION

_THRESHOLD_ENABLED = "DeleteThresholdEnabled"
_THRESHOLD = "DeleteThresholdValue"


def given_settings(wanted: Mapping[str, str | None]) -> GivenSettings:
    """What the pairs say of a job; one that is None is as it was when the job was made.

    Raises AdminError for what cannot be read.
    """
    given: GivenSettings = {}
    if keys.SYNC_ALL in wanted:
        given["scope"] = "all" if _true(wanted[keys.SYNC_ALL]) else "assigned"
    if keys.SKIP_OUT_OF_SCOPE in wanted:
        given["skip_out_of_scope_deletions"] = _true(wanted[keys.SKIP_OUT_OF_SCOPE])
    if keys.NOTIFICATION_SETTINGS in wanted:
        text = wanted[keys.NOTIFICATION_SETTINGS]
        given["notification"] = _notification(text)
        given.update(_threshold({} if text is None else _object(text)))
    return given


def setting_shown(name: str, written: str, job: Job | None) -> str:
    """The value of a pair: as it was written where the job is so, else as the job is."""
    if job is None:
        return written
    match name:
        case keys.SYNC_ALL:
            now = job.settings.get("scope") == "all"
        case keys.SKIP_OUT_OF_SCOPE:
            now = job.settings.get(SKIP) is True
        case _:
            held = job.settings.get(NOTIFICATION)
            known = held if isinstance(held, dict) else {}
            same = _notification(written).set_in(known) == {"recipients": [], "enabled": False, **known}
            return written if same and _as_said(written, job) else _written(known, job)
    return written if _true(written) == now else str(now)


def _true(text: str | None) -> bool:
    return text is not None and text.lower() == "true"


def _notification(text: str | None) -> Notification:
    """Graph's JSON text. Members that we do not know are kept as they are."""
    given = {} if text is None else _object(text)
    said = str(given.pop("Recipients", None) or "").replace(";", ",")
    addresses = tuple(part.strip() for part in said.split(",") if part.strip())
    return Notification(recipients=addresses, enabled=given.pop("Enabled", False) is True, other=given)


def _threshold(given: Mapping[str, Json]) -> GivenSettings:
    """Accidental-deletion prevention, where the text says something of it."""
    found: GivenSettings = {}
    enabled, number = given.get(_THRESHOLD_ENABLED), given.get(_THRESHOLD)
    if isinstance(enabled, bool):
        found["prevent_deletions"] = enabled
    if isinstance(number, int) and not isinstance(number, bool) and number >= 0 and enabled is True:
        found["deletion_threshold"] = number
    return found


def _as_said(written: str, job: Job) -> bool:
    """Whether accidental-deletion prevention is as the text says."""
    said = _threshold(_object(written))
    prevents = job.settings.get(brake.PREVENTION) is True
    if said.get("prevent_deletions", prevents) != prevents:
        return False
    return not prevents or said.get("deletion_threshold") in (None, brake.threshold_of(job.settings))


def _written(known: Mapping[str, Json], job: Job) -> str:
    recipients = known.get("recipients")
    held = [str(one) for one in recipients] if isinstance(recipients, list) else []
    others = {name: value for name, value in known.items() if name not in ("recipients", "enabled")}
    document = {"Enabled": bool(known.get("enabled")), "Recipients": ";".join(held), **others}
    if _THRESHOLD_ENABLED in others:
        document[_THRESHOLD_ENABLED] = job.settings.get(brake.PREVENTION) is True
    if _THRESHOLD in others:
        document[_THRESHOLD] = brake.threshold_of(job.settings) or others[_THRESHOLD]
    return msgspec.json.encode(document).decode()


def _object(text: str) -> dict[str, Json]:
    try:
        read = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise AdminError(
            "invalid-value",
            f"{keys.NOTIFICATION_SETTINGS} is no JSON object.",
            'It looks like {"Enabled": true, "Recipients": "ops@example.com"}.',
        )
    return {str(name): value for name, value in read.items()}
