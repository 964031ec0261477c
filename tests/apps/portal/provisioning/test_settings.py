"""The page *Provisioning* of a job: what it shows, and what saving it does."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.roles import ROLES
from provisor.engine.letter import MailServer

from .conftest import TOKEN, URL, fields

INITIAL = "This operation starts the initial synchronization cycle of all users and groups defined in Scope"
HOSTILE = ["<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>", "שלום עולם (1)", "x" * 254]
WRITERS = ("Global Administrator", "Application Administrator", "Cloud Application Administrator")


def test_sections_and_fields_are_those_of_the_tutorial_in_its_order(ana, job):
    text = ana.get(job.settings).text

    words = [
        *("Provisioning Mode", "Automatic", "Admin Credentials", "Tenant URL", "Secret Token", "Test Connection"),
        *("Notification Email", "Send an email notification when a failure occurs", "Mappings"),
        "Synchronize Microsoft Entra users to Cisco Umbrella User Management",
        "Synchronize Microsoft Entra groups to Cisco Umbrella User Management",
        *("Settings", "Scope", "Provisioning Status", "On", "Off", "Save"),
    ]
    place = 0
    for word in words:
        assert word in text[place:], word
        place = text.index(word, place)


def test_mappings_lead_to_their_pages_and_say_whether_they_are_enabled(ana, job):
    page = ana.get(job.settings)

    assert {f"{job.path}/mappings/users", f"{job.path}/mappings/groups"} <= set(page.document.links)
    assert page.text.count("Enabled") == 2


def test_credentials_that_are_typed_are_saved(send, job):
    answer = send(tenant_url=URL, secret_token=TOKEN)

    assert answer.location == job.settings
    assert job.stored == {"BaseAddress": URL, "SecretToken": None}


def test_what_was_saved_is_said_in_one_sentence(ana, send):
    answer = send(tenant_url=URL, secret_token=TOKEN, scope="all", interval="10")

    assert "Saved: admin credentials, scope and interval." in ana.follow(answer).text


def test_a_stored_secret_is_never_shown(ana, job):
    page = ana.get(job.configured().settings)

    assert TOKEN not in page.html
    assert "never shown" in page.text


def test_a_secret_that_is_left_empty_stays(send, job):
    job.configured()

    send(interval="20")

    assert job.stored == {"BaseAddress": URL, "SecretToken": None}
    assert job.shown.job.interval_seconds == 1200


def test_status_on_starts_the_job_and_says_what_that_starts(ana, send, job):
    job.configured()

    answer = send(status="on")

    assert job.shown.job.schedule_state == "Active"
    assert answer.location == job.path
    assert INITIAL in ana.follow(answer).text


def test_status_off_pauses_the_job(send, job, admin):
    job.configured()
    admin.jobs.start(ME, job.id)

    send(status="off")

    assert job.shown.job.schedule_state == "Paused"


def test_a_form_that_is_out_of_date_undoes_nothing_before_it_was_said(ana, job, admin, events):
    job.configured()
    admin.jobs.start(ME, job.id)
    form = fields(ana.get(job.settings), job.settings) | {"do": "save", "interval": "20"}
    admin.jobs.settings(ME, job.id, approver_differs=True)
    admin.jobs.pause(ME, job.id)
    before = len(events())

    refused = ana.request("POST", job.settings, form)

    assert refused.status == 409
    assert "what is saved now: who approves, interval and Provisioning Status, to On." in refused.text
    assert (job.shown.job.schedule_state, job.shown.job.settings["approverDiffers"]) == ("Paused", True)
    assert len(events()) == before
    again = fields(refused, job.settings)
    assert again["interval"] == "20"
    assert ana.request("POST", job.settings, {**again, "do": "save"}).status == 303
    assert job.shown.job.schedule_state == "Active"


def test_everything_at_once_is_saved_at_once(send, job):
    send(tenant_url=URL, secret_token=TOKEN, notify="ops@contoso.com", notify_enabled="yes", scope="all", status="on")

    found = job.shown.job
    assert (found.schedule_state, found.settings["scope"]) == ("Active", "all")
    assert found.settings["notification"] == {"recipients": ["ops@contoso.com"], "enabled": True}


def test_what_is_sent_unchanged_changes_nothing_and_is_not_audited(ana, send, job, events):
    before = len(events())

    answer = send()

    assert "Nothing differs" in ana.follow(answer).text
    assert len(events()) == before


SETTINGS = {
    "scope": ({"scope": "all"}, "scope", "all"),
    "leavers": ({"leavers": "delete-after", "leavers_days": "30"}, "deleteAfterDays", 30),
    "skip": ({"skip": "yes"}, "skipOutOfScopeDeletions", True),
    "prevention": ({"prevent": "yes", "deletion_threshold": "77"}, "deletionThreshold", 77),
    "limit": ({"limit_users": "5%"}, "deletionLimits", {"users": "5%", "groups": "20%+10", "memberships": "20%+10"}),
    "interval": ({"interval": "3", "interval_unit": "3600"}, "intervalSeconds", 10_800),
    "behaviour": ({"behaviour": "entra"}, "behaviour", "entra"),
    "nested groups": ({"nested_groups": "flatten"}, "nestedGroups", "flatten"),
    "approval": ({"approve": "yes", "approve_above": "25"}, "approveAbove", 25),
    "approver": ({"approver_differs": "yes"}, "approverDiffers", True),
    "capacity": ({"capacity_order": "assigned"}, "capacityOrder", "assigned"),
    "evidence": ({"keep_exchanges": "3"}, "keepExchangesDays", 3),
    "several addresses": ({"notify": "a@x.example; b@x.example", "notify_enabled": "yes"}, "notify", ["a@x.example", "b@x.example"]),
}  # fmt: skip


@pytest.mark.parametrize("name", SETTINGS)
def test_each_setting_is_in_force_and_shown_afterwards(ana, send, job, admin, name):
    typed, setting, expected = SETTINGS[name]

    assert send(**typed).status == 303

    assert admin.jobs.in_force(ME, job.id)[setting] == expected
    assert (
        fields(ana.get(job.settings), job.settings).items()
        >= {name: text.replace(";", ",") for name, text in typed.items()}.items()
    )


def test_change_driven_can_be_switched_off(send, job, admin):
    send(without=("change_driven",))

    assert admin.jobs.in_force(ME, job.id)["changeDriven"] is False


def test_groups_that_come_first_are_named_one_a_line(ana, send, job, admin):
    for name in ("Sales", "Works, north"):
        admin.groups.create(ME, {"displayName": name})

    send(capacity_first="Works, north\nSales")

    assert admin.jobs.in_force(ME, job.id)["capacityFirst"] == ["Works, north", "Sales"]
    assert fields(ana.get(job.settings), job.settings)["capacity_first"] == "Works, north\nSales"


def test_quarantine_thresholds_are_set_together(send, job, admin):
    send(quarantine_least="10", quarantine_percent="50")

    assert admin.jobs.in_force(ME, job.id)["quarantine"].items() >= {"least": 10, "percent": 50}.items()


# What is wrong stands beside its field

WRONG = {
    "interval": ({"interval": "soon"}, "Write a whole number."),
    "interval of none": ({"interval": "0"}, "It is at least 1."),
    "interval too long": ({"interval": "900000000"}, "at most 366 days"),
    "days": ({"leavers": "delete-after"}, "after how many days"),
    "too many days": ({"leavers": "delete-after", "leavers_days": "9999"}, "9,999 days"),
    "threshold": ({"prevent": "yes", "deletion_threshold": "many"}, "Write a whole number."),
    "limit": ({"limit_groups": "all"}, "'all' is no limit for groups"),
    "address": ({"notify": "nobody"}, "nobody"),
    "box without an address": ({"notify_enabled": "yes"}, "Type whom to tell"),
    "group": ({"capacity_first": "No such group"}, "No such group"),
    "percent": ({"quarantine_percent": "101"}, "cannot be 101"),
    "scope": ({"scope": "some"}, "There is no scope 'some'"),
    "both together": ({"behaviour": "entra", "nested_groups": "flatten"}, "cannot flatten groups"),
    "on without credentials": ({"status": "on"}, "It has nothing to sign in with"),
    "url alone": ({"tenant_url": URL}, "Type the Secret Token"),
    "token alone": ({"secret_token": TOKEN}, "Type the Tenant URL"),
    "url that is none": ({"tenant_url": "umbrella", "secret_token": TOKEN}, "The tenant URL has no scheme."),
    "expiry": ({"tenant_url": URL, "secret_token": TOKEN, "token_expiration": "soon"}, "'soon' is no date"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_saved(send, job, events, name):
    typed, sentence = WRONG[name]
    before, events_before = job.shown, len(events())

    page = send(**typed)

    assert page.status == 400
    assert "Nothing was saved" in page.text
    beside = [attributes.get("id", "") for tag, attributes in page.document.tags if attributes.get("class") == "wrong"]
    assert [one.removesuffix("-wrong") in typed or one.startswith(("leavers_days", "tenant_url", "secret_token", "notify")) for one in beside] == [True]  # fmt: skip
    assert sentence in page.text
    assert (job.shown, len(events())) == (before, events_before)


def test_all_problems_are_told_at_once_and_what_was_typed_stays(send, job):
    page = send(interval="soon", limit_users="x", notify="nobody", scope="all", tenant_url=URL, secret_token=TOKEN)

    assert page.text.count("is no limit") == page.text.count("Write a whole number.") == 1
    assert fields(page, job.settings).items() >= {"interval": "soon", "scope": "all", "tenant_url": URL}.items()


def test_one_wrong_setting_keeps_credentials_from_being_saved(send, job):
    send(tenant_url=URL, secret_token=TOKEN, interval="soon")

    assert job.stored == {}


def test_a_secret_that_was_typed_survives_a_mistake_elsewhere_and_is_in_no_page(ana, send, job):
    page = send(tenant_url=URL, secret_token=TOKEN, interval="soon")
    assert TOKEN not in page.html
    assert "kept for this form" in page.text

    ana.request("POST", job.settings, {**fields(page, job.settings), "interval": "40", "do": "save"})

    assert job.stored == {"BaseAddress": URL, "SecretToken": None}


def test_a_secret_that_was_typed_is_forgotten_with_the_form(ana, send, job):
    page = send(tenant_url=URL, secret_token=TOKEN, interval="soon")
    ana.get(job.settings)

    answer = ana.request("POST", job.settings, {**fields(page, job.settings), "interval": "40", "do": "save"})

    assert answer.status == 400
    assert "Type the Secret Token" in answer.text


def test_a_secret_that_was_typed_is_nobody_elses(as_role, send, job):
    page = send(tenant_url=URL, secret_token=TOKEN, interval="soon")
    other = as_role("Global Administrator")
    given = fields(other.get(job.settings), job.settings)

    answer = other.request("POST", job.settings, {**given, "tenant_url": URL, "do": "save"})

    assert page.status == answer.status == 400
    assert job.stored == {}


def test_another_address_asks_for_the_token_again(send, job):
    job.configured()

    page = send(tenant_url="https://other.example/scim")

    assert page.status == 400
    assert "was given for https://umbrella.example" in page.text
    assert job.stored["BaseAddress"] == URL


def test_another_address_of_linked_accounts_asks_whose_they_are(ana, send, job):
    job.configured().person("anna@contoso.com")
    job.ran()
    other = "https://other.example/scim"

    page = send(tenant_url=other, secret_token=TOKEN)
    assert page.status == 400
    assert "What answers at the new address?" in page.text
    answer = ana.request("POST", job.settings, {**fields(page, job.settings), "links": "keep", "do": "save"})

    assert answer.status == 303
    assert job.stored["BaseAddress"] == other


def test_oauth_takes_the_place_of_the_token(send, job):
    job.configured()

    answer = send(
        way="client", token_endpoint="https://umbrella.example/token", client_id="me", client_secret="s3cret-text"
    )

    assert answer.status == 303
    assert job.stored == {
        "BaseAddress": URL,
        "Oauth2ClientId": "me",
        "Oauth2ClientSecret": None,
        "Oauth2TokenExchangeUri": "https://umbrella.example/token",
    }


def test_a_token_takes_the_place_of_oauth(send, job):
    send(
        tenant_url=URL,
        way="client",
        token_endpoint="https://umbrella.example/t",
        client_id="me",
        client_secret="s3cret",
    )

    send(way="token", secret_token=TOKEN)

    assert job.stored == {"BaseAddress": URL, "SecretToken": None}


def test_who_is_told_hears_that_no_mail_server_is_set(ana, job, admin):
    assert "No mail server is set" in ana.get(job.settings).text

    server = MailServer(host="mail.contoso.com", port=587, protection="starttls", sender="provisor@contoso.com")
    admin.mail.set(ME, server)

    assert "No mail server is set" not in ana.get(job.settings).text


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_text(ana, make_job, name):
    job = make_job(name)
    job.configured()

    for path in (
        job.settings,
        job.path,
        f"{job.path}/restart",
        f"{job.path}/delete",
        job.provisioning + "?another=yes",
    ):
        page = ana.get(path)
        assert page.status == 200
        assert "<script>alert" not in page.html
        assert "<img src=x" not in page.html
        assert name in page.text


def test_hostile_text_that_was_typed_stays_text(send):
    page = send(notify="<script>alert(1)</script>", interval='"><b>')

    assert page.status == 400
    assert "<script>alert" not in page.html
    assert "<b>" not in page.html.replace("<b>Automatic</b>", "")


@pytest.mark.parametrize("role", ROLES)
def test_each_role_sees_what_it_may(as_role, job, role):
    page = as_role(role).get(job.configured().settings)

    if role in WRITERS:
        assert job.settings in page.document.forms
    elif role in ("Security Reader", "Plan Approver", "Hybrid Identity Administrator"):
        assert job.settings not in page.document.forms
        assert URL in page.text
        assert "never shown" in page.text
    else:
        assert page.status in (403, 404)


@pytest.mark.parametrize("do", ["save", "test"])
@pytest.mark.parametrize("role", [role for role in ROLES if role not in WRITERS])
def test_a_role_that_may_not_is_refused_when_it_sends_the_form(as_role, job, admin, role, do):
    from provisor.web.sessions import form_token

    browser = as_role(role)
    token = form_token(next(iter(browser.cookies.values())), job.settings)
    given = {"form_token": token, "do": do, "tenant_url": URL, "secret_token": TOKEN, "status": "on", "scope": "all"}

    answer = browser.request("POST", job.settings, given)

    assert answer.status in (403, 404)
    assert job.stored == {}
    assert admin.asked_with == []


def test_a_form_without_its_token_is_refused(send, job):
    assert send(without=("form_token",), tenant_url=URL, secret_token=TOKEN).status == 403
    assert job.stored == {}


def test_a_job_of_another_application_is_not_here(ana, job, make_job):
    other = make_job("Another")

    assert ana.get(f"{other.provisioning}/{job.id}/settings").status == 404
