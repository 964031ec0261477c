"""A test of a source that speaks LDAP: steps tried in their order, the first of them whether we may sign in."""

from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Final

from provisor.connectors.ldap_session.session import LdapSession
from provisor.engine.ports import ConnectorError, Unauthorized
from provisor.engine.source_outcome import source_failure
from provisor.engine.sources import SourceCheck
from provisor.rules.source_settings import Server

_TRANSPORTS: Final = {
    "ldaps": "LDAPS",
    "starttls": "StartTLS",
    "plain": "plain LDAP, which everybody on the way can read",
}


def tried(steps: Iterable[tuple[str, Callable[[], Iterator[SourceCheck]]]]) -> Generator[SourceCheck, None, bool]:
    """The checks of these steps, by what each looks at; ends after what is not well. Returns whether all is."""
    for what, step in steps:
        try:
            for one in step():
                yield one
                if not one.well:
                    return False
        except ConnectorError as error:
            hint = source_failure(error, "NAME").hint
            yield SourceCheck(what=what, well=False, sentence=error.message, hint=hint)
            return False
    return True


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
