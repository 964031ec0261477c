"""Names that nobody can tell apart are refused on every way in, naming attribute and character."""

import pytest

ZERO_WIDTH = "ana\u200b@example.org"
SAID = "must not hold U+200B ZERO WIDTH SPACE, which nobody sees (character 4)."

NAMES = [
    ("/Users", "userName", {"userName": ZERO_WIDTH}),
    ("/Users", "externalId", {"userName": "ana", "externalId": ZERO_WIDTH}),
    ("/Groups", "displayName", {"displayName": ZERO_WIDTH}),
    ("/Groups", "externalId", {"displayName": "Staff", "externalId": ZERO_WIDTH}),
]
GOOD = {"/Users": {"userName": "good@example.org"}, "/Groups": {"displayName": "Good"}}


def refused(answer, attribute):
    assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")
    assert answer.json["detail"] == f"{attribute} {SAID}"


@pytest.mark.parametrize(("path", "attribute", "body"), NAMES)
def test_a_new_resource_with_an_unseen_character_in_a_name_is_refused(scim, path, attribute, body):
    refused(scim.post(path, body), attribute)


@pytest.mark.parametrize(("path", "attribute", "body"), NAMES)
def test_replacing_a_name_with_an_unseen_character_is_refused(scim, path, attribute, body):
    known = scim.post(path, GOOD[path]).json

    refused(scim.put(f"{path}/{known['id']}", body), attribute)


@pytest.mark.parametrize(("path", "attribute", "body"), NAMES)
def test_changing_a_name_to_an_unseen_character_is_refused(scim, path, attribute, body):
    known = scim.post(path, GOOD[path]).json

    answer = scim.patch(f"{path}/{known['id']}", {"op": "replace", "path": attribute, "value": body[attribute]})

    refused(answer, attribute)


def test_a_bulk_operation_with_an_unseen_character_in_a_name_is_refused(scim):
    step = {"method": "POST", "path": "/Users", "bulkId": "1", "data": {"userName": ZERO_WIDTH}}
    urn = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"

    [operation] = scim.post("/Bulk", {"schemas": [urn], "Operations": [step]}).json["Operations"]

    assert operation["response"]["detail"] == f"userName {SAID}"


@pytest.mark.parametrize("name", ["علی‌رضا", "👩🏽\u200d💻 Ana", " Ana Ruiz "])
def test_a_person_is_called_as_they_write_themselves(scim, name):
    assert scim.user(displayName=name)["displayName"] == name


def test_a_person_whose_name_is_of_the_time_before_this_rule_can_still_be_disabled(umbrella, scim):
    user = scim.user("ana~@example.org")
    with umbrella.database.transaction() as connection:
        connection.execute("UPDATE resource SET document = replace(document, '~', ?)", ("\u200b",))

    answer = scim.patch(f"/Users/{user['id']}", {"op": "replace", "path": "active", "value": False})

    assert (answer.status, answer.json["active"]) == (200, False)
