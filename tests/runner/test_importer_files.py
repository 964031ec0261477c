"""Files as Entra and Active Directory make them, files in the wrong place, and the dry run of an import."""

import pytest

from provisor.directory.objects import Refusal
from provisor.runner.importing.summary import Counts
from support.rehearsed import dump

KIM = "kim@x.example"
DOWNLOAD = [
    ["userPrincipalName", "displayName", "surname", "mail", "givenName", "id", "userType", "jobTitle", "department",
     "accountEnabled", "usageLocation", "streetAddress", "state", "country", "officeLocation", "city", "postalCode",
     "telephoneNumber", "mobilePhone", "alternateEmailAddress", "ageGroup", "consentProvidedForMinor",
     "legalAgeGroupClassification", "companyName", "creationType", "directorySynced", "invitationState",
     "identityIssuer", "createdDateTime"],
    [KIM, "Kim Lee", "Lee", KIM, "Kim", "0f0f0f0f-0000-1111-2222-333344445555", "Member", "Dev", "IT", "False", "DE",
     "Str. 1", "BY", "Germany", "B12", "Munich", "80331", "+49 89 1", "+49 170 1", "lee@home.example", "", "", "",
     "Fjord", "", "", "", "x.onmicrosoft.com", "8/19/2021 1:25:31 PM"],
]  # fmt: skip
CREATE = [
    ["version:v1.0"],
    ["Name [displayName] Required", "User name [userPrincipalName] Required", "Initial password [passwordProfile] "
     "Required", "Block sign in (Yes/No) [accountEnabled] Required", "Office phone [telephoneNumber]"],
    ["Example: Chris Green", "Example: chris@contoso.com", "Example: myPassword1234", "Example: No", ""],
    ["Kim Lee", KIM, "S3cret-Word", "Yes", "+49 89 1"],
]  # fmt: skip


def test_entras_download_of_users_arrives_whole(company):
    summary = company.take(users=DOWNLOAD)

    assert summary.users == Counts(created=1)
    assert summary.extensions == []
    held = company.user(KIM).attributes
    assert (held["businessPhones"], held["mobilePhone"], held["officeLocation"]) == (["+49 89 1"], "+49 170 1", "B12")
    assert held["otherMails"] == ["lee@home.example"]
    assert not company.user(KIM).enabled


def test_what_is_not_taken_over_is_told_once_a_column(company):
    rows = [DOWNLOAD[0], DOWNLOAD[1], [f"2{DOWNLOAD[1][0]}", *DOWNLOAD[1][1:]]]

    told = [note.reason.split(";")[0] for note in company.take(users=rows).warnings]

    assert told == [
        f"the column {name} is not imported" for name in ("id", "directorySynced", "identityIssuer", "createdDateTime")
    ]


def test_entras_bulk_create_file_arrives_with_its_block_turned_round(company):
    summary = company.take(users=CREATE)

    assert summary.users == Counts(created=1)
    assert not company.user(KIM).enabled
    assert company.attribute(KIM, "businessPhones") == ["+49 89 1"]
    assert [(note.row, note.reason) for note in summary.warnings] == [
        (2, "the column Initial password [passwordProfile] Required is not imported; what people sign in with is not "
            "kept"),
        (3, "the row of examples is not imported"),
    ]  # fmt: skip


def test_a_password_of_a_file_is_kept_nowhere(company):
    company.take(users=CREATE)

    assert not [path for path in company.database.path.parent.iterdir() if b"S3cret-Word" in path.read_bytes()
                and path.name.startswith(company.database.path.name)]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("mobile", "mobilePhone"), ("telephoneNumber", "businessPhone"), ("c", "co"), ("st", "state"),
        ("title", "Job title [jobTitle]"), ("accountEnabled", "userAccountControl"), ("id", "objectId"),
        ("objectGUID", "Object GUID [objectGUID]"), ("manager", "Manager [manager]"),
    ],
)  # fmt: skip
def test_two_columns_that_mean_one_attribute_are_refused_by_name(company, first, second):
    refusal = company.offer(users=[["userPrincipalName", first, second], [KIM, "", ""]])

    assert isinstance(refusal, Refusal)
    assert refusal.code == "column-twice"
    assert f"The columns {first} and {second} of users.csv" in refusal.message
    assert company.count() == 0


def test_a_column_and_its_extension_by_full_name_are_refused_too(company):
    company.take(users=[["userPrincipalName", "badge"], [KIM, "7"]])

    refusal = company.offer(users=[["userPrincipalName", "badge", company.full_name("badge")], [KIM, "7", "8"]])

    assert isinstance(refusal, Refusal)
    assert refusal.code == "column-twice"


def test_an_extension_that_earlier_imports_made_of_a_known_name_is_told(company):
    former = company.full_name("mobile")
    company.take(users=[["userPrincipalName", former.removeprefix("x")], [KIM, "1"]])  # as an older version registered
    with company.database.transaction() as connection:
        connection.execute("UPDATE extension_property SET name = ?, attribute = 'mobile'", (former,))

    summary = company.take(users=[["userPrincipalName", "mobile"], [KIM, "2"]])

    assert company.attribute(KIM, "mobilePhone") == "2"
    assert f"the directory extension {former}" in summary.warnings[0].reason


