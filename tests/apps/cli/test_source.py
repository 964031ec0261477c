"""`provisor source`: add, test, preview, run, start, change, delete, as a person at the command line has it."""

import json

import pytest

from provisor import wiring
from provisor.engine.sources import SourceAttribute, SourceCheck
from support.mirrored import Domain

SERVER = ("--server", "dc1.contoso.example", "--user", "sync@contoso.example", "--base", "DC=contoso,DC=example")


class OfferingDomain(Domain):
    """A domain in memory whose schema offers what a test wants."""

    def __init__(self):
        super().__init__()
        self.source.attributes = lambda: [
            SourceAttribute(name="objectGUID", type="Binary", multi_valued=False, kinds=("user", "group")),
            SourceAttribute(name="roomNumber", type="String", multi_valued=True, kinds=("user",)),
        ]


@pytest.fixture
def domain(monkeypatch):
    made = OfferingDomain()
    made.given = []

    def connect(settings, secrets):
        made.given.append({name: secret.reveal() for name, secret in secrets.items()})
        return made.source

    monkeypatch.setattr(wiring, "connect_source", connect)
    return made


@pytest.fixture
def password(tmp_path):
    file = tmp_path / "password"
    file.write_text("correct horse\n")
    return file


@pytest.fixture
def corp(provisor, domain, password):
    assert provisor("source", "add", "active-directory", "corp", *SERVER, "--password-file", password).code == 0
    return domain


def shown(provisor, name="corp"):
    return json.loads(provisor("source", "show", name, "--json").out)


def test_a_domain_is_added_paused_and_what_comes_next_is_said(provisor, domain, password):
    answered = provisor("source", "add", "active-directory", "corp", *SERVER, "--password-file", password)

    assert answered.code == 0
    assert "paused" in answered.out
    assert "provisor source test corp" in answered.out


def test_settings_are_shown_and_the_password_is_not(provisor, corp):
    everything = provisor("source", "show", "corp").out + provisor("source", "show", "corp", "--json").out

    assert "dc1.contoso.example" in everything
    assert "correct horse" not in everything
    assert shown(provisor)["secrets"] == ["password"]


FILTERS = {
    "extensionAttribute15=NoSync": ("extensionAttribute15", "equals", "NoSync"),
    "department!=Sales": ("department", "not-equals", "Sales"),
    "title^=Temp": ("title", "starts-with", "Temp"),
    "employeeID": ("employeeID", "present", ""),
    "!mail": ("mail", "absent", ""),
}


@pytest.mark.parametrize(("text", "meant"), FILTERS.items())
def test_filters_are_typed_as_people_write_them(provisor, domain, password, text, meant):
    added = provisor(
        "source", "add", "active-directory", "corp", *SERVER, "--password-file", password, "--leave-out", text
    )

    assert added.code == 0
    (one,) = shown(provisor)["settings"]["filters"]
    assert (one["attribute"], one["operator"], one["value"]) == meant


def test_a_directory_that_speaks_ldap_is_added(provisor, password):
    added = provisor(
        *("source", "add", "ldap", "people", "--server", "ldap.contoso.example", "--user", "cn=reader,dc=contoso"),
        *("--base", "dc=contoso", "--password-file", password, "--user-filter", "(uid=*)", "--json"),
    )

    assert json.loads(added.out)["settings"]["userFilter"] == "(uid=*)"


def test_a_tenant_is_added(provisor, password):
    added = provisor(
        *(
            "source",
            "add",
            "entra",
            "tenant",
            "--tenant",
            "contoso.example",
            "--client",
            "c",
            "--secret-file",
            password,
        ),
        *("--user-attribute", "employeeHireDate", "--assignments", "there=here", "--json"),
    )

    document = json.loads(added.out)
    assert document["secrets"] == ["clientSecret"]
    assert document["settings"]["applications"] == [{"servicePrincipal": "there", "application": "here"}]


def test_a_tenant_with_a_certificate_is_added(provisor, tmp_path):
    (tmp_path / "both.pem").write_text("-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n")
    added = provisor(
        *("source", "add", "entra", "tenant", "--tenant", "t", "--client", "c"),
        *("--certificate-file", tmp_path / "both.pem", "--json"),
    )

    assert json.loads(added.out)["secrets"] == ["certificate"]
    assert "PRIVATE KEY" not in added.out


WRONG_USAGE = {
    "no server": ("active-directory", "corp", "--user", "u", "--base", "DC=x"),
    "assignments that name one id": ("entra", "t", "--tenant", "t", "--client", "c", "--assignments", "x"),
    "a threshold that is none": ("csv", "s", "--users", "/etc/hostname", "--deletion-threshold", "many"),
    "two secrets": ("entra", "t", "--tenant", "t", "--client", "c", "--secret-file", "a", "--certificate-file", "b"),
    "a way of TLS there is not": ("active-directory", "corp", *SERVER, "--tls", "ssl"),
}


@pytest.mark.parametrize("arguments", WRONG_USAGE.values(), ids=WRONG_USAGE)
def test_wrong_usage_is_explained(provisor, arguments):
    answered = provisor("source", "add", *arguments)

    assert (answered.code, "Error" in answered.err) == (2, True)


