"""A channel to an application whose token is renewed: one after the other, each with its own connections.

Made without I/O, like the channel it stands for. A refused token is renewed once, and the request sent again: what was
answered by 401 was not done.
"""

from collections.abc import Callable
from typing import Final

from provisor.connectors.addresses import host_of
from provisor.connectors.http_channel import Asked, Channel
from provisor.connectors.oauth import TokenSource
from provisor.connectors.replies import ReceivedReply
from provisor.engine.ports import Secret

_UNAUTHORIZED: Final = 401
_KEPT: Final = 2  # channels of earlier tokens, on which requests may be under way; a token lives longer than those


class RenewedChannel:
    """Connections to one origin with the token of the moment."""

    def __init__(self, base_url: str, tokens: TokenSource, make: Callable[[Secret], Channel]) -> None:
        self.host = host_of(base_url)
        self._tokens = tokens
        self._make = make
        self._channels: list[tuple[Secret, Channel]] = []

    async def send(self, asked: Asked) -> ReceivedReply:
        """As the channel does; raises also what asking for a token raises."""
        token, channel = await self._current()
        reply = await channel.send(asked)
        if reply.status != _UNAUTHORIZED:
            return reply
        self._tokens.reject(token)
        _, channel = await self._current()
        return await channel.send(asked)

    def cleaned(self, text: str) -> str:
        """A text for a message, without any of the tokens."""
        for _, channel in self._channels:
            text = channel.cleaned(text)
        return text

    async def close(self) -> None:
        """Close every connection."""
        await self._tokens.settle()
        while self._channels:
            await self._channels.pop()[1].close()

    async def _current(self) -> tuple[Secret, Channel]:
        token = await self._tokens.token()
        if not self._channels or self._channels[-1][0] is not token:
            self._channels.append((token, self._make(token)))
            if len(self._channels) > 1 + _KEPT:
                await self._channels.pop(0)[1].close()
        return self._channels[-1]