def test_entras_download_of_groups_arrives(company):
    summary = company.take(
        groups=[
            ["id", "displayName", "groupType", "membershipType", "source", "mail", "securityEnabled", "mailEnabled",
             "isAssignableToRole", "onPremisesSyncEnabled"],
            ["4f0f0f0f-0000-1111-2222-333344445555", "Sales", "Security", "Assigned", "Cloud", "", "True", "False",
             "False", ""],
        ]
    )  # fmt: skip

    assert summary.groups == Counts(created=1)
    assert summary.extensions == []


def test_entras_download_of_members_arrives_with_the_group_named(company):
    company.take(users=DOWNLOAD, groups=[["displayName"], ["Sales"]])

    summary = company.take(
        members=[["id", "userPrincipalName", "displayName", "objectType"], ["0f", KIM, "Kim Lee", "user"]],
        members_of="sales",
    )

    assert summary.memberships == Counts(created=1)
    assert company.members("Sales") == {KIM}


def test_the_members_of_one_group_are_not_everything(company):
    company.take(users=DOWNLOAD, groups=[["displayName"], ["Sales"]])

    refusal = company.offer(members=[["userPrincipalName"], [KIM]], members_of="Sales", complete=True)

    assert isinstance(refusal, Refusal)
    assert refusal.code == "not-complete"


PEOPLE = [["userPrincipalName", "displayName"], [KIM, "Kim"]]
GROUPS = [["displayName", "securityEnabled"], ["Sales", "true"]]
MEMBERS = [["group", "member"], ["Sales", KIM]]


@pytest.mark.parametrize(
    "order",
    [{"users": GROUPS}, {"users": MEMBERS}, {"groups": PEOPLE}, {"groups": MEMBERS}, {"members": PEOPLE},
     {"members": GROUPS}, {"users": GROUPS, "groups": PEOPLE}],
    ids=["groups-as-users", "members-as-users", "users-as-groups", "members-as-groups", "users-as-members",
         "groups-as-members", "swapped"],
)  # fmt: skip
def test_a_file_in_the_wrong_place_is_refused_before_anything_is_written(company, order):
    refusal = company.offer(**order)

    assert isinstance(refusal, Refusal)
    assert refusal.code == "wrong-file"
    assert (company.count("user"), company.count("group")) == (0, 0)


ALL = {"users": [*PEOPLE, ["bo@x.example", ""], ["", "refused"]], "groups": GROUPS, "members": MEMBERS}


def test_a_dry_run_tells_what_the_import_tells_and_writes_nothing(company):
    company.take(users=[["userPrincipalName"], ["old@x.example"]])
    before = dump(company)

    rehearsed = company.take(**ALL, complete=True, dry_run=True)

    assert rehearsed.dry_run
    assert dump(company) == before
    meant = company.take(**ALL, complete=True)
    rehearsed.dry_run = False
    assert rehearsed == meant


def test_a_dry_run_tells_a_refusal(company):
    refusal = company.offer(groups=PEOPLE, dry_run=True)

    assert isinstance(refusal, Refusal)


@pytest.mark.parametrize("source", ["a\u200bb", "a\nb", " a"])
def test_a_source_has_a_name_that_is_seen(company, source):
    refusal = company.offer(users=PEOPLE, source=source)

    assert isinstance(refusal, Refusal)
    assert refusal.code == "name-unprintable"


def test_groups_given_as_people_are_known_by_their_header(company):
    refusal = company.offer(users=[["displayName", "description"], ["Sales", "They sell"]])

    assert isinstance(refusal, Refusal)
    assert (refusal.code, "--groups" in refusal.hint) == ("wrong-file", True)


def test_people_known_by_another_column_may_bring_columns_of_groups_alone(company):
    company.take(users=[["userPrincipalName", "mail", "displayName"], ["a@x", "a@y", "A"]], user_anchor="mail")

    assert company.take(users=[["mail", "displayName"], ["a@y", "B"]]).users.updated == 1


def test_some_of_those_whom_an_import_touches_are_named(company):
    company.take(users=[["userPrincipalName", "city"], ["anna@x.example", "Oslo"], ["bo@x.example", ""]])

    summary = company.take(
        users=[["userPrincipalName", "city"], ["anna@x.example", "Rome"], ["cyd@x.example", ""]], complete=True
    )

    told = {(one.what, one.kind, one.row, one.name, one.attributes) for one in summary.examples}
    assert told == {
        ("updated", "user", 2, "anna@x.example", ("city",)),
        ("created", "user", 3, "cyd@x.example", ()),
        ("deleted", "user", 0, "bo@x.example", ()),
    }


def test_of_many_the_first_are_named(company):
    rows = [[f"u{number}@x.example"] for number in range(50)]

    summary = company.take(users=[["userPrincipalName"], *rows])

    assert [one.row for one in summary.examples] == list(range(2, 22))
