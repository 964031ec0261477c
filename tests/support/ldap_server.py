"""A small LDAPv3 server on loopback: an Active Directory in memory, and the faults that a test orders.

    directory = ActiveDirectory()
    with LdapServer(DomainController(directory)) as server:
        server.order(Fault("drop", after_entries=3, passing=1))
        ... ldap3.Server("127.0.0.1", server.port) ...

It signs in `USER` with `PASSWORD`. With `identity` (certificates.Identity) it speaks StartTLS, and with `tls` as well it
speaks TLS from the first byte. Stopped and started, it keeps its port.
"""

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, replace

from support.ad_answers import Answers
from support.ldap_wire import (
    ABANDON,
    BIND,
    BIND_ANSWER,
    DIRSYNC,
    EXTENDED,
    EXTENDED_ANSWER,
    INSUFFICIENT_ACCESS,
    INVALID_CREDENTIALS,
    PAGED,
    PROTOCOL_ERROR,
    SEARCH,
    SEARCH_DONE,
    START_TLS,
    SUCCESS,
    UNBIND,
    element,
    entry,
    message,
    number,
    read_element,
    read_elements,
    read_request,
    result,
    text,
)

USER, PASSWORD = "svc-provisor@contoso.com", "correct horse"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong with the requests that it is `of`, after `passing` of them went well, `times` over.

    drop     the connection ends after `after_entries` entries, the last of them torn
    half     half of the entries, and the read is said to be over
    short    half of the entries, and the read goes on
    empty    no entries, and the read is said to be over
    silent   no answer at all, until the client goes or the server is stopped
    repeat   the page before once more, after which the read goes on with this one
    skip     this page is left out; the next one is told instead
    refuse   `code` and `diagnostic` and nothing else
    """

    kind: str
    of: str = (
        "read"  # "read": searches below an entry; "dirsync", "page": with that control; "base": of one entry; "bind"
    )
    passing: int = 0
    times: int = 1
    after_entries: int = 0
    code: int = 0
    diagnostic: str = ""


class LdapServer:
    """Serves one controller. `searches` are those asked so far; `binds` and `connections` are counts."""

    def __init__(self, controller, *, identity=None, tls=False):
        self.controller, self.port = controller, 0
        self._context, self._tls = identity and identity.context(), tls
        self.searches, self.binds, self.connections = [], 0, 0
        self._faults, self._lock, self._listener, self._open = [], threading.Lock(), None, set()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def start(self):
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self):
        """Go away: every connection ends."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in list(self._open):
            _end(one)

    def order(self, fault):
        with self._lock:
            self._faults.append(fault)

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls:
                connection = self._secured(connection)
            _Talk(self, connection).go_on()
        except (OSError, _Ended):
            pass
        finally:
            self._open.discard(connection)
            _end(connection)

    def _secured(self, connection):
        self._open.discard(connection)
        secured = self._context.wrap_socket(connection, server_side=True)
        self._open.add(secured)
        return secured

    def _fault_of(self, kinds):
        """The fault that befalls a request of these kinds, used up by it; None when it goes well."""
        with self._lock:
            for at, fault in enumerate(self._faults):
                if fault.of in kinds:
                    if fault.passing:
                        self._faults[at] = replace(fault, passing=fault.passing - 1)
                        return None
                    if fault.times > 1:
                        self._faults[at] = replace(fault, times=fault.times - 1)
                    else:
                        del self._faults[at]
                    return fault
        return None


class _Ended(Exception):
    pass


