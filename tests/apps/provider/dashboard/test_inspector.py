"""The request inspector: what clients sent and what was answered, filtered, paged, masked, live."""

import re

import pytest

from support.own_scripts import foreign_parts


@pytest.fixture
def requests(umbrella, admin):
    """Opens the inspector once everything is stored."""

    def read(query=""):
        umbrella.log()
        umbrella.runner.run(umbrella.target.exchanges.flush())
        return admin.get(f"/requests?{query}")

    return read


@pytest.fixture
def opened(requests, admin):
    """Opens the newest request of a query."""

    def read(query=""):
        [href, *_] = re.findall(r'href="(/requests/\d+)"', requests(query).html)
        return admin.get(href)

    return read


def shown(page):
    return [row.split(" ", 2)[2] for row in page.document.rows[1:]]


def test_requests_are_listed_newest_first(scim, requests):
    scim.user("ana")
    scim.get("/Users", count=1)
    scim.get("/Users/nobody")

    rows = shown(requests())

    assert [row.split()[:2] for row in rows] == [
        ["GET", "/Users/nobody"],
        ["GET", "/Users?count=1"],
        ["POST", "/Users"],
    ]
    assert all(row.endswith("tests") for row in rows)
    assert " 404 " in rows[0]
    assert " ms " in rows[0]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("method=POST", 2),
        ("method=POST&status=4", 1),
        ("status=2", 2),
        ("status=4", 2),
        ("status=5", 0),
        ("text=Groups", 1),
        ("text=startIndex", 1),
        ("text=%25", 0),
        ("token=nobody", 0),
        ("method=nonsense&status=nonsense", 4),
        ("before=nonsense&after=-1", 4),
        ("before=1", 0),
    ],
)
def test_filters(scim, requests, query, count):
    scim.user("ana")
    scim.post("/Users", {"userName": "ana"})
    scim.get("/Groups", startIndex="2")
    scim.request("GET", "/Users", token="wrong")

    assert len(shown(requests(query))) == count


def test_an_object_is_found_by_its_id_even_where_the_path_lacks_it(scim, requests):
    ana = scim.user("ana")["id"]
    scim.user("bob")
    scim.get(f"/Users/{ana}")

    assert [row.split()[0] for row in shown(requests(f"text={ana}"))] == ["GET", "POST"]


def test_requests_of_one_token(umbrella, scim, requests):
    scim.get("/Users")
    scim.request("GET", "/Users", token="wrong")

    assert len(shown(requests(f"token={umbrella.token_id}"))) == 1


def test_pages_go_by_number(scim, requests, admin):
    for number in range(120):
        scim.get(f"/Users/{number}")
    first = requests()

    def page(after, words):
        [href] = re.findall(rf'href="([^"]+)"[^>]*>{words}', after.html)
        return admin.get(href)

    second = page(first, "Older")
    third = page(second, "Older")
    assert [len(shown(each)) for each in (first, second, third)] == [50, 50, 20]
    assert shown(page(third, "‹ Newer")) == shown(second)
    assert "Older" not in third.html
    assert "‹ Newer" not in first.html


def test_one_request_shows_what_was_sent_and_answered(scim, opened):
    scim.user("ana@example.org")

    page = opened()

    assert '"userName": "ana@example.org"' in page.text  # laid out, whatever it was sent like
    assert "content-type: application/scim+json" in page.text
    assert "location: http" in page.text
    assert '"resourceType": "User"' in page.text


def test_a_query_is_shown_as_people_read_it(scim, opened, requests):
    scim.find("/Users", 'userName eq "ana+1@example.org"')

    assert 'filter=userName eq "ana+1@example.org"' in requests().text
    page = opened()
    assert 'filter=userName eq "ana+1@example.org"' in page.text
    assert "/identity/v2/scim/Users" in page.text


