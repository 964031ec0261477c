"""Pages that move by themselves: server-sent events, each a fragment that replaces a part of the page.

A topic is looked at once a second however many windows show it, and only while one does; what has not changed is not
sent. A stream is ended when its browser is no longer signed in or may no longer see the topic, which is asked every
few seconds. Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from time import thread_time
from typing import Final

from provisor.web.answers import TemplatePage

LOOK_SECONDS: Final = 1.0
_REST: Final = 60  # times as long as a look cost it is not looked again: no topic takes more than a sixtieth of a core
_LONGEST_REST_SECONDS: Final = 5.0
_CHECK_SECONDS: Final = 10.0  # is the browser still signed in
_MOST_WINDOWS: Final = 200
_MOST_OF_ONE: Final = 20  # of one browser

logger = logging.getLogger("provisor.web")


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveTopic:
    """What a window follows. Windows with one key see the same; so nothing of it may depend on who looks."""

    key: str
    look: Callable[[], TemplatePage]  # the fragment as it is now; raises when the visitor may not see it any more


class _Window:
    def __init__(self, topic: LiveTopic, browser: str) -> None:
        self.topic = topic
        self.browser = browser
        self.changed = asyncio.Event()
        self.latest: str | None = None
        self.over = False

    def show(self, fragment: str) -> None:
        if fragment != self.latest:
            self.latest = fragment
            self.changed.set()

    def end(self) -> None:
        self.over = True
        self.changed.set()


class LiveTopics:
    """The windows of one site, and the topics that they follow. Belongs to one event loop."""

    def __init__(
        self,
        threads: Executor,
        render: Callable[[TemplatePage], str],
        *,
        every: float = LOOK_SECONDS,
        check_every: float = _CHECK_SECONDS,
    ) -> None:
        self._threads = threads
        self._render = render
        self._every = every
        self._check_every = check_every
        self._windows: dict[str, list[_Window]] = {}
        self._watched: dict[str, asyncio.Task[None]] = {}  # one a topic, however often windows come and go
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = False

    @property
    def full(self) -> bool:
        """Whether no further window can be followed."""
        return self._closing or self.followed >= _MOST_WINDOWS

    def full_for(self, browser: str) -> bool:
        """Whether this browser can follow nothing more: one must not take the places of all others."""
        own = sum(window.browser == browser for windows in self._windows.values() for window in windows)
        return self.full or own >= _MOST_OF_ONE

    @property
    def followed(self) -> int:
        """How many windows follow something."""
        return sum(map(len, self._windows.values()))

    def close(self) -> None:
        """End every stream soon. May be called from another thread."""
        self._closing = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end_all)

    def _end_all(self) -> None:
        for windows in self._windows.values():
            for window in windows:
                window.end()

    async def follow(self, topic: LiveTopic, allowed: Callable[[], bool], browser: str = "") -> AsyncIterator[bytes]:
        """The events of one window of a browser, until it is closed or is not allowed any more."""
        self._loop = asyncio.get_running_loop()
        if self.full_for(browser):
            return
        window = self._opened(topic, browser)
        checked = self._loop.time()
        try:
            yield b"retry: 2000\n\n"
            while not (window.over or self._closing):
                try:
                    await asyncio.wait_for(window.changed.wait(), self._check_every)
                except TimeoutError:
                    yield b": still here\n\n"  # to a browser that has gone, so that the stream ends
                if self._loop.time() - checked >= self._check_every:
                    checked = self._loop.time()
                    if not await self._loop.run_in_executor(self._threads, allowed):
                        return
                if window.changed.is_set() and window.latest is not None and not window.over:
                    window.changed.clear()
                    yield _event(window.latest)
        finally:
            self._closed(window)

    def _opened(self, topic: LiveTopic, browser: str) -> _Window:
        window = _Window(topic, browser)
        windows = self._windows.setdefault(topic.key, [])
        windows.append(window)
        if windows[0].latest is not None:
            window.show(windows[0].latest)
        if topic.key not in self._watched:
            self._watched[topic.key] = asyncio.ensure_future(self._watch(topic.key))
        return window

    def _closed(self, window: _Window) -> None:
        windows = self._windows.get(window.topic.key, [])
        if window in windows:
            windows.remove(window)
        if not windows:
            self._windows.pop(window.topic.key, None)

    async def _watch(self, key: str) -> None:
        """Look at one topic by the eyes of one of its windows; one that may not is ended, and the next one asked."""
        loop = asyncio.get_running_loop()
        while not self._closing and (windows := self._windows.get(key)):
            window = windows[0]
            try:
                fragment, cost = await loop.run_in_executor(self._threads, self._looked, window.topic)
            except Exception as error:  # noqa: BLE001 - whatever it is: this window is not shown anything any more
                logger.info("A live page was ended: %s", type(error).__name__)
                self._closed(window)
                window.end()
                continue
            for one in list(self._windows.get(key, ())):
                one.show(fragment)
            await asyncio.sleep(max(self._every, min(cost * _REST, _LONGEST_REST_SECONDS)))
        del self._watched[key]

    def _looked(self, topic: LiveTopic) -> tuple[str, float]:
        """The fragment, and what it cost, in seconds of a core."""
        began = thread_time()
        return self._render(topic.look()), thread_time() - began


def _event(fragment: str) -> bytes:
    lines = "".join(f"data: {line}\n" for line in fragment.splitlines())
    return f"{lines}\n".encode()
