"""What a newcomer has done already that nothing else tells: that a connection was tested, and what somebody looked at.

Marks are an account's own and mean nothing to anybody else, so that nobody needs a permission for them and no audit
event is written. A skin with pages makes this of the verbs that it receives.
"""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from provisor.admin.actor import JOB_READ, Actor
from provisor.admin.context import Context
from provisor.storage import tenants

StepMark: TypeAlias = Literal["mappings", "logs", "dismissed"]
MARKS: Final[tuple[StepMark, ...]] = get_args(StepMark)
_TESTED: Final = "tested"


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """Marks of accounts and of applications, as settings of the tenant."""

    context: Context

    def marks(self, actor: Actor) -> frozenset[StepMark]:
        """What this account has marked."""
        stored = tenants.setting(self.context.database.reader(), self.context.tenant, _of_account(actor))
        return frozenset(mark for mark in MARKS if mark in (stored or "").split())

    def mark(self, actor: Actor, mark: StepMark) -> None:
        """Mark this for the account, for good."""
        marks = " ".join(sorted(self.marks(actor) | {mark}))
        with self.context.database.transaction() as connection:
            tenants.save_setting(connection, self.context.tenant, _of_account(actor), marks)

    def tested(self, actor: Actor, application: str) -> bool:
        """Whether the connection to an application was ever tested with success."""
        connection = self.context.read(actor, JOB_READ, application)
        return tenants.setting(connection, self.context.tenant, _of_application(application)) is not None


def note_tested(context: Context, application: str) -> None:
    """A test of the connection to this application has succeeded."""
    if tenants.setting(context.database.reader(), context.tenant, _of_application(application)) is None:
        with context.database.transaction() as connection:
            at = context.now().isoformat(timespec="seconds")
            tenants.save_setting(connection, context.tenant, _of_application(application), at)


def _of_account(actor: Actor) -> str:
    return f"firstSteps {actor.id}"


def _of_application(application: str) -> str:
    return f"{_TESTED} {application}"
