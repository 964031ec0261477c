"""A removal that has no effect does not look like success: who takes access away must be able to believe the answer.

RFC 7644 section 3.5.2.2 (remove), table 9 (which refusal); spec/scim-wire.md section 9: what could be there and is not there is
no error. Paths × values.
"""

import pytest

UNKNOWN = "01a22378-0000-7000-8000-000000000000"  # as our ids are, and nobody's

# The form of a path, how it is refused or whether the member is gone. {id} is a member's id, {ID} in capitals.
PATHS = {
    "Entra's": ('members[value eq "{id}"]', "gone"),
    "any case": ('MEMBERS[VALUE EQ "{id}"]', "gone"),
    "blanks": ('members [ value  eq  "{id}" ]', "gone"),
    "with its URN": ('urn:ietf:params:scim:schemas:core:2.0:Group:members[value eq "{id}"]', "gone"),
    "unquoted": ("members[value eq {id}]", "gone"),
    "one of two": (f'members[value eq "{{id}}" or value eq "{UNKNOWN}"]', "gone"),
    "id and type": ('members[value eq "{id}" and type eq "User"]', "gone"),
    "its address": ('members[$ref eq "http://target.example:8020/identity/v2/scim/Users/{id}"]', "gone"),
    "its address by another name": ('members[$ref eq "https://elsewhere/scim/Users/{id}"]', "gone"),
    "a part of it": ('members[value sw "{id}"]', "gone"),
    "another's, well-formed": (f'members[value eq "{UNKNOWN}"]', "there"),
    "two others', well-formed": (f'members[value eq "{UNKNOWN}" or value eq "{UNKNOWN}"]', "there"),
    "single quotes": ("members[value eq '{id}']", "invalidFilter"),
    "a single quote before": ("members[value eq '{id}]", "invalidFilter"),
    "a single quote behind": ("members[value eq {id}']", "invalidFilter"),
    "single quotes within an and": ("members[type eq \"User\" and value eq '{id}']", "invalidFilter"),
    "single quotes in any case": ("Members[Value Eq '{id}']", "invalidFilter"),
    "typographic quotes": ("members[value eq \u201c{id}\u201d]", "invalidFilter"),
    "German quotes": ("members[value eq \u201e{id}\u201c]", "invalidFilter"),
    "angled quotes": ("members[value eq \u00ab{id}\u00bb]", "invalidFilter"),
    "typographic apostrophes": ("members[value eq \u2018{id}\u2019]", "invalidFilter"),
    "grave accents": ("members[value eq `{id}`]", "invalidFilter"),
    "acute accents": ("members[value eq \u00b4{id}\u00b4]", "invalidFilter"),
    "full-width quotes": ("members[value eq \uff02{id}\uff02]", "invalidFilter"),
    "quotes within quotes": ("members[value eq \"'{id}'\"]", "invalidFilter"),
    "capitals": ('members[value eq "{ID}"]', "invalidFilter"),
    "braces": ('members[value eq "{{{id}}}"]', "invalidFilter"),
    "bare braces": ("members[value eq {{{id}}}]", "invalidFilter"),
    "a blank behind": ('members[value eq "{id} "]', "invalidFilter"),
    "no id": ('members[value eq "not an id"]', "invalidFilter"),
    "a name": ('members[value eq "ana@example.org"]', "invalidFilter"),
    "a bare name": ("members[value eq ana]", "invalidFilter"),
    "no id in a part": ('members[value eq "{ID}" and type eq "User"]', "invalidFilter"),
    "no id in an other": ('members[value eq "{id}" or value eq "{ID}"]', "invalidFilter"),
    "no id in a not": ('members[not (value ne "{ID}")]', "invalidFilter"),
    "nothing": ('members[value eq ""]', "invalidFilter"),
    "a number": ("members[value eq 7]", "invalidFilter"),
    "true": ("members[value eq true]", "invalidFilter"),
    "null": ("members[value eq null]", "invalidFilter"),
    "an address that is none": ('members[$ref eq "{ID}"]', "invalidFilter"),
    "no comparison": ("members[{id}]", "invalidFilter"),
    "empty brackets": ("members[]", "invalidFilter"),
    "a place in the list": ("members[0]", "invalidFilter"),
    "another operator": ('members[value == "{id}"]', "invalidFilter"),
    "never closed": ('members[value eq "{id}"', "invalidFilter"),
    "a name nobody keeps": ('members[display eq "ana"]', "invalidFilter"),
    "an unknown name": ('members[id eq "{id}"]', "invalidFilter"),
    "without brackets": ('members.value eq "{id}"', "invalidPath"),
    "round brackets": ('members(value eq "{id}")', "invalidPath"),
    "a slash": ("members/{id}", "invalidPath"),
    "a pointer": ("/members", "invalidPath"),
    "a blank before": (" members", "invalidPath"),
    "one member": ('member[value eq "{id}"]', "invalidPath"),
    "an unknown part": ("members.id", "invalidPath"),
    "its id": ('members[value eq "{id}"].value', "mutability"),
    "empty": ("", "noTarget"),
}