def test_a_request_leads_to_the_user_it_was_about_and_back(scim, opened, admin):
    ana = scim.user("ana")["id"]
    page = opened()

    assert f"/users-and-groups/users/{ana}" in page.document.links
    assert f"/requests?text={ana}" in admin.get(f"/users-and-groups/users/{ana}").document.links
    scim.delete(f"/Users/{ana}")
    assert f"/users-and-groups/users/{ana}" not in opened("method=POST").document.links


def test_secrets_are_masked(umbrella, scim, opened):
    scim.request(
        "POST", "/Users", {"userName": "ana", "password": "hunter2-hunter2"}, query={"access_token": "hunter3"}
    )

    page = opened()

    assert page.html.count("••••••") == 3  # authorization, query, password
    assert "hunter" not in page.html
    assert scim.token not in page.html


def test_what_is_not_json_is_shown_as_it_came(scim, opened):
    scim.request("POST", "/Users", raw=b"<not json> & more")

    assert "<not json> & more" in opened().text


@pytest.mark.parametrize("body", [b"[" * 2_000 + b"]" * 2_000, b'{"a":' * 700 + b"1" + b"}" * 700, b"[" * 4_000])
def test_what_is_nested_without_end_is_shown_as_it_came(scim, opened, body):
    scim.request("POST", "/Users", raw=body)

    page = opened()

    assert page.status == 200
    assert body[:100].decode() in page.text


def test_a_request_whose_bodies_are_gone_says_so(umbrella, scim, opened):
    scim.get("/Users")
    page = opened()
    assert "is not kept" not in page.text

    with umbrella.database.transaction() as connection:
        connection.execute("DELETE FROM exchange")

    assert "is not kept" in opened().text


def test_the_live_view_reloads_itself_without_a_script(scim, requests):
    scim.get("/Users")

    refresh = [a for tag, a in requests("live=1&method=GET").document.tags if a.get("http-equiv") == "refresh"]

    assert refresh == [{"http-equiv": "refresh", "content": "3"}]
    assert not [a for tag, a in requests("method=GET").document.tags if a.get("http-equiv")]
    assert "/requests?method=GET" in requests("live=1&method=GET").document.links
    assert "/requests?method=GET&live=1" in requests("method=GET").document.links


def test_an_older_page_does_not_reload_itself(scim, requests):
    scim.get("/Users")

    assert "http-equiv" not in requests("live=1&before=99").html


def test_the_administrator_chooses_how_many_bodies_are_kept(umbrella, scim, requests, admin):
    scim.get("/Users")
    page = requests()

    after = admin.follow(admin.submit(page, "/requests/kept", kept="0"))

    assert "Saved." in after.text
    assert "Of no request" in after.text
    assert umbrella.database.reader().all("SELECT * FROM exchange") == []
    scim.get("/Users")
    requests()
    assert umbrella.database.reader().all("SELECT * FROM exchange") == []


def test_only_offered_numbers_are_taken(requests, admin):
    assert admin.submit(requests(), "/requests/kept", kept="999999").status == 404


def test_requests_of_another_tenant_are_not_shown(umbrella, scim, requests, opened, admin):
    scim.get("/Users")
    page = opened()
    number = page.path.rpartition("/")[2]
    with umbrella.database.transaction() as connection:
        connection.execute("UPDATE request_log SET tenant = 99")

    assert "No request came yet." in requests().text
    assert admin.get(f"/requests/{number}").status == 404


@pytest.mark.parametrize("number", ["x", "0", "99999999999999999999", "1%00", "²"])
def test_a_request_that_is_not_there_is_not_found(admin, number):
    assert admin.get(f"/requests/{number}").status == 404


def test_a_hostile_path_and_query_are_shown_as_they_are(scim, requests, opened):
    scim.request("GET", "/Users/<script>alert(1)</script>", query="filter=%3Cscript%3Ealert(2)%3C/script%3E")

    assert "<script>alert(2)</script>" in requests().text
    assert foreign_parts(requests()) == []
    assert foreign_parts(opened()) == []
