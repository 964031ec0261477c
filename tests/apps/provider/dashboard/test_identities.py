"""Users and groups: lists by name from both sources, search, pages by key, details."""

import re

import pytest

from provisor.provider.dashboard import detail, identities
from support.own_scripts import foreign_parts

USERS, GROUPS = "/users-and-groups/users", "/users-and-groups/groups"
HOSTILE = "<script>alert(1)</script>"


def names(page):
    return [row.split()[0] for row in page.document.rows[1:]]


def link(page, text):
    [href] = re.findall(rf'href="([^"]+)"[^>]*>{text}', page.html)
    return href.replace("&amp;", "&")


def test_users_stand_in_the_order_of_their_names_whatever_their_source(scim, admin, bring):
    scim.user("Zoe")
    scim.user("anna")
    bring("userPrincipalName", "Mia", "ANNA")

    page = admin.get(USERS)

    assert names(page) == ["ANNA", "anna", "Mia", "Zoe"]
    assert [("AD connector" in row, "SCIM" in row) for row in page.document.rows[1:]] == [
        (True, False),
        (False, True),
        (True, False),
        (False, True),
    ]


def test_a_disabled_user_is_said_to_be_in_words(scim, admin):
    scim.user("ana", active=False)
    scim.user("bob", active=True)
    scim.user("eve")

    rows = admin.get(USERS).document.rows[1:]

    assert [("Disabled" in row, "Active" in row) for row in rows] == [(True, False), (False, True), (False, True)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("search=AN", ["anna", "ivan"]),
        ("search=person%201", ["anna"]),
        ("search=%25", []),
        ("search=_", []),
        ("search=!", []),
        ("search=ext-2", ["ivan"]),
        ("search=%27%20OR%201=1--", []),
        ("state=disabled", ["ivan"]),
        ("state=active", ["anna", "zoe"]),
        ("source=scim", ["anna", "ivan", "zoe"]),
        ("source=ad-connector", []),
        ("search=a&state=disabled", ["ivan"]),
        ("source=nonsense&state=nonsense", ["anna", "ivan", "zoe"]),
    ],
)
def test_search_and_filters(scim, admin, query, found):
    scim.user("anna", displayName="Person 1")
    scim.user("ivan", displayName="Person 2", externalId="ext-2", active=False)
    scim.user("zoe", displayName="Person 3")

    assert names(admin.get(f"{USERS}?{query}")) == found


def test_an_identity_is_found_by_its_id(scim, admin):
    ana = scim.user("ana")
    scim.user("bob")

    assert names(admin.get(f"{USERS}?search={ana['id']}")) == ["ana"]


@pytest.fixture
def many(scim, bring):
    """130 users, every third name in both sources."""
    for number in range(120):
        scim.user(f"user{number:03}")
    bring("userPrincipalName", *(f"USER{number:03}" for number in range(0, 120, 3)))
    return [
        f"USER{n:03}" if source else f"user{n:03}" for n in range(120) for source in ((1, 0) if n % 3 == 0 else (0,))
    ]


def test_pages_go_on_by_key_and_miss_nobody(admin, many):
    page, seen = admin.get(USERS), []
    while True:
        seen += names(page)
        if 'rel="next"' not in page.html:
            break
        page = admin.get(USERS + link(page, "Next"))

    assert seen == many


def test_pages_go_back_the_same_way(admin, many):
    first = admin.get(USERS)
    second = admin.get(USERS + link(first, "Next"))
    third = admin.get(USERS + link(second, "Next"))

    back = admin.get(USERS + link(third, "‹ Previous"))

    assert names(back) == names(second)
    assert names(admin.get(USERS + link(back, "‹ Previous"))) == names(first)
    assert 'rel="prev"' not in first.html


def test_a_page_keeps_its_filters(admin, many):
    page = admin.get(f"{USERS}?source=scim&search=user")

    assert names(admin.get(USERS + link(page, "Next"))) == [f"user{number:03}" for number in range(50, 100)]


def test_a_place_that_is_nonsense_shows_a_page(admin, scim):
    scim.user("ana")

    for place in ("x", ":", "scim:", "ad-connector:zzz", "%00:%ff"):
        assert admin.get(f"{USERS}?after={place}").status == 200
        assert admin.get(f"{USERS}?before={place}").status == 200


def test_a_users_page_tells_attributes_source_and_groups(scim, admin):
    ana = scim.user("ana", displayName="Ana Ruiz", name={"givenName": "Ana"}, externalId="e1")
    scim.group("Field Staff", members=[ana["id"]])

    page = admin.get(f"{USERS}/{ana['id']}")

    assert {"userName ana", "name.givenName Ana", "externalId e1"} <= set(page.document.rows)
    assert "Source SCIM" in page.text
    assert "Field Staff" in page.text
    assert page.text.count("UTC") == 2


def test_a_group_of_thousands_shows_a_page_of_members(umbrella, scim, admin):
    ids = [scim.user(f"u{number}")["id"] for number in range(130)]
    group = scim.group("Everybody", members=ids)["id"]

    page = admin.get(f"{GROUPS}/{group}")

    assert "Members 130" in page.text
    assert page.html.count('href="/users-and-groups/users/') == 100
    more = admin.get(f"{GROUPS}/{group}" + link(page, "Next"))
    assert more.html.count('href="/users-and-groups/users/') == 30


