"""What a record of a source comes to: an object of the directory with these attributes, or nothing, with the reason.

Pure. Facts: spec/entra-connect.md sections 2 and 3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from provisor.directory.objects import DirectoryValue

# What a source says under a name of its own; bytes are base64.
RawValue: TypeAlias = bool | int | str | list[str] | list[dict[str, str]] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """What a record gives the object it feeds, under Graph's property names; what is not named it says nothing of.

    `manager` is the reference of another record. `immutable_id` finds somebody who has it as onPremisesImmutableId (a
    hard match); `addresses` are folded mail addresses by which somebody is found who has no record here (a soft match,
    as the name is too).
    """

    given: Mapping[str, DirectoryValue]
    manager: str | None = None
    immutable_id: str | None = None
    addresses: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()  # what was shortened or left away, a sentence each


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why a record feeds nobody, as kebab-case code and a sentence. One that fed somebody does not any more."""

    code: str
    message: str


ArrivedOrNot: TypeAlias = Arrived | LeftOut
