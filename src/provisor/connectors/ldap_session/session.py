"""A signed-in connection to a directory server, and its questions; by the library ldap3, which this file alone knows.

Connects to the first address that answers when first asked something, and again after a failure. Every wait has a
limit. What goes wrong is a ConnectorError that names the server; the password is shown nowhere. Blocking, for one
thread at a time. Rules: RFC 4511, RFC 2696, MS-ADTS 3.1.1.3.4.1.3 (DirSync) and 3.1.1.3.1.3.3 (ranges).
"""

import math
import re
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import Any, Final, Literal

from ldap3 import NONE, SAFE_SYNC, Connection, Tls
from ldap3 import Server as Ldap3Server
from ldap3.core.exceptions import LDAPException, LDAPInvalidFilterError
from ldap3.protocol.microsoft import DirSyncControlRequestValue
from ldap3.utils.asn1 import encode
from pyasn1.error import PyAsn1Error

from provisor.connectors.ldap_session.certificates import WrongName, check_names, trusting
from provisor.connectors.ldap_session.entries import (
    EXTENDED_NAMES,
    SHOW_DELETED,
    DirSyncPage,
    LdapControl,
    LdapEntry,
)
from provisor.connectors.ldap_session.failures import (
    NO_SUCH_OBJECT,
    SUCCESS,
    refusal,
    refused_sign_in,
    unreached,
)
from provisor.connectors.ldap_session.timed import TimedSocket
from provisor.engine.ports import ConnectorError, Malformed, Rejected, Secret, Unauthorized, Unreachable
from provisor.engine.sources import CursorLost
from provisor.rules.source_settings import Server

PAGE_ENTRIES: Final = 500  # half of what Active Directory gives at most (MaxPageSize)
DIRSYNC_BYTES: Final = 1 << 20
_PAGES: Final = "1.2.840.113556.1.4.319"
_DIRSYNC: Final = "1.2.840.113556.1.4.841"
_OBJECT_SECURITY: Final = 0x1
_ANCESTORS_FIRST: Final = 0x800
_INCREMENTAL_VALUES: Final = -0x8000_0000  # 0x80000000 in the signed 32 bits that Active Directory expects
_RANGE: Final = re.compile(r"range=(\d+)-(\d+|\*)", re.IGNORECASE)
# What the library lets out when an answer is no LDAP, besides its own exceptions.
_GARBLED: Final = (PyAsn1Error, ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError)
SearchScope = Literal["base", "level", "subtree"]
_SCOPES: Final[dict[SearchScope, str]] = {"base": "BASE", "level": "LEVEL", "subtree": "SUBTREE"}