VALUES = {
    "Entra's": ([{"$ref": None, "value": "{id}"}], "gone"),
    "an object": ({"value": "{id}"}, "gone"),
    "any case": ([{"Value": "{id}"}], "gone"),
    "a text": ("{id}", "gone"),
    "texts": (["{id}"], "gone"),
    "with what nobody keeps": ([{"value": "{id}", "display": "Ana"}], "gone"),
    "one of two": ([{"value": "{id}"}, {"value": UNKNOWN}], "gone"),
    "another's, well-formed": ([{"value": UNKNOWN}], "there"),
    "an empty list": ([], "there"),
    "no id": ("not an id", "invalidValue"),
    "no ids": ([{"value": "not an id"}], "invalidValue"),
    "an id and none": ([{"value": "{id}"}, {"value": "not an id"}], "invalidValue"),
    "capitals": ([{"value": "{ID}"}], "invalidValue"),
    "single quotes": ("'{id}'", "invalidValue"),
    "a blank behind": ("{id} ", "invalidValue"),
    "two in one": (f"{{id}},{UNKNOWN}", "invalidValue"),
    "JSON as text": ('[{{"value":"{id}"}}]', "invalidValue"),
    "an address": ([{"value": "http://target.example:8020/identity/v2/scim/Users/{id}"}], "invalidValue"),
    "an empty text": ("", "invalidValue"),
    "an empty object": ({}, "invalidValue"),
    "a null in a list": ([None], "invalidValue"),
    "a null for an id": ([{"value": None}], "invalidValue"),
    "a number": (7, "invalidValue"),
    "true": (True, "invalidValue"),
    "a list in a list": ([["{id}"]], "invalidValue"),
    "under another name": ([{"id": "{id}"}], "invalidValue"),
    "the attribute once more": ({"members": [{"value": "{id}"}]}, "invalidValue"),
}


def filled(value, id_):
    match value:
        case str():
            return value.format(id=id_, ID=id_.upper())
        case list():
            return [filled(item, id_) for item in value]
        case dict():
            return {key: filled(item, id_) for key, item in value.items()}
    return value


@pytest.mark.parametrize("form", PATHS)
def test_a_member_chosen_by_a_path_is_gone_or_the_removal_is_refused(scim, form):
    path, outcome = PATHS[form]
    check(scim, outcome, lambda id_: {"op": "remove", "path": filled(path, id_)})


@pytest.mark.parametrize("form", VALUES)
def test_a_member_named_in_a_value_is_gone_or_the_removal_is_refused(scim, form):
    value, outcome = VALUES[form]
    check(scim, outcome, lambda id_: {"op": "Remove", "path": "members", "value": filled(value, id_)})


@pytest.mark.parametrize("op", ["add", "replace"])
@pytest.mark.parametrize(
    "form",
    # An empty text names nobody, and is taken for no list at all (tolerance empty_text_unassigns_list).
    [form for form, (value, outcome) in VALUES.items() if outcome == "invalidValue" and value != ""],
)
def test_what_names_no_member_is_refused_however_it_is_written(scim, form, op):
    value = VALUES[form][0]
    check(scim, "invalidValue", lambda id_: {"op": op, "path": "members", "value": filled(value, id_)})


def test_nothing_of_a_request_is_done_when_one_of_its_removals_is_malformed(scim):
    check(
        scim,
        "invalidFilter",
        lambda id_: {"op": "remove", "path": f'members[value eq "{id_}"]'},
        lambda id_: {"op": "remove", "path": f"members[value eq '{id_}']"},
    )


def test_a_removal_that_a_later_operation_would_hide_is_refused_all_the_same(scim):
    check(
        scim,
        "invalidValue",
        lambda id_: {"op": "remove", "path": "members", "value": "not an id"},
        lambda id_: {"op": "remove", "path": "members"},
    )


@pytest.mark.slow
def test_the_same_removals_have_the_same_outcomes_on_postgresql(on_postgresql):
    for path, outcome in PATHS.values():
        check(on_postgresql.client, outcome, lambda id_, path=path: {"op": "remove", "path": filled(path, id_)})
    for value, outcome in VALUES.values():
        check(
            on_postgresql.client,
            outcome,
            lambda id_, value=value: {"op": "Remove", "path": "members", "value": filled(value, id_)},
        )


