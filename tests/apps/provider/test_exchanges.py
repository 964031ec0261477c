"""The newest requests are kept with their bodies, masked, for the inspector."""

import time

import pytest

from provisor.provider.store.tables import open_target, store_setting
from provisor.provider.watch import inspector


@pytest.fixture
def kept(umbrella):
    """Every kept exchange with the entry of the request log that it belongs to, newest first."""

    def read():
        umbrella.runner.run(umbrella.target.exchanges.flush())
        umbrella.log()
        return umbrella.database.reader().all(
            "SELECT l.method, l.path, l.status, e.sent_headers, e.sent_body, e.answered_headers, e.answered_body "
            "FROM exchange e JOIN request_log l ON l.tenant = e.tenant AND l.at = e.at AND l.duration = e.duration "
            "ORDER BY e.at DESC"
        )

    return read


def setting(target, value):
    with target.database.transaction() as connection:
        store_setting(connection, target.tenant, inspector.SETTING, value)


def test_what_was_sent_and_answered_is_kept_with_its_log_entry(scim, kept):
    scim.user("ana@example.org", displayName="Ana")

    [(method, path, status, headers, sent, answered_headers, answered)] = kept()

    assert (method, path.rpartition("/")[2], status) == ("POST", "Users", 201)
    assert '"displayName": "Ana"' in sent
    assert '"userName":"ana@example.org"' in answered
    assert "content-type: application/scim+json" in headers
    assert "location: http" in answered_headers


def test_reads_and_refusals_are_kept_too(scim, kept):
    scim.get("/Users")
    scim.request("GET", "/Users", token="wrong")
    scim.request("POST", "/Users", raw=b"{")

    assert [(row[0], row[2]) for row in kept()] == [("POST", 400), ("GET", 401), ("GET", 200)]


def test_no_token_and_no_password_is_stored(umbrella, scim, kept):
    scim.user("ana", password="hunter2-hunter2")
    scim.request("GET", "/Users", token="a-wrong-token-of-somebody")

    stored = repr(umbrella.database.reader().all("SELECT * FROM exchange")) + repr(kept())

    assert scim.token not in stored
    assert "hunter2" not in stored
    assert "a-wrong-token" not in stored


def test_only_the_newest_are_kept(umbrella, scim, kept):
    setting(umbrella, "3")
    for number in range(5):
        scim.get(f"/Users/{number}")

    assert [row[1].rpartition("/")[2] for row in kept()] == ["4", "3", "2"]


def test_a_tenant_that_turned_the_inspector_off_keeps_nothing(umbrella, scim, kept):
    scim.get("/Users")
    assert kept()

    setting(umbrella, "0")
    scim.get("/Users")

    assert kept() == []


def test_bodies_are_bounded(scim, kept):
    for number in range(30):
        scim.user(f"{number}{'x' * 200}")
    scim.post("/Users", {"userName": "ana", "displayName": "x" * 100_000})
    scim.get("/Users")

    newest, sent = kept()[:2]

    assert (len(sent[4]), len(newest[6])) == (4096, 4096)


def test_at_most_as_many_wait_as_are_kept(umbrella):
    for number in range(1_100):
        umbrella.target.exchanges.gathered.append((1, number, 0, (), b"", 0, (), b"", 0))

    assert len(umbrella.target.exchanges.gathered) == inspector.KEPT


@pytest.mark.parametrize("name", ["X-Any", "User-Agent", "Authorization"])
def test_a_large_head_is_not_kept_until_it_is_stored(umbrella, scim, name):
    for _ in range(20):
        scim.request("GET", "/nowhere", headers={name: "y" * 60_000}, base="")

    waiting = [value for came in umbrella.target.exchanges.gathered for header in came[3] for value in header]

    assert len(umbrella.target.exchanges.gathered) == 20
    assert sum(map(len, waiting)) < 20 * 1_000


def test_a_full_round_is_followed_by_a_longer_wait(umbrella, kept):
    box = umbrella.target.exchanges
    for number in range(inspector.KEPT):
        box.gathered.append((1, number, 0, (), b"", 0, (), b"", 0))

    kept()

    assert box.next_at - time.monotonic() > 1.0


def test_they_are_stored_without_being_asked(serve, tmp_path, eventually):
    process = serve()
    process.client().user("ana")
    database = open_target(f"sqlite:///{tmp_path / 'target.sqlite'}")

    eventually(lambda: database.reader().one("SELECT 1 FROM exchange WHERE answered_body LIKE '%ana%'"))
    database.close()


def test_a_nul_in_a_path_is_logged_as_a_sign_that_every_database_stores(umbrella, scim):
    scim.request("GET", "/Users/a\x00b", token="wrong")

    assert umbrella.log()[0][1].endswith("/Users/a\ufffdb")
