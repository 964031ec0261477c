"""An OpenLDAP server for every test anew."""

import os

import pytest

from support.slapd import Slapd, SlapdMissing, program


@pytest.fixture
def new_slapd():
    """Makes servers, of what Slapd takes. Skipped where slapd is not installed, unless services are required."""
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
