"""What a record says under names that have no case, as those of LDAP: first values, all of them, numbers.

Pure. Nothing is refused here: what is no text counts as not said, so that whatever a server tells can be judged.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from provisor.directory.inbound.arriving import RawValue

_NUMBER: Final = re.compile(r"-?[0-9]{1,19}")
_LARGEST: Final = 2**64  # longer numbers are no attribute of any directory, and slow to write


class NamedValues:
    """The values of one record, found by name in any case."""

    __slots__ = ("_values",)

    def __init__(self, raw: Mapping[str, RawValue]) -> None:
        self._values = {_folded(name): texts for name, value in raw.items() if (texts := as_texts(value))}

    def all(self, name: str) -> list[str]:
        """Every value, as it came."""
        return self._values.get(_folded(name), [])

    def first(self, *names: str) -> str | None:
        """The first value that is not blank, of the first of these names that has one; without blanks at its edges."""
        for name in names:
            for text in self.all(name):
                if trimmed := text.strip():
                    return trimmed
        return None

    def number(self, name: str) -> int | None:
        """The first value as a whole number, where it is one of at most 19 digits."""
        text = self.first(name)
        return int(text) if text is not None and _NUMBER.fullmatch(text) else None

    def __contains__(self, name: str) -> bool:
        return _folded(name) in self._values


@lru_cache(maxsize=4096)  # there are few names, and each is asked for with every record
def _folded(name: str) -> str:
    return name.lower()


def as_texts(value: RawValue) -> list[str]:
    """A value as LDAP would tell it: a list of texts."""
    if isinstance(value, bool):
        return ["TRUE" if value else "FALSE"]
    if isinstance(value, int):
        return [str(value)] if abs(value) < _LARGEST else []
    if isinstance(value, str):
        return [value]
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
