"""API keys: a token is shown once, acknowledged, and can be refreshed and revoked (spec/scim-wire.md section 11.1)."""

import re

import pytest

from provisor.provider.store.tables import now_microseconds
from provisor.provider.store.tokens import DAY, create_token, list_tokens
from support.own_scripts import foreign_parts

GENERATE = "/api-keys/entra/generate"
ACKNOWLEDGE = "/api-keys/acknowledge"


def token_of(page):
    [token] = re.findall(r"umbrella_[a-z]+_[A-Za-z0-9_-]{43}", page.html)
    return token


def generate(browser, **fields):
    return browser.submit(browser.get("/api-keys"), GENERATE, **fields)


def acknowledge(browser, page, **fields):
    return browser.submit(page, ACKNOWLEDGE, **({"saved": "yes"} | fields))


def tokens(target):
    return list_tokens(target.database.reader(), target.tenant)


def works(target, token):
    return target.client.request("GET", "/Users", token=token).status == 200


def test_the_tutorials_way_leads_to_a_token(umbrella, admin):
    users = admin.get("/users-and-groups/users")
    assert "/api-keys#entra" in users.document.links

    page = generate(admin)

    assert page.status == 200
    assert works(umbrella, token_of(page))
    assert "http://target.example:8020/identity/v2/scim" in page.html


def test_the_token_is_shown_once(admin):
    token = token_of(generate(admin))

    for path in (ACKNOWLEDGE, "/api-keys", "/requests", "/"):
        assert token not in admin.get(path).html


def test_the_page_with_the_token_is_kept_nowhere(umbrella, admin):
    page = generate(admin)
    token = token_of(page)
    umbrella.log()

    assert page.headers["cache-control"] == "no-store"
    assert token not in repr(page.headers)
    for table in ("token", "browser_session", "audit_event", "request_log", "exchange", "setting"):
        assert token not in repr(umbrella.database.reader().all(f"SELECT * FROM {table}"))


def test_nothing_else_is_shown_until_the_token_is_acknowledged(admin):
    generate(admin)

    for path in ("/", "/users-and-groups/users", "/api-keys", "/requests", "/warnings"):
        assert admin.get(path).location == ACKNOWLEDGE
    assert "Did you save the token?" in admin.get(ACKNOWLEDGE).text


def test_the_box_must_be_ticked(admin):
    page = generate(admin)

    assert acknowledge(admin, page, saved=None).status == 400
    assert admin.get("/api-keys").location == ACKNOWLEDGE

    answer = acknowledge(admin, page)
    assert "The token is ready to use." in admin.follow(answer).text
    assert admin.get("/api-keys").status == 200


def test_a_token_that_was_not_saved_is_revoked(umbrella, admin):
    token = token_of(generate(admin))

    page = admin.get(ACKNOWLEDGE)
    admin.submit(page, ACKNOWLEDGE, answer="lost")

    assert not works(umbrella, token)
    assert admin.get("/api-keys").status == 200


def test_sending_the_form_twice_makes_one_token(umbrella, admin):
    before = len(tokens(umbrella))
    page = admin.get("/api-keys")

    admin.submit(page, GENERATE)
    again = admin.submit(page, GENERATE)

    assert again.location == ACKNOWLEDGE
    assert len(tokens(umbrella)) == before + 1


@pytest.mark.parametrize("kind", ["entra", "okta", "other"])
def test_every_kind_has_its_card(umbrella, admin, kind):
    token = token_of(admin.submit(admin.get("/api-keys"), f"/api-keys/{kind}/generate", label="one of them"))

    assert token.startswith(f"umbrella_{kind}_")
    assert tokens(umbrella)[-1].label == "one of them"


def test_a_token_may_expire(umbrella, admin):
    generate(admin, expiry="90")

    made = tokens(umbrella)[-1]
    assert made.expires_at == made.created_at + 90 * DAY


@pytest.mark.parametrize("fields", [{"label": " "}, {"label": "x" * 101}, {"expiry": "1"}])
def test_a_token_that_cannot_be_is_refused(umbrella, admin, fields):
    before = len(tokens(umbrella))

    assert generate(admin, **fields).status in (400, 404)
    assert len(tokens(umbrella)) == before


