"""The refusal of a name that cannot be told from another.

Pure. The rule itself is in scim.naming, which the target shares. A name stored before this rule may stay: callers ask
about new names.
"""

from typing import Final

from provisor.directory.objects import Refusal
from provisor.scim.naming import escaped, problem_with_name

LONGEST_NAME: Final = 256  # characters; what Entra takes for a displayName


def refused_name(text: str, what: str) -> Refusal | None:
    """Why this cannot be `what` (the displayName of a new group, say); None when it can."""
    if len(text) > LONGEST_NAME:
        return Refusal(
            code="name-too-long",
            message=f"{escaped(text)} cannot be {what}: it has {len(text):,} characters.",
            hint=f"Shorten it to {LONGEST_NAME} characters.",
        )
    problem = problem_with_name(text)
    if problem is None:
        return None
    return Refusal(
        code="name-unprintable",
        message=f"{escaped(text)} cannot be {what}: it {problem}.",
        hint="Type the name again, without that character.",
    )