REFUSED = {
    "a base that is none": (
        ("active-directory", "corp", "--server", "dc1", "--user", "u", "--base", "contoso"),
        "no distinguished name",
    ),
    "files that are not there": (("csv", "staff", "--users", "/nowhere/users.csv"), "/nowhere/users.csv is not there"),
    "no file at all": (("csv", "staff"), "No file of users or groups is named"),
}


@pytest.mark.parametrize(("arguments", "said"), REFUSED.values(), ids=REFUSED)
def test_settings_that_cannot_work_are_explained(provisor, password, arguments, said):
    of_servers = ("--password-file", password) if arguments[0] != "csv" else ()

    answered = provisor("source", "add", *arguments, *of_servers)

    assert (answered.code, said in answered.err) == (1, True)


def test_sources_are_listed(provisor, corp):
    assert "corp   active-directory   Paused   not read yet" in provisor("source", "list").out
    assert [one["name"] for one in json.loads(provisor("source", "list", "--json").out)] == ["corp"]


def test_each_check_of_a_test_is_told(provisor, corp):
    answered = provisor("source", "test", "corp")

    assert (answered.code, answered.out) == (0, "ok      connection: It is in memory.\n")


def test_a_check_that_fails_says_what_to_do(provisor, corp):
    corp.source.check = lambda: iter(
        [SourceCheck(what="certificate", well=False, sentence="It is for another name.", hint="Name it.")]
    )

    answered = provisor("source", "test", "corp")

    assert (answered.code, answered.out) == (1, "FAILED  certificate: It is for another name.\n        Name it.\n")


def test_a_preview_shows_who_would_come_and_writes_nothing(provisor, corp):
    corp.person("anna")

    answered = provisor("source", "preview", "corp")

    assert "created   user   anna@contoso.example" in answered.out
    assert "Nothing was written." in answered.out
    assert json.loads(provisor("user", "list", "--json").out) == []


def test_a_run_says_what_it_did(provisor, corp):
    corp.person("anna")

    answered = provisor("source", "run", "corp")

    assert (answered.code, "1 created" in answered.out) == (0, True)
    assert len(json.loads(provisor("user", "list", "--json").out)) == 1


def test_a_run_that_fails_ends_with_1_and_says_why(provisor, corp):
    corp.source.faults.down = True

    answered = provisor("source", "run", "corp", "--json")

    assert (answered.code, json.loads(answered.out)["state"]) == (1, "failed")
    assert "It is down." in answered.err


def test_a_record_that_could_not_be_taken_over_ends_a_run_with_3(provisor, corp):
    corp.person("anna")
    provisor("source", "run", "corp")
    corp.person("bo", userPrincipalName="anna@contoso.example")

    answered = provisor("source", "run", "corp")

    assert (answered.code, "provisor source problems corp" in answered.err) == (3, True)
    problems = json.loads(provisor("source", "problems", "corp", "--json").out)
    assert [one["fate"] for one in problems] == ["not taken over"]


def held(provisor, corp):
    for number in range(20):
        corp.person(f"person{number}")
    provisor("source", "run", "corp")
    for anchor in list(corp.source.records)[:15]:
        del corp.source.records[anchor]
    return provisor("source", "run", "corp", "--full")


def test_held_deletions_end_a_run_with_1_and_are_allowed(provisor, corp):
    answered = held(provisor, corp)

    assert (answered.code, "Deletions are held back." in answered.err) == (1, True)
    assert "provisor source allow corp" in provisor("source", "status", "corp").out
    assert len(json.loads(provisor("source", "problems", "corp", "--leaving", "--json").out)) == 15
    assert provisor("source", "allow", "corp").out == "15 users and groups may leave with the next run.\n"
    assert provisor("source", "run", "corp").code == 0


def test_held_deletions_are_rejected(provisor, corp):
    held(provisor, corp)

    assert "15 users and groups stay" in provisor("source", "reject", "corp").out
    assert json.loads(provisor("source", "status", "corp", "--json").out)["held"] is None


def test_a_source_is_started_staged_and_paused(provisor, corp):
    provisor("source", "start", "corp")
    provisor("source", "staging", "corp", "on")
    started = shown(provisor)
    provisor("source", "staging", "corp", "off")
    provisor("source", "pause", "corp")
    paused = shown(provisor)

    assert (started["state"], started["staging"]) == ("Active", True)
    assert (paused["state"], paused["staging"]) == ("Paused", False)


def test_the_status_says_whether_it_is_read_by_itself(provisor, corp):
    assert "It is paused" in provisor("source", "status", "corp").out
    provisor("source", "start", "corp")
    assert "No `provisor serve` is running" in provisor("source", "status", "corp").out


def test_runs_are_listed(provisor, corp):
    provisor("source", "run", "corp")
    provisor("source", "run", "corp", "--full")

    found = json.loads(provisor("source", "history", "corp", "--json").out)

    assert [(one["run"], one["read"]) for one in found] == [(2, "full"), (1, "full")]


