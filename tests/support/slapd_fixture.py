"""OpenLDAP servers for tests, each gone with its test: skipped without slapd, unless services are required."""

import os

import pytest

from support.slapd import Slapd, SlapdMissing, program


@pytest.fixture
def new_slapd():
    """Makes servers, of what Slapd takes."""
    try:
        program()
    except SlapdMissing as missing:
        if os.environ.get("PROVISOR_TEST_SERVICES") == "required":
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    made = []

    def make(entries="", **options):
        made.append(Slapd(entries, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()
