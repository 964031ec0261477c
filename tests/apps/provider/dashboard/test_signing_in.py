"""Signing in and out: who gets in, for how long, and how guessing is slowed down."""

import pytest

from provisor.provider.dashboard import accounts
from provisor.provider.dashboard.lazy import dashboard
from provisor.provider.store.tables import now_microseconds
from provisor.provider.store.tenants import NewTenant, create_tenant
from provisor.web import sessions, throttle

PASSWORD = "correct horse battery"
HOME = "/users-and-groups/users"
ADDRESSES = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1", "192.0.2.1", "unknown"]


def test_the_first_page_asks_a_stranger_to_sign_in(stranger):
    assert stranger.get("/").location == "/sign-in"


def test_a_full_admin_gets_in(make_account, stranger):
    make_account()

    answer = stranger.sign_in()

    assert answer.location == HOME
    assert "admin@example.org Full Admin" in stranger.follow(answer).text


def test_the_address_is_taken_in_any_case(make_account, stranger):
    make_account("Åsa@Example.ORG")

    assert stranger.sign_in(" åSA@example.org ").status == 303


@pytest.mark.parametrize(
    ("email", "password"),
    [("admin@example.org", "wrong"), ("nobody@example.org", "correct horse battery"), ("", ""), ("\x00", "'; --")],
)
def test_a_wrong_address_and_a_wrong_password_are_refused_alike(make_account, stranger, email, password):
    make_account()

    answer = stranger.sign_in(email, password)

    assert answer.status == 403
    assert "E-mail address or password is wrong." in answer.text
    assert stranger.get(HOME).location == "/sign-in"


def test_the_password_is_not_shown_again(make_account, stranger):
    answer = stranger.sign_in("a@b", "my secret password")

    assert "my secret password" not in answer.html
    assert 'value="a@b"' in answer.html


def test_the_cookie_is_for_the_browser_alone(make_account, stranger):
    make_account()

    cookie = stranger.sign_in().headers["set-cookie"].lower()

    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert "secure" not in cookie


def test_signing_in_changes_the_cookie(make_account, stranger):
    make_account()
    stranger.get("/sign-in")
    before = dict(stranger.cookies)

    stranger.sign_in()

    assert stranger.cookies != before


def test_a_cookie_that_was_planted_before_signing_in_opens_nothing(make_account, stranger):
    make_account()
    stranger.cookies = {"provisor": "planted-by-somebody-else"}

    assert stranger.sign_in().status == 303

    assert stranger.cookies["provisor"] != "planted-by-somebody-else"
    stranger.cookies = {"provisor": "planted-by-somebody-else"}
    assert stranger.get(HOME).location == "/sign-in"


def test_signing_in_again_ends_the_session_before(umbrella, admin):
    before = dict(admin.cookies)
    fields = {"form_token": sessions.form_token(before["provisor"], "/sign-in"), "email": "admin@example.org"}

    assert admin.request("POST", "/sign-in", {**fields, "password": PASSWORD}).location == HOME

    assert admin.get(HOME).status == 200
    admin.cookies = before
    assert admin.get(HOME).location == "/sign-in"


@pytest.mark.parametrize("place", ["//evil.example", "https://evil.example/", "/api-keys"])
def test_signing_in_leads_to_the_first_page_whatever_the_address_says(make_account, stranger, place):
    make_account()
    page = stranger.get(f"/sign-in?next={place}&to={place}")

    assert stranger.submit(page, "/sign-in", email="admin@example.org", password=PASSWORD, next=place).location == HOME


def test_no_cookie_and_no_password_is_stored(umbrella, admin):
    rows = umbrella.database.reader().all("SELECT * FROM browser_session s JOIN account a ON a.email_key = s.account")

    assert admin.cookies["provisor"] not in repr(rows)
    assert "correct horse" not in repr(rows)
    assert "$argon2id$" in repr(rows)


def test_who_is_signed_in_is_not_asked_again(admin):
    assert admin.get("/sign-in").location == HOME


def test_signing_out_ends_the_session_in_the_store_too(umbrella, admin):
    kept = dict(admin.cookies)
    page = admin.get(HOME)

    assert admin.submit(page, "/sign-out").location == "/sign-in"

    assert admin.cookies == {}
    admin.cookies = kept
    assert admin.get(HOME).location == "/sign-in"


def test_an_idle_session_ends(admin, clock):
    clock.pass_minutes(31)

    assert admin.get(HOME).location == "/sign-in"


def test_a_session_in_use_goes_on(admin, clock):
    for _ in range(5):
        clock.pass_minutes(20)
        assert admin.get(HOME).status == 200


def test_even_a_session_in_use_ends_after_twelve_hours(admin, clock):
    for _ in range(12 * 3):
        clock.pass_minutes(20)
        admin.get(HOME)

    assert admin.get(HOME).location == "/sign-in"


def test_another_password_ends_the_sessions(umbrella, admin):
    with umbrella.database.transaction() as connection:
        accounts.reset_password(connection, umbrella.tenant, "ADMIN@example.org", "another long password")

    assert admin.get(HOME).location == "/sign-in"
    assert admin.sign_in(password="another long password").status == 303


def test_a_deleted_account_is_signed_out(umbrella, admin):
    with umbrella.database.transaction() as connection:
        accounts.delete_account(connection, umbrella.tenant, "admin@example.org")

    assert admin.get(HOME).location == "/sign-in"
    assert admin.sign_in().status == 403


