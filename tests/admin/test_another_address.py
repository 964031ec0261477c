"""Credentials of another address: a secret goes to no server it was not given for, a link to no stranger's account."""

from datetime import UTC, datetime

import pytest

from provisor.admin import credential_keys as keys
from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.bundle import Admin
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.moving import place
from provisor.engine.letter import MailServer
from provisor.storage import links
from provisor.storage.links import LinkRow
from provisor.storage.secrets import load_key

APP = "Cisco Umbrella User Management"
OLD = "https://umbrella.example/scim"
NEW = "https://other.example/scim"


@pytest.fixture
def admin(database, tenant, tmp_path):
    return Admin(
        Context(
            database=database,
            tenant=tenant,
            now=lambda: datetime(2026, 11, 29, tzinfo=UTC),
            random_bytes=bytes,
            load_key=lambda: load_key(tmp_path / "secret.key"),
            problem_with_credentials=lambda url, token: None,
            connect=lambda job: pytest.fail("nothing may be sent"),
        )
    )


@pytest.fixture(params=["provisor", "entra"])
def behaviour(request):
    return request.param


@pytest.fixture
def job(admin, behaviour):
    admin.applications.add(ME, APP)
    admin.jobs.create(ME, APP, behaviour=behaviour)
    return admin.jobs.save_credentials(ME, APP, url=OLD, token="a-token").job


@pytest.fixture
def linked(database, job):
    """Of the job: one account linked, one released."""
    with database.transaction() as connection:
        rows = [("1", "linked"), ("2", "released")]
        links.put(connection, [LinkRow(job.number, one, "user", one, state, "h", "h", "{}") for one, state in rows])
    return job


def save(admin, url, *, token="a-token", **said):
    given = {keys.BASE_ADDRESS: url} if token is None else {keys.BASE_ADDRESS: url, keys.SECRET_TOKEN: token}
    return admin.credentials.save(ME, APP, given, **said)


def stored_url(admin):
    return admin.credentials.show(ME, APP)[keys.BASE_ADDRESS]


SAME_PLACE = [
    "https://umbrella.example/scim/",
    "HTTPS://Umbrella.example/scim",
    "https://umbrella.example:443/scim",
    "https://umbrella.example/scim?aadOptscim062020",
]
ANOTHER_PLACE = [
    NEW,
    "https://umbrella.example/scim2",
    "https://umbrella.example:8443/scim",
    "http://umbrella.example/scim",
]


@pytest.mark.parametrize("url", SAME_PLACE)
def test_another_spelling_of_the_address_is_saved_without_a_question(admin, linked, url):
    assert place(url) == place(OLD)

    save(admin, url, token=None)

    assert stored_url(admin) == url


@pytest.mark.parametrize("url", ANOTHER_PLACE)
@pytest.mark.parametrize("behaviour", ["provisor"], indirect=True)
def test_another_address_of_linked_accounts_is_refused_until_somebody_says_what_is_there(admin, linked, url):
    with pytest.raises(AdminError) as refused:
        save(admin, url)

    assert refused.value.code == "links-of-another-address"
    assert "2 accounts and groups are linked" in refused.value.message
    assert stored_url(admin) == OLD


@pytest.mark.parametrize("url", ANOTHER_PLACE)
def test_another_address_is_saved_where_nobody_is_linked(admin, job, url):
    save(admin, url)

    assert stored_url(admin) == url


def test_links_that_are_kept_stay_as_they_are(admin, database, linked):
    save(admin, NEW, links="keep")

    assert links.count(database.reader(), linked.number, "user") == 2


def test_links_that_are_forgotten_have_everybody_matched_anew(admin, database, linked):
    found = save(admin, NEW, links="forget").job

    assert links.count(database.reader(), linked.number, "user") == 0
    assert found.watermark is None
    assert found.restarts == linked.restarts + 1


@pytest.mark.parametrize("behaviour", ["provisor"], indirect=True)
def test_all_jobs_of_the_application_are_asked_about_and_forget(admin, database, linked):
    other = admin.jobs.create(ME, APP).job

    with pytest.raises(AdminError) as refused:
        admin.jobs.save_credentials(ME, other.id, url=NEW, token="a-token")
    admin.credentials.save(ME, other.id, {keys.BASE_ADDRESS: NEW, keys.SECRET_TOKEN: "a-token"}, links="forget")

    assert refused.value.code == "links-of-another-address"
    assert links.count(database.reader(), linked.number, "user") == 0
    assert admin.jobs.show(ME, linked.id).job.watermark is None


