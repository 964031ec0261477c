"""Step 2 of the tutorial: a domain of Active Directory as a source, read with objectGUID; changes are made in it.

Every action on the source is an admin verb, as `provisor source` calls it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from provisor.admin.errors import AdminError
from provisor.admin.session import Session
from provisor.demo.casting import CastChange
from provisor.demo.domain import READER, SampleDomain
from provisor.demo.from_files import OBJECT_GUID
from provisor.terminal import progress_bar, say

SOURCE = "corp"
IN_ANOTHER_CASE = "objectguid"


@dataclass(slots=True)
class FromDomain:
    """Reads a domain, and changes who is in it there."""

    session: Session
    domain: SampleDomain
    refused: int = field(default=0, init=False)
    deleted: list[str] = field(default_factory=list, init=False)  # in the domain, and to be deleted for good

    has_object_guids = True

    def arrive(self) -> None:
        """Add the source, test it, choose objectGUID, read it."""
        say()
        say("Step 2: Import the objectGUID attribute from Active Directory")
        self._add()
        self._test()
        self._choose()
        self.settle()

    def change(self, change: CastChange) -> CastChange:
        """One elementary change, in the domain."""
        if change["do"] == "purge":
            self.deleted.append(change["person"])
        return self.domain.change(change)

    def settle(self) -> None:
        """Read the domain; who was deleted there lies in the recycle bin, and is deleted for good."""
        actor, admin = self.session.actor, self.session.admin
        with progress_bar() as moved:
            run = admin.sources.runs.run(actor, SOURCE, report=moved)
        if run.state != "succeeded":
            why = run.error or run
            raise AdminError("demo-domain", f"Reading the domain {run.state}.", getattr(why, "message", ""))
        self.refused += run.counters.get("refused", 0) + run.counters.get("unreadable", 0)
        say(f"Read the domain ({run.kind}): {_counts(run.counters)}.")
        for person in self.deleted:
            admin.users.purge(actor, person)
        self.deleted.clear()

    def _add(self) -> None:
        samba = self.domain.samba
        document = {
            "type": "active-directory",
            "server": {
                "addresses": [samba.address],
                "user": f"{READER}@{samba.realm}",
                "caFile": str(samba.ca_file),
                "certificateNames": [samba.name],
            },
            "base": samba.base,
            "containers": list(self.domain.containers),
        }
        self.session.admin.sources.settings.add(
            self.session.actor, SOURCE, document, given_secrets={"password": self.domain.reader_password}
        )
        say(f"Added the source {SOURCE}: {samba.name} at {samba.address} over LDAPS, as {READER}@{samba.realm}.")

    def _test(self) -> None:
        for check in self.session.admin.sources.runs.test(self.session.actor, SOURCE):
            say(f"  {'ok    ' if check.well else 'FAILED'}  {check.what}: {check.sentence}")
            if not check.well:
                raise AdminError("demo-domain", check.sentence, check.hint)

    def _choose(self) -> None:
        from provisor.admin.source_extensions import CONNECTOR_WARNINGS

        actor, extensions = self.session.actor, self.session.admin.sources.extensions
        say("Optional features > Directory extension attribute sync > Available Attributes (the search heeds case):")
        for text in (IN_ANOTHER_CASE, OBJECT_GUID):
            found = extensions.available(actor, SOURCE, search=text, kind="user")
            told = ", ".join(f"{one.name} ({one.type})" for one in found) or "nothing"
            say(f"  {text}: {told}")
        for sentence in CONNECTOR_WARNINGS:
            say(f"  Note: {sentence}")
        for name in extensions.choose(actor, SOURCE, users=[OBJECT_GUID]).registered:
            say(f"Chosen for users: {OBJECT_GUID}, registered as {name}.")


def _counts(counters: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in counters.items()) or "nothing new"
