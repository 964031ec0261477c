"""Asks the brake (engine.brake) before the first write of a cycle and whenever more was planned on the way."""

from collections.abc import Mapping

from provisor.engine.brake import MOST_UNASKED, Amounts, judge
from provisor.rules.failure import Failure
from provisor.runner.run import REMOVED, CycleStopped, Run
from provisor.storage import links, member_links, operations


class Brake:
    """The brake of one run. `allowed`: how many removals a person has allowed for it."""

    def __init__(self, run: Run, *, allowed: int) -> None:
        self._run = run
        self._allowed = allowed

    def check(self) -> None:
        """Raise CycleStopped when too much would be taken away; the cycle then begins anew, from what is so by then."""
        failure = self.failure()
        if failure is not None:
            raise CycleStopped(failure, begins_anew=True)

    def failure(self) -> Failure | None:
        """What speaks against going on."""
        run, connection = self._run, self._run.reader()
        done = _done(run.counters)
        planned = Amounts(*operations.removals(connection, run.job.number))
        removed = Amounts(*map(sum, zip(done, planned, strict=True)))
        if not any(planned) or max(removed) <= MOST_UNASKED:
            return None  # what is held need not be counted then
        held = Amounts(
            links.count_linked(connection, run.job.number, "user") + done.users,
            links.count_linked(connection, run.job.number, "group") + done.groups,
            member_links.count_pushed(connection, run.job.number) + done.memberships,
        )
        return judge(removed, held, allowed=self._allowed)


def _done(counters: Mapping[str, int]) -> Amounts:
    return Amounts(
        counters.get(REMOVED + "user", 0), counters.get(REMOVED + "group", 0), counters.get("membership.remove", 0)
    )
