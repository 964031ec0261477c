import pytest

from provisor.directory.printable import unseen_in

UNSEEN = {
    "NUL": "a\0b", "newline": "a\nb", "escape": "a\x1b[31mb", "tab": "a\tb", "C1": "a\x9bb", "DEL": "a\x7fb",
    "byte order mark": "a\ufeffb", "zero-width space": "a\u200bb", "zero-width joiner": "a\u200db",
    "right-to-left override": "a\u202eb", "isolate": "a\u2066b", "soft hyphen": "a\u00adb",
    "line separator": "a\u2028b", "surrogate": "a\udc80b", "tag": "a\U000e0041b", "filler": "a\u3164b",
    "variation selector": "a\ufe0fb", "blank of Braille": "a\u2800b", "edge": "a ", "edge before": "\u00a0a",
}  # fmt: skip


@pytest.mark.parametrize("name", UNSEEN.values(), ids=UNSEEN.keys())
def test_what_nobody_sees_is_found(name):
    assert unseen_in(name)


@pytest.mark.parametrize("name", ["Cisco Umbrella (test)", "Müller & Söhne", "人事システム", "مرحبا", "e\u0301", "🏢"])
def test_what_is_seen_may_stand_in_a_name(name):
    assert unseen_in(name) is None


def test_the_character_is_named():
    assert unseen_in("a\u202eb") == "U+202E RIGHT-TO-LEFT OVERRIDE"
