"""A database that the service cannot use is refused in words of ours, never in the database's own."""

import pytest


@pytest.fixture(params=["none", "empty", "of somebody else"])
def url(request):
    """A server that is not there; a database without tables; one with other tables."""
    if request.param == "none":
        return "postgresql://localhost:1/nothing"
    cluster = request.getfixturevalue("postgresql")
    url = cluster.url(cluster.new_database())
    if request.param == "of somebody else":
        import psycopg

        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE invoices (number integer)")
    return url


def refused(provisor, monkeypatch, url):
    monkeypatch.setenv("PROVISOR_DATABASE_URL", url)

    answered = provisor("user", "list")

    assert answered.code == 1
    assert answered.err.startswith("PROVISOR_DATABASE_URL names a PostgreSQL database")
    assert "sqlite:///FILE" in answered.err
    assert "relation" not in answered.err


def test_the_service_says_that_it_is_kept_in_sqlite(provisor, monkeypatch, url):
    refused(provisor, monkeypatch, url)


@pytest.mark.parametrize("url", ["postgresql://", "postgres://", "postgresql://u:hunter2@db.example/x"])
def test_an_url_of_postgresql_is_refused_without_a_look_at_the_server(provisor, monkeypatch, url):
    refused(provisor, monkeypatch, url)
