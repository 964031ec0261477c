"""Secrets over the API: a whole set of each service principal, before any job or after, never shown; and their test."""

import json
import threading

import pytest

from provisor.admin import credential_keys as keys
from provisor.admin.actor import LOCAL_OPERATOR, Actor
from provisor.engine.ports import Unauthorized
from provisor.storage import audit, links, run_requests, secrets
from provisor.storage.links import LinkRow
from provisor.storage.secrets import SecretOwner
from support.synchronized import SECRETS, TEMPLATE, URL

TOKEN = "s3kret-T0ken.value"
OTHER = "https://other.example/scim"


@pytest.fixture
def graph(service):
    return service.graph


@pytest.fixture
def path(service):
    return f"{service.path}/secrets"


def put(graph, path, *, after=None, **values):
    body = {"value": [{"key": key, "value": value} for key, value in values.items()]}
    return graph.put(path, body if after is None else {**body, "linksAfterwards": after})


def shown(graph, path):
    return {one["key"]: one["value"] for one in graph.get(path).value}


def settings(service):
    (job,) = service.admin.jobs.all(LOCAL_OPERATOR)
    return job.job.settings


VALUES = {
    "TokenExpiration": "2031-06-30",
    "Oauth2TokenExchangeUri": "https://login.example/token",
    "BaseAddress": URL,
    "SyncAll": "True",
    "SkipOutOfScopeDeletions": "false",
    "SyncNotificationSettings": '{"Enabled":false}',
}


@pytest.mark.parametrize("name", sorted(keys.ALL))
def test_every_key_of_graph_is_kept_and_returned(graph, path, name):
    value = VALUES.get(name, TOKEN)

    assert put(graph, path, **{name: value}).status == 204
    assert shown(graph, path) == {name: "*" if name in keys.WRITE_ONLY else value}


@pytest.mark.parametrize("name", ["None", "secretToken", "baseaddress", "EmailNotification", "", "x\r\ny", "é" * 3000])
def test_a_key_that_graph_does_not_have_is_refused_by_name(service, graph, path, name):
    put(graph, path, BaseAddress=URL)

    reply = put(graph, path, BaseAddress=URL, **{name: "x"})

    assert (reply.status, reply.error["innerError"]["reason"]) == (400, "unknown-credential")
    assert shown(graph, path) == {"BaseAddress": URL}


def test_secrets_are_encrypted_and_never_shown(service, graph, path, tmp_path):
    put(graph, path, BaseAddress=URL, SecretToken=TOKEN, Password=TOKEN)

    assert shown(graph, path) == {"BaseAddress": URL, "SecretToken": "*", "Password": "*"}
    assert TOKEN.encode() not in b"".join(one.read_bytes() for one in tmp_path.iterdir() if one.is_file())
    assert TOKEN not in str(audit.newest(service.database.reader(), service.tenant))


def test_a_set_replaces_the_whole_set(graph, path):
    put(graph, path, BaseAddress=URL, SecretToken=TOKEN, Password="p")

    put(graph, path, BaseAddress=URL, SecretToken=TOKEN, Domain="x")

    assert shown(graph, path) == {"BaseAddress": URL, "SecretToken": "*", "Domain": "x"}


@pytest.mark.parametrize("nothing", ["", None])
def test_an_empty_value_removes_its_key(graph, path, nothing):
    put(graph, path, BaseAddress=URL, SecretToken=TOKEN)

    assert put(graph, path, BaseAddress=nothing, SecretToken=nothing).status == 204
    assert graph.get(path).value == []


def test_a_mask_keeps_what_is_stored(service, graph, path):
    put(graph, path, BaseAddress=URL, SecretToken=TOKEN)

    assert put(graph, path, BaseAddress=URL, SecretToken="*", Domain="x").status == 204

    owner = SecretOwner(tenant=service.tenant, kind="application", id=service.application.id)
    context = service.admin.credential_sets.context
    assert context.secret(service.database.reader(), owner, "SecretToken").reveal() == TOKEN


def test_a_mask_over_nothing_is_refused(graph, path):
    reply = put(graph, path, BaseAddress=URL, SecretToken="*")

    assert (reply.status, "SecretToken" in reply.error["message"]) == (400, True)
    assert graph.get(path).value == []


