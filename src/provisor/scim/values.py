"""JSON values as SCIM sees them, and how text is folded (decision 0003).

Pure. Knows no schema. Everything that compares text without regard to case uses `fold`, in memory and in databases.
"""

from typing import TypeAlias
from unicodedata import combining, normalize

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
Resource: TypeAlias = dict[str, Json]


def fold(text: str) -> str:
    """The form in which two spellings of one key are equal: NFC, then lower case.

    Not `casefold`, under which ß would meet ss. Composed once more after lowering, because some letters have a
    composed form only in lower case (J with caron), and folding twice must change nothing.
    """
    if text.isascii():
        return text.lower()
    if len(text) > _SHORT:
        text = _in_order(text)
    return normalize("NFC", normalize("NFC", text).lower())


_SHORT = 128  # characters that `normalize` may sort as it likes


def _in_order(text: str) -> str:
    """The same text with its marks in the order that normalizing brings them into.

    Python sorts a run of marks by insertion, in n² steps: 64 KiB of accents would take seconds. What is in order
    already takes none.
    """
    ordered: list[str] = []
    marks: list[str] = []
    for character in "".join([normalize("NFD", character) for character in text]):
        if combining(character):
            marks.append(character)
        else:
            ordered += sorted(marks, key=combining)
            marks.clear()
            ordered.append(character)
    return "".join(ordered + sorted(marks, key=combining))


def is_unassigned(value: Json) -> bool:
    """Whether SCIM calls this value unassigned: null and the empty list are the same (RFC 7643 section 2.5)."""
    return value is None or value == [] or value == {}
