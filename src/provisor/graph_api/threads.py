"""In which thread a handler runs: what waits long keeps nothing else waiting, and no caller takes all of it.

Reads wait for nobody. Writes go one by one, and wait for each other and for other processes. What asks an application
may never be answered, if that is an owner's; what waits for a cycle to end, such as other secrets for an application
that hangs, must not wait behind that. Belongs to one event loop.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar, assert_never
from weakref import WeakValueDictionary

from provisor.graph_api.odata.routing import GraphRoute

T = TypeVar("T")

READING: Final = 8
WRITING: Final = 4
ASKING: Final = 4
ASKING_OF_ONE: Final = 2  # of one caller
ENDING: Final = 4


class HandlerThreads:
    """The pools of one API."""

    def __init__(self) -> None:
        self._reading = ThreadPoolExecutor(READING, thread_name_prefix="graph")
        self._writing = ThreadPoolExecutor(WRITING, thread_name_prefix="graph-writing")
        self._asking = ThreadPoolExecutor(ASKING, thread_name_prefix="graph-asking")
        self._ending = ThreadPoolExecutor(ENDING, thread_name_prefix="graph-ending")
        self._turns = WeakValueDictionary[str, asyncio.Semaphore]()  # of callers that ask now

    def close(self) -> None:
        """Let what is under way end; what comes later finds no thread."""
        for pool in (self._reading, self._writing, self._asking, self._ending):
            pool.shutdown(wait=False, cancel_futures=True)

    async def read(self, work: Callable[[], T]) -> T:
        """Do what only reads, or writes hardly ever."""
        return await asyncio.get_running_loop().run_in_executor(self._reading, work)

    async def handle(self, route: GraphRoute, caller: str, work: Callable[[], T]) -> T:
        """Do what a route does for a caller."""
        loop = asyncio.get_running_loop()
        match route.waits_for:
            case "application":
                async with self._turns.setdefault(caller, asyncio.Semaphore(ASKING_OF_ONE)):
                    return await loop.run_in_executor(self._asking, work)
            case "cycle":
                return await loop.run_in_executor(self._ending, work)
            case None:
                pool = self._reading if route.method == "GET" else self._writing
                return await loop.run_in_executor(pool, work)
            case _:
                assert_never(route.waits_for)
