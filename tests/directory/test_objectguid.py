"""objectGUIDs of Active Directory, in every spelling that an export has."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.directory.objectguid import as_base64, read_guid

A = bytes.fromhex("3b2c1d8f594a77688695a4b3c2d1e0f0")  # the example of spec/entra-connect.md section 5
B = bytes.fromhex("67452301ab89efcd0123456789abcdef")


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("8f1d2c3b-4a59-6877-8695-a4b3c2d1e0f0", A),
        ("{8F1D2C3B-4A59-6877-8695-A4B3C2D1E0F0}", A),
        ("3b2c1d8f594a77688695a4b3c2d1e0f0", A),
        ("Oywdj1lKd2iGlaSzwtHg8A==", A),
        ("01234567-89ab-cdef-0123-456789abcdef", B),
        ("67452301AB89EFCD0123456789ABCDEF", B),
        ("Z0UjAauJ780BI0VniavN7w==", B),
    ],
)
def test_every_spelling_reads_as_the_same_16_bytes(text, raw):
    assert read_guid(text) == raw


@pytest.mark.parametrize(
    "text",
    ["", "8f1d2c3b", "{8f1d2c3b-4a59-6877-8695-a4b3c2d1e0f0", "8f1d2c3b4a59-6877-8695-a4b3c2d1e0f0", "x" * 32,
     "Oywdj1lKd2iGlaSzwtHg8A=", "Oywdj1lKd2iGlaSzwtH*8A==", " 8f1d2c3b-4a59-6877-8695-a4b3c2d1e0f0"],
)  # fmt: skip
def test_what_is_no_guid_is_none(text):
    assert read_guid(text) is None


@given(st.binary(min_size=16, max_size=16))
def test_spelling_and_reading_gives_the_bytes_again(raw):
    assert read_guid(as_base64(raw)) == read_guid(str(UUID(bytes_le=raw))) == read_guid(raw.hex()) == raw


@given(st.uuids())
def test_bytes_are_little_endian_as_in_active_directory(guid: UUID):
    assert read_guid(str(guid)) == guid.bytes_le
