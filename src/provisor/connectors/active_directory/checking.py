"""What a test of a domain looks at, one thing after another, from the name of a server to its people.

What works but not as it could (no right to see deletions) is well, and its hint says what to do. Sources:
spec/entra-connect.md section 8.
"""

import socket
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from provisor.connectors.active_directory.asking import GUID, QUERIES
from provisor.connectors.active_directory.domain import DomainFacts
from provisor.connectors.active_directory.place import COMPARED
from provisor.connectors.active_directory.schema import attributes_of
from provisor.connectors.ldap_session import LdapSession
from provisor.connectors.ldap_session.trying import connection_checks, tried
from provisor.engine.sources import SourceCheck
from provisor.rules.source_settings import ActiveDirectorySettings

_THE_RIGHT = 'Give the account "Replicating Directory Changes" on the domain.'
_SEE_DELETED = "Let the account read the container Deleted Objects."


def checks(settings: ActiveDirectorySettings, session: LdapSession, domain: DomainFacts) -> Iterator[SourceCheck]:
    """Try what reading takes; ends after what is not well."""
    yield from tried((what, partial(step, settings, session, domain)) for what, step in _STEPS.items())


def _names(settings: ActiveDirectorySettings, session: LdapSession, domain: DomainFacts) -> Iterator[SourceCheck]:
    hosts = [address.partition(":")[0] if address.count(":") == 1 else address for address in settings.server.addresses]
    unknown = [host for host in hosts if not _resolves(host)]
    what, hint = "names", "Check the names, and the DNS servers of this machine."
    if len(unknown) == len(hosts):
        sentence = f"No server is known here by its name: {', '.join(unknown)}."
        yield SourceCheck(what=what, well=False, sentence=sentence, hint=hint)
    elif unknown:
        sentence = f"Some servers are not known here by their names, and are left out: {', '.join(unknown)}."
        yield SourceCheck(what=what, well=True, sentence=sentence, hint=hint)
    else:
        yield SourceCheck(what=what, well=True, sentence=f"Known here: {', '.join(hosts)}.")


def _resolves(host: str) -> bool:
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return False
    return True


def _connection(settings: ActiveDirectorySettings, session: LdapSession, domain: DomainFacts) -> Iterator[SourceCheck]:
    return connection_checks(session, settings.server, "a distinguished name, or a userPrincipalName")


def _base(settings: ActiveDirectorySettings, session: LdapSession, domain: DomainFacts) -> Iterator[SourceCheck]:
    name, _ = domain.newest()
    contexts = domain.naming_contexts()
    if settings.base.lower().replace(" ", "") in (context.lower().replace(" ", "") for context in contexts):
        yield SourceCheck(what="base", well=True, sentence=f"The domain controller {name} has {settings.base}.")
        return
    yield SourceCheck(
        what="base", well=False,
        sentence=f"{settings.base} is no domain of the domain controller {name}.",
        hint=f"The base is the domain itself, as {contexts[0] if contexts else 'DC=contoso,DC=com'}; units in it are"
        " chosen as containers.",
    )  # fmt: skip


def _changes(settings: ActiveDirectorySettings, session: LdapSession, domain: DomainFacts) -> Iterator[SourceCheck]:
    what = "changes"
    if settings.incremental == "usn":
        yield SourceCheck(what=what, well=True, sentence="Changes are found by uSNChanged, as was chosen.")
        yield _of_deletions(domain.shows_deleted(), _SEE_DELETED)
        return
    hears = domain.hears_deletions(object_security=False)
    if hears is not None:
        yield SourceCheck(what=what, well=True, sentence="Changes are told by DirSync.")
        yield _of_deletions(hears, "Let the account read the container Deleted Objects: Samba asks for that, too.")
    elif (hears := domain.hears_deletions(object_security=True)) is not None:
        sentence = "Changes are told by DirSync, of what the account may see."
        yield SourceCheck(what=what, well=True, sentence=sentence, hint=_THE_RIGHT)
        yield _of_deletions(hears, _THE_RIGHT)
    elif settings.incremental == "automatic":
        sentence = "DirSync is refused; changes are found by uSNChanged."
        yield SourceCheck(what=what, well=True, sentence=sentence, hint=_THE_RIGHT)
        yield _of_deletions(domain.shows_deleted(), _SEE_DELETED)
    else:
        sentence = "DirSync is refused, and no other way to find changes is allowed in the settings."
        yield SourceCheck(what=what, well=False, sentence=sentence, hint=_THE_RIGHT)


def _of_deletions(told: bool, hint: str) -> SourceCheck:
    if told:
        return SourceCheck(what="deletions", well=True, sentence="Deletions are told.")
    sentence = (
        "The account is not told of deletions, so that the whole domain is read every"
        f" {COMPARED.seconds // 60} minutes to find out who is gone."
    )
    return SourceCheck(what="deletions", well=True, sentence=sentence, hint=hint)


def _schema(settings: ActiveDirectorySettings, session: LdapSession, domain: DomainFacts) -> Iterator[SourceCheck]:
    count = len(attributes_of(session, domain.schema_base()))
    yield SourceCheck(
        what="schema", well=count > 0, sentence=f"The schema offers {count} attributes to choose from.",
        hint="" if count else "Let the account read the schema, as everybody who is signed in may.",
    )  # fmt: skip


def _people(settings: ActiveDirectorySettings, session: LdapSession, domain: DomainFacts) -> Iterator[SourceCheck]:
    first = next(session.search(settings.base, QUERIES["user"], (GUID,)), None)
    if first is None:
        sentence, hint = "The account sees nobody in the domain.", "Let it read people and groups."
    else:
        sentence, hint = f"People can be read, such as {first.dn}.", ""
    yield SourceCheck(what="people", well=first is not None, sentence=sentence, hint=hint)


_STEPS: Final[dict[str, Callable[[ActiveDirectorySettings, LdapSession, DomainFacts], Iterator[SourceCheck]]]] = {
    "names": _names,
    "connection": _connection,
    "base": _base,
    "changes": _changes,
    "schema": _schema,
    "people": _people,
}
