"""What no mapping may write or read, whatever the application is (spec/provisioning-service.md section 6.3).

Pure. Order: a row, its target, its source.
"""

from collections.abc import Iterator, Mapping

from provisor.rules.flow import REFERENCES, reads_of
from provisor.rules.mapping import AttributeMapping, FromExpression
from provisor.rules.roles import FUNCTIONS
from provisor.rules.ruleset import Problem
from provisor.scim.path import Place

LARGE = 3  # sub-attributes from which on an attribute cannot be written as one value
NEVER_WRITTEN: Mapping[str, tuple[str, str]] = {
    "password": ("Passwords are not provisioned.", "Remove the row; people sign in through the directory."),
    "photos": ("Photos are not provisioned.", "Remove the row."),
    "entitlements": ("entitlements cannot be provisioned.", "Use roles, with one of the role functions."),
}
_SOURCES = frozenset({"onPremisesSamAccountName", "userType"})


def unmappable_problems(row: AttributeMapping, place: Place, where: str) -> Iterator[Problem]:
    """Why a row cannot be, although both its attributes exist."""
    attribute = place.attribute
    if attribute is None or not attribute.writable or row.matching_priority:
        pass  # refused for that already: nothing is matched by a password, or by several values
    elif place.urn is None and attribute.name in NEVER_WRITTEN:
        message, hint = NEVER_WRITTEN[attribute.name]
        yield Problem(where=where, message=message, hint=hint)
    elif _is_large(row, place):
        subs = [sub.name for sub in attribute.sub_attributes]
        message = f"{row.target} is made of {len(subs)} sub-attributes ({', '.join(subs)}), not of one value."
        example = f'{attribute.name}[type eq "work"].value' if attribute.multi_valued else f"{attribute.name}.{subs[0]}"
        yield Problem(where=where, message=message, hint=f"Write them one by one, as in {example}.")
    for name in sorted(reads_of(row) & _SOURCES):
        hint = "Import a column under a name of your own; it becomes an extension, which can be mapped."
        yield Problem(where=where, message=f"{name} cannot be the source of a mapping.", hint=hint)


def _is_large(row: AttributeMapping, place: Place) -> bool:
    """References and lists of roles are written whole."""
    attribute = place.attribute
    if attribute is None or attribute.type != "complex" or place.sub is not None or attribute.name in REFERENCES:
        return False
    roles = isinstance(row.source, FromExpression) and bool(row.source.expression.functions & FUNCTIONS)
    return len(attribute.sub_attributes) >= LARGE and not roles