def test_members_stand_in_the_order_of_their_names(scim, admin):
    ids = [scim.user(f"{name}{number:02}")["id"] for number in range(51) for name in ("zoe", "ana")]
    group = scim.group("Everybody", members=ids)["id"]

    page = admin.get(f"{GROUPS}/{group}")
    later = admin.get(f"{GROUPS}/{group}" + link(page, "Next"))

    shown = re.findall(r">((?:zoe|ana)\d\d)<", page.html + later.html)
    assert shown == [f"ana{n:02}" for n in range(51)] + [f"zoe{n:02}" for n in range(51)]


def test_members_of_a_vast_group_are_paged_without_sorting_them(scim, admin, monkeypatch):
    monkeypatch.setattr(detail, "SORTED_LIMIT", 100)
    ids = [scim.user(f"u{number}")["id"] for number in range(101)]
    group = scim.group("Everybody", members=ids)["id"]

    page = admin.get(f"{GROUPS}/{group}")
    later = admin.get(f"{GROUPS}/{group}" + link(page, "Next"))

    assert "not sorted by name" in page.text
    assert set(re.findall(r"users/([0-9a-f-]{36})", page.html + later.html)) == set(ids)


@pytest.mark.parametrize("few", [1, 2_000], ids=["walking", "looking up"])
def test_a_search_finds_the_same_people_however_many_fit(scim, admin, bring, monkeypatch, few):
    monkeypatch.setattr(identities, "FEW", few)
    for number in range(60):
        scim.user(f"user{number:02}", displayName=f"Ruiz {number}", active=number % 2 == 0)
    bring("userPrincipalName,displayName", *(f"ad{number},Ana Ruiz" for number in range(3)), "other,Other")

    page = admin.get(f"{USERS}?search=RUIZ")
    rest = admin.get(USERS + link(page, "Next"))

    assert names(page) + names(rest) == ["ad0", "ad1", "ad2", *(f"user{number:02}" for number in range(60))]
    assert names(admin.get(USERS + link(rest, "‹ Previous"))) == names(page)
    assert len(names(admin.get(f"{USERS}?search=ruiz&state=disabled"))) == 30


def test_identities_of_the_connector_have_a_page_with_their_groups(admin, bring):
    bring("userPrincipalName,displayName,objectGUID", "ana,Ana,196a91a1-0ed6-55ff-9e93-129f57884f29")
    bring("displayName", "Staff")
    bring("group,member", "staff,ANA")

    user = admin.get(link(admin.get(USERS), "ana"))

    assert "Source AD connector" in user.text
    assert "a1916a19d60eff559e93129f57884f29" in user.text
    group = admin.get(link(user, "Staff"))
    assert "Members 1 ana" in group.text


def test_one_person_of_two_sources_is_told_on_both_pages(scim, admin, bring):
    ana = scim.user("ana")
    bring("userPrincipalName", "Ana")

    page = admin.get(f"{USERS}/{ana['id']}")

    assert "The same user also comes from the AD connector: Ana" in page.text
    assert "The same user also comes from SCIM: ana" in admin.get(link(page, "Ana<")).text


def test_one_person_is_known_by_objectguid_under_two_names(scim, admin, bring):
    urn = "urn:ietf:params:scim:schemas:extension:ciscoumbrella:2.0:User"
    ana = scim.user("ana", **{urn: {"nativeObjectId": "oZFqGdYO/1WekxKfV4hPKQ=="}})
    eva = scim.user("eva", **{urn: {"nativeObjectId": "AZFqGdYO/1WekxKfV4hPKQ=="}})
    bring("userPrincipalName,objectGUID", "aruiz,196a91a1-0ed6-55ff-9e93-129f57884f29")

    page = admin.get(f"{USERS}/{ana['id']}")
    assert "also comes from the AD connector: aruiz" in page.text
    assert "also comes from SCIM: ana" in admin.get(link(page, "aruiz")).text
    assert "also comes from" not in admin.get(f"{USERS}/{eva['id']}").text


@pytest.mark.parametrize(
    "path", [f"{USERS}/nobody", f"{GROUPS}/nobody", "/users-and-groups/things", "/nothing", "/Users"]
)
def test_what_is_not_there_is_said_so(admin, path):
    answer = admin.get(path)

    assert answer.status == 404
    assert answer.headers["content-type"].startswith("text/html")


def test_a_user_is_no_group(scim, admin):
    ana = scim.user("ana")

    assert admin.get(f"{GROUPS}/{ana['id']}").status == 404


def test_hostile_names_are_shown_as_they_are(scim, admin, bring):
    ana = scim.user(HOSTILE, displayName='"><img src=x onerror=alert(1)>', externalId="{{ 7 * 7 }}")
    group = scim.group(HOSTILE, members=[ana["id"]])
    bring("userPrincipalName,displayName", f"{HOSTILE},{HOSTILE}")
    bring("displayName", HOSTILE)

    for path in (
        USERS,
        GROUPS,
        f"{USERS}?search={HOSTILE}",
        f"{USERS}/{ana['id']}",
        f"{GROUPS}/{group['id']}",
        "/warnings",
        f"/requests?text={HOSTILE}",
    ):
        page = admin.get(path)
        assert page.status == 200
        assert foreign_parts(page) == []
        assert HOSTILE in page.text or "alert" in page.html


def test_people_of_another_tenant_are_not_shown(umbrella, scim, admin):
    ana = scim.user("ana")
    with umbrella.database.transaction() as connection:
        connection.execute("UPDATE resource SET tenant = 99")

    assert names(admin.get(USERS)) == []
    assert admin.get(f"{USERS}/{ana['id']}").status == 404
