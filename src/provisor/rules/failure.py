"""A failure as a value: the stable code, one sentence for an administrator, what to do, and when it is tried again.

Pure. Codes are Entra's words (spec/provisioning-service.md section 10); reference/errors.md lists them.
"""

from dataclasses import dataclass
from enum import Enum


class Retry(Enum):
    """When the same thing is tried again without anybody asking."""

    NOW = "in this cycle, as soon as the target takes it"
    LATER = "in the next cycle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Who could not be provisioned and why. The message names the person and the value, the hint says what to do."""

    code: str
    message: str
    hint: str
    retry: Retry = Retry.LATER
