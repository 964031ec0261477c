"""What a page of a delta costs does not follow what there is besides."""

from datetime import UTC, datetime

import pytest

from provisor.storage import delta, directory_verbs, members

NOW = datetime(2031, 3, 4, tzinfo=UTC)


@pytest.fixture
def crowd(database, tenant):
    """Groups with so many memberships together."""
    made = []

    def filled(number):
        with database.transaction() as connection:
            for at in range(len(made), number // 10):
                made.append(directory_verbs.create(connection, tenant, "group", {"displayName": f"g{at}"}, now=NOW).id)
            edges = [(group, f"{at:036}") for group in made for at in range(10)]
            members.put(connection, tenant, edges, change=1)

    return filled


def steps(connection, read):
    """How many thousands of steps of SQLite's machine it takes."""
    count = [0]

    def counted():
        count[0] += 1
        return 0

    connection.raw.set_progress_handler(counted, 100)
    try:
        read()
    finally:
        connection.raw.set_progress_handler(None, 100)
    return count[0]


def test_a_page_of_memberships_costs_the_same_in_a_larger_directory(database, tenant, crowd):
    def page_of_members():
        connection = database.reader()
        place = delta.begin(connection, tenant, "group", ("members",))
        while place.phase == 0:
            place = delta.page(connection, tenant, place, limit=50).place
        return steps(connection, lambda: delta.page(connection, tenant, place, limit=50))

    crowd(500)
    small = page_of_members()

    crowd(4_000)

    assert page_of_members() < 2 * small
