"""Distinguished names in one spelling: whatever is the same name in LDAP is the same reference."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.connectors.ldap.names import folded_name, is_below, member_name

SAME = {
    "case": ("UID=Anna,OU=People,DC=Example", "uid=anna,ou=people,dc=example"),
    "blanks": ("uid = anna ,  ou=people", "uid=anna,ou=people"),
    "blanks inside": ("cn=Anna   Berg,ou=people", "cn=anna berg,ou=people"),
    "a comma escaped": ("cn=Berg\\, Anna,ou=people", "cn=berg\\, anna,ou=people"),
    "a comma in hexadecimal": ("cn=Berg\\2C Anna,ou=people", "cn=berg\\, anna,ou=people"),
    "a comma in quotes": ('cn="Berg, Anna",ou=people', "cn=berg\\, anna,ou=people"),
    "letters in hexadecimal": ("cn=M\\C3\\BCller,ou=people", "cn=müller,ou=people"),
    "letters put together": ("cn=Mu\u0308ller,ou=people", "cn=müller,ou=people"),
    "several pairs": ("uid=a+CN=b,ou=people", "cn=b+uid=a,ou=people"),
    "no name": (" Nothing ", "nothing"),
}


@pytest.mark.parametrize(("written", "reference"), SAME.values(), ids=SAME)
def test_spellings_of_a_name_are_one_reference(written, reference):
    assert folded_name(written) == reference


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_folding_twice_changes_nothing(text):
    once = folded_name(f"cn={text},ou=people")

    assert folded_name(once) == once


def test_a_unique_member_may_end_with_a_bit_string():
    assert member_name("uid=anna,ou=people#'0101'B") == "uid=anna,ou=people"


def test_what_only_ends_alike_is_not_below():
    assert not is_below("ou=snowpeople,dc=example", "people,dc=example")
