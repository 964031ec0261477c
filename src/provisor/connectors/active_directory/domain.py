"""What a domain controller says of itself and its domain, asked when it is needed.

Sources: MS-ADTS 3.1.1.3.2 (rootDSE), spec/entra-connect.md section 8.
"""

from typing import Final

from provisor.connectors.active_directory.place import Controller
from provisor.connectors.ldap_session import LdapEntry, LdapSession
from provisor.connectors.ldap_session.entries import SHOW_DELETED
from provisor.engine.ports import Malformed, Rejected

_NEWEST: Final = ("dnsHostName", "highestCommittedUSN")


def shows_deletion(entry: LdapEntry) -> bool:
    """Whether an entry says of its object that it is deleted."""
    return (entry.text("isDeleted") or "").upper() == "TRUE"


def shows_restore(entry: LdapEntry) -> bool:
    """Whether a change (DirSync) says of an object that it is deleted no more."""
    return any(name.lower() == "isdeleted" and not values for name, values in entry.values.items())


class DomainFacts:
    """The domain of a base, as the controller that the session is with has it."""

    def __init__(self, session: LdapSession, base: str) -> None:
        self._session = session
        self._base = base

    def newest(self) -> tuple[str, int]:
        """The controller's name, and the number of its last change."""
        root = self._session.root(_NEWEST)
        return self._said(root, "dnsHostName").lower(), self._usn(root)

    def controller(self) -> Controller:
        """The controller as it is now."""
        root = self._session.root((*_NEWEST, "dsServiceName"))
        service = self._session.look_up(self._said(root, "dsServiceName"), ["invocationId"])
        raw = next(iter(service.values.get("invocationId", ())), b"") if service is not None else b""
        return Controller(
            name=self._said(root, "dnsHostName").lower(), invocation=raw.hex(), usn=self._usn(root)
        )  # fmt: skip

    def naming_contexts(self) -> list[str]:
        """The bases that the controller has, the domain's among them."""
        return self._session.root(["namingContexts"]).texts("namingContexts")

    def schema_base(self) -> str:
        """Where the forest's schema is."""
        return self._said(self._session.root(["schemaNamingContext"]), "schemaNamingContext")

    def shows_deleted(self) -> bool:
        """Whether the account may look at the deleted objects: who may not is not even told what they are called."""
        found = self._session.look_up(f"CN=Deleted Objects,{self._base}", ["cn"], controls=(SHOW_DELETED,))
        return found is not None and found.text("cn") is not None

    def hears_deletions(self, *, object_security: bool) -> bool | None:
        """Whether DirSync tells of deletions; None when it is refused.

        Samba lets accounts use it that may not see deleted objects. The container that they are in is one of them.
        """
        cookie, heard, more = b"", False, True
        while more and not heard:
            try:
                answer = self._session.dirsync(
                    self._base, "(isDeleted=TRUE)", ("isDeleted",), cookie, object_security=object_security
                )
            except Rejected:
                return None
            heard = any(shows_deletion(entry) for entry in answer.entries)
            more, cookie = answer.more and answer.cookie != cookie, answer.cookie
        return heard

    def _usn(self, root: LdapEntry) -> int:
        said = self._said(root, "highestCommittedUSN")
        if not said.isdecimal():
            raise Malformed(f"The domain controller says that its last change is {said[:40]!r}, which is no number.")
        return int(said)

    def _said(self, root: LdapEntry, name: str) -> str:
        said = root.text(name)
        if not said:
            raise Malformed(
                f"The server {self._session.address} says no {name}: it is no domain controller of Active Directory."
            )
        return said
