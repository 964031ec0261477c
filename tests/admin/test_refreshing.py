"""A refresh token goes to the endpoint it was given for, whatever is saved while a client of the former one works on."""

import pytest

from provisor.admin import credential_keys as keys
from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.jobs import owner_of
from provisor.engine.ports import Secret
from provisor.settings import read_settings
from provisor.wiring import Refreshing, build

APP = "Generic SCIM 2.0"
CLIENT = {
    keys.BASE_ADDRESS: "https://scim.example/v2",
    keys.TOKEN_ENDPOINT: "https://login.example/token",
    "Oauth2ClientId": "provisor",
    "Oauth2ClientSecret": "a-client-secret",
    keys.REFRESH_TOKEN: "the-first",
}
ELSEWHERE = {
    keys.TOKEN_ENDPOINT: "https://other.example/token",
    "Oauth2ClientSecret": "another-secret",
    keys.REFRESH_TOKEN: "of-the-other",
}


@pytest.fixture
def admin(tmp_path):
    made = build(read_settings({"PROVISOR_DATA": str(tmp_path / "data")}))
    made.applications.add(ME, APP)
    made.jobs.create(ME, APP)
    made.credentials.save(ME, APP, CLIENT)
    return made


@pytest.fixture
def refreshing(admin):
    """What a client that was made with these credentials reads and keeps refresh tokens by."""
    context, job = admin.cycles.context, admin.jobs.show(ME, APP).job
    return Refreshing(context.database, context.load_key, owner_of(job), Secret(CLIENT[keys.TOKEN_ENDPOINT]))


def stored(admin):
    context, job = admin.cycles.context, admin.jobs.show(ME, APP).job
    found = context.secret(context.database.reader(), owner_of(job), keys.REFRESH_TOKEN)
    return None if found is None else found.reveal()


def test_the_token_of_the_moment_is_read_and_replaced(admin, refreshing):
    admin.credentials.save(ME, APP, {keys.REFRESH_TOKEN: "saved-anew"})
    before = refreshing.read().reveal()

    refreshing.keep(Secret("the-next"))

    assert (before, stored(admin)) == ("saved-anew", "the-next")


def test_a_token_of_another_endpoint_is_neither_read_nor_replaced(admin, refreshing):
    admin.credentials.save(ME, APP, ELSEWHERE)

    refreshing.keep(Secret("the-next"))

    assert (refreshing.read(), stored(admin)) == (None, "of-the-other")


def test_a_token_that_was_removed_does_not_come_back(admin, refreshing):
    admin.credentials.save(ME, APP, {keys.REFRESH_TOKEN: None})

    refreshing.keep(Secret("the-next"))

    assert (refreshing.read(), stored(admin)) == (None, None)
