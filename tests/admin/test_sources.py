"""Sources as administrators keep them: added paused, changed with what that means, started, deleted."""

import json

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.errors import AdminError
from provisor.storage import audit
from support.sourced import AD, PASSWORD


@pytest.fixture
def settings(sourced):
    return sourced.admin.sources.settings


@pytest.fixture
def corp(settings):
    return settings.add(ME, "corp", AD, given_secrets=PASSWORD)


def with_(path, value):
    """The settings with another value."""
    document = json.loads(json.dumps(AD))
    *parents, name = path.split(".")
    inner = document
    for parent in parents:
        inner = inner[parent]
    inner[name] = value
    return document


def test_a_source_is_added_paused(corp):
    assert (corp.source.schedule_state, corp.health, corp.next_at) == ("Paused", "not read yet", None)


def test_nothing_is_asked_of_a_source_that_is_added(sourced, corp):
    assert sourced.opened == 0


WRONG = {
    "no kind": ({}, "The settings name no kind of source."),
    "a kind there is not": ({"type": "ldapp"}, "the kind 'ldapp'"),
    "a setting there is not": (with_("bas", "x"), "unknown field `bas`"),
    "a setting that is missing": ({"type": "active-directory", "base": "DC=x"}, "missing required field `server`"),
    "a value of another type": (with_("server.addresses", "dc1"), "Expected `array`"),
    "a base that is none": (with_("base", "contoso"), "The base contoso is no distinguished name"),
    "no server": (with_("server.addresses", []), "No server is named."),
    "a file that is not there": (with_("server.caFile", "/nowhere/ca.pem"), "/nowhere/ca.pem is not there"),
    "a file named from here": (with_("server.caFile", "ca.pem"), "ca.pem is not named from the root"),
    "a password without TLS": (with_("server.transport", "plain"), "the network would see the password"),
    "no file of people": ({"type": "csv"}, "No file of users or groups is named."),
    "plain HTTP": (
        {"type": "entra", "tenant": "t", "client": "c", "graph": "http://graph.contoso.example"},
        "Plain HTTP to graph.contoso.example",
    ),
    "half a character": (with_("base", "DC=\udcff"), "hold half a character"),
    "a control character": (with_("server.addresses", ["dc1\0"]), "a control character"),
}

WITH_SECRETS = {
    "a password before Graph": {"type": "entra", "tenant": "t", "client": "c", "graph": "https://u:hunter2@x.example"},
    "a key behind the sign-in": {"type": "entra", "tenant": "t", "client": "c", "login": "https://x.example?k=hunter2"},
    "no scheme": {"type": "entra", "tenant": "t", "client": "c", "graph": "u:hunter2@x.example"},
    "a password before a server": with_("server.addresses", ["reader:hunter2@dc1"]),
    "a whole address of a server": with_("server.addresses", ["ldaps://reader:hunter2@dc1"]),
}


@pytest.mark.parametrize("document", WITH_SECRETS.values(), ids=WITH_SECRETS.keys())
def test_an_address_with_a_secret_in_it_is_refused_without_showing_it(settings, document):
    with pytest.raises(AdminError) as refused:
        settings.add(ME, "corp", document)

    assert (refused.value.code, "hunter2" in repr(refused.value)) == ("source-settings", False)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(("document", "said"), WRONG.values(), ids=WRONG)
def test_settings_that_cannot_work_are_refused_with_a_sentence(settings, document, said):
    with pytest.raises(AdminError) as raised:
        settings.add(ME, "corp", document)

    assert (raised.value.code, said in raised.value.message) == ("source-settings", True), raised.value.message
    assert settings.all(ME) == []


def test_every_problem_of_the_settings_is_told_at_once(settings):
    document = with_("base", "contoso") | {"group": "pilots"}

    with pytest.raises(AdminError) as raised:
        settings.add(ME, "corp", document)

    assert len(raised.value.message.splitlines()) == 2


def test_plain_ldap_to_this_machine_is_taken(settings):
    document = with_("server", {"addresses": ["127.0.0.1:3890"], "user": "cn=x", "transport": "plain"})

    assert settings.add(ME, "corp", document).source.name == "corp"


TAKEN = {"corp": "a source of the kind active-directory", "local": "objects that are made by hand"}


