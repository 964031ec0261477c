"""What the verifier expects of an organisation, worked out from files and changes alone."""

import json
from base64 import b64encode
from uuid import UUID

import pytest

from provisor.demo.expected import expected, guid_bytes, same_name

GUID = "196a91a1-0ed6-55ff-9e93-129f57884f29"


@pytest.fixture
def organisation(tmp_path):
    def write(users="", groups=None, members=None, changes=()):
        paths = {}
        for name, text in (("users", users), ("groups", groups), ("members", members)):
            paths[name] = None
            if text is not None:
                paths[name] = tmp_path / f"{name}.csv"
                paths[name].write_text(text, encoding="utf-8", newline="")
        told = tmp_path / "changes.json"
        told.write_text(json.dumps({"people": {}, "groups": {}, "changes": list(changes)}))
        return expected(paths["users"], paths["groups"], paths["members"], told)

    return write


@pytest.mark.parametrize(
    "spelling",
    [GUID, GUID.upper(), f"{{{GUID}}}", UUID(GUID).bytes_le.hex(), b64encode(UUID(GUID).bytes_le).decode()],
    ids=["text", "upper-case", "braces", "hexadecimal", "base64"],
)
def test_a_guid_is_the_same_16_bytes_in_every_spelling(spelling):
    assert guid_bytes(spelling) == UUID(GUID).bytes_le


@pytest.mark.parametrize("text", ["", "no guid", GUID[:-1], "AAAA"])
def test_what_is_no_guid_has_no_bytes(text):
    assert guid_bytes(text) is None


def test_names_are_the_same_across_case_and_composition():
    assert same_name("E\u0301LODIE") == same_name("\u00e9lodie")


def test_sharp_s_is_not_the_same_name_as_ss():
    assert same_name("Straße") != same_name("Strasse")


def test_the_second_of_two_names_that_differ_in_case_is_refused(organisation):
    found = organisation("userPrincipalName,surname\nAnna@x,One\nanna@X,Two\n")

    assert {name: person.texts["surname"] for name, person in found.people.items()} == {"Anna@x": "One"}


def test_a_person_disabled_in_the_file_needs_no_account(organisation):
    found = organisation("userPrincipalName,accountEnabled\nanna@x,FALSE\n")

    assert found.people["anna@x"].standing == "left"


def test_a_full_name_leaves_out_the_part_that_is_missing(organisation):
    found = organisation("userPrincipalName,givenName,surname\nanna@x,,Ek\n")

    assert found.people["anna@x"].attributes()["name.formatted"] == "Ek"


@pytest.mark.parametrize(
    "row",
    ["   ,true,", "anna@x,maybe,", "anna@x,true", "anna@x,true,no guid", '"anna@x,true,'],
    ids=["blank-name", "no-boolean", "cell-missing", "no-guid", "open-quote"],
)
def test_a_refused_row_is_nobody_and_stops_no_other(organisation, row):
    found = organisation(f"userPrincipalName,accountEnabled,objectGUID\n{row}\nbo@x,,{GUID}\n")

    assert list(found.people) == ["bo@x"]


def test_membership_names_are_found_in_another_case(organisation):
    found = organisation("userPrincipalName\nanna@x\n", "displayName\nSales\n", "group,member\nSALES,Anna@x\n")

    assert found.groups["Sales"].members == {"anna@x"}


def test_groups_beyond_the_capacity_are_the_last_by_code_point(organisation):
    names = [f"g{number:03}" for number in range(200)] + ["Z", "é"]
    found = organisation("userPrincipalName\nanna@x\n", "displayName\n" + "\n".join(names) + "\n")

    assert [name for name, group in found.groups.items() if not group.provisioned] == ["g199", "é"]


def test_a_purged_person_is_gone_from_every_group(organisation):
    found = organisation(
        "userPrincipalName\nanna@x\n",
        "displayName\nSales\n",
        "group,member\nSales,anna@x\n",
        [{"do": "purge", "person": "anna@x"}],
    )

    assert (found.people["anna@x"].standing, found.groups["Sales"].members) == ("gone", set())


def test_somebody_hired_in_a_domain_has_its_objectguid(organisation):
    hired = {
        "do": "hire",
        "person": "new@x",
        "displayName": "New",
        "objectGUID": b64encode(UUID(GUID).bytes_le).decode(),
    }

    found = organisation("userPrincipalName\nanna@x\n", changes=[hired])

    assert found.people["new@x"].guid == UUID(GUID).bytes_le
