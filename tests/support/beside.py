"""A server of asyncio in a thread of its own, for tests whose commands run a loop themselves."""

import asyncio
import contextlib
import threading


@contextlib.contextmanager
def beside(make):
    """Run a server of asyncio in a thread of its own; `make` is its asynchronous context."""
    started, ends = threading.Event(), []

    async def run():
        stop = asyncio.Event()
        async with make():
            ends.append((asyncio.get_running_loop(), stop))
            started.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    assert started.wait(10)
    try:
        yield
    finally:
        ((loop, stop),) = ends
        loop.call_soon_threadsafe(stop.set)
        thread.join()
