"""Extensions that another tenant has, registered under the names that they have there."""

from datetime import UTC, datetime

import pytest

from provisor.directory.foreign_extensions import foreign_extension
from provisor.directory.objects import Refusal
from provisor.storage import extensions

NOW = datetime(2031, 3, 4, tzinfo=UTC)
NAME = "extension_0f1e2d3c4b5a69788796a5b4c3d2e1f0_objectGUID"


@pytest.fixture
def adopt(database, tenant):
    """Register one; the refusal or what is registered then."""

    def done(*kinds, **shape):
        with database.transaction() as connection:
            found = extensions.adopt(connection, tenant, foreign_extension(NAME, kinds, **shape), now=NOW)
            return found if isinstance(found, Refusal) else extensions.registered(connection, tenant)[NAME]

    return done


def test_one_is_registered_as_it_is_called_there(adopt):
    made = adopt("user", data_type="Binary")

    assert (made.name, made.app_id, made.data_type, made.synced) == (
        NAME, "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", "Binary", True,
    )  # fmt: skip
    assert made.id


def test_one_that_is_there_is_had_by_other_kinds_too(adopt):
    first = adopt("user")

    again = adopt("group")

    assert (again.id, again.targets) == (first.id, ("User", "Group"))


def test_one_that_is_there_as_of_another_type_is_refused(adopt):
    adopt("user", data_type="Boolean")

    refused = adopt("user")

    assert refused.code == "extension-exists"
    assert "Boolean" in refused.message