def test_what_a_change_means_is_said(provisor, corp):
    provisor("source", "run", "corp")

    assert "The next run reads everything" in provisor("source", "set", "corp", "--set", "signInName=mail").out
    assert "reads everything" not in provisor("source", "set", "corp", "--interval", "60").out
    assert shown(provisor)["intervalSeconds"] == 60


def test_settings_are_written_out_changed_and_read_in(provisor, corp, tmp_path):
    document = shown(provisor)
    document["settings"]["containers"] = ["OU=People,DC=contoso,DC=example"]
    (tmp_path / "corp.json").write_text(json.dumps(document))

    answered = provisor("source", "set", "corp", "--settings", tmp_path / "corp.json")

    assert answered.code == 0
    assert shown(provisor)["settings"]["containers"] == ["OU=People,DC=contoso,DC=example"]


TWO = ["OU=A,DC=contoso,DC=example", "OU=B,DC=contoso,DC=example"]


@pytest.mark.parametrize("given", ["; ".join(TWO), json.dumps(TWO)], ids=["text", "json"])
def test_containers_are_set_with_their_commas(provisor, corp, given):
    provisor("source", "set", "corp", "--set", f"containers={given}")

    assert shown(provisor)["settings"]["containers"] == TWO


def test_whom_to_leave_out_is_changed_as_it_was_given_at_first(provisor, corp):
    provisor("source", "set", "corp", "--leave-out", "department!=Sales", "--container", TWO[0])

    settings = shown(provisor)["settings"]
    assert (settings["filters"][0]["operator"], settings["containers"]) == ("not-equals", TWO[:1])


def test_a_setting_that_is_an_option_is_named_as_one(provisor, corp):
    answered = provisor("source", "set", "corp", "--set", "precedence=5")

    assert (answered.code, "precedence is changed by --precedence" in answered.err) == (2, True)


def test_a_threshold_is_switched_off(provisor, corp):
    provisor("source", "set", "corp", "--deletion-threshold", "off")

    assert shown(provisor)["deletionThreshold"] is None


def test_a_new_password_is_used(provisor, corp, tmp_path):
    (tmp_path / "new").write_text("battery staple")
    provisor("source", "set", "corp", "--password-file", tmp_path / "new")
    provisor("source", "run", "corp")

    assert corp.given == [{"password": "battery staple"}]


def test_available_attributes_are_searched_with_case(provisor, corp):
    found = provisor("source", "attributes", "corp", "--search", "objectGUID")
    nothing = provisor("source", "attributes", "corp", "--search", "objectguid")

    assert "objectGUID" in found.out
    assert "Upper and lower case differ" in nothing.err


def test_section_10_choosing_objectguid_warns_of_the_connector(provisor, corp):
    answered = provisor("source", "extensions", "corp", "--user", "objectGUID")

    assert answered.code == 0
    assert "_objectGUID." in answered.out
    for words in ("AD Connector off", "policies on groups", "4.10 MR5"):
        assert words in answered.err


def test_chosen_extensions_are_shown_without_asking_the_source(provisor, corp):
    provisor("source", "extensions", "corp", "--user", "objectGUID", "--user", "roomNumber", "--group", "objectGUID")
    asked = len(corp.given)

    document = json.loads(provisor("source", "extensions", "corp", "--json").out)

    assert (document["users"], document["groups"]) == (["objectGUID", "roomNumber"], ["objectGUID"])
    assert len(corp.given) == asked


def test_no_extension_is_chosen_any_more(provisor, corp):
    provisor("source", "extensions", "corp", "--user", "objectGUID")

    assert json.loads(provisor("source", "extensions", "corp", "--no-user", "--json").out)["users"] == []


def test_a_source_that_feeds_somebody_is_deleted_only_with_keep(provisor, corp):
    corp.person("anna")
    provisor("source", "run", "corp")

    refused = provisor("source", "delete", "corp", "--yes")
    done = provisor("source", "delete", "corp", "--yes", "--keep")

    assert (refused.code, "feeds 1 user" in refused.err) == (1, True)
    assert (done.code, "as they are: 1 user." in done.out) == (0, True)


def test_a_source_that_is_not_there_is_told_with_the_nearest(provisor, corp):
    answered = provisor("source", "status", "copr")

    assert (answered.code, "Did you mean corp?" in answered.err) == (1, True)


def test_files_are_read_again_and_again(provisor, tmp_path):
    users = tmp_path / "users.csv"
    users.write_text("userPrincipalName,displayName\nanna@x.example,Anna\nbo@x.example,Bo\n")
    provisor("source", "add", "csv", "staff", "--users", users)
    first = provisor("source", "run", "staff", "--json")
    users.write_text("userPrincipalName,displayName\nanna@x.example,Anna Berg\nbo@x.example,Bo\ncleo@x.example,Cleo\n")

    second = provisor("source", "run", "staff", "--json")

    assert json.loads(first.out)["counts"]["created"] == 2
    assert {name: json.loads(second.out)["counts"].get(name) for name in ("created", "updated")} == {
        "created": 1,
        "updated": 1,
    }
