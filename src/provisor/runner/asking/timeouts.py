"""Whose silence a time-out was: the target's, which ends the cycle, or one object's, which must hold up nobody else.
Likewise an answer to a look-up that is none.

The target is asked for somebody who does not exist, once for everybody who wonders at the same time, so that a black
hole costs one more time-out and not one for each object (spec/scim-wire.md section 13: "timeout: retry next cycle").
"""

import asyncio
from collections.abc import Awaitable, Callable

from provisor.engine.advice import SERVICE_INCOMPATIBLE
from provisor.engine.ports import ConnectorError, Unreachable
from provisor.rules.failure import Failure

# A target that answers questions and hangs on every change is of no use; who is left is tried by the next cycle.
MOST_IN_A_ROW = 20


class Silence:
    """What is known about a target that let a request time out. Belongs to one run.

    `probe` asks for nobody and says what is wrong with the target, None when it answers as it should.
    """

    def __init__(self, probe: Callable[[], Awaitable[Failure | None]], *, application: str, address: str) -> None:
        self._probe = probe
        self._target = f"{application} at {address}"
        self._in_a_row: dict[str, int] = {}  # time-outs by method since it was last answered
        self._asking: asyncio.Future[Failure | None] | None = None
        self._failure: Failure | None = None

    def broken(self, method: str) -> None:
        """A request of this method was answered."""
        if self._in_a_row:
            self._in_a_row.pop(method, None)

    async def explain(self, error: ConnectorError) -> Failure | None:
        """Why the cycle must stop; None when the target is there and this was about one object."""
        method = "" if error.exchange is None else error.exchange.method
        self._in_a_row[method] = number = self._in_a_row.get(method, 0) + 1
        if self._failure is None and number >= MOST_IN_A_ROW:
            self._failure = self._hangs(method, number, error)
        if self._failure is None:
            failure = await self._ask()
            self._failure = self._failure or failure
        return self._failure

    async def _ask(self) -> Failure | None:
        if self._asking is None:
            self._asking = asyncio.ensure_future(self._probe())
            self._asking.add_done_callback(self._answered)
        # Whoever is cancelled meanwhile must not take the answer from the others.
        return await asyncio.shield(self._asking)

    def _answered(self, _: "asyncio.Future[Failure | None]") -> None:
        self._asking = None

    def _hangs(self, method: str, number: int, error: ConnectorError) -> Failure:
        return Failure(
            code="Timeout" if isinstance(error, Unreachable) else SERVICE_INCOMPATIBLE,
            message=f"{self._target} answers, but left {number} {method} requests in a row without a usable answer."
            f" The last one: {error}",
            hint="Ask the maker of the application why it hangs; the cycle goes on where it stopped.",
        )
