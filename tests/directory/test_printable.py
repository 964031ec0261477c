"""Names with characters that nobody sees, or too long: what the refusal says."""

import pytest

from provisor.directory.printable import LONGEST_NAME, refused_name


def test_a_refusal_tells_what_which_value_and_what_to_do():
    refusal = refused_name("Umb\u202erella", "the name of an application")

    assert refusal is not None
    assert refusal.code == "name-unprintable"
    assert refusal.message == (
        r'"Umb\u202erella" cannot be the name of an application: '
        "it must not hold U+202E RIGHT-TO-LEFT OVERRIDE, which nobody sees (character 4)."
    )
    assert refusal.hint == "Type the name again, without that character."


def test_a_name_is_as_long_as_entra_takes_it():
    refusal = refused_name("x" * (LONGEST_NAME + 1), "the name of an application")

    assert refusal is not None
    assert refusal.code == "name-too-long"
    assert "257 characters" in refusal.message
    assert "256 characters" in refusal.hint


@pytest.mark.parametrize("name", ["x" * LONGEST_NAME, "Müller & Söhne", "علی\u200cرضا", "👩🏽\u200d💻 Developers"])
def test_any_other_name_is_taken(name):
    assert refused_name(name, "the name of an application") is None
