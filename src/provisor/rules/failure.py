"""A failure as a value: the stable code, one sentence for an administrator, what to do, and when it is retried.

Pure. Codes are Entra's words (spec/provisioning-service.md section 10); reference/errors.md lists them.
"""

from dataclasses import dataclass
from enum import Enum


class Retry(Enum):
    """When the same operation is retried automatically."""

    NOW = "in this cycle, as soon as the target takes it"
    LATER = "in the next cycle"
    NEVER = "only once it changes, as it has failed for 28 days"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Who could not be provisioned and why. The message names the person and the value, the hint says what to do.

    `rival` is the id of another object of the directory that is in the way, where one is known to be.
    """

    code: str
    message: str
    hint: str
    retry: Retry = Retry.LATER
    rival: str | None = None