def test_the_same_set_again_is_no_event(service, graph, path):
    service.job()
    given = {"BaseAddress": URL, "SecretToken": TOKEN, "SyncAll": "False",
             "SyncNotificationSettings": '{"Enabled":true,"Recipients":"a@x.example"}'}  # fmt: skip
    put(graph, path, **given)
    events = len(audit.newest(service.database.reader(), service.tenant))

    assert put(graph, path, **given).status == 204
    assert len(audit.newest(service.database.reader(), service.tenant)) == events


def test_the_same_set_is_taken_under_the_name_around_it(service, graph, path):
    reply = graph.put(service.path, {"secrets": SECRETS})

    assert reply.status == 204
    assert shown(graph, path) == {"BaseAddress": URL, "SecretToken": "*"}


BAD_BODIES = {
    "null": {"value": None},
    "no value": {},
    "a pair without a value": {"value": [{"key": "Domain"}]},
    "a pair without a key": {"value": [{"value": "x"}]},
    "a value of another type": {"value": [{"key": "Domain", "value": 5}]},
    "a pair alone": {"value": {"key": "Domain", "value": "x"}},
    "a key twice": {"value": [{"key": "Domain", "value": "x"}, {"key": "Domain", "value": "y"}]},
    "a value without end": {"value": [{"key": "Domain", "value": "x" * 9000}]},
    "a value of two lines": {"value": [{"key": "Domain", "value": "x\r\ny"}]},
    "a token of two lines": {"value": [{"key": "Password", "value": "x\ny"}]},
    "a date that is none": {"value": [{"key": "TokenExpiration", "value": "soon"}]},
    "a truth that is none": {"value": [{"key": "SyncAll", "value": "perhaps"}]},
    "notifications that are no JSON": {"value": [{"key": "SyncNotificationSettings", "value": "Enabled"}]},
    "notifications to no address": {
        "value": [{"key": "SyncNotificationSettings", "value": '{"Enabled":true,"Recipients":"nobody"}'}]
    },
    "a word for links that is none": {"value": [], "linksAfterwards": "burn"},
    "a token and a client": {
        "value": [
            {"key": "SecretToken", "value": "t"},
            {"key": "Oauth2TokenExchangeUri", "value": "https://login.example/t"},
            {"key": "Oauth2ClientId", "value": "c"},
            {"key": "Oauth2ClientSecret", "value": "s"},
        ]
    },
}


@pytest.mark.parametrize("before_a_job", [True, False])
@pytest.mark.parametrize("what", BAD_BODIES)
def test_a_set_that_cannot_be_is_refused_and_changes_nothing(service, graph, path, what, before_a_job):
    if not before_a_job:
        service.job(secrets=False)
    put(graph, path, BaseAddress=URL, Password="p")
    before = graph.get(path).body

    reply = graph.put(path, BAD_BODIES[what])

    assert (reply.status, bool(reply.error["message"])) == (400, True)
    assert graph.get(path).body == before


# Settings


def test_settings_take_the_right_to_change_the_job(service, graph, path):
    allowed = frozenset({"job.credentials", "job.read"})
    service.callers["keeper"] = Actor(id="k", name="kim", kind="user", permissions=allowed)
    keeper = service.graph.as_("keeper")
    put(graph, path, BaseAddress=URL, SecretToken=TOKEN, SyncAll="True")

    statuses = [
        put(keeper, path, BaseAddress=URL, SecretToken="another", SyncAll="True").status,
        put(keeper, path, BaseAddress=URL, SecretToken="third", SyncAll="False").status,
        put(keeper, path, BaseAddress=URL, SecretToken="fourth").status,
    ]

    assert statuses == [204, 403, 403]
    assert shown(graph, path)["SyncAll"] == "True"


def test_what_was_put_before_a_job_is_so_once_there_is_one(service, graph, path):
    put(graph, path, BaseAddress=URL, SecretToken=TOKEN, SyncAll="True", SkipOutOfScopeDeletions="True")

    service.job(secrets=False)

    assert (settings(service)["scope"], settings(service)["skipOutOfScopeDeletions"]) == ("all", True)
    assert service.admin.jobs.all(LOCAL_OPERATOR)[0].job.status_code == "NotRun"
    assert shown(graph, path)["SyncAll"] == "True"


def test_settings_go_to_every_job_and_come_back_as_they_were_written(service, graph, path):
    service.job(secrets=False)
    service.job(secrets=False)

    put(graph, path, SyncAll="tRUE")

    assert [one.job.settings["scope"] for one in service.admin.jobs.all(LOCAL_OPERATOR)] == ["all", "all"]
    assert shown(graph, path) == {"SyncAll": "tRUE"}


