"""Hands one letter to a mail server: SMTP over TLS, signed in or not, with a limit to every wait.

Blocking, for a thread of its own; `abort` ends it from another one. What went wrong is a ConnectorError: Unreachable
with `sent` False for all that comes before the letter itself, Rejected for an address or a letter that is refused for
good, Unreachable with `sent` True when nobody can say whether the letter was taken. Order: the delivery, its stages,
the letter as bytes.
"""

import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from typing import Final

from provisor.connectors.addresses import is_loopback
from provisor.engine.letter import Letter, MailServer
from provisor.engine.ports import Rejected, Secret, Unauthorized, Unreachable

CONNECT_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 60.0  # a server that looks for spam before it says yes takes its time
_READY: Final = 220
_GO_ON: Final = 354
_SAID_NO: Final = 400
_FOR_GOOD: Final = 500
_SAID_YES_OR_NO: Final = (*range(200, 300), *range(_SAID_NO, 600))
_DOTS: Final = re.compile(rb"^\.", re.MULTILINE)


def problem_with_server(server: MailServer) -> str | None:
    """Why no letter may be handed to this server, in a sentence; None when all is well. Nothing is sent."""
    if not server.host.strip() or not server.host.isascii() or not server.host.isprintable() or " " in server.host:
        return f"{server.host[:80]!r} is no name of a host; it looks like mail.example.com."
    if not 1 <= server.port <= 65_535:
        return f"There is no port {server.port}; mail servers listen on 587, 465 or 25."
    if server.protection == "none" and not is_loopback(server.host):
        return f"Mail to {server.host} without TLS would show it to the network; use starttls or implicit."
    if server.ca_file is not None:
        try:
            ssl.create_default_context(cafile=server.ca_file)
        except OSError as error:  # ssl.SSLError is one
            why = error.strerror or "it is no PEM file"
            return f"{server.ca_file} holds no certificates that can be read: {why}."
    return None


