"""Names of objects as domain controllers spell them."""

import uuid
from base64 import b64encode

import pytest

from provisor.connectors.active_directory.names import by_guid, common_name, extended, names_deleted

TEXT = "01234567-89ab-cdef-0123-456789abcdef"  # example B of spec/entra-connect.md section 5
ANCHOR = "Z0UjAauJ780BI0VniavN7w=="


@pytest.mark.parametrize(
    "guid", [TEXT, "67452301ab89efcd0123456789abcdef"], ids=["as text", "in hexadecimal of the raw bytes"]
)
def test_an_extended_name_has_the_reference_of_its_object(guid):
    found = extended(f"<GUID={guid}>;<SID=S-1-5-21-1-2-3-1104>;CN=Anna,DC=contoso,DC=com")

    assert found == (ANCHOR, "CN=Anna,DC=contoso,DC=com")


def test_an_object_without_a_sid_has_a_reference_too():
    assert extended(f"<GUID={TEXT}>;OU=People,DC=contoso,DC=com").reference == ANCHOR


def test_a_plain_name_has_no_reference():
    assert extended("CN=Anna,DC=contoso,DC=com") == (None, "CN=Anna,DC=contoso,DC=com")


def test_the_reference_is_base64_of_the_raw_bytes():
    assert b64encode(uuid.UUID(TEXT).bytes_le).decode() == ANCHOR


def test_an_object_is_asked_for_by_its_raw_bytes():
    assert by_guid(ANCHOR) == "<GUID=67452301ab89efcd0123456789abcdef>"


@pytest.mark.parametrize("separator", ["\\0A", "\n"], ids=["escaped", "as it is"])
def test_a_mangled_name_is_that_of_a_deleted_object(separator):
    assert names_deleted(f"CN=Anna{separator}DEL:{TEXT},CN=Deleted Objects,DC=contoso,DC=com")


@pytest.mark.parametrize(
    "name", ["CN=Anna,DC=contoso,DC=com", f"CN=Anna\\0ACNF:{TEXT},DC=contoso,DC=com", "CN=DEL:anna,DC=contoso,DC=com"]
)
def test_another_name_is_not(name):
    assert not names_deleted(name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CN=Anna Lee,OU=People,DC=contoso,DC=com", "Anna Lee"),
        ("CN=Lee\\, Anna,OU=People,DC=contoso,DC=com", "Lee, Anna"),
        ("CN=back\\\\slash,DC=contoso,DC=com", "back\\slash"),
        ("CN=J\\C3\\BCrgen,DC=contoso,DC=com", "Jürgen"),
        ("cn=Zoë,DC=contoso,DC=com", "Zoë"),
        ("CN=alone", "alone"),
        ("OU=People,DC=contoso,DC=com", None),
    ],
)
def test_the_common_name_is_what_the_first_part_says(name, value):
    assert common_name(name) == value
