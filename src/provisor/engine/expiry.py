"""When to warn that a credential expires: a month, a week and a day before, and when it has.

Pure. No application tells when its token ends; the day is what an administrator entered.
"""

from datetime import date
from typing import Final

# Days left, and the reason that is told from then on; another reason is another turn of the same trouble.
_WARNINGS: Final = ((-1, "it has expired"), (1, "it expires within a day"), (7, "it expires within 7 days"))
_FIRST_WARNING: Final = (30, "it expires within 30 days")


def warning(expires: date, today: date) -> str | None:
    """Why the credential needs somebody today; None while there is time."""
    left = (expires - today).days
    return next((reason for days, reason in (*_WARNINGS, _FIRST_WARNING) if left <= days), None)
