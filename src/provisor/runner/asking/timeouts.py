"""Whether a time-out is due to the target, which ends the cycle, or to one object, which must not hold up others.
The same goes for an answer to a look-up that is not a list.

The target is asked for somebody who does not exist, once for all who wait for the result, so that a black
hole costs one more time-out and not one for each object (spec/scim-wire.md section 13: "timeout: retry next cycle").
"""

import asyncio
from collections.abc import Awaitable, Callable

from provisor.engine.advice import SERVICE_INCOMPATIBLE
from provisor.engine.ports import ConnectorError, Unreachable
from provisor.rules.failure import Failure
from provisor.runner.asking.probe import Trouble

# A target that answers reads but hangs on every change is of no use; the rest is left to the next cycle.
MOST_IN_A_ROW = 20


class Silence:
    """What is known about a target that let a request time out. Belongs to one run.

    `probe` asks for nobody and says what is wrong with the target, None when it answers as it should.
    """

    def __init__(self, probe: Callable[[], Awaitable[Trouble | None]], *, application: str, address: str) -> None:
        self._probe = probe
        self._target = f"{application} at {address}"
        self._in_a_row: dict[str, int] = {}  # time-outs by method since it was last answered
        self._asking: asyncio.Future[Trouble | None] | None = None
        self._failure: Trouble | None = None

    def broken(self, method: str) -> None:
        """A request of this method was answered."""
        if self._in_a_row:
            self._in_a_row.pop(method, None)

    async def explain(self, error: ConnectorError) -> Trouble | None:
        """Why the cycle must stop; None when the target is there and this was about one object."""
        method = "" if error.exchange is None else error.exchange.method
        self._in_a_row[method] = number = self._in_a_row.get(method, 0) + 1
        if self._failure is None and number >= MOST_IN_A_ROW:
            self._failure = self._hangs(method, number, error)
        if self._failure is None:
            failure = await self._ask()
            self._failure = self._failure or failure
        return self._failure

    def end(self) -> None:
        """The run is over: nobody waits for an answer any more."""
        if self._asking is not None:
            self._asking.cancel()

    async def _ask(self) -> Trouble | None:
        if self._asking is None:
            self._asking = asyncio.ensure_future(self._probe())
            self._asking.add_done_callback(self._answered)
        # A task cancelled meanwhile must not take the answer away from the others.
        return await asyncio.shield(self._asking)

    def _answered(self, _: "asyncio.Future[Trouble | None]") -> None:
        self._asking = None

    def _hangs(self, method: str, number: int, error: ConnectorError) -> Trouble:
        failure = Failure(
            code="Timeout" if isinstance(error, Unreachable) else SERVICE_INCOMPATIBLE,
            message=f"{self._target} answers, but left {number} {method} requests in a row without a usable answer."
            f" The last one: {error}",
            hint="Ask the maker of the application why it hangs; the cycle goes on where it stopped.",
        )
        return Trouble(failure, error.exchange)