@pytest.mark.parametrize(("name", "whose"), TAKEN.items())
def test_a_name_that_is_taken_is_refused(sourced, settings, corp, name, whose):
    sourced.admin.users.create(ME, {"userPrincipalName": "by@hand.example"})

    with pytest.raises(AdminError) as raised:
        settings.add(ME, name, AD)

    assert (raised.value.code, whose in raised.value.message) == ("name-taken", True)


OUT_OF_RANGE = {"interval_seconds": 0, "precedence": -1, "deletion_threshold": -2}


@pytest.mark.parametrize(("what", "value"), OUT_OF_RANGE.items())
def test_a_number_out_of_range_is_refused(settings, what, value):
    with pytest.raises(AdminError) as raised:
        settings.add(ME, "corp", AD, **{what: value})

    assert raised.value.code == "invalid-value"


def test_a_secret_that_such_a_source_does_not_have_is_refused(settings):
    with pytest.raises(AdminError, match="no secret 'clientSecret'") as raised:
        settings.add(ME, "corp", AD, given_secrets={"clientSecret": "x"})

    assert raised.value.hint == "It takes password."


def test_a_secret_is_shown_by_name_only(sourced, settings, corp):
    everything = repr(settings.all(ME)) + repr(audit.newest(sourced.database.reader(), sourced.tenant))

    assert (corp.secrets, PASSWORD["password"] in everything) == (("password",), False)
    assert PASSWORD["password"].encode() not in sourced.file.read_bytes()


def test_a_source_without_its_secret_is_not_started(settings):
    settings.add(ME, "corp", AD)

    with pytest.raises(AdminError) as raised:
        settings.start(ME, "corp")

    assert raised.value.code == "no-credentials"


def test_a_started_source_is_due_at_once(settings, corp):
    assert settings.start(ME, "corp").next_at == 0


def test_a_paused_source_is_not_due(settings, corp):
    settings.start(ME, "corp")
    settings.pause(ME, "corp")

    # whoever started it wanted it read, and pausing takes that back
    assert settings.show(ME, "corp").next_at is None


def test_a_changed_interval_takes_no_full_read(settings, corp):
    assert settings.change(ME, "corp", interval_seconds=60).full_read_follows is False


FULL = {
    "filters": {"filters": '[{"attribute": "department", "operator": "equals", "value": "Board"}]'},
    "containers": {"containers": '["OU=People,DC=contoso,DC=example"]'},
    "the name to sign in with": {"signInName": "mail"},
}


@pytest.mark.parametrize("changes", FULL.values(), ids=FULL)
def test_changed_filters_and_attributes_take_a_full_read(sourced, settings, corp, changes):
    sourced.admin.sources.runs.run(ME, "corp")
    before = settings.show(ME, "corp").source.next_read

    changed = settings.change(ME, "corp", changes=changes)

    assert (before, changed.full_read_follows, changed.shown.source.next_read) == ("delta", True, "full")


def test_one_setting_is_changed_by_its_path(settings, corp):
    changed = settings.change(
        ME, "corp", changes={"server.addresses": "dc1.contoso.example, dc2.contoso.example"}, given_secrets=PASSWORD
    )

    assert changed.shown.source.settings.server.addresses == ("dc1.contoso.example", "dc2.contoso.example")


def test_a_setting_that_is_not_there_is_refused_with_the_nearest(settings, corp):
    with pytest.raises(AdminError, match=r"no setting 'server.adresses'") as raised:
        settings.change(ME, "corp", changes={"server.adresses": "dc2"})

    assert raised.value.hint.startswith("Did you mean server.addresses?")


ELSEWHERE = {
    "another server": {"server.addresses": "dc9.contoso.example"},
    "less protection": {"server.transport": "starttls"},
    "another authority": {"server.certificateNames": "dc9.contoso.example"},
}