def test_the_card_names_label_times_and_last_use(umbrella, admin):
    umbrella.client.get("/Users")
    umbrella.log()

    [row] = [row for row in admin.get("/api-keys").document.rows if row.startswith("tests")]

    assert len(re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d", row)) == 2
    assert "never" in row


def test_an_old_token_asks_to_be_refreshed(umbrella, admin):
    with umbrella.database.transaction() as connection:
        old = now_microseconds() - 181 * DAY
        create_token(connection, umbrella.tenant, kind="okta", label="Old one", now=old)

    text = admin.get("/api-keys").text

    assert text.count("Older than 180 days") == 1


def test_an_old_token_is_told_of_on_every_page(umbrella, admin, clock):
    assert "older than 180 days" not in admin.get("/requests").text
    with umbrella.database.transaction() as connection:
        connection.execute("UPDATE token SET created_at = created_at - ?", (181 * DAY,))

    page = admin.get("/requests")

    assert "1 token is older than 180 days." in page.text
    assert "/api-keys" in page.document.links


@pytest.mark.parametrize("column", ["revoked_at", "expires_at"])
def test_a_token_that_ended_is_not_too_old(umbrella, admin, column):
    with umbrella.database.transaction() as connection:
        connection.execute(f"UPDATE token SET created_at = created_at - ?, {column} = created_at", (181 * DAY,))

    assert "older than 180 days" not in admin.get("/requests").text


def test_the_page_with_the_token_leads_nowhere_else(admin):
    page = generate(admin)

    assert page.document.links == ["#main", "/"]


def test_refreshing_leaves_the_old_token_good_for_a_while(umbrella, admin):
    form = f"/api-keys/tokens/{umbrella.token_id}/refresh"

    page = admin.submit(admin.get(form), form, overlap="24h")

    assert works(umbrella, token_of(page))
    assert works(umbrella, umbrella.client.token)
    old = next(token for token in tokens(umbrella) if token.id == umbrella.token_id)
    assert 0 < old.expires_at - now_microseconds() <= DAY


def test_refreshing_without_overlap_ends_the_old_token_at_once(umbrella, admin):
    form = f"/api-keys/tokens/{umbrella.token_id}/refresh"

    page = admin.submit(admin.get(form), form, overlap="0")

    assert works(umbrella, token_of(page))
    assert not works(umbrella, umbrella.client.token)
    assert admin.get("/api-keys").location == ACKNOWLEDGE


def test_revoking_asks_first(umbrella, admin):
    form = f"/api-keys/tokens/{umbrella.token_id}/revoke"
    assert form in admin.get("/api-keys").document.links
    page = admin.get(form)
    assert "cannot be undone" in page.text
    assert works(umbrella, umbrella.client.token)

    answer = admin.submit(page, form)

    assert not works(umbrella, umbrella.client.token)
    assert "The token was revoked" in admin.follow(answer).text
    assert admin.get(form).status == 404


def test_changes_are_written_down_with_who_made_them(umbrella, admin):
    form = f"/api-keys/tokens/{umbrella.token_id}/revoke"
    admin.submit(admin.get(form), form)

    assert "admin@example.org revoked the token “tests”" in admin.get("/api-keys").text


def test_who_may_only_look_makes_no_token(umbrella, reader):
    page = reader.get("/api-keys")

    assert page.status == 200
    assert GENERATE not in page.document.forms
    assert reader.get(f"/api-keys/tokens/{umbrella.token_id}/revoke").status == 403


def test_who_may_only_look_is_refused_even_with_a_forged_form(umbrella, reader):
    from provisor.web.sessions import form_token

    fields = {"form_token": form_token(reader.cookies["provisor"], GENERATE), "label": "x", "expiry": "never"}
    before = len(tokens(umbrella))

    assert reader.request("POST", GENERATE, fields).status == 403
    assert len(tokens(umbrella)) == before


@pytest.mark.parametrize("label", ["a\r\nSet-Cookie: x=1", "a\u202eb", "a\u200bb"])
def test_a_label_that_nobody_sees_whole_is_refused(umbrella, admin, label):
    before = len(tokens(umbrella))

    page = generate(admin, label=label)

    assert page.status == 400
    assert "cannot be the label of a token" in page.html
    assert len(tokens(umbrella)) == before


def test_a_hostile_label_is_shown_as_it_is(umbrella, admin):
    label = "<script>alert(1)</script> Set-Cookie: x=1"
    page = generate(admin, label=label)
    acknowledge(admin, page)
    id_ = tokens(umbrella)[-1].id

    for path in ("/api-keys", f"/api-keys/tokens/{id_}/refresh", f"/api-keys/tokens/{id_}/revoke", "/requests"):
        shown = admin.get(path)
        assert foreign_parts(shown) == []
        assert "x=1" not in repr(shown.headers)
    assert foreign_parts(page) == []