def test_a_setting_that_was_changed_elsewhere_is_shown_as_it_is(service, graph, path):
    service.job(secrets=False)
    put(graph, path, SyncAll="True", SyncNotificationSettings='{"Enabled": true, "Recipients": "a@x.example", "X": 1}')
    key = service.admin.jobs.all(LOCAL_OPERATOR)[0].job.id

    service.admin.jobs.settings(LOCAL_OPERATOR, key, scope="assigned")
    from provisor.admin.notification import Notification

    service.admin.jobs.settings(LOCAL_OPERATOR, key, notification=Notification(enabled=False))

    found = shown(graph, path)
    assert found["SyncAll"] == "False"
    assert json.loads(found["SyncNotificationSettings"]) == {"Enabled": False, "Recipients": "a@x.example", "X": 1}


def test_a_setting_that_is_not_in_the_set_stays_unless_it_was_put_by_one(service, graph, path):
    service.job(secrets=False)
    key = service.admin.jobs.all(LOCAL_OPERATOR)[0].job.id
    service.admin.jobs.settings(LOCAL_OPERATOR, key, scope="all")

    put(graph, path, BaseAddress=URL, SecretToken=TOKEN)
    kept = settings(service)["scope"]
    put(graph, path, BaseAddress=URL, SecretToken=TOKEN, SyncAll="true")
    put(graph, path, BaseAddress=URL, SecretToken=TOKEN)

    assert (kept, settings(service)["scope"]) == ("all", "assigned")


NOTICES = '{"Enabled":true,"Recipients":"ops@fjord.example","DeleteThresholdEnabled":true,"DeleteThresholdValue":500,"Own":[1]}'


def test_notifications_are_settings_of_ours_and_keep_what_we_do_not_know(service, graph, path):
    service.job(secrets=False)

    put(graph, path, SyncNotificationSettings=NOTICES)

    found = settings(service)
    assert found["notification"]["recipients"] == ["ops@fjord.example"]
    assert found["notification"]["Own"] == [1]
    assert (found["preventAccidentalDeletions"], found["deletionThreshold"]) == (True, 500)
    assert shown(graph, path) == {"SyncNotificationSettings": NOTICES}


def test_a_threshold_that_was_switched_off_elsewhere_is_shown_so(service, graph, path):
    service.job(secrets=False)
    put(graph, path, SyncNotificationSettings=NOTICES)
    key = service.admin.jobs.all(LOCAL_OPERATOR)[0].job.id

    service.admin.jobs.settings(LOCAL_OPERATOR, key, prevent_deletions=False)

    assert json.loads(shown(graph, path)["SyncNotificationSettings"])["DeleteThresholdEnabled"] is False


# Another address


@pytest.fixture
def linked(service):
    """A job with one linked account."""
    path = service.job()
    (job,) = service.admin.jobs.all(LOCAL_OPERATOR)
    with service.database.transaction() as connection:
        links.put(connection, [LinkRow(job.job.number, "1", "user", "t1", "linked", "h", "h", "{}")])
    return path


def count_of_links(service):
    return service.database.reader().one("SELECT count(*) FROM link")[0]


def test_another_address_is_refused_where_accounts_are_linked(service, graph, path, linked):
    before = graph.get(path).body

    reply = put(graph, path, BaseAddress=OTHER, SecretToken=TOKEN)

    assert (reply.status, reply.error["innerError"]["reason"]) == (400, "links-of-another-address")
    assert "linksAfterwards" in reply.error["innerError"]["hint"]
    assert graph.get(path).body == before


@pytest.mark.parametrize(("after", "left"), [("keep", 1), ("forget", 0)])
def test_another_address_is_taken_where_it_is_said_what_becomes_of_links(service, graph, path, linked, after, left):
    assert put(graph, path, BaseAddress=OTHER, SecretToken=TOKEN, after=after).status == 204
    assert (shown(graph, path)["BaseAddress"], count_of_links(service)) == (OTHER, left)


def test_secrets_are_removed_where_accounts_are_linked_and_their_address_is_known(service, graph, path, linked):
    assert put(graph, path, BaseAddress="", SecretToken="").status == 204

    elsewhere = put(graph, path, BaseAddress=OTHER, SecretToken=TOKEN)
    back = put(graph, path, BaseAddress=URL, SecretToken=TOKEN)

    assert (elsewhere.error["innerError"]["reason"], back.status) == ("links-of-another-address", 204)
    assert shown(graph, path) == {"BaseAddress": URL, "SecretToken": "*"}