class LdapSession:
    """One connection to one of a directory's servers. `address` is whose it is, empty while there is none."""

    def __init__(self, server: Server, password: Secret) -> None:
        self._server = server
        self._password = password
        self._connection: Connection | None = None
        self._timed: TimedSocket | None = None
        self.address = ""

    def connect(self) -> None:
        """Sign in to the first address that answers, unless there is a connection."""
        if self._connection is not None:
            return
        failures: list[str] = []
        for address in self._server.addresses:
            try:
                self._connection = self._open(address)
            except Unreachable as failure:
                failures.append(failure.message)
                continue
            self.address = address
            return
        raise Unreachable(" ".join(failures) or "No server is named.", sent=False)

    def close(self) -> None:
        """End the connection; the next question opens another."""
        connection, self._connection = self._connection, None
        self._timed, self.address = None, ""
        if connection is not None:
            with suppress(LDAPException, OSError, *_GARBLED):
                connection.unbind()

    def root(self, attributes: Sequence[str] = ("*", "+")) -> LdapEntry:
        """What the server says of itself (rootDSE); what everything begins with.

        A connection that the server gave up, as it does with idle ones, is replaced here alone: all that follows is
        asked of one server.
        """
        found_open = self._connection is not None
        try:
            found = self.look_up("", attributes)
        except Unreachable as failure:
            if failure.timed_out or not found_open:
                raise
            found = self.look_up("", attributes)
        if found is None:
            raise Malformed(f"{self._named} says nothing of itself: it has no rootDSE that this account may read.")
        return found

    def look_up(
        self,
        dn: str,
        attributes: Sequence[str],
        *,
        controls: Sequence[LdapControl] = (),
        query: str = "(objectClass=*)",
    ) -> LdapEntry | None:
        """One object; None when there is none of this name, or it does not match."""
        try:
            return next(self.search(dn, query, attributes, scope="base", controls=controls, paged=False), None)
        except Rejected as refused:
            if refused.status == NO_SUCH_OBJECT:
                return None
            raise

    def search(
        self,
        base: str,
        query: str,
        attributes: Sequence[str],
        *,
        scope: SearchScope = "subtree",
        controls: Sequence[LdapControl] = (),
        paged: bool = True,
        page_entries: int = PAGE_ENTRIES,
    ) -> Iterator[LdapEntry]:
        """All objects below a base that match an LDAP filter, asked for by pages as they are taken."""
        cookie: bytes | None = None
        while True:
            entries, told = self._ask(
                base,
                query,
                attributes,
                scope,
                controls,
                paged_size=page_entries if paged else None,
                paged_cookie=cookie,
            )
            yield from entries
            cookie = told.get(_PAGES, {}).get("value", {}).get("cookie") if paged else None
            if not cookie:
                return

    def dirsync(
        self,
        base: str,
        query: str,
        attributes: Sequence[str],
        cookie: bytes,
        *,
        object_security: bool = False,
        incremental_values: bool = True,
    ) -> DirSyncPage:
        """What changed since a cookie; everything for an empty one. Distinguished names come with their GUIDs.

        Raises CursorLost when the server refuses a cookie, and Rejected when it refuses to begin.
        """
        flags = _ANCESTORS_FIRST | (_OBJECT_SECURITY if object_security else 0)
        flags |= _INCREMENTAL_VALUES if incremental_values else 0
        value = DirSyncControlRequestValue()
        value["Flags"], value["MaxBytes"], value["Cookie"] = flags, DIRSYNC_BYTES, cookie
        controls = (LdapControl(_DIRSYNC, critical=True, value=encode(value)), EXTENDED_NAMES, SHOW_DELETED)
        try:
            entries, told = self._ask(base, query, attributes, "subtree", controls)
        except Rejected as refused:
            if not cookie:
                raise
            raise CursorLost(f"{refused.message} It may not know where the last read ended.") from None
        answer = told.get(_DIRSYNC, {}).get("value")
        if not answer or not answer["cookie"]:
            raise Malformed(f"{self._named} answered without saying where the next read goes on (DirSync).")
        return DirSyncPage(entries=entries, cookie=bytes(answer["cookie"]), more=bool(answer["more_results"]))

    def ranged(self, dn: str, name: str, *, controls: Sequence[LdapControl] = ()) -> list[bytes] | None:
        """All values of an attribute of which a server gives so many at a time; None when there is no such object."""
        values: list[bytes] = []
        while True:
            entry = self.look_up(dn, [f"{name};range={len(values)}-*"], controls=controls)
            if entry is None:
                return None
            pieces = [
                (told, some) for told, some in entry.values.items() if told.partition(";")[0].lower() == name.lower()
            ]
            values += [value for _, some in pieces for value in some]
            if not any(some and goes_on(told) for told, some in pieces):
                return values

    @property
    def _named(self) -> str:
        return f"The server {self.address}" if self.address else "The server"

    def _ask(
        self,
        base: str,
        query: str,
        attributes: Sequence[str],
        scope: SearchScope,
        controls: Sequence[LdapControl],
        **paging: Any,
    ) -> tuple[list[LdapEntry], dict[str, Any]]:
        self.connect()
        connection, timed = self._connection, self._timed
        assert connection is not None and timed is not None  # noqa: S101  connect() made them
        timed.begin()
        try:
            _, result, response, _ = connection.search(
                base, query, _SCOPES[scope], "NEVER", attributes, controls=[tuple(one) for one in controls], **paging
            )
            entries = [_entry(one) for one in response or () if one["type"] == "searchResEntry"]
        except LDAPInvalidFilterError:
            raise Rejected(f"{query[:200]} is no LDAP filter.", status=0) from None
        except (LDAPException, OSError, *_GARBLED) as error:
            failure = self._broken(error)
            self.close()
            raise failure from None
        if result["result"] == SUCCESS:
            return entries, result.get("controls", {})
        failure = refusal(
            self._named, f"answer a question about {base or 'itself'}", result["result"], result["message"]
        )
        if isinstance(failure, Unreachable):
            self.close()
        raise failure

    def _broken(self, error: Exception) -> ConnectorError:
        if isinstance(error, TimeoutError):
            limit = f"{self._server.timeout_seconds:g} s"
            return Unreachable(f"{self._named} did not answer in time ({limit}).", timed_out=True)
        if isinstance(error, (LDAPException, OSError)):
            return Unreachable(f"{self._named} broke the connection.")
        return Malformed(f"{self._named} answered something that is not LDAP.")

    def _open(self, address: str) -> Connection:
        host, port = _host_and_port(address, self._server.transport)
        named = f"The server {host}:{port}"
        if not self._password.reveal():
            raise Unauthorized(f"No password of {self._server.user} is set for {host}; set the source's password.")
        tls = None if self._server.transport == "plain" else _CheckedTls(self._server, host)
        connection: Connection | None = None
        try:
            socket.getaddrinfo(host, port)  # the library does not tell that a name is not known
            connection = self._prepared(host, port, tls)
            connection.open(read_server_info=False)
            if self._server.transport == "starttls":
                connection.start_tls(read_server_info=False)
            _, result, _, _ = connection.bind(read_server_info=False)
        except (LDAPException, OSError, *_GARBLED) as error:
            why = (tls.failure if tls is not None else "") or unreached(error)
            _drop(connection)
            raise Unreachable(f"{named} cannot be reached: {why}.", sent=False) from None
        if result["result"] != SUCCESS:
            _drop(connection)
            raise refused_sign_in(named, self._server.user, result["result"], result["message"])
        self._timed = TimedSocket(connection.socket, self._server.timeout_seconds)
        connection.socket = self._timed
        return connection

    def _prepared(self, host: str, port: int, tls: Tls | None) -> Connection:
        wait, implicit = self._server.timeout_seconds, self._server.transport == "ldaps"
        return Connection(
            Ldap3Server(host, port=port, use_ssl=implicit, tls=tls, get_info=NONE, connect_timeout=wait),
            user=self._server.user,
            password=self._password.reveal().encode(),  # as octets it is sent as it is
            client_strategy=SAFE_SYNC,
            receive_timeout=math.ceil(wait),
            auto_referrals=False,
            check_names=False,
            return_empty_attributes=False,
            auto_range=False,
        )