class _Talk:
    """One connection."""

    def __init__(self, server, connection):
        self._server, self._connection = server, connection
        self._answers, self._last, self._bound = Answers(server.controller), None, False

    def go_on(self):
        waiting = b""
        while True:
            request = read_request(waiting) if waiting else None
            if request is None:
                more = self._connection.recv(1 << 16)
                if not more:
                    return
                waiting += more
                continue
            numbered, tag, held, taken = request
            waiting = waiting[taken:]
            if tag == UNBIND:
                return
            if tag == SEARCH:
                self._search(numbered, held)
            elif tag == BIND:
                self._bind(numbered, held)
            elif tag == EXTENDED:
                self._extended(numbered, held)
            elif tag != ABANDON:
                self._send(message(numbered, result(tag + 1, PROTOCOL_ERROR, "not spoken here")))

    def _bind(self, numbered, held):
        self._server.binds += 1
        fault = self._server._fault_of({"bind"})
        name, password = held[1][1].decode(), held[2][1].decode()
        right = name.lower() == USER.lower() and password == PASSWORD
        code, diagnostic = SUCCESS, ""
        if fault is not None:
            code, diagnostic = self._refused(fault)
        elif not right and (name or password):
            code, diagnostic = (
                INVALID_CREDENTIALS,
                "80090308: LdapErr: DSID-0C090446, comment: AcceptSecurityContext error",
            )
        self._bound = right and code == SUCCESS
        self._send(message(numbered, result(BIND_ANSWER, code, diagnostic)))

    def _refused(self, fault):
        if fault.kind == "silent":
            self._say_nothing()
        if fault.kind == "drop":
            raise _Ended
        return fault.code, fault.diagnostic

    def _extended(self, numbered, held):
        if held[0][1].decode() != START_TLS or self._server._context is None:
            self._send(message(numbered, result(EXTENDED_ANSWER, PROTOCOL_ERROR, "not spoken here")))
            return
        self._send(message(numbered, result(EXTENDED_ANSWER, SUCCESS)))
        self._connection = self._server._secured(self._connection)

    def _search(self, numbered, asked):
        self._server.searches.append(asked)
        if not self._bound and (asked.base or asked.scope):
            self._send(
                message(numbered, result(SEARCH_DONE, 1, "000004DC: LdapErr: a successful bind must be completed"))
            )
            return
        fault = self._server._fault_of(_kinds(asked))
        if fault is not None and fault.kind == "silent":
            self._say_nothing()
        if fault is not None and fault.kind == "refuse":
            self._send(message(numbered, result(SEARCH_DONE, fault.code or INSUFFICIENT_ACCESS, fault.diagnostic)))
            return
        told, answer = self._told(fault, asked)
        torn = fault.after_entries if fault is not None and fault.kind == "drop" else None
        for count, (name, attributes) in enumerate(told):
            whole = message(numbered, entry(name, attributes))
            if count == torn:
                self._send(whole[: len(whole) // 2])
                raise _Ended
            self._send(whole)
        if torn is not None:
            raise _Ended
        self._send(message(numbered, result(SEARCH_DONE, answer.code, answer.diagnostic), answer.controls))

    def _told(self, fault, asked):
        """The entries to send, and the answer that says how the read goes on."""
        if fault is not None and fault.kind == "repeat" and self._last is not None:
            return self._last.entries, replace(self._last, controls=_same_place(asked))
        answer = self._answers.to(asked)
        told = answer.entries
        if fault is not None and fault.kind == "skip" and answer.more:
            answer = self._answers.to(replace(asked, controls=asked.controls | _onward(asked, answer)))
            told = answer.entries
        elif fault is not None and fault.kind in ("half", "short", "empty"):
            told = told[: len(told) // 2] if fault.kind != "empty" else ()
            if fault.kind != "short":
                answer = replace(answer, controls=_over(answer))
        self._last = answer
        return told, answer

    def _say_nothing(self):
        while self._connection.recv(1 << 16):
            pass
        raise _Ended

    def _send(self, raw):
        self._connection.sendall(raw)


def _kinds(asked):
    kinds = {"base"} if asked.scope == 0 else {"read"}
    return kinds | {kind for kind, oid in (("dirsync", DIRSYNC), ("page", PAGED)) if oid in asked.controls}


def _parts(value):
    return [content for _, content in read_elements(read_element(value)[1])]


def _same_place(asked):
    """Controls that make a client ask for the same page again."""
    if DIRSYNC in asked.controls:
        return ((DIRSYNC, element(0x30, number(1), number(0), text(_parts(asked.controls[DIRSYNC])[2]))),)
    if PAGED in asked.controls:
        return ((PAGED, element(0x30, number(0), text(_parts(asked.controls[PAGED])[1]))),)
    return ()


def _onward(asked, answer):
    """The controls of the request that follows an answer to `asked`."""
    return {
        oid: element(0x30, *(element(0x02, part) for part in _parts(asked.controls[oid])[:-1]), text(_parts(value)[-1]))
        for oid, value in answer.controls
    }


def _over(answer):
    """The controls of an answer after which nothing follows."""
    return tuple(
        (
            oid,
            element(0x30, number(0), text(b""))
            if oid == PAGED
            else element(0x30, number(0), number(0), text(_parts(value)[2])),
        )
        for oid, value in answer.controls
    )


def _end(connection):
    """Close it so that whoever waits for it wakes up."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