def test_a_job_whose_secrets_were_away_is_asked_to_run_once_they_are_back(service, graph, path):
    job = service.job()
    assert graph.post(f"{job}/start").status == 204
    (found,) = service.admin.jobs.all(LOCAL_OPERATOR)
    number, reader = found.job.number, service.database.reader()

    assert graph.put(path, {"value": []}).status == 204
    before = len(run_requests.unanswered(reader, number))
    assert graph.put(path, {"value": SECRETS}).status == 204
    saved = len(run_requests.unanswered(reader, number))
    assert graph.put(path, {"value": SECRETS}).status == 204

    assert saved == before + 1
    assert len(run_requests.unanswered(reader, number)) == saved


def test_a_masked_token_goes_to_no_other_server(service, graph, path):
    put(graph, path, BaseAddress=URL, SecretToken=TOKEN)

    reply = put(graph, path, BaseAddress=OTHER, SecretToken="*")

    assert (reply.status, reply.error["innerError"]["reason"]) == (400, "secret-needed-again")
    assert shown(graph, path)["BaseAddress"] == URL


def test_two_who_put_at_once_leave_one_whole_set(service, graph, path):
    first = {"BaseAddress": URL, "SecretToken": "one", "UserName": "one"}
    second = {"BaseAddress": URL, "SecretToken": "two", "Domain": "two"}
    statuses = []

    def repeat(given):
        for _ in range(10):
            statuses.append(put(graph, path, **given).status)

    threads = [threading.Thread(target=repeat, args=(given,)) for given in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    owner = SecretOwner(tenant=service.tenant, kind="application", id=service.application.id)
    context, reader = service.admin.credential_sets.context, service.database.reader()
    names = keys.ALL.intersection(secrets.names(reader, owner))
    held = {name: context.secret(reader, owner, name).reveal() for name in names}
    assert set(statuses) == {204}
    assert held in (first, second)


# Testing


def check(graph, where, **body):
    return graph.post(f"{where}/validateCredentials", body)


UNSAVED = {"useSavedCredentials": False, "credentials": SECRETS}


def test_credentials_are_tested_before_there_is_a_job(service, graph):
    jobs = f"{service.path}/jobs"

    assert check(graph, jobs, **UNSAVED, templateId=TEMPLATE).status == 204
    assert check(graph, jobs, useSavedCredentials=True).error["innerError"]["reason"] == "no-credentials"
    assert check(graph, jobs, **UNSAVED, templateId="scim").error["innerError"]["reason"] == "unknown-template"
    assert service.target.resources("user") == {}


@pytest.mark.parametrize("body", [{"useSavedCredentials": True}, UNSAVED, {"credentials": SECRETS}], ids=str)
def test_credentials_of_a_job_are_tested(service, graph, body):
    job = service.job()

    reply = check(graph, job, **body)

    assert (reply.status, reply.raw) == (204, b"")
    assert check(graph, f"{service.path}/jobs", **body).status == 204


def test_saved_credentials_win_where_they_are_asked_for(service, graph):
    assert check(graph, service.job(), useSavedCredentials=True, credentials=[]).status == 204


@pytest.mark.parametrize("saved", [True, False])
def test_a_test_that_fails_is_400_with_the_reason_and_no_token(service, graph, saved):
    job = service.job()
    service.target.fail(1, Unauthorized("The token is wrong."), times=100)

    reply = check(graph, job, **({"useSavedCredentials": True} if saved else UNSAVED))

    assert (reply.status, reply.error["innerError"]["reason"]) == (400, "connection-failed")
    assert SECRETS[1]["value"].encode() not in reply.raw


BAD_CHECKS = {
    "nothing": {},
    "no credentials": {"useSavedCredentials": False},
    "null for them": {"useSavedCredentials": False, "credentials": None},
    "an unknown key": {"credentials": [{"key": "Token", "value": "x"}]},
    "a mask": {"credentials": [{"key": "BaseAddress", "value": URL}, {"key": "SecretToken", "value": "*"}]},
    "a flag that is none": {"useSavedCredentials": "yes"},
    "a pair of two lines": {"credentials": [{"key": "Domain", "value": "x\r\ny"}]},
}


@pytest.mark.parametrize("what", BAD_CHECKS)
def test_a_test_that_cannot_be_made_is_refused(service, graph, what):
    job = service.job()

    assert check(graph, job, **BAD_CHECKS[what]).status == 400
    assert check(graph, f"{service.path}/jobs", **BAD_CHECKS[what]).status == 400