class _CheckedTls(Tls):  # type: ignore[misc]  # the library comes without types
    """TLS whose chain and names are checked by us; `failure` keeps why, which the library would lose."""

    def __init__(self, server: Server, host: str) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._server = server
        self._host = host
        self.failure = ""

    def wrap_socket(self, connection: Connection, do_handshake: bool = False) -> None:
        """Begin TLS on the connection's socket."""
        try:
            connection.socket = self._wrapped(connection.socket)
        except (OSError, WrongName) as error:
            self.failure = unreached(error)
            raise

    def _wrapped(self, plain: socket.socket) -> ssl.SSLSocket:
        wanted = self._server.certificate_names or (self._host,)
        try:
            context = trusting(self._server.ca_file)
        except OSError as error:
            why = error.strerror or "it is no PEM file"
            raise WrongName(f"{self._server.ca_file} holds no certificates that can be read: {why}") from None
        wrapped = context.wrap_socket(plain, server_hostname=next((name for name in wanted if _is_name(name)), None))
        check_names(wrapped.getpeercert() or {}, wanted)
        return wrapped


def goes_on(told: str) -> bool:
    """Whether an attribute as it was told (`member;range=0-1499`) has values beyond those told."""
    found = _RANGE.search(told)
    return found is not None and found[2] != "*"


def _entry(told: Any) -> LdapEntry:
    dn = told["raw_dn"].decode("utf-8", "replace")
    return LdapEntry(dn=dn, values={name: values or [] for name, values in told["raw_attributes"].items()})


def _host_and_port(address: str, transport: str) -> tuple[str, int]:
    usual = 636 if transport == "ldaps" else 389
    if address.count(":") == 1:
        host, _, port = address.partition(":")
        return host, int(port)
    return address, usual


def _is_name(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return True
    return False


def _drop(connection: Connection | None) -> None:
    if connection is not None:
        with suppress(LDAPException, OSError, *_GARBLED):
            connection.unbind()
