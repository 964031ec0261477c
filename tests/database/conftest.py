"""The same database twice: a file of SQLite, and a schema of a real PostgreSQL."""

from itertools import count

import pytest

from provisor.database import open_database


class Place:
    """Makes URLs of new, empty databases of one kind."""

    def __init__(self, kind, folder, cluster):
        self.kind = kind
        self._folder = folder
        self._cluster = cluster
        self._numbers = count(1)

    def new_url(self):
        if self.kind == "sqlite":
            return f"sqlite:///{self._folder / f'store-{next(self._numbers)}.sqlite'}"
        return self._cluster.url(self._cluster.new_database())


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    cluster = request.getfixturevalue("postgresql") if request.param == "postgresql" else None
    return Place(request.param, tmp_path, cluster)


@pytest.fixture
def url(place):
    return place.new_url()


@pytest.fixture
def database(url):
    """An open database with one table."""
    opened = open_database(url)
    with opened.transaction() as connection:
        connection.define("CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT UNIQUE)")
    yield opened
    opened.close()
