"""Names that people choose hold nothing that cannot be seen: two names that look alike would be two things.

Pure. Source: Unicode's general categories and Default_Ignorable_Code_Point.
"""

from unicodedata import category, name

from provisor.directory.objects import Refusal

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Letters and marks that are drawn as nothing: fillers, joiners, variation selectors, the blank of Braille.
_DRAWN_AS_NOTHING = (
    (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2800, 0x2800), (0x3164, 0x3164),
    (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0000, 0xE0FFF),
)  # fmt: skip


def unseen_in(text: str) -> str | None:
    """The first character that cannot be seen, by its name in Unicode; a blank at an edge is one too."""
    for letter in text:
        if category(letter) in _UNSEEN or any(first <= ord(letter) <= last for first, last in _DRAWN_AS_NOTHING):
            return f"U+{ord(letter):04X} {name(letter, 'control character')}"
    return "a blank at its beginning or end" if text != text.strip() else None


def unprintable(what: str, unseen: str) -> Refusal:
    """The refusal of a name that holds it."""
    return Refusal(
        code="name-unprintable",
        message=f"The name of {'an' if what[0] in 'aeiou' else 'a'} {what} cannot hold what nobody sees: it has "
        f"{unseen}.",
        hint="Type the name anew, without it.",
    )
