"""The same pages over PostgreSQL: every statement of the dashboard, once."""

import re

import pytest

from provisor.provider.store.ad_connector import forget_all, import_file
from provisor.provider.store.tables import now_microseconds

pytestmark = pytest.mark.slow


@pytest.fixture
def umbrella(on_postgresql):
    return on_postgresql


@pytest.fixture
def both(umbrella, scim, tmp_path):
    """People and groups of both sources, 60 of each; one group and every tenth person in both."""
    ids = [scim.user(f"user{number:02}", displayName=f"Über {number}")["id"] for number in range(60)]
    scim.group("Staff", members=ids)
    scim.user("gone", active=False, externalId="e-1")
    for name, lines in {
        "users": [
            "userPrincipalName,displayName",
            *(f"USER{n:02}{'' if n % 10 == 0 else '-ad'},AD {n}" for n in range(60)),
        ],
        "groups": ["displayName", "STAFF", "Other"],
        "members": ["group,member", "Staff,USER00", "Staff,USER10"],
    }.items():
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join(lines), encoding="utf-8")
        for _ in range(2):  # the second time updates
            with umbrella.database.transaction() as connection:
                import_file(connection, umbrella.tenant, path, now_microseconds())
    return ids


def link(page, words):
    [href, *_] = re.findall(rf'href="([^"]+)"[^>]*>{words}', page.html)
    return href.replace("&amp;", "&")


def test_lists_search_and_pages(admin, both):
    page, seen = admin.get("/users-and-groups/users"), 0
    while True:
        assert page.status == 200
        seen += len(page.document.rows) - 1
        if 'rel="next"' not in page.html:
            break
        page = admin.get("/users-and-groups/users" + link(page, "Next"))
    back = admin.get("/users-and-groups/users" + link(page, "‹ Previous"))

    assert seen == 121
    assert len(back.document.rows) == 51
    for query, count in {
        "search=%C3%9CBER": 60,
        "search=e-1": 1,
        "state=disabled": 1,
        "source=ad-connector&search=-ad": 54,
    }.items():
        found = admin.get(f"/users-and-groups/users?{query}")
        assert len(found.document.rows) - 1 == min(count, 50)


def test_details_and_warnings(admin, both):
    user = admin.get(f"/users-and-groups/users/{both[0]}")
    assert "also comes from the AD connector: USER00" in user.text
    assert "Groups 1" in user.text
    twin = admin.get(link(user, "USER00"))
    assert "Groups 1" in twin.text
    assert "Members 2" in admin.get(link(twin, "STAFF")).text
    assert "Members 60" in admin.get(link(user, "Staff")).text
    warnings = admin.get("/warnings")
    assert "6 users come from both sources" in warnings.text
    [form] = [action for action in warnings.document.forms if action.endswith("/re-pointed")]
    assert "Re-point policies Done" in admin.follow(admin.submit(warnings, form)).text


def test_tokens(umbrella, admin):
    page = admin.submit(admin.get("/api-keys"), "/api-keys/okta/generate", expiry="90")
    assert "umbrella_okta_" in page.html
    admin.submit(page, "/api-keys/acknowledge", saved="yes")
    form = f"/api-keys/tokens/{umbrella.token_id}/refresh"
    page = admin.submit(admin.get(form), form)
    admin.submit(page, "/api-keys/acknowledge", answer="lost")
    form = f"/api-keys/tokens/{umbrella.token_id}/revoke"
    assert admin.follow(admin.submit(admin.get(form), form)).text.count("Revoked") == 2
    assert umbrella.client.request("GET", "/Users", token=umbrella.client.token).status == 401


def test_the_inspector(umbrella, scim, admin):
    scim.user("ana", displayName="Ana")
    scim.request("POST", "/Users", raw=b"\x00\xff")
    scim.request("GET", "/Users/\x00", query="filter=%00", token="wrong")
    umbrella.log()
    umbrella.runner.run(umbrella.target.exchanges.flush())

    page = admin.get("/requests?method=POST&status=2&text=Users")

    assert len(page.document.rows) == 2
    assert '"userName": "ana"' in admin.get(link(page, "<b>POST")).text
    admin.submit(page, "/requests/kept", kept="0")
    assert umbrella.database.reader().all("SELECT * FROM exchange") == []


def test_no_text_that_a_browser_sends_is_an_error(admin, stranger):
    for path in ("/users-and-groups/users?search=%00", "/users-and-groups/users/%00", "/requests?text=%00&token=%00"):
        assert admin.get(path).status in (200, 404)
    assert stranger.sign_in("a\x00@b", "\x00").status == 403


def test_signing_in_is_slowed_down_and_out(umbrella, admin, stranger):
    assert [stranger.sign_in(password="wrong").status for _ in range(6)] == [403] * 5 + [429]
    admin.submit(admin.get("/requests"), "/sign-out")

    assert umbrella.database.reader().all("SELECT * FROM browser_session") == []
    with umbrella.database.transaction() as connection:
        assert forget_all(connection, umbrella.tenant) == 0
