"""Settings: administrators, OpenID Connect, API clients, notifications, retention, keys, about."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.roles import ROLES
from provisor.engine.letter import MailServer
from provisor.web.sessions import form_token
from support.beside import beside
from support.mail_sink import MailSink, mail_sink

HOSTILE = ["<script>alert(1)</script>", "\"'><img src=x>", "مرحبا بالعالم", "x" * 254]
OPENID = "/settings/administrators/openid-connect"
MAIL = "/settings/notifications/mail"


def wrong(page):
    """The ids of the fields that are said to be wrong."""
    return [a["id"] for tag, a in page.document.tags if tag in ("input", "textarea", "select") and "aria-invalid" in a]


# Administrators


def test_accounts_are_listed_with_roles_and_state_and_the_roles_are_explained(admin, operator):
    admin.accounts.add(ME, "bo@x.example", ["Reports Reader", "Plan Approver"])

    page = operator.get("/settings/administrators")

    [row] = [row for row in page.document.rows if row.startswith("bo@x.example")]
    assert "Reports Reader, Plan Approver" in row
    assert "No password yet" in row
    for name, rights in ROLES.items():
        assert f"{name} {rights.about}" in page.text


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_stays_text(admin, operator, name):
    made = admin.accounts.add(ME, name, ["Reports Reader"]).account
    admin.machines["token"].create(ME, name, ["Reports Reader"])

    for path in ("/settings/administrators", f"/settings/administrators/{made.id}", "/settings/api-clients"):
        page = operator.get(path)
        assert name in page.text
        assert "<script>alert" not in page.html
        assert "<img src=x" not in page.html


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "local operator"}, "name"),
        ({"name": "GlobalAdministrator@x.example"}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"person": "nobody@fjord.example"}, "person"),
        ({"role": "Application Owner"}, "person"),
    ],
)
def test_what_is_wrong_with_an_account_stands_beside_its_field(admin, operator, fields, field):
    action = "/settings/administrators/new"
    typed = {"name": "bo@x.example", "role": "Reports Reader", **fields}

    again = operator.submit(operator.get(action), action, **typed)

    assert again.status == 400
    assert wrong(again) == [field]
    assert again.document.forms[action]["name"] == typed["name"]
    assert "--person" not in again.text
    assert len(admin.accounts.all(ME)) == 1


@pytest.mark.parametrize("role", [None, "Emperor"])
def test_an_account_without_a_role_that_there_is_is_said_beside_the_roles(operator, role):
    action = "/settings/administrators/new"

    again = operator.submit(operator.get(action), action, name="bo@x.example", role=role)

    assert again.status == 400
    assert 'id="roles-wrong"' in again.html


def test_roles_and_person_of_an_account_are_changed(admin, operator):
    made = admin.accounts.add(ME, "bo@x.example", ["Reports Reader"]).account
    action = f"/settings/administrators/{made.id}"

    saved = operator.follow(
        operator.submit(operator.get(action), action, role="Application Owner", person="anna@fjord.example")
    )

    after = admin.accounts.show(ME, made.id)
    assert "Saved." in saved.text
    assert (after.account.roles, after.person) == (("Application Owner",), "anna@fjord.example")


def test_a_form_that_is_out_of_date_gives_no_role_back_before_it_was_said(admin, operator):
    made = admin.accounts.add(ME, "bo@x.example", ["Reports Reader"]).account
    action = f"/settings/administrators/{made.id}"
    page = operator.get(action)
    admin.accounts.set(ME, made.id, roles=["Security Reader"])

    refused = operator.submit(page, action, role="Global Administrator")

    assert refused.status == 400
    assert "the roles are Security Reader now" in refused.text
    assert admin.accounts.show(ME, made.id).account.roles == ("Security Reader",)
    assert operator.submit(refused, action, role="Plan Approver").status == 303


def test_who_is_disabled_is_signed_out_at_once_and_can_be_enabled(admin, operator, make_browser):
    made = admin.accounts.add(ME, "bo@x.example", ["Reports Reader"], password="correct horse battery").account
    bo = make_browser()
    bo.sign_in("bo@x.example")
    base = f"/settings/administrators/{made.id}"

    operator.submit(operator.get(base), f"{base}/disable")
    assert bo.get("/account").location == "/sign-in?to=/account"
    operator.submit(operator.get(base), f"{base}/enable")

    assert admin.accounts.show(ME, made.id).account.enabled


@pytest.mark.parametrize("what", ["disable", "delete", "roles"])
def test_the_last_global_administrator_stays_one(admin, operator, what):
    [last] = admin.accounts.all(ME)
    base = f"/settings/administrators/{last.account.id}"
    if what == "roles":
        again = operator.submit(operator.get(base), base, role="Reports Reader")
    else:
        page = operator.get(f"{base}/delete" if what == "delete" else base)
        again = operator.submit(page, f"{base}/{what}")

    assert again.status == 400
    assert "This is the last Global Administrator who can sign in." in again.text
    assert admin.accounts.show(ME, last.account.id) == last


def test_an_account_is_deleted_once_that_is_confirmed(admin, operator):
    made = admin.accounts.add(ME, "bo@x.example", ["Reports Reader"]).account
    action = f"/settings/administrators/{made.id}/delete"

    gone = operator.follow(operator.submit(operator.get(action), action))

    assert "The account bo@x.example was deleted." in gone.text
    assert len(admin.accounts.all(ME)) == 1


# OpenID Connect


def test_the_provider_is_shown_tested_and_removed(admin, operator, provider):
    page = operator.get(OPENID)
    assert provider.issuer in page.text
    assert "iam-admins" in page.text
    assert "publishes its keys" in operator.submit(page, f"{OPENID}/test").text

    gone = operator.follow(operator.submit(operator.get(f"{OPENID}/remove"), f"{OPENID}/remove"))

    assert "Nobody signs in with OpenID Connect any more." in gone.text
    assert admin.openid.offered() is None


def test_saving_without_a_secret_keeps_the_one_there_is(admin, operator, provider):
    page = operator.get(OPENID)

    saved = operator.submit(page, OPENID, name="Fjord", roles="staff=Reports Reader\ncn=it,dc=x=Plan Approver")

    shown = admin.openid.show(ME)
    assert saved.status == 303
    assert shown.has_secret
    assert shown.settings.name == "Fjord"
    assert shown.settings.roles == {"staff": ("Reports Reader",), "cn=it,dc=x": ("Plan Approver",)}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"roles": "nonsense"}, "roles"),
        ({"roles": "staff=Emperor"}, "roles"),
        ({"roles": ""}, "roles"),
        ({"scope": "profile"}, "scope"),
        ({"claim": " "}, "claim"),
        ({"client_id": ""}, "client_id"),
        ({"issuer": "http://[", "name": ""}, "issuer"),
        ({"issuer": "nonsense", "name": ""}, "issuer"),
        ({"address": "provisor"}, "address"),
        ({"address": "http://provisor.example.com"}, "address"),
    ],
)
def test_what_is_wrong_with_a_provider_stands_beside_its_field(operator, provider, fields, field):
    typed = {"roles": "staff=Reports Reader", **fields}

    again = operator.submit(operator.get(OPENID), OPENID, **typed)

    assert again.status == 400
    assert wrong(again) == [field]


def test_a_provider_that_does_not_answer_is_not_saved(admin, operator):
    typed = {"issuer": "http://127.0.0.1:9", "client_id": "x", "roles": "staff=Reports Reader"}

    again = operator.submit(operator.get(OPENID), OPENID, **typed)

    assert again.status == 400
    assert wrong(again) == ["issuer"]
    assert admin.openid.offered() is None


# API clients


def test_tokens_and_clients_are_listed_with_their_last_use(admin, operator):
    made = admin.machines["token"].create(ME, "ci", ["Reports Reader"])
    admin.authentication.authenticate(made.secret.reveal())
    admin.machines["client"].create(ME, "terraform", ["Application Administrator"])

    rows = operator.get("/settings/api-clients").document.rows

    [token] = [row for row in rows if row.startswith("ci ")]
    [client] = [row for row in rows if row.startswith("terraform ")]
    assert "Reports Reader" in token
    assert token.count("never") == 1
    assert client.count("never") == 2


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"name": ""}, "name"), ({"name": "taken"}, "name"), ({"person": "nobody@fjord.example"}, "person")],
)
def test_what_is_wrong_with_a_token_stands_beside_its_field(admin, operator, fields, field):
    admin.machines["token"].create(ME, "taken", ["Reports Reader"])
    action = "/settings/api-clients/token/new"

    again = operator.submit(operator.get(action), action, **{"name": "ci", "role": "Reports Reader", **fields})

    assert again.status == 400
    assert wrong(again) == [field]
    assert "provisor_token_" not in again.html


def test_a_revoked_one_is_good_for_nothing(admin, operator):
    made = admin.machines["token"].create(ME, "ci", ["Reports Reader"])
    action = f"/settings/api-clients/token/{made.account.id}/revoke"

    gone = operator.follow(operator.submit(operator.get(action), action))

    assert "The token ci was revoked." in gone.text
    assert admin.authentication.authenticate(made.secret.reveal()) is None


@pytest.mark.parametrize("path", ["user/new", "token/nobody/rotate", "nothing/new"])
def test_what_is_no_api_client_is_not_found(operator, path):
    assert operator.get(f"/settings/api-clients/{path}").status == 404


# Notifications


def test_the_mail_server_is_set_tried_and_removed(admin, operator):
    sink = MailSink()
    with beside(lambda: mail_sink(sink)):
        fields = {"host": "127.0.0.1", "port": str(sink.port), "protection": "none", "sender": "p@x.example"}
        operator.submit(operator.get(MAIL), MAIL, **fields, to="it@x.example\nops@x.example")
        assert admin.mail.show(ME).server.to == ("it@x.example", "ops@x.example")

        page = operator.get("/settings/notifications")
        tried = operator.follow(operator.submit(page, f"{MAIL}/test", to="it@x.example"))
        assert "The mail server took a letter for it@x.example." in tried.text
        assert len(sink.letters) == 1

    again = operator.submit(tried, f"{MAIL}/test", to="it@x.example")
    assert again.status == 400
    assert wrong(again) == ["to"]
    assert again.document.forms[f"{MAIL}/test"]["to"] == "it@x.example"
    gone = operator.follow(operator.submit(operator.get(f"{MAIL}/remove"), f"{MAIL}/remove"))
    assert "No mail server is set" in gone.text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"port": "x"}, "port"),
        ({"port": "99999"}, "port"),
        ({"sender": "nonsense"}, "sender"),
        ({"to": "it@x.example\nnonsense"}, "to"),
        ({"protection": "starttls", "user": "provisor", "password": "\x07"}, "password"),
        ({"protection": "starttls", "ca_file": "/nowhere"}, "ca_file"),
    ],
)
def test_what_is_wrong_with_a_mail_server_stands_beside_its_field(operator, fields, field):
    typed = {"host": "127.0.0.1", "protection": "none", "sender": "p@x.example", "to": "", **fields}

    again = operator.submit(operator.get(MAIL), MAIL, **typed)

    assert again.status == 400
    assert wrong(again) == [field]


def test_a_kept_password_is_not_sent_to_another_server(admin, operator):
    server = MailServer(host="a.example", port=587, protection="starttls", sender="p@x.example", user="u")
    admin.mail.set(ME, server, password="hunter2")

    again = operator.submit(operator.get(MAIL), MAIL, host="b.example", to="")

    assert again.status == 400
    assert wrong(again) == ["password"]
    assert admin.mail.show(ME).server.host == "a.example"


@pytest.mark.parametrize("url", ["nonsense", "http://hooks.example.com/", "ftp://x"])
def test_an_address_that_cannot_be_told_is_said_beside_its_field(admin, operator, url):
    again = operator.submit(operator.get("/settings/notifications"), "/settings/notifications/webhooks", url=url)

    assert again.status == 400
    assert wrong(again) == ["url"]
    assert admin.webhooks.all(ME) == []


def test_a_webhook_that_does_not_answer_its_test_is_told_and_deleted(admin, operator):
    made = admin.webhooks.add(ME, "http://127.0.0.1:9/hook").webhook
    base = f"/settings/notifications/webhooks/{made.id}"

    again = operator.submit(operator.get("/settings/notifications"), f"{base}/test")
    assert again.status == 400
    assert "The test was not taken" in again.text

    operator.submit(operator.get(f"{base}/delete"), f"{base}/delete")
    assert admin.webhooks.all(ME) == []


# Retention


def test_how_long_things_are_kept_is_saved(admin, operator):
    page = operator.get("/settings/retention")
    assert page.document.forms["/settings/retention"]["log_days"] == "30"

    operator.submit(page, "/settings/retention", log_days="90", cycles="0")

    kept = admin.retentions.show(ME)
    assert (kept.log_days, kept.audit_days, kept.cycles, kept.rule_sets) == (90, 365, 0, 100)


@pytest.mark.parametrize("text", ["", "-1", "1.5", "many", "٣", "99999999"])
def test_what_is_no_number_is_said_beside_its_field_and_nothing_is_saved(admin, operator, text):
    page = operator.get("/settings/retention")

    again = operator.submit(page, "/settings/retention", log_days="90", audit_days=text)

    assert again.status == 400
    assert wrong(again) == ["audit_days"]
    assert again.document.forms["/settings/retention"]["log_days"] == "90"
    assert admin.retentions.show(ME).log_days == 30


def test_fewer_than_can_be_kept_is_said_beside_its_field(operator):
    again = operator.submit(operator.get("/settings/retention"), "/settings/retention", cycles="3")

    assert again.status == 400
    assert wrong(again) == ["cycles"]
    assert "from 10 to 1,000,000" in again.text


# Keys


def test_the_key_is_rotated_once_that_is_confirmed(admin, operator):
    assert "Not needed yet" in operator.get("/settings/keys").text
    admin.webhooks.add(ME, "https://hooks.example.com/")
    before = admin.keys.state(ME)

    done = operator.follow(operator.submit(operator.get("/settings/keys/rotate"), "/settings/keys/rotate"))

    after = admin.keys.state(ME)
    assert "1 secret moved to the new key" in done.text
    assert before.key_id != after.key_id
    assert (after.stored, after.lost, after.rotating) == (1, [], False)


def test_what_a_lost_key_had_is_told_and_forgotten(admin, operator, tmp_path):
    made = admin.webhooks.add(ME, "https://hooks.example.com/").webhook
    (tmp_path / "secret.key").unlink()
    page = operator.get("/settings/keys")
    assert "Does not open everything" in page.text
    assert f"webhook {made.id}" in page.text

    done = operator.follow(operator.submit(operator.get("/settings/keys/forget"), "/settings/keys/forget"))

    assert "1 forgotten" in done.text
    assert admin.keys.state(ME).lost == []


def test_the_command_of_a_backup_is_named(operator):
    assert "provisor backup" in operator.get("/settings/keys").text


# About


def test_about_tells_version_health_places_and_licences(admin, operator, database, tmp_path):
    text = operator.get("/settings/about").text

    assert "Version 0." in text
    assert "Does not beat" in text  # no loop serves jobs here
    assert "Can be written" in text
    assert str(database.path) in text
    assert str(tmp_path / "secret.key") in text
    assert "Zero-Clause BSD" in text
    assert "Copyright (c) 2022 Leon Sorokin" in text


def test_about_tells_of_the_loop_that_serves(admin, operator):
    from provisor.admin.health import Pulse

    pulse = Pulse()
    pulse.beat_once()
    admin.health.watch(pulse)

    assert "Does its work" in operator.get("/settings/about").text


def test_a_clock_that_is_doubted_is_confirmed(admin, operator, clock):
    admin.health.look(ME)
    clock.pass_minutes(5 * 24 * 60)
    admin.health.look(ME)
    browser = operator
    browser.sign_in("GlobalAdministrator@x.example")
    page = browser.get("/settings/about")
    assert "The clock is right" in page.text

    browser.submit(page, "/settings/about/clock")

    assert admin.clock.doubt(ME) is None


def test_the_fields_of_a_form_are_bound_to_its_address(operator):
    token = form_token(operator.cookies["__Host-provisor-portal"], "/settings/keys")

    assert operator.request("POST", "/settings/keys/rotate", {"form_token": token}).status == 403
