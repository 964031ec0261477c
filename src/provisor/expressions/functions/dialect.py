"""The .NET dialect of regular expressions, written over for the `regex` package.

Pure. Translates what the dialects spell differently and refuses by name what only one of them has, so that no pattern
means something else here than in Entra. Group numbers follow .NET: unnamed groups first, then named ones.
Order: what comes out, the translator, character classes, escapes.
"""

import re
from dataclasses import dataclass, field

# The package writes least repetitions out, a{1000} as a thousand a, and prepares a fixed text in time cubic
# in its length: 20 ms for 500 characters, 200 ms for 1,000. Both bounds keep that small.
MAX_PATTERN_CHARACTERS = 500
_MAX_WRITTEN_OUT = 500
_MAX_GROUP_DEPTH = 50  # the regex package reads groups recursively

_QUANTIFIER = re.compile(r"(?:[*+?]|\{(?P<least>[0-9]{1,6})(?:,[0-9]{0,6})?\})\??")
_GROUP_NAME = re.compile(r"\(\?(?:<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')", re.ASCII)
_OPTIONS = re.compile(r"\(\?([A-Za-z]*(?:-[A-Za-z]+)?)([:)])")
_PLAIN_OPENINGS = ("(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>")
_NAMED_REFERENCE = re.compile(r"\\k(?:<(\w+)>|'(\w+)')")
_ESCAPE_WITH_DIGITS = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|0[0-7]{0,2}|c[A-Za-z@\[\]^_])")
_CATEGORY = re.compile(r"\\[pP]\{[\w-]{1,60}\}", re.ASCII)
_SAME_ESCAPES = "wWdDsSbBAZGtnrfva"
_SAME_CLASS_ESCAPES = "wWdDsSbtnrfva"


class BadPattern(Exception):
    """The pattern is wrong, or uses what only .NET has. The text finishes the sentence "the pattern …"."""


@dataclass(frozen=True, slots=True)
class Translated:
    """A pattern for the regex package, and its groups in the order of their opening: a name, or None."""

    text: str
    groups: tuple[str | None, ...]

    def index_of(self, reference: str) -> int | None:
        """The package's number of the group that .NET calls so, by name or by number; None when there is none."""
        if reference.isascii() and reference.isdigit():
            number = int(reference) if len(reference) <= 4 else -1
            unnamed = [index for index, name in enumerate(self.groups, 1) if name is None]
            named = [index for index, name in enumerate(self.groups, 1) if name is not None]
            return dict(enumerate([0, *unnamed, *named])).get(number)
        return self.groups.index(reference) + 1 if reference in self.groups else None


def translate(pattern: str) -> Translated:
    """Write a .NET pattern for the regex package. Raises BadPattern."""
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        raise BadPattern(f"is longer than {MAX_PATTERN_CHARACTERS} characters")
    translator = _Translator(pattern)
    translator.whole()
    translated = Translated("", tuple(translator.groups))
    for at, reference in translator.references:
        index = translated.index_of(reference)
        if not index:
            raise BadPattern(f"refers to a group {reference} that it does not have")
        translator.written[at] = f"\\g<{index}>"
    return Translated("".join(translator.written), translated.groups)


