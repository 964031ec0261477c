"""Edit attribute list: attributes come, go and are said more of, in the draft."""

import pytest

CUSTOM = "urn:ietf:params:scim:schemas:extension:Acme:2.0:User:badge"
NATIVE = "urn:ietf:params:scim:schemas:extension:ciscoumbrella:2.0:User:nativeObjectId"


def send(browser, world, do, name, **fields):
    path = f"{world.users}/attributes"
    return browser.submit(browser.get(path), path, **{"do": do, "name": name, "type": "String"} | fields)


def save(browser, world):
    path = f"{world.room}/changes"
    return browser.submit(browser.get(path), path, do="save")


def names(world):
    return [
        one["name"]
        for directory in world.rules()["directories"]
        for held in directory["objects"]
        for one in held["attributes"]
    ]


def test_the_list_has_every_attribute_with_what_is_said_of_it(ana, world):
    rows = ana.get(f"{world.users}/attributes").document.rows

    assert any(row.startswith("id Primary key String") for row in rows)
    assert any(row.startswith("userName mapped String") for row in rows)
    assert any(row.startswith(NATIVE) and "Remove" in row for row in rows)


def test_a_custom_attribute_is_added_mapped_and_saved_together(ana, world):
    send(ana, world, "add", CUSTOM)
    path = f"{world.users}/rows/new"
    ana.submit(ana.get(path), path, do="apply", type="Direct", attribute="employeeId", target=CUSTOM)
    answer = save(ana, world)

    assert answer.status == 303
    assert CUSTOM in names(world)
    assert world.version() == 2


def test_an_attribute_is_taken_off_the_list(ana, world):
    send(ana, world, "remove", NATIVE)
    save(ana, world)

    assert NATIVE not in names(world)


def test_something_else_is_said_of_an_attribute(ana, world):
    page = ana.get(f"{world.users}/attributes?attribute=displayName")
    path = f"{world.users}/attributes"
    ana.submit(page, path, do="set", name="displayName", type="String", case_exact="yes", default="Somebody")
    save(ana, world)
    found = ana.get(f"{path}?attribute=displayName")

    assert "Edit attribute" in page.text
    assert found.document.forms[path]["default"] == "Somebody"


@pytest.mark.parametrize(
    ("do", "name", "said"),
    [
        ("remove", "displayName", "is written by row 4"),
        ("remove", "nothing", "is not listed"),
        ("set", "nothing", "is not listed"),
        ("add", "userName", "is listed already"),
        ("add", "", "The attribute has no name."),
    ],
)
def test_what_cannot_be_is_told(ana, world, do, name, said):
    answer = send(ana, world, do, name)

    assert answer.status in (400, 404)
    assert said in answer.text
    assert "not saved yet" not in answer.text


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '"><i>', "شركة", "x" * 254, "{{ 7 * 7 }}"])
def test_hostile_names_stay_text_and_are_not_saved(ana, world, name):
    send(ana, world, "add", name)

    for path in ("/users/attributes", "/users", "/users/rows/new", "/changes"):
        page = ana.get(world.room + path)
        assert page.status == 200
        assert "<script>alert" not in page.html
        assert '"><i>' not in page.html
    assert save(ana, world).status == 400
    assert world.version() == 1


def test_an_application_that_cannot_be_asked_is_told(ana, world):
    path = f"{world.users}/attributes/ask"
    answer = ana.submit(ana.get(f"{world.users}/attributes"), path)

    assert answer.status == 400
    assert "The job has no credentials yet." in answer.text
