"""Who plays which part: who is assigned how, and whom each of the demo's changes is about.

Pure choices over what the directory lists, so that the same files always give the same play. A part that nobody can
play is listed as left out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

GROUP_LIMIT = 200  # groups beyond it are not provisioned, so no membership change is shown on one
BOTH_EVERY = 10  # every tenth person with an assigned group is assigned directly as well


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user as the demo sees one."""

    id: str
    name: str
    display_name: str
    surname: str
    enabled: bool
    groups: tuple[str, ...]  # displayNames
    manages: bool = False  # somebody reports to them


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedOrganisation:
    """The directory after the import."""

    people: Sequence[Person]
    groups: Mapping[str, str]  # displayName -> id

    def provisioned_groups(self) -> list[str]:
        """The groups that Umbrella has room for, in the order in which places are given."""
        return sorted(self.groups)[:GROUP_LIMIT]


CastChange = Mapping[str, str]  # one line of the list that the verifier reads: `do`, `person`, and what it takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One change of the demo: what it is called, and the elementary changes that make it; none when it is left out."""

    title: str
    who: str = ""
    changes: tuple[CastChange, ...] = ()


def assigned_directly(organisation: ImportedOrganisation) -> list[Person]:
    """Who needs an assignment of their own, being in no group, and every tenth of the others."""
    grouped = [person for person in organisation.people if person.groups]
    both = {person.id for person in grouped[::BOTH_EVERY]}
    return [person for person in organisation.people if not person.groups or person.id in both]


def cast(organisation: ImportedOrganisation) -> list[Part]:
    """The changes of the demo, in order. Nobody plays two parts, so that each shows by itself."""
    direct = {person.id for person in assigned_directly(organisation)}
    free = [person for person in organisation.people if person.enabled]
    renamed = _set("A display name", _first(free), "displayName", lambda person: f"{person.display_name} (renamed)")
    surname = _set("A surname", _first(free), "surname", lambda person: f"{person.surname or person.name}-Provisor")
    department = _set("A department, which Umbrella does not hold", _first(free), "department", lambda _: "Projects")
    disabled = _one("A person disabled", _first(free), "disable")
    unassigned = _unassigned(_loneliest(free, direct))
    purged = _one("One deleted for good", _first(free, lambda person: not person.manages), "purge")
    staying = [
        person for person in organisation.people if person.enabled and not _leaves(person, disabled, unassigned, purged)
    ]
    joined = _joined(staying, organisation.provisioned_groups())
    left = _left(staying, organisation.provisioned_groups(), direct, joined)
    return [renamed, surname, department, joined, left, disabled, unassigned, purged, _hired(organisation)]


def _first(free: list[Person], rather: Callable[[Person], bool] = bool) -> Person | None:
    """The next person, preferably one that fits: the removal of a manager makes more than one change."""
    found = next(filter(rather, free), free[0] if free else None)
    if found is not None:
        free.remove(found)
    return found


def _loneliest(free: list[Person], direct: set[str]) -> Person | None:
    """Someone directly assigned who is in as few assigned groups as possible: unassigning must end their scope."""
    candidates = [person for person in free if person.id in direct]
    if not candidates:
        return None
    found = min(candidates, key=lambda person: (len(person.groups), person.id))
    free.remove(found)
    return found


def _leaves(person: Person, *parts: Part) -> bool:
    return any(change["person"] == person.name for part in parts for change in part.changes)


def _set(title: str, person: Person | None, attribute: str, value: Callable[[Person], str]) -> Part:
    if person is None:
        return Part(title=title)
    change = {"do": "set", "person": person.name, "attribute": attribute, "value": value(person)}
    return Part(title=title, who=person.name, changes=(change,))


def _one(title: str, person: Person | None, verb: str) -> Part:
    if person is None:
        return Part(title=title)
    return Part(title=title, who=person.name, changes=({"do": verb, "person": person.name},))


def _unassigned(person: Person | None) -> Part:
    title = "One unassigned"
    if person is None:
        return Part(title=title)
    # An assigned group would keep the person in scope, so the person leaves those too.
    leaving = tuple({"do": "leave", "person": person.name, "group": group} for group in person.groups)
    if leaving:
        title = f"One unassigned, and out of the {len(leaving)} assigned groups that would keep the scope"
    return Part(title=title, who=person.name, changes=({"do": "unassign", "person": person.name}, *leaving))


def _joined(staying: Sequence[Person], groups: Sequence[str]) -> Part:
    for person in reversed(staying):
        for group in groups:
            if group not in person.groups:
                change = {"do": "join", "person": person.name, "group": group}
                return Part(title="One membership added", who=f"{person.name} in {group}", changes=(change,))
    return Part(title="One membership added")


def _left(staying: Sequence[Person], groups: Sequence[str], direct: set[str], joined: Part) -> Part:
    """Out of one group, while an assignment or another group keeps the person in scope.

    Rather another group than the one joined: two changes of one group are sent as one request.
    """
    provisioned = set(groups)
    busy = {change["group"] for change in joined.changes}
    for avoided in (busy, set[str]()):
        for person in staying:
            group = next((name for name in person.groups if name in provisioned - avoided), None)
            if group is None or not (person.id in direct or len(person.groups) > 1):
                continue
            change = {"do": "leave", "person": person.name, "group": group}
            return Part(title="One membership removed", who=f"{person.name} out of {group}", changes=(change,))
    return Part(title="One membership removed")


def _hired(organisation: ImportedOrganisation) -> Part:
    """Somebody with a new name, in the domain of the first person."""
    taken = {person.name.lower() for person in organisation.people}
    domain = next(
        (person.name.rpartition("@")[2] for person in organisation.people if "@" in person.name), "example.com"
    )
    name = next(
        name
        for name in (f"new.hire{number}@{domain}" for number in ("", *range(2, 10_000)))
        if name.lower() not in taken
    )
    change = {"do": "hire", "person": name, "displayName": "New Hire", "givenName": "New", "surname": "Hire"}
    return Part(title="A new hire", who=name, changes=(change,))
