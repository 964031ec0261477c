"""Which file is which: people, groups and memberships told apart by their columns, before a row is read.

Pure. A file of people given as groups would make a group of everybody, so it is refused by its looks.
"""

from collections.abc import Sequence
from typing import Final, Literal

from provisor.directory.names import Meaning, meaning, plain_name
from provisor.directory.objects import NAMING, DirectoryKind, Refusal
from provisor.scim.nearest import did_you_mean

FileKind = Literal["user", "group", "member"]

GROUP: Final = "group"
MEMBERS: Final = ("member", "memberObjectIdOrUpn", "userPrincipalName")  # the first of them that is there
_OF_MEMBERS: Final = frozenset({GROUP, *MEMBERS})
_OPTION: Final = {"user": "--users", "group": "--groups", "member": "--members"}
_CALLED: Final = {"user": "people", "group": "groups", "member": "memberships"}
# Only people have these; only groups have those.
_OF_PEOPLE: Final = frozenset(
    {"userPrincipalName", "onPremisesUserPrincipalName", "accountEnabled", "givenName", "surname", "jobTitle",
     "userType", "businessPhones", "mobilePhone", "employeeId", "passwordProfile"}
)  # fmt: skip
_OF_GROUPS: Final = frozenset(
    {"groupTypes", "groupType", "isAssignableToRole", "mailEnabled", "membershipRule", "membershipType",
     "securityEnabled", "visibility"}
)  # fmt: skip


def misplaced(given: FileKind, file: str, header: Sequence[str]) -> Refusal | None:
    """The refusal of a file whose columns are those of another kind of file; None when it may be right."""
    people, groups = _those(header, "user", _OF_PEOPLE), _those(header, "group", _OF_GROUPS)
    plain = [plain_name(column) for column in header]
    found: FileKind
    if people:
        found, columns = "user", people
    elif groups:
        found, columns = "group", groups
    elif GROUP in plain and any(name in plain for name in MEMBERS):
        found, columns = "member", [column for column, name in zip(header, plain, strict=True) if name in _OF_MEMBERS]
    else:
        return None
    if found == given:
        return None
    of_one = ". If all its rows are members of one group, name that group with --members-of" * (given == "member")
    return Refusal(
        code="wrong-file",
        message=f"{file} was given with {_OPTION[given]} and looks like {_CALLED[found]}: it has "
        f"the column{'s' * (len(columns) > 1)} {', '.join(columns)}.",
        hint=f"Give it with {_OPTION[found]}, or name the file of {_CALLED[given]}{of_one}.",
    )


def groups_for_people(file: str, header: Sequence[str]) -> Refusal | None:
    """The refusal of a file given as people with no column that identifies one, and only columns that groups have too.

    Weak evidence, as people have these columns too: ask only about a file that cannot be imported.
    """
    meanings = [meaning("group", column) for column in header]
    attributes = {each.attribute for each in meanings if isinstance(each, Meaning)}
    if None in meanings or NAMING["group"] not in attributes:
        return None
    return Refusal(
        code="wrong-file",
        message=f"{file} was given with {_OPTION['user']} and looks like groups: it has "
        f"{', '.join(header)} and no column {NAMING['user']}.",
        hint=f"Give it with {_OPTION['group']}, or name the file of people.",
    )


def membership_columns(file: str, header: Sequence[str], *, one_group: bool) -> tuple[str | None, str] | Refusal:
    """The columns of group and member; None for that of the group when all rows are of one."""
    plain = {plain_name(column): column for column in reversed(header)}
    member = next((plain[name] for name in MEMBERS if name in plain), None)
    group = None if one_group else plain.get(GROUP)
    if member is not None and (one_group or group is not None):
        return group, member
    needed = MEMBERS[0] if one_group else f"{GROUP} and {MEMBERS[0]}"
    return misplaced("member", file, header) or Refusal(
        code="column-missing",
        message=f"{file} needs the column{'s' * (not one_group)} {needed}.",
        hint=f"{did_you_mean(GROUP if member else MEMBERS[0], header)}"
        f"Its header row has {', '.join(header)}. Names of columns are case-sensitive.",
    )


def _those(header: Sequence[str], kind: DirectoryKind, attributes: frozenset[str]) -> list[str]:
    """The columns of a header that mean one of these attributes."""
    meanings = {column: meaning(kind, column) for column in header}
    return [
        column
        for column, found in meanings.items()
        if (found.attribute if isinstance(found, Meaning) else plain_name(column)) in attributes
    ]
