"""What a resource shows but its document does not hold: a user's groups, the server's address in a location."""

import pytest

BOTH_STORES = True


@pytest.fixture
def people(scim_generic):
    ids = {name: scim_generic.user(name)["id"] for name in ("ana", "bo", "cy")}
    ids["staff"] = scim_generic.group("Staff", members=[ids["ana"], ids["bo"]])["id"]
    ids["board"] = scim_generic.group("Board", members=[ids["bo"]])["id"]
    return ids


@pytest.mark.parametrize(
    ("filter_", "names"),
    [
        ("groups pr", "ana bo"),
        ("not (groups pr)", "cy"),
        ("groups eq null", "cy"),
        ('groups eq "{staff}"', "ana bo"),
        ('groups.value eq "{board}"', "bo"),
        ('groups[value eq "{board}"]', "bo"),
        ('groups[value eq "{board}" and type eq "direct"]', "bo"),
        ('urn:ietf:params:scim:schemas:core:2.0:User:groups.value eq "{staff}"', "ana bo"),
        ('groups.value ne "{staff}"', "bo cy"),
        ('groups.type eq "DIRECT"', "ana bo"),
        ('groups.value eq "{staff}" and userName sw "b"', "bo"),
    ],
)
def test_users_are_found_by_their_groups(scim_generic, people, filter_, names):
    found = scim_generic.find("/Users", filter_.format(**people))

    assert [user["userName"] for user in found["Resources"]] == names.split()
    assert found["totalResults"] == len(names.split())


@pytest.mark.parametrize("filter_", ['groups.$ref co "x"', "groups[$ref pr]", 'meta.version eq "W/\\"1\\""'])
def test_a_condition_that_would_be_answered_wrongly_is_refused(scim_generic, people, filter_):
    answer = scim_generic.get("/Users", filter=filter_)

    assert (answer.status, answer.json["scimType"]) == (400, "invalidFilter")


def test_a_user_is_found_by_the_location_it_shows(scim_generic, people):
    location = scim_generic.get(f"/Users/{people['bo']}").json["meta"]["location"]

    assert scim_generic.find("/Users", f'meta.location eq "{location}"')["totalResults"] == 1
    assert scim_generic.get("/Users", filter=f'meta.location eq "{location}"', cursor="").json["itemsPerPage"] == 1
    assert scim_generic.find("/Users", 'meta.location sw "/Users/"')["totalResults"] == 0


@pytest.mark.parametrize(
    ("path", "sort_by"),
    [
        ("/Users", "groups"),
        ("/Users", "groups.value"),
        ("/Groups", "members"),
        ("/Users", "name"),
        ("/Users", "meta"),
        ("/Users", "password"),
        ("/Users", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"),
    ],
)
def test_what_has_no_order_cannot_be_sorted_by(scim_generic, people, path, sort_by):
    answer = scim_generic.get(path, sortBy=sort_by)

    assert (answer.status, answer.json["scimType"]) == (400, "invalidPath")


@pytest.mark.parametrize("sort_by", ["emails", "emails.value", "EMAILS.Value"])
def test_several_values_are_sorted_by_the_primary_or_first(scim_generic, sort_by):
    scim_generic.user("a", emails=[{"value": "z"}, {"value": "c", "primary": True}])
    scim_generic.user("b", emails=[{"value": "a"}, {"value": "x"}])
    scim_generic.user("c")
    scim_generic.user("d", emails=[{"value": "b"}])

    assert [user["userName"] for user in scim_generic.get("/Users", sortBy=sort_by).resources] == ["b", "d", "a", "c"]


def test_discovery_tells_no_name_of_a_group_that_is_never_shown(scim_generic):
    schemas = {schema["id"]: schema for schema in scim_generic.get("/Schemas").resources}
    user = schemas["urn:ietf:params:scim:schemas:core:2.0:User"]
    groups = next(attribute for attribute in user["attributes"] if attribute["name"] == "groups")

    assert [sub["name"] for sub in groups["subAttributes"]] == ["value", "$ref", "type"]


@pytest.mark.parametrize("profile", ["umbrella", "generic"])
def test_discovery_tells_that_the_name_of_a_group_is_unique_and_a_member_has_a_value(make_target, profile):
    schemas = {schema["id"]: schema for schema in make_target(profile).client.get("/Schemas").resources}
    display, members = schemas["urn:ietf:params:scim:schemas:core:2.0:Group"]["attributes"]

    assert (display["uniqueness"], display["required"]) == ("server", True)
    assert members["subAttributes"][0]["required"] is True


@pytest.mark.parametrize("member", [{"display": "Ana"}, {"type": "User"}, {"Value": None, "nope": 1}])
def test_a_member_without_a_value_is_refused(scim, member):
    answer = scim.post("/Groups", {"displayName": "Staff", "members": [member]})

    assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")
    assert scim.get("/Groups").json["totalResults"] == 0
