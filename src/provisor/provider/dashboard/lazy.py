"""The dashboard beside the SCIM paths: nothing of it is imported until somebody opens a page.

A server that only ever answers SCIM thus starts as fast and stays as small as one without a dashboard.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from provisor.database import Database
from provisor.provider.store.tables import Tenant

if TYPE_CHECKING:
    from provisor.provider.dashboard.site import Site


class Dashboard:
    """An ASGI application that becomes the site at the first request. Belongs to one event loop.

    Everybody sees the tenant of their account; with `alone`, only accounts of `tenant` may sign in.
    """

    def __init__(self, database: Database, tenant: Tenant, *, alone: bool = False, trust_proxy: bool = False) -> None:
        self._database = database
        self._tenant = tenant
        self._alone = alone
        self._trust_proxy = trust_proxy
        self._site: asyncio.Future[Site] | None = None

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        """Answer one request for a page."""
        if self._site is None:
            # Imports take some 150 ms: in a thread, so that SCIM requests go on.
            self._site = asyncio.get_running_loop().run_in_executor(None, self._open)
        site = await asyncio.shield(self._site)
        await site.application(scope, receive, send)

    def _open(self) -> "Site":
        from provisor.provider.dashboard.site import Site

        return Site(self._database, self._tenant, alone=self._alone, trust_proxy=self._trust_proxy)

    def close(self) -> None:
        """Finish the pages in progress."""
        if self._site is not None and self._site.done() and not self._site.cancelled():
            self._site.result().close()
