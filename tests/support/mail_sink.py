"""A mail server that keeps what it is given, and at one stage refuses, drops the connection, or says nothing."""

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default

from aiosmtpd.smtp import SMTP, AuthResult

STAGES = ("CONNECT", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "LETTER")
USER, PASSWORD = "provisor", "correct horse"


@dataclass
class MailSink:
    """`fault` is (stage, what happens there), or None; `letters` are those that were taken."""

    fault: tuple[str, str] | None = None
    letters: list = field(default_factory=list)
    stages: list = field(default_factory=list)
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0

    async def met(self, stage, transport):
        """The answer to give instead of the usual one, None when all is well; a drop has happened then."""
        self.stages.append(stage)
        if self.fault is None or self.fault[0] != stage:
            return None
        self.reached.set()
        what = self.fault[1]
        if what == "silence":
            await self.released.wait()
            return "421 too late"
        if what == "slow":
            await self.released.wait()
            return None
        if what == "drop":
            transport.abort()
            await self.released.wait()
            return "421 gone"
        if what == "endless":
            while not transport.is_closing():
                transport.write(b"250-and more\r\n")
                await asyncio.sleep(0.001)
            return "421 gone"
        return what

    async def handle_DATA(self, server, session, envelope):
        """Keep a letter. aiosmtpd calls this by its name."""
        self.letters.append(envelope)
        return await self.met("LETTER", server.transport) or "250 taken"

    def parsed(self):
        return [message_from_bytes(envelope.content, policy=default) for envelope in self.letters]


def _signed_in(server, session, envelope, mechanism, data):
    right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


class FaultySmtp(SMTP):
    """aiosmtpd's server, which asks the sink at every stage."""

    def __init__(self, sink, **options):
        super().__init__(sink, authenticator=_signed_in, hostname="sink.example", **options)
        self.sink = sink

    def connection_made(self, transport):
        if self.sink.fault is not None and self.sink.fault[0] == "CONNECT" and self.session is None:
            self.sink.reached.set()
            what = self.sink.fault[1]
            if what == "drop":
                transport.abort()
            elif what == "endless":
                transport.write(b"220-and more\r\n" * 50)
            elif what != "silence":
                transport.write(f"{what}\r\n".encode())
                transport.close()
            return
        super().connection_made(transport)

    async def _unless(self, stage, usual, arg):
        answer = await self.sink.met(stage, self.transport)
        if answer is not None:
            with suppress(ConnectionError):
                await self.push(answer)
            return
        await usual(arg)

    async def smtp_EHLO(self, hostname):
        await self._unless("EHLO", super().smtp_EHLO, hostname)

    async def smtp_HELO(self, hostname):
        await self._unless("EHLO", super().smtp_HELO, hostname)

    async def smtp_STARTTLS(self, arg):
        await self._unless("STARTTLS", super().smtp_STARTTLS, arg)

    async def smtp_AUTH(self, arg):
        await self._unless("AUTH", super().smtp_AUTH, arg)

    async def smtp_MAIL(self, arg):
        await self._unless("MAIL", super().smtp_MAIL, arg)

    async def smtp_RCPT(self, arg):
        await self._unless("RCPT", super().smtp_RCPT, arg)

    async def smtp_QUIT(self, arg):
        await self._unless("QUIT", super().smtp_QUIT, arg)

    async def smtp_DATA(self, arg):
        await self._unless("DATA", super().smtp_DATA, arg)


@asynccontextmanager
async def mail_sink(sink, *, starttls=None, implicit=None):
    """Run the sink on loopback; `starttls` and `implicit` are the TLS contexts it offers."""

    def made():
        return FaultySmtp(sink, tls_context=starttls, require_starttls=False, auth_require_tls=starttls is not None)

    server = await asyncio.get_running_loop().create_server(made, "127.0.0.1", sink.port, ssl=implicit)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        sink.released.set()
        server.close()
