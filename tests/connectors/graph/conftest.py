"""A prepared tenant for each test."""

import pytest

from support.prepared_tenant import page, prepared_tenant


@pytest.fixture
def tenant():
    """One that holds nobody, until a test says who."""
    with prepared_tenant() as made:
        made.on("/v1.0/users/delta", page(delta_link=f"{made.origin}/v1.0/users/delta?$deltatoken=u1"))
        made.on("/v1.0/groups/delta", page(delta_link=f"{made.origin}/v1.0/groups/delta?$deltatoken=g1"))
        yield made
