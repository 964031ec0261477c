"""Inbound rules: what one record of a source gives the directory, whatever kind of source it is.

Pure and total: every record comes to an Arrived or a LeftOut, and none to an exception.
"""

from collections.abc import Mapping
from typing import assert_never

from provisor.directory.inbound.active_directory import from_active_directory
from provisor.directory.inbound.arriving import ArrivedOrNot, LeftOut, RawValue
from provisor.directory.inbound.csv import from_csv
from provisor.directory.inbound.entra import from_entra
from provisor.directory.inbound.ldap import from_ldap
from provisor.directory.objects import DirectoryKind
from provisor.rules.source_settings import (
    ActiveDirectorySettings,
    CsvSettings,
    EntraSettings,
    LdapSettings,
    SourceSettings,
)


def arrived(
    settings: SourceSettings,
    kind: DirectoryKind,
    raw: Mapping[str, RawValue],
    *,
    app_id: str,
    in_group: bool = True,
) -> ArrivedOrNot:
    """What a record gives, or why it feeds nobody.

    `app_id` is of the application whose extensions sources fill; `in_group`: whether the record is directly in the
    group that the source is restricted to, if it is.
    """
    if not in_group:
        return LeftOut(code="outside-group", message="It is not directly in the group that was chosen.")
    match settings:
        case ActiveDirectorySettings():
            return from_active_directory(settings, kind, raw, app_id)
        case LdapSettings():
            return from_ldap(settings, kind, raw, app_id)
        case EntraSettings():
            return from_entra(kind, raw)
        case CsvSettings():
            return from_csv(kind, raw, app_id)
        case _:
            assert_never(settings)
