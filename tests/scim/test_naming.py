"""Which characters a name may hold: nothing unseen but what a script needs."""

import pytest

from provisor.scim.naming import called, problem_with_name

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
    "tag": ("a\U000e0041b", "U+E0041 TAG LATIN CAPITAL LETTER A"),
    "joiner between Latin letters": ("a\u200db", "U+200D ZERO WIDTH JOINER"),
    "non-joiner between Latin letters": ("a\u200cb", "U+200C ZERO WIDTH NON-JOINER"),
    "joiner at the end": ("\u0631\u200d", "U+200D ZERO WIDTH JOINER"),
    "style without an emoji": ("a\ufe0f", "U+FE0F VARIATION SELECTOR-16"),
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
    "family": "👨\u200d👩\u200d👧 Parents",
    "a profession": "👩🏽\u200d💻 Developers",
    "a heart": "\u2764\ufe0f Donors",
    "a heart on fire": "\u2764\ufe0f\u200d\U0001f525",
    "a keycap": "1\ufe0f\u20e3 First",
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
]


@pytest.mark.parametrize(("text", "character"), UNSEEN.values(), ids=ascii)
def test_a_name_that_is_matched_holds_nothing_unseen(text, character):
    assert character in problem_with_name(text)


@pytest.mark.parametrize(("text", "said"), EDGES.values(), ids=ascii)
def test_a_name_that_is_matched_has_no_blank_at_its_edges(text, said):
    assert problem_with_name(text) == f"must not {said}"


@pytest.mark.parametrize("text", [*WRITTEN.values(), *ORDINARY], ids=ascii)
def test_a_name_is_written_as_it_is(text):
    assert problem_with_name(text) is None


def test_a_character_is_called_by_number_and_name():
    assert called("\u200b") == "U+200B ZERO WIDTH SPACE"