class MailDelivery:
    """One try to hand over one letter. `handed` is called when the next byte is the first of the letter."""

    def __init__(
        self,
        server: MailServer,
        password: Secret | None,
        letter: Letter,
        *,
        handed: Callable[[], None],
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._server = server
        self._password = password
        self._letter = letter
        self._handed = handed
        self._answer_seconds = answer_seconds
        self._socket: socket.socket | None = None
        self._doing = "connect"
        self._aborted = False
        self._in_letter = False

    def run(self) -> None:
        """Hand it over; returns when the server has it. Raises a ConnectorError."""
        try:
            smtp = self._connected()
            self._introduce(smtp)
            self._address(smtp)
            self._hand_over(smtp)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise self._unreachable(_why(error)) from None
        finally:
            if self._socket is not None:
                self._socket.close()

    def abort(self) -> None:
        """End it from another thread: whoever waits for the server gets an error at once."""
        self._aborted = True
        found = self._socket
        if found is not None:
            with suppress(OSError):
                socket.socket.shutdown(found, socket.SHUT_RDWR)  # not TLS's own, which is not for two threads

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        opened = socket.create_connection((server.host, server.port), CONNECT_SECONDS)
        opened.settimeout(self._answer_seconds)
        self._socket = opened
        # The name of the sender's domain, since to look up our own could take longer than everything else.
        smtp = smtplib.SMTP(local_hostname=server.sender.rpartition("@")[2], timeout=self._answer_seconds)
        smtp.sock = opened
        if server.protection == "implicit":
            self._encrypt(smtp)
        if self._aborted:
            raise OSError("it was stopped")
        self._doing = "greet"
        code, _ = smtp.getreply()
        if code != _READY:
            raise self._refused(code)
        return smtp

    def _introduce(self, smtp: smtplib.SMTP) -> None:
        """Greeting, TLS, sign-in."""
        self._doing = "answer to EHLO"
        smtp.ehlo_or_helo_if_needed()
        if self._server.protection == "starttls":
            self._doing = "begin TLS"
            if not smtp.has_extn("starttls"):
                raise self._unreachable("it offers no STARTTLS; use implicit TLS, or a server that does")
            code, _ = smtp.docmd("STARTTLS")
            if code != _READY:
                raise self._refused(code)
            self._encrypt(smtp)
            smtp.ehlo_or_helo_if_needed()
        if self._server.user is None:
            return
        self._doing = "sign in"
        password = "" if self._password is None else self._password.reveal()
        try:
            smtp.login(self._server.user, password)
        except smtplib.SMTPAuthenticationError as error:  # its text could repeat what was sent
            if error.smtp_code < _FOR_GOOD:
                raise self._refused(error.smtp_code) from None
            raise Unauthorized(
                f"{self._named} refused the sign-in of {self._server.user} ({error.smtp_code}); set user and password "
                "again with `provisor mail set`."
            ) from None
        except (smtplib.SMTPNotSupportedError, smtplib.SMTPException) as error:
            if isinstance(error, smtplib.SMTPServerDisconnected):
                raise
            raise Unauthorized(
                f"{self._named} offers no sign-in that we know; leave the user out, or ask its administrator."
            ) from None

    def _address(self, smtp: smtplib.SMTP) -> None:
        self._doing = f"take mail from {self._server.sender}"
        code, said = smtp.mail(self._server.sender)
        if not 200 <= code < 300:
            raise self._refused(code, said)
        self._doing = f"take mail for {self._letter.to}"
        code, said = smtp.rcpt(self._letter.to)
        if not 200 <= code < 300:
            raise self._rejected(code, said)

    def _hand_over(self, smtp: smtplib.SMTP) -> None:
        self._doing = f"take the letter for {self._letter.to}"
        body = _DOTS.sub(b"..", as_bytes(self._letter, self._server.sender))
        code, said = smtp.docmd("DATA")
        if code != _GO_ON:
            raise self._rejected(code, said)
        self._handed()
        self._in_letter = True
        smtp.send(body + b".\r\n")
        code, said = smtp.getreply()
        if code not in _SAID_YES_OR_NO:
            raise self._refused(code, said)
        self._in_letter = False
        if code >= _SAID_NO:
            raise self._rejected(code, said)
        self._doing = "say goodbye"
        with suppress(smtplib.SMTPException, OSError):
            smtp.docmd("QUIT")

    def _encrypt(self, smtp: smtplib.SMTP) -> None:
        """TLS from here on; what was said or buffered before counts for nothing (RFC 3207 section 4.2)."""
        context = ssl.create_default_context(cafile=self._server.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._doing = "begin TLS"
        if smtp.sock is None:
            raise OSError("the connection is closed")
        smtp.sock = context.wrap_socket(smtp.sock, server_hostname=self._server.host)
        self._socket = smtp.sock
        smtp.file = None
        smtp.helo_resp = smtp.ehlo_resp = None
        smtp.esmtp_features = {}
        smtp.does_esmtp = False

    @property
    def _named(self) -> str:
        return f"The mail server {self._server.host}:{self._server.port}"

    def _refused(self, code: int, said: bytes = b"") -> Unreachable:
        answered = f"it answered {code}{_quoted(said)}" if code > 0 else "its answer is not SMTP that we understand"
        return self._unreachable(answered)

    def _rejected(self, code: int, said: bytes) -> Rejected | Unreachable:
        if code < _FOR_GOOD:
            return self._refused(code, said)
        message = f"{self._named} did not {self._doing}: it answered {code}{_quoted(said)}."
        return Rejected(message, status=code)

    def _unreachable(self, why: str) -> Unreachable:
        doubt = "; it may have arrived, and is sent again under the same Message-ID" if self._in_letter else ""
        return Unreachable(f"{self._named} did not {self._doing}: {why}{doubt}.", sent=self._in_letter)


def as_bytes(letter: Letter, sender: str) -> bytes:
    """The letter with its headers; the same bytes each time, so that a receiver can drop the second of two."""
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = sender
    message["To"] = letter.to
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = f"<{letter.id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answer of somebody on holiday
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    message.set_boundary(f"=_{letter.id}")
    return message.as_bytes()


def _why(error: Exception) -> str:
    """What went wrong, as the end of a sentence."""
    match error:
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted ({error.verify_message}); name its authority with --ca-file"
        case ssl.SSLError():
            return "no TLS connection came about; check the port, and whether it is starttls or implicit"
        case TimeoutError():
            return "no answer in time"
        case smtplib.SMTPServerDisconnected():
            return "the connection broke"
        case socket.gaierror():
            return "its name is not known here"
        case OSError():
            return error.strerror or "the connection broke"
        case _:
            return "its answer is not SMTP that we understand"


def _quoted(said: bytes) -> str:
    """The server's words, in one short line that no terminal obeys."""
    text = " ".join(said.decode("utf-8", "replace").split())
    text = "".join(letter for letter in text if letter.isprintable())[:200]
    return f" ({text})" if text else ""
