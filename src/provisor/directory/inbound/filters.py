"""Whom an administrator leaves out: who is in no chosen container, and who has a value that a filter names.

Pure. Source: spec/entra-connect.md section 2. Whoever one of the filters leaves out is out.
"""

from collections.abc import Iterable
from typing import assert_never

from provisor.directory.inbound.arriving import LeftOut
from provisor.directory.inbound.containers import is_below_any
from provisor.directory.inbound.values import NamedValues
from provisor.directory.objects import DirectoryKind
from provisor.rules.source_settings import ActiveDirectorySettings, AttributeFilter, LdapSettings
from provisor.scim.naming import escaped
from provisor.scim.values import fold


def out_of_scope(
    settings: ActiveDirectorySettings | LdapSettings, kind: DirectoryKind, values: NamedValues
) -> LeftOut | None:
    """Why the settings leave a record out; None when they do not."""
    name = values.first("distinguishedName") or ""
    if settings.containers and not is_below_any(name, settings.containers):
        return LeftOut(code="outside-containers", message="It is in none of the containers that were chosen.")
    return filtered(kind, values, settings.filters)


def filtered(kind: DirectoryKind, values: NamedValues, filters: Iterable[AttributeFilter]) -> LeftOut | None:
    """Why the first of the filters that fits leaves a record out; None when none of them does."""
    for one in filters:
        if kind in one.kinds and _fits(values, one):
            return LeftOut(code="filtered", message=f"It is left out by a filter: {told(one)}.")
    return None


def told(one: AttributeFilter) -> str:
    """A filter in words."""
    match one.operator:
        case "present":
            return f"{one.attribute} has a value"
        case "absent":
            return f"{one.attribute} has no value"
        case "equals":
            return f"{one.attribute} is {escaped(one.value)}"
        case "not-equals":
            return f"{one.attribute} is not {escaped(one.value)}"
        case "starts-with":
            return f"{one.attribute} begins with {escaped(one.value)}"
        case _:
            assert_never(one.operator)


def _fits(values: NamedValues, one: AttributeFilter) -> bool:
    wanted = fold(one.value)
    held = [fold(text) for text in values.all(one.attribute)]
    match one.operator:
        case "present":
            return bool(held)
        case "absent":
            return not held
        case "equals":
            return wanted in held
        case "not-equals":
            return wanted not in held  # as the original: no value is another value
        case "starts-with":
            return any(text.startswith(wanted) for text in held)
        case _:
            assert_never(one.operator)
