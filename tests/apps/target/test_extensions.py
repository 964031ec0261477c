"""Extensions from schema files keep every characteristic of RFC 7643 section 7: types, order, mutability, returned."""

import dataclasses

import pytest

from provisor.scim.schema import schema_from_json
from provisor.target.store import now_microseconds
from provisor.target.tenants import NewTenant, create_tenant
from provisor.target.tokens import create_token

URN = "urn:example:params:scim:schemas:extension:badge:2.0:User"
BADGE = schema_from_json(
    {
        "id": URN,
        "name": "Badge",
        "attributes": [
            {"name": "number", "type": "integer"},
            {"name": "since", "type": "dateTime"},
            {"name": "valid", "type": "boolean"},
            {"name": "code", "caseExact": True},
            {"name": "serial", "mutability": "immutable"},
        ],
    }
)


@pytest.fixture
def badges(umbrella):
    """A client of a tenant whose users have badges."""
    wanted = NewTenant(name="badges", profile="generic", schemas={"User": [BADGE]})
    tenant = create_tenant(umbrella.database, wanted)
    with umbrella.database.transaction() as connection:
        _, clear = create_token(connection, tenant, kind="entra", label="tests", now=now_microseconds())
    umbrella.target._learned_at = 0
    return dataclasses.replace(umbrella.client, base=tenant.base_path, token=clear)


def names(found):
    return "".join(user["userName"] for user in found)


@pytest.mark.parametrize(
    ("attribute", "values", "order"),
    [
        ("number", [10, 9, -1, 2.0], "cdba"),
        ("since", ["2026-01-01T10:00:00+02:00", "2026-01-01T09:00:00Z", "2025-01-01T00:00:00Z"], "cab"),
        ("valid", [True, False], "ba"),
        ("code", ["b", "a", "C"], "cba"),
    ],
)
def test_values_are_sorted_as_their_type_is(badges, attribute, values, order):
    for name, value in zip("abcd", values, strict=False):
        badges.user(name, **{URN: {attribute: value}})
    badges.user("z")

    ascending = badges.get("/Users", sortBy=f"{URN}:{attribute}").resources
    descending = badges.get("/Users", sortBy=f"{URN.upper()}:{attribute}", sortOrder="descending").resources

    assert names(ascending) == f"{order}z"
    assert names(descending) == f"z{order[::-1]}"