@pytest.mark.parametrize("changes", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_password_is_not_sent_elsewhere_than_it_was_given_for(settings, corp, changes):
    with pytest.raises(AdminError) as raised:
        settings.change(ME, "corp", changes=changes)

    assert raised.value.code == "secret-needed-again"


def test_a_source_does_not_become_one_of_another_kind(settings, corp):
    with pytest.raises(AdminError, match="cannot become another"):
        settings.change(ME, "corp", document={"type": "entra", "tenant": "t", "client": "c"})


def test_a_new_secret_takes_the_place_of_the_old_one(sourced, settings, corp):
    settings.change(ME, "corp", given_secrets={"password": "another"})
    sourced.admin.sources.runs.run(ME, "corp")

    assert sourced.given == [{"password": "another"}]


def test_every_change_is_in_the_audit_log(sourced, settings, corp):
    settings.change(ME, "corp", interval_seconds=60)
    settings.stage(ME, "corp", staging=True)
    settings.start(ME, "corp")
    settings.pause(ME, "corp")
    sourced.admin.sources.runs.run(ME, "corp")
    settings.delete(ME, "corp")

    told = [one.activity for one in audit.newest(sourced.database.reader(), sourced.tenant)]
    assert told[::-1] == [
        "Add source",
        "Update source",
        "Set staging mode of source",
        "Start source",
        "Pause source",
        "Run source",
        "Delete source",
    ]


def test_what_changes_nothing_is_not_in_the_audit_log(sourced, settings, corp):
    settings.change(ME, "corp", interval_seconds=1800)
    settings.pause(ME, "corp")
    settings.stage(ME, "corp", staging=False)

    assert [one.activity for one in audit.newest(sourced.database.reader(), sourced.tenant)] == ["Add source"]


def test_a_source_in_staging_is_read_and_touches_nobody(sourced, settings, corp):
    sourced.domain.person("anna")
    settings.stage(ME, "corp", staging=True)

    run = sourced.admin.sources.runs.run(ME, "corp")

    assert (run.staging, run.counters["read"], sourced.people()) == (True, 1, [])


def test_staging_switched_off_takes_over_what_was_read(sourced, settings, corp):
    sourced.domain.person("anna")
    settings.stage(ME, "corp", staging=True)
    sourced.admin.sources.runs.run(ME, "corp")
    settings.stage(ME, "corp", staging=False)

    sourced.admin.sources.runs.run(ME, "corp")

    assert sourced.people() == ["anna@contoso.example"]


def test_a_source_that_feeds_somebody_is_not_deleted_unless_they_are_kept(sourced, settings, corp):
    sourced.domain.person("anna")
    sourced.domain.group("sales", "anna")
    sourced.admin.sources.runs.run(ME, "corp")

    with pytest.raises(AdminError, match="feeds 1 user and 1 group") as raised:
        settings.delete(ME, "corp")

    assert raised.value.code == "source-feeds"
    assert len(settings.all(ME)) == 1


def test_who_is_kept_stays_as_he_is_and_belongs_to_nobody(sourced, settings, corp):
    sourced.domain.person("anna")
    sourced.admin.sources.runs.run(ME, "corp")

    settings.delete(ME, "corp", keep=True)
    sourced.admin.users.set(ME, "anna@contoso.example", {"department": "Sales"})

    assert (settings.all(ME), sourced.people()) == ([], ["anna@contoso.example"])


def test_the_name_of_a_deleted_source_is_free_and_finds_those_it_fed(sourced, settings, corp):
    sourced.domain.person("anna")
    sourced.admin.sources.runs.run(ME, "corp")
    settings.delete(ME, "corp", keep=True)

    settings.add(ME, "corp", AD, given_secrets=PASSWORD)
    run = sourced.admin.sources.runs.run(ME, "corp")

    assert (run.counters.get("created", 0), sourced.people()) == (0, ["anna@contoso.example"])


def test_a_deleted_source_leaves_no_secret(sourced, settings, corp):
    settings.delete(ME, "corp")

    assert sourced.database.reader().one("SELECT count(*) FROM secret") == (0,)


def test_a_source_that_is_not_there_is_told(settings):
    with pytest.raises(AdminError, match="There is no source 'corp'") as raised:
        settings.show(ME, "corp")

    assert raised.value.code == "not-found"


def test_the_nearest_source_is_suggested(sourced, settings, corp):
    with pytest.raises(AdminError) as raised:
        settings.show(ME, "copr")

    assert sourced.admin.nearest.hinted(ME, raised.value).hint.startswith("Did you mean corp?")


def test_files_are_not_imported_into_a_source_that_is_read_by_itself(sourced, settings, tmp_path):
    from provisor.runner.importing.import_source import CsvImport

    file = tmp_path / "users.csv"
    file.write_text("userPrincipalName\nanna@contoso.example\n")
    settings.add(ME, "staff", {"type": "csv", "users": str(file)})

    with pytest.raises(AdminError) as raised:
        sourced.admin.imports.csv(ME, CsvImport(users=file, source="staff"))

    assert raised.value.code == "source-not-csv"