@dataclass(slots=True)
class _Translator:
    pattern: str
    at: int = 0
    weights: list[int] = field(
        default_factory=lambda: [0]
    )  # of the groups that are open: what they come to written out
    written: list[str] = field(default_factory=list)
    groups: list[str | None] = field(default_factory=list)
    references: list[tuple[int, str]] = field(default_factory=list)

    def whole(self) -> None:
        while self.at < len(self.pattern):
            self.part()
        if len(self.weights) > 1:
            raise BadPattern('lacks a ")"')

    def part(self) -> None:
        character = self.pattern[self.at]
        if character == "(":
            self.opening()
            return
        if character == "|":
            self.take(1)
            return
        if _QUANTIFIER.match(self.pattern, self.at):
            raise BadPattern(f'has "{character}" with nothing before it to repeat')
        weight = 1
        if character == ")":
            if len(self.weights) == 1:
                raise BadPattern('has one ")" too many')
            weight = max(1, self.weights.pop())
            self.take(1)
        elif character == "[":
            self.written.append(self.character_class())
        elif character == "\\":
            self.escape()
        elif character in "{}]":
            self.take(1, f"\\{character}")  # in the regex package {e<=1} would match with errors
        else:
            self.take(1)
        self.quantifier(weight)

    def quantifier(self, weight: int) -> None:
        match = _QUANTIFIER.match(self.pattern, self.at)
        self.weights[-1] += weight * max(1, int(match["least"] or 0) if match else 0)
        if self.weights[-1] > _MAX_WRITTEN_OUT:
            raise BadPattern(f"repeats to more than {_MAX_WRITTEN_OUT} characters when written out")
        if match is None:
            return
        self.take(len(match.group()))
        if _QUANTIFIER.match(self.pattern, self.at):
            raise BadPattern(f'repeats a repetition with "{self.pattern[self.at]}"')

    def opening(self) -> None:
        self.weights.append(0)
        if len(self.weights) > _MAX_GROUP_DEPTH:
            raise BadPattern(f"nests groups more than {_MAX_GROUP_DEPTH} deep")
        if self.pattern.startswith("(?#", self.at):
            end = self.pattern.find(")", self.at)
            if end < 0:
                raise BadPattern('lacks a ")"')
            self.take(end + 1 - self.at, "")
            self.weights.pop()
            return
        for plain in _PLAIN_OPENINGS:
            if self.pattern.startswith(plain, self.at):
                self.take(len(plain))
                return
        if named := _GROUP_NAME.match(self.pattern, self.at):
            name = named.group(1) or named.group(2)
            if name not in self.groups:
                self.groups.append(name)
            self.take(len(named.group()), f"(?<{name}>")
        elif options := _OPTIONS.match(self.pattern, self.at):
            self.options(options.group(), options.group(1), options.group(2))
        elif self.pattern.startswith("(?", self.at):
            raise BadPattern(f'has a group "{self.pattern[self.at : self.at + 4]}" of a kind that is not supported')
        else:
            self.groups.append(None)
            self.take(1)

    def options(self, text: str, letters: str, end: str) -> None:
        if not set(letters) <= set("ims-"):
            raise BadPattern(f"sets the options {letters}; only i, m and s are supported")
        self.take(len(text))
        if end == ")":
            self.weights.pop()

    def escape(self) -> None:
        following = self.pattern[self.at + 1 : self.at + 2]
        if reference := _NAMED_REFERENCE.match(self.pattern, self.at):
            self.refer(reference.group(1) or reference.group(2), len(reference.group()))
        elif following.isdigit() and following.isascii() and following != "0":
            digits = re.compile("[0-9]{1,3}").match(self.pattern, self.at + 1)
            number = digits.group() if digits else following
            self.refer(number, 1 + len(number))
        elif following == "z":
            self.take(2, r"\Z")
        elif following == "Z":
            self.take(2, r"(?=\n?\Z)")
        else:
            self.take(*self.shared_escape(_SAME_ESCAPES))

    def refer(self, reference: str, length: int) -> None:
        self.references.append((len(self.written), reference))
        self.take(length, "")

    def shared_escape(self, same: str) -> tuple[int, str]:
        """The length of an escape that stands inside and outside of classes alike, and how to write it."""
        following = self.pattern[self.at + 1 : self.at + 2]
        if not following:
            raise BadPattern("ends with a lone backslash")
        if category := _CATEGORY.match(self.pattern, self.at):
            return len(category.group()), category.group()
        if digits := _ESCAPE_WITH_DIGITS.match(self.pattern, self.at):
            return len(digits.group()), _code_point(digits.group())
        if following == "e":
            return 2, r"\x1b"
        if following in same:
            return 2, f"\\{following}"
        if following.isalnum() or following == "_":
            raise BadPattern(f'has an escape "\\{following}" that is not known')
        return 2, re.escape(following)

    def character_class(self) -> str:
        """A class such as [^a-z-[aeiou]], with everything escaped that only the regex package takes for an operator."""
        self.at += 1
        negated = self.pattern.startswith("^", self.at)
        self.at += negated
        items = ""
        first = True
        while first or not self.pattern.startswith("]", self.at):
            if self.at >= len(self.pattern):
                raise BadPattern('lacks a "]"')
            if self.pattern.startswith("-[", self.at) and not first:
                return self.subtraction(f"[{'^' * negated}{items}]")
            character = self.pattern[self.at]
            if character == "\\":
                length, written = self.shared_escape(_SAME_CLASS_ESCAPES)
                items += written
                self.at += length
            else:
                items += f"\\{character}" if character in "[]&|~^" else character
                self.at += 1
                # Two hyphens in a row are the package's difference operator.
                items = items[:-1] + "\\-" if items.endswith("--") else items
            first = False
        self.at += 1
        return f"[{'^' * negated}{items}]"

    def subtraction(self, base: str) -> str:
        self.weights.append(0)
        if len(self.weights) > _MAX_GROUP_DEPTH:
            raise BadPattern(f"nests classes more than {_MAX_GROUP_DEPTH} deep")
        self.at += 1
        subtracted = self.character_class()
        self.weights.pop()
        if not self.pattern.startswith("]", self.at):
            raise BadPattern("continues after a class that is subtracted from another")
        self.at += 1
        return f"[{base}--{subtracted}]"

    def take(self, length: int, written: str | None = None) -> None:
        self.written.append(self.pattern[self.at : self.at + length] if written is None else written)
        self.at += length


def _code_point(escape: str) -> str:
    kind, rest = escape[1], escape[2:]
    if kind == "c":
        code = ord(rest.upper()) ^ 0x40
    elif kind == "0":
        code = int(rest or "0", 8)
    else:
        code = int(rest, 16)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
