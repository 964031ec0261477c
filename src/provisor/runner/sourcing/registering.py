"""Extensions that a source gives and nobody has registered yet: they are registered under the names they come with.

What an administrator chose of Active Directory or LDAP was registered with its type when it was chosen; files and
tenants bring theirs along, and a value says what type it is of.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from provisor.database import Connection
from provisor.directory.extensions import PREFIX, TARGET, DataType, ExtensionProperty
from provisor.directory.objects import DirectoryKind, DirectoryValue
from provisor.runner.sourcing.sourcing_run import SourcingRun
from provisor.storage import extensions

_NAMED: Final = re.compile(PREFIX + r"([0-9a-fA-F]{32})_(\w{1,128})")


def register_new(
    connection: Connection,
    run: SourcingRun,
    kind: DirectoryKind,
    given: Sequence[Mapping[str, DirectoryValue]],
) -> None:
    """Register the extensions among what records give that this run has not seen registered for the kind."""
    found = {name: value for one in given for name, value in one.items() if name.startswith(PREFIX)}
    fresh = {name: value for name, value in found.items() if (kind, name) not in run.registered}
    for name, value in fresh.items():
        run.registered.add((kind, name))
        parts = _NAMED.fullmatch(name)
        if parts is None:
            continue
        known = extensions.registered(connection, run.tenant).get(name)
        extension = ExtensionProperty(
            name=name,
            attribute=parts[2],
            data_type=known.data_type if known is not None else _type_of(value),
            targets=(TARGET[kind],),
            app_id=known.app_id if known is not None else _app_id(run, parts[1]),
            multi_valued=known.multi_valued if known is not None else isinstance(value, list),
            synced=True,
        )
        extensions.adopt(connection, run.tenant, extension, now=run.now())


def _app_id(run: SourcingRun, digits: str) -> str:
    if digits == run.app_id.replace("-", ""):
        return run.app_id
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _type_of(value: DirectoryValue) -> DataType:
    if isinstance(value, bool):
        return "Boolean"
    return "LargeInteger" if isinstance(value, int) else "String"
