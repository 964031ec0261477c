"""Which characters a name may hold: nothing unseen but what a script or an emoji is written with."""

import sys

import pytest
import regex

from provisor.scim.naming import called, escaped, problem_with_name

UNSEEN = {
    "NUL": ("a\0b", "U+0000 NULL"),
    "line end": ("a\nb", "U+000A LINE FEED"),
    "carriage return": ("a\rb", "U+000D CARRIAGE RETURN"),
    "tab": ("a\tb", "U+0009 TAB"),
    "escape": ("a\x1b[31mb", "U+001B ESCAPE"),
    "delete": ("a\x7fb", "U+007F DELETE"),
    "next line": ("a\x85b", "U+0085 a control character"),
    "line separator": ("a\u2028b", "U+2028 LINE SEPARATOR"),
    "paragraph separator": ("a\u2029b", "U+2029 PARAGRAPH SEPARATOR"),
    "right-to-left override": ("a\u202eb", "U+202E RIGHT-TO-LEFT OVERRIDE"),
    "left-to-right embedding": ("a\u202ab", "U+202A LEFT-TO-RIGHT EMBEDDING"),
    "right-to-left isolate": ("a\u2067b", "U+2067 RIGHT-TO-LEFT ISOLATE"),
    "zero width space": ("a\u200bb", "U+200B ZERO WIDTH SPACE"),
    "byte order mark": ("\ufeffab", "U+FEFF ZERO WIDTH NO-BREAK SPACE"),
    "soft hyphen": ("a\u00adb", "U+00AD SOFT HYPHEN"),
    "word joiner": ("a\u2060b", "U+2060 WORD JOINER"),
    "grapheme joiner": ("a\u034fb", "U+034F COMBINING GRAPHEME JOINER"),
    "right-to-left mark": ("a\u200fb", "U+200F RIGHT-TO-LEFT MARK"),
    "hangul filler": ("a\u3164b", "U+3164 HANGUL FILLER"),
    "blank of Braille": ("a\u2800b", "U+2800 BRAILLE PATTERN BLANK"),
    "tag": ("a\U000e0041b", "U+E0041 TAG LATIN CAPITAL LETTER A"),
    "tags behind another flag": ("\U0001f3f4\U000e0078\U000e0079\U000e007f", "U+E0078 TAG LATIN SMALL LETTER X"),
    "half of a pair": ("a\udc80b", "U+DC80 a surrogate"),
    "no character": ("a\ufffeb", "U+FFFE a noncharacter"),
    "no character of the Arabic block": ("a\ufdd0b", "U+FDD0 a noncharacter"),
    "no character of a higher plane": ("a\U0010ffffb", "U+10FFFF a noncharacter"),
    "joiner between Latin letters": ("a\u200db", "U+200D ZERO WIDTH JOINER"),
    "joiner between accents": ("a\u0301\u200d\u0301b", "U+200D ZERO WIDTH JOINER"),
    "joiner between signs": ("a+\u200d+b", "U+200D ZERO WIDTH JOINER"),
    "joiner between Han letters": ("\u65e5\u200d\u672c", "U+200D ZERO WIDTH JOINER"),
    "joiner between Hebrew letters": ("\u05d0\u200d\u05d1", "U+200D ZERO WIDTH JOINER"),
    "non-joiner between Latin letters": ("a\u200cb", "U+200C ZERO WIDTH NON-JOINER"),
    "joiner at the end": ("\u0631\u200d", "U+200D ZERO WIDTH JOINER"),
    "style without an emoji": ("a\ufe0f", "U+FE0F VARIATION SELECTOR-16"),
    "style behind a dot": ("ana@example\ufe0f.org", "U+FE0F VARIATION SELECTOR-16"),
    "style behind an at": ("ana@\ufe0fexample.org", "U+FE0F VARIATION SELECTOR-16"),
    "style behind a number": ("ana1\ufe0f@example.org", "U+FE0F VARIATION SELECTOR-16"),
    "another variant": ("\u2764\ufe00", "U+FE00 VARIATION SELECTOR-1"),
}
EDGES = {
    "blank before": (" ab", "begin with U+0020 SPACE"),
    "blank behind": ("ab ", "end with U+0020 SPACE"),
    "hard blank behind": ("ab\u00a0", "end with U+00A0 NO-BREAK SPACE"),
    "wide blank before": ("\u3000ab", "begin with U+3000 IDEOGRAPHIC SPACE"),
}
WRITTEN = {
    "Persian": "علی‌رضا",
    "Hindi": "शक्\u200dति",
    "Malayalam": "ന\u0d4d\u200d",
    "Bengali": "র\u200d\u09cdয",
    "Sinhala": "ශ\u0dca\u200dර\u0dd3",
    "family": "👨\u200d👩\u200d👧 Parents",
    "a profession": "👩🏽\u200d💻 Developers",
    "a person of a trade": "👷🏽\u200d♀\ufe0f Builders",
    "a heart": "\u2764\ufe0f Donors",
    "a heart on fire": "\u2764\ufe0f\u200d\U0001f525",
    "a keycap": "1\ufe0f\u20e3 First",
    "an arrow": "\u2194\ufe0f Exchange",
    "a mark": "\u203c\ufe0f Urgent",
    "the flag of Wales": "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f Cardiff",
    "a country": "🇩🇪 Berlin",
}
ORDINARY = [
    "ana.ruiz@example.org",
    "Field Staff",
    "José Núñez",
    "Ñandú",
    "日本 太郎",
    "O'Brien-Smith",
    "Å",
    "עברית",
    "a\u0301",
    "Cisco Umbrella (test)",
    "مرحبا",
    "ย่า",
    "김철수",
    "ཀརྨ",
    "\ue000 a company's own sign",
]
# Unicode's own word for what is drawn as nothing, and what is not for interchange.
_NOTHING = regex.compile(r"[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800]")


@pytest.mark.parametrize(("text", "character"), UNSEEN.values(), ids=ascii)
def test_a_name_that_is_matched_holds_nothing_unseen(text, character):
    assert character in (problem_with_name(text) or "")


@pytest.mark.parametrize(("text", "said"), EDGES.values(), ids=ascii)
def test_a_name_that_is_matched_has_no_blank_at_its_edges(text, said):
    assert problem_with_name(text) == f"must not {said}"


@pytest.mark.parametrize("text", [*WRITTEN.values(), *ORDINARY], ids=ascii)
def test_a_name_is_written_as_it_is(text):
    assert problem_with_name(text) is None


def test_no_character_that_unicode_draws_as_nothing_stands_between_latin_letters():
    every = (chr(code) for code in range(sys.maxunicode + 1))

    unnoticed = [each for each in every if _NOTHING.match(each) and problem_with_name(f"a{each}b") is None]

    assert unnoticed == []


def test_a_character_is_called_by_number_and_name():
    assert called("\u200b") == "U+200B ZERO WIDTH SPACE"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("an\u200bna", r'"an\u200bna"'),
        ("a\x1b[31m", r'"a\x1b[31m"'),
        ("a\nb", r'"a\nb"'),
        ("a\u00a0", r'"a\xa0"'),
        ("a ", '"a "'),
        ("a\udc80", r'"a\udc80"'),
        ("a\U000e0041", r'"a\U000e0041"'),
        ("José 日本", '"José 日本"'),
        ("x" * 5_000, f'"{"x" * 59}…"'),
    ],
    ids=ascii,
)
def test_what_is_not_seen_is_shown_escaped(text, shown):
    assert escaped(text) == shown