def test_guessing_is_slowed_down_and_the_right_password_waits_too(make_account, stranger, clock):
    make_account()
    assert [stranger.sign_in(password="wrong").status for _ in range(6)] == [403] * 5 + [429]

    answer = stranger.sign_in()

    assert answer.status == 429
    assert 0 < int(answer.headers["retry-after"]) <= 30
    clock.pass_minutes(1)
    assert stranger.sign_in().status == 303


def test_waiting_grows_with_every_failure(make_account, stranger, clock):
    make_account()
    waits = []
    for _ in range(12):
        answer = stranger.sign_in(password="wrong")
        if answer.status == 429:
            waits.append(int(answer.headers["retry-after"]))
            clock.pass_minutes(waits[-1] / 60 + 0.1)

    assert waits == sorted(waits)
    assert waits[-1] > waits[0]


def test_an_address_that_tries_many_accounts_is_slowed_down(stranger):
    statuses = [stranger.sign_in(f"user{number}@example.org", "wrong").status for number in range(32)]

    assert statuses[:30] == [403] * 30
    assert 429 in statuses[30:]


def test_a_network_of_addresses_is_slowed_down_as_one():
    keys = [throttle.counted_under(address, "ana@example.org")["address"] for address in ADDRESSES]

    assert keys == [
        "address 2001:db8:1:2::/64",
        "address 2001:db8:1:2::/64",
        "address 2001:db8:1:3::/64",
        "address 192.0.2.1",
        "address unknown",
    ]


def test_a_success_forgets_what_was_mistyped(make_account, stranger, umbrella):
    make_account()
    for _ in range(4):
        stranger.sign_in(password="wrong")
    page = stranger.follow(stranger.sign_in())
    stranger.submit(page, "/sign-out")

    assert [stranger.sign_in(password="wrong").status for _ in range(4)] == [403] * 4


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
def test_a_form_without_its_token_is_refused(admin, path):
    assert admin.request("POST", path, {"email": "a", "password": "b"}).status == 403


def test_a_forms_token_is_good_for_that_form_only(admin):
    page = admin.get("/api-keys")
    token = page.document.forms["/sign-out"]["form_token"]

    answer = admin.request("POST", "/api-keys/entra/generate", {"form_token": token, "label": "x", "expiry": "never"})

    assert answer.status == 403


def test_a_forms_token_is_good_for_that_browser_only(admin, stranger):
    token = stranger.get("/sign-in").document.forms["/sign-in"]["form_token"]

    assert admin.request("POST", "/sign-in", {"form_token": token}).status == 403


def test_a_form_of_another_site_is_refused_even_with_its_token(admin):
    fields = admin.get(HOME).document.forms["/sign-out"]

    assert admin.request("POST", "/sign-out", fields, sec_fetch_site="cross-site").status == 403
    assert admin.request("POST", "/sign-out", fields, sec_fetch_site="same-origin").status == 303


def test_a_form_that_is_too_long_is_refused(admin):
    fields = admin.get(HOME).document.forms["/sign-out"] | {"more": "x" * 20_000}

    assert admin.request("POST", "/sign-out", fields).status == 413


def test_comparing_a_forms_token_takes_any_text():
    assert not sessions.form_token_fits("secret", "/x", "ü\ufffd")


def other_tenants_account(umbrella):
    other = create_tenant(umbrella.database, NewTenant(name="acme", schemas={}))
    with umbrella.database.transaction() as connection:
        accounts.create_account(
            connection, other, email="eva@acme.example", password=PASSWORD, role="full-admin", now=now_microseconds()
        )
    return other


def test_everybody_sees_the_tenant_of_their_account(umbrella, stranger):
    umbrella.client.user("ana@example.org")
    other = other_tenants_account(umbrella)

    home = stranger.follow(stranger.sign_in("eva@acme.example"))

    assert "There are no users yet" in home.text
    assert other.base_path in home.html
    assert "No token is in use." in stranger.get("/api-keys").text


def test_a_token_of_another_tenant_cannot_be_revoked(umbrella, stranger):
    other_tenants_account(umbrella)
    stranger.sign_in("eva@acme.example")
    form = f"/api-keys/tokens/{umbrella.token_id}/revoke"
    fields = {"form_token": sessions.form_token(stranger.cookies["provisor"], form)}

    assert stranger.request("POST", form, fields).status == 404
    assert umbrella.client.get("/Users").status == 200


def test_a_server_of_one_tenant_knows_nobody_elses_accounts(umbrella, stranger):
    other_tenants_account(umbrella)
    umbrella.pages = dashboard(umbrella.database, umbrella.tenant, alone=True)

    assert stranger.sign_in("eva@acme.example").status == 403


def test_behind_a_trusted_proxy_the_browsers_own_address_counts(umbrella, stranger):
    umbrella.pages = dashboard(umbrella.database, umbrella.tenant, trust_proxy=True)

    page = stranger.get("/sign-in", x_forwarded_proto="https", x_forwarded_host="umbrella.example")

    assert page.headers["set-cookie"].startswith("__Host-provisor=")


def test_nobody_is_believed_to_be_a_proxy_unasked(stranger):
    page = stranger.get("/sign-in", x_forwarded_proto="https")

    assert page.headers["set-cookie"].startswith("provisor=")
