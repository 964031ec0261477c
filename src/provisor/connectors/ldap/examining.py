"""What a test of an LDAP directory looks at, from its address to what its people are told apart by.

What works but not as well as it could is well, and its hint says what to do.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Final

from provisor.connectors.ldap.place import COUNTS
from provisor.connectors.ldap.questions import CHANGED, LdapQuestions
from provisor.connectors.ldap_session import LdapEntry, LdapSession
from provisor.connectors.ldap_session.trying import connection_checks, tried
from provisor.engine.sources import RecordKind, SourceCheck

_SAMPLE: Final = 100


def examined(session: LdapSession, asked: LdapQuestions, counts: Callable[[], object]) -> Iterator[SourceCheck]:
    """Try what reading takes; ends after what is not well. `counts` reads the server's count of changes."""
    steps = (("connection", _connection), ("base", _base), ("people", _people), ("groups", _groups))
    if (yield from tried((what, partial(step, session, asked)) for what, step in steps)):
        yield _changes(counts)


def _connection(session: LdapSession, asked: LdapQuestions) -> Iterator[SourceCheck]:
    return connection_checks(session, asked.settings.server, "a distinguished name")


def _base(session: LdapSession, asked: LdapQuestions) -> Iterator[SourceCheck]:
    base = asked.settings.base
    if session.look_up(base, ["objectClass"]) is not None:
        yield SourceCheck(what="base", well=True, sentence=f"The directory has {base}.")
        return
    contexts = session.root(["namingContexts"]).texts("namingContexts")
    yield SourceCheck(
        what="base", well=False, sentence=f"The directory has no {base}, or this account may not see it.",
        hint=f"It has {', '.join(contexts[:5])}." if contexts else "Let the account read it.",
    )  # fmt: skip


def _people(session: LdapSession, asked: LdapQuestions) -> Iterator[SourceCheck]:
    some = _sample(session, asked, "user")
    if not some:
        yield SourceCheck(
            what="people", well=False,
            sentence=f"Nobody whom this account may see fits {asked.settings.user_filter}.",
            hint="Change the filter of people, or let the account read them.",
        )  # fmt: skip
        return
    yield SourceCheck(what="people", well=True, sentence=f"People can be read, such as {some[0].dn}.")
    yield from _have(some, asked.anchor("user"), "anchor", "Choose another attribute, or let the account read it.")
    name = asked.settings.sign_in_name
    lacking = [entry.dn for entry in some if not entry.text(name)]
    yield SourceCheck(
        what="sign-in name", well=len(lacking) < len(some),
        sentence=f"{len(some) - len(lacking)} of {len(some)} people have a {name}.",
        hint=f"Without it somebody is left out, such as {lacking[0]}." if lacking else "",
    )  # fmt: skip


def _groups(session: LdapSession, asked: LdapQuestions) -> Iterator[SourceCheck]:
    some = _sample(session, asked, "group")
    if not some:
        yield SourceCheck(
            what="groups", well=True,
            sentence=f"No group that this account may see fits {asked.settings.group_filter}.",
            hint="Change the filter of groups if there are any.",
        )  # fmt: skip
        return
    yield SourceCheck(what="groups", well=True, sentence=f"Groups can be read, such as {some[0].dn}.")
    yield from _have(some, asked.anchor("group"), "anchor of groups", "Let the account read operational attributes.")
    dated = any(entry.text(CHANGED) for entry in some)
    yield SourceCheck(
        what="times", well=True,
        sentence=f"Changes are found by {CHANGED}." if dated else f"{CHANGED} cannot be read: all is read every time.",
        hint="" if dated else f"Let the account read {CHANGED}, so that only what changed is read.",
    )  # fmt: skip


def _have(some: list[LdapEntry], name: str, what: str, hint: str) -> Iterator[SourceCheck]:
    lacking = [entry.dn for entry in some if not entry.texts(name)]
    if lacking:
        yield SourceCheck(what=what, well=False, sentence=f"{lacking[0]} has no {name} that can be read.", hint=hint)
    else:
        yield SourceCheck(what=what, well=True, sentence=f"They are told apart by {name}, also when they are renamed.")


def _changes(counts: Callable[[], object]) -> SourceCheck:
    if counts():
        return SourceCheck(what="changes", well=True, sentence=f"The server counts its changes ({COUNTS}).")
    return SourceCheck(
        what="changes", well=True, sentence=f"The server does not count its changes ({COUNTS}).",
        hint="With the overlay syncprov of OpenLDAP it would, and asking whether something changed would cost nothing.",
    )  # fmt: skip


def _sample(session: LdapSession, asked: LdapQuestions, kind: RecordKind) -> list[LdapEntry]:
    found = session.search(asked.settings.base, asked.query(kind), asked.attributes(kind), page_entries=_SAMPLE)
    return list(islice(found, _SAMPLE))
