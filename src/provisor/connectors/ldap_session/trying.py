"""The first checks of a test of any source that speaks LDAP: does a server answer, and may we sign in."""

from collections.abc import Iterator
from typing import Final

from provisor.connectors.ldap_session.session import LdapSession
from provisor.engine.ports import Unauthorized
from provisor.engine.sources import SourceCheck
from provisor.rules.source_settings import Server

_TRANSPORTS: Final = {
    "ldaps": "LDAPS",
    "starttls": "StartTLS",
    "plain": "plain LDAP, which everybody on the way can read",
}


def connection_checks(session: LdapSession, server: Server, users: str) -> Iterator[SourceCheck]:
    """Connect. `users` says what can be signed in as. Raises Unreachable where no server answers."""
    by = _TRANSPORTS[server.transport]
    try:
        session.connect()
    except Unauthorized as refused:
        yield SourceCheck(what="connection", well=True, sentence=f"A server answers by {by}.")
        yield SourceCheck(
            what="sign-in", well=False, sentence=refused.message,
            hint=f"Check the user ({users}) and the password.",
        )  # fmt: skip
        return
    yield SourceCheck(what="connection", well=True, sentence=f"{session.address} answers by {by}.")
    yield SourceCheck(what="sign-in", well=True, sentence=f"{server.user} is signed in.")