@pytest.mark.parametrize("behaviour", ["entra"], indirect=True)
def test_behaviour_entra_goes_on_with_the_links_at_another_address(admin, database, linked):
    save(admin, NEW)

    assert links.count(database.reader(), linked.number, "user") == 2


CLIENT = {
    keys.BASE_ADDRESS: OLD,
    keys.TOKEN_ENDPOINT: "https://login.example/token",
    "Oauth2ClientId": "provisor",
    "Oauth2ClientSecret": "a-client-secret",
}
REDIRECTED = {
    "token to another host": ({}, {keys.BASE_ADDRESS: NEW}, "SecretToken"),
    "token to another port": ({}, {keys.BASE_ADDRESS: "https://umbrella.example:8443/scim"}, "SecretToken"),
    "token in clear": ({}, {keys.BASE_ADDRESS: "http://umbrella.example/scim"}, "SecretToken"),
    "client secret to another endpoint": (
        CLIENT,
        {keys.TOKEN_ENDPOINT: "https://evil.example/token"},
        "Oauth2ClientSecret",
    ),
    "what a client secret gets to another host": (CLIENT, {keys.BASE_ADDRESS: NEW}, "Oauth2ClientSecret"),
}


@pytest.mark.parametrize(("stored", "given", "missing"), REDIRECTED.values(), ids=REDIRECTED)
def test_a_stored_secret_goes_to_no_server_it_was_not_given_for(admin, job, stored, given, missing):
    if stored:
        admin.credentials.save(ME, APP, {**stored, keys.SECRET_TOKEN: None})

    with pytest.raises(AdminError) as refused:
        admin.credentials.save(ME, APP, given)

    assert refused.value.code == "secret-needed-again"
    assert missing in refused.value.message
    assert "a-token" not in str(refused.value) + refused.value.hint
    assert stored_url(admin) == OLD


REMOVED = {
    "tenant URL": ({}, {keys.BASE_ADDRESS: None}, "SecretToken"),
    "tenant URL of a client": (CLIENT, {keys.BASE_ADDRESS: None}, "Oauth2ClientSecret"),
    "token endpoint": (CLIENT, {keys.TOKEN_ENDPOINT: None, keys.SECRET_TOKEN: "a-token"}, "Oauth2ClientSecret"),
}


@pytest.mark.parametrize(("stored", "given", "missing"), REMOVED.values(), ids=REMOVED)
def test_no_secret_outlives_the_address_it_was_given_for(admin, job, stored, given, missing):
    if stored:
        admin.credentials.save(ME, APP, {**stored, keys.SECRET_TOKEN: None})

    with pytest.raises(AdminError) as refused:
        admin.credentials.save(ME, APP, given)
    admin.credentials.save(ME, APP, {**given, missing: None})

    assert (refused.value.code, missing in refused.value.message) == ("secret-needed-again", True)
    assert missing not in admin.credentials.show(ME, APP)


@pytest.mark.parametrize("behaviour", ["provisor"], indirect=True)
@pytest.mark.parametrize(("url", "code"), [(NEW, "links-of-another-address"), (f"{OLD}/", None)])
def test_the_address_whose_ids_are_linked_is_known_after_its_removal(admin, linked, url, code):
    admin.credentials.save(ME, APP, {keys.BASE_ADDRESS: None, keys.SECRET_TOKEN: None})
    removed = admin.credentials.show(ME, APP)

    try:
        save(admin, url)
        refused = None
    except AdminError as error:
        refused = error.code

    assert (removed, refused) == ({}, code)


def test_another_path_of_the_same_server_needs_no_secret_again(admin, job):
    save(admin, "https://umbrella.example/v2", token=None)

    assert stored_url(admin) == "https://umbrella.example/v2"


def test_a_secret_that_is_removed_with_the_move_goes_nowhere(admin, job):
    admin.credentials.save(ME, APP, {keys.BASE_ADDRESS: NEW, keys.SECRET_TOKEN: None})

    assert stored_url(admin) == NEW


def test_the_password_of_a_mail_server_goes_to_no_other(admin):
    server = MailServer(host="mail.example", port=587, protection="starttls", sender="a@x.example", user="me")
    admin.mail.set(ME, server, password="a-password")

    with pytest.raises(AdminError) as refused:
        admin.mail.set(
            ME, MailServer(host="evil.example", port=587, protection="starttls", sender="a@x.example", user="me")
        )

    assert refused.value.code == "secret-needed-again"
    assert admin.mail.show(ME).server == server
