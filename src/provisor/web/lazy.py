"""A site that is not imported until somebody opens a page: its imports take some 150 ms and some MiB.

A server that only ever answers programs thus starts as fast and stays as small as one without pages.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from provisor.web.site import WebSite


class LazySite:
    """An ASGI application that becomes the site at the first request. Belongs to one event loop."""

    def __init__(self, open_site: "Callable[[], WebSite[Any, Any]]") -> None:
        self._open_site = open_site
        self._site: asyncio.Future[WebSite[Any, Any]] | None = None

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        """Answer one request for a page."""
        if self._site is None:
            # In a thread, so as not to hold up whatever else the loop does.
            self._site = asyncio.get_running_loop().run_in_executor(None, self._open_site)
        site = await asyncio.shield(self._site)
        await site.application(scope, receive, send)

    def end_streams(self) -> None:
        """Let no window follow anything any more, before the server waits for what it answers."""
        if (site := self._opened()) is not None:
            site.end_streams()

    def close(self) -> None:
        """Finish the pages in progress."""
        if (site := self._opened()) is not None:
            site.close()

    def _opened(self) -> "WebSite[Any, Any] | None":
        if self._site is None or not self._site.done() or self._site.cancelled():
            return None
        return self._site.result()