def check(scim, outcome, *operations):
    ana, ben = scim.user("ana")["id"], scim.user("ben")["id"]
    group = scim.group(members=[ana, ben])["id"]

    answer = scim.patch(f"/Groups/{group}", *(made(ana) for made in operations))

    if outcome in ("gone", "there"):
        assert answer.status == 204, answer
        assert scim.members(group) == ([ben] if outcome == "gone" else sorted([ana, ben]))
    else:
        assert (answer.status, answer.json["scimType"]) == (400, outcome)
        assert answer.json["detail"]
        assert scim.members(group) == sorted([ana, ben])
    for path in (f"/Groups/{group}", f"/Users/{ana}", f"/Users/{ben}"):
        scim.delete(path)


# Attributes of a person: the path or the value of a remove, and what is left of one address and one role.
PERSONAL = {
    "emails": ("emails", None, "gone"),
    "by type": ('emails[type eq "work"]', None, "gone"),
    "by its value": ('emails[type eq "work"].value', None, "gone"),
    "by a type unquoted": ("emails[type eq work]", None, "gone"),
    "listed": ("emails", [{"value": "a@example.org"}], "gone"),
    "listed by type": ("emails", [{"type": "work"}], "gone"),
    "listed as text": ("emails", "a@example.org", "gone"),
    "another type": ('emails[type eq "home"]', None, "there"),
    "another value": ("emails", [{"value": "b@example.org"}], "there"),
    "an empty list": ("emails", [], "there"),
    "single quotes": ("emails[type eq 'work']", None, "invalidFilter"),
    "single quotes for a value": ("emails[value eq 'a@example.org']", None, "invalidFilter"),
    "single quotes and a part": ("emails[type eq 'work'].value", None, "invalidFilter"),
    "typographic quotes": ("emails[type eq \u201cwork\u201d]", None, "invalidFilter"),
    "an unknown part": ('emails[typ eq "work"]', None, "invalidFilter"),
    "a type alone": ("emails[work]", None, "invalidFilter"),
    "no boolean": ('emails[primary eq "yes"]', None, "invalidFilter"),
    "a dot for brackets": ("emails.work", None, "invalidPath"),
    "an unknown part behind": ('emails[type eq "work"].valu', None, "invalidPath"),
    "listed by what nobody knows": ("emails", [{"typ": "work"}], "invalidValue"),
    "an object of what nobody knows": ("emails", {"address": "a@example.org"}, "invalidValue"),
    "an empty text": ("emails", "", "invalidValue"),
    "an empty object": ("emails", {}, "invalidValue"),
    "an empty object in a list": ("emails", [{}], "invalidValue"),
    "a null in a list": ("emails", [None], "invalidValue"),
    "an empty text in a list": ("emails", [""], "invalidValue"),
    "a null for a value": ("emails", [{"value": None}], "invalidValue"),
    "an empty text for a value": ("emails", [{"value": ""}], "invalidValue"),
    "one that names nothing": ("emails", [{"value": "a@example.org"}, {}], "invalidValue"),
    "a number": ("emails", 7, "invalidValue"),
    "a list in a list": ("emails", [["a@example.org"]], "invalidValue"),
}


@pytest.mark.parametrize("attribute", ["emails", "roles", "phoneNumbers", "entitlements"])
@pytest.mark.parametrize("form", PERSONAL)
def test_a_value_of_a_person_is_gone_or_its_removal_is_refused(scim_generic, form, attribute):
    path, value, outcome = PERSONAL[form]
    held = {"type": "work", "value": "a@example.org", "primary": True}
    user = scim_generic.user(**{attribute: [held]})["id"]
    operation = {"op": "remove", "path": path.replace("emails", attribute)}
    if value is not None:
        operation["value"] = value

    answer = scim_generic.patch(f"/Users/{user}", operation)

    if outcome in ("gone", "there"):
        assert answer.status == 200, answer
    else:
        assert (answer.status, answer.json["scimType"]) == (400, outcome)
    left = scim_generic.get(f"/Users/{user}").json.get(attribute, [])
    assert left == ([] if outcome == "gone" else [held])


@pytest.mark.parametrize("quotes", ["''", "\u201c\u201d", "``", "\u2018\u2019"])
@pytest.mark.parametrize("place", ["/Users", "/Groups"])
def test_a_filter_in_other_quotes_is_refused_and_finds_not_nobody(scim, place, quotes):
    name = "userName" if place == "/Users" else "displayName"

    answer = scim.get(place, filter=f"{name} eq {quotes[0]}ana{quotes[1]}")

    assert (answer.status, answer.json["scimType"]) == (400, "invalidFilter")
    assert "double quotes" in answer.json["detail"]


def test_a_bare_word_may_hold_an_apostrophe(scim):
    scim.user("o'brien@example.org")

    assert scim.find("/Users", "userName eq o'brien@example.org")["totalResults"] == 1
