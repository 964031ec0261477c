"""The expression builder: functions with their help, a result for a real person, mistakes at their position."""

import time

import pytest

from provisor.expressions import FUNCTIONS

PATH = "/rows/4"


def tried(browser, world, expression, **fields):
    path = world.users + PATH
    given = {"do": "try", "type": "Expression", "expression": expression, "person": "anna@contoso.com"} | fields
    return browser.submit(browser.get(path), path, **given)


def outcome(page):
    """What stands in the box of the result."""
    return page.html.partition('<pre class="outcome">')[2].partition("</pre>")[0].strip()


def test_every_function_is_there_with_signature_help_and_example(ana, world):
    page = ana.get(world.users + PATH)

    for name, info in FUNCTIONS.items():
        assert f'data-word="{name}("' in page.html
        assert info.help in page.text
        assert " ".join(info.example.split()) in page.text


def test_every_attribute_that_can_be_read_is_there_to_be_copied(ana, world):
    page = ana.get(world.users + PATH)

    assert 'data-word="[department]"' in page.html
    assert 'data-word="[IsSoftDeleted]"' in page.html


def test_an_extension_is_offered_by_its_short_name(ana, world, admin, tmp_path):
    from provisor.admin.actor import LOCAL_OPERATOR as ME
    from provisor.runner.importing.import_source import CsvImport

    file = tmp_path / "users.csv"
    file.write_text("userPrincipalName,badgeNumber\ndora@contoso.com,17\n")
    admin.imports.csv(ME, CsvImport(users=file))
    page = ana.get(world.users + PATH)
    name = next(one for one in page.text.split() if one.startswith("(extension_")).strip("()")

    assert f"badgeNumber ({name})" in page.text
    assert outcome(tried(ana, world, f"[{name}]", person="dora@contoso.com")) == "17"


def test_without_a_choice_the_first_person_is_tried(ana, world):
    assert outcome(ana.get(world.users + PATH)) in ("Anna Ek", "Bo Li", "Carl Ny")


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ('Join(" ", [surname], [givenName])', "Ek Anna"),
        ("ToUpper([department])", "SALES"),
        ('Split([userPrincipalName], "@")', "anna\ncontoso.com"),
        ('Switch([IsSoftDeleted], , "False", "True", "True", "False")', "False"),
        ('SelectUniqueValue([givenName], Join(".", [givenName], [surname]))', "Anna\nAnna.Ek"),
    ],
)
def test_the_result_is_that_of_the_person(ana, world, expression, result):
    page = tried(ana, world, expression)

    assert page.status == 200
    assert outcome(page).split() == result.split()
    assert "anna@contoso.com" in page.text


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("[mail]", "Null: the attribute is not sent."),
        ("IgnoreFlowIfNullOrEmpty([mail])", "Nothing flows"),
        ('Item([givenName], "x")', "whole number"),
        ("[nothing]", "A user has no attribute nothing"),
        ('Replace([mail], , "(", , "x", , )', "Replace"),
    ],
)
def test_what_comes_to_no_value_says_why(ana, world, expression, said):
    page = tried(ana, world, expression)

    assert page.status == 200
    assert said in page.text


def test_a_default_is_told_where_the_source_is_null(ana, world):
    page = tried(ana, world, "[mail]", default="nobody@contoso.com")

    assert 'the default "nobody@contoso.com" is sent when the object is created' in page.text


def test_a_value_that_does_not_fit_the_target_is_told(ana, world):
    path = f"{world.users}/rows/3"
    page = ana.submit(
        ana.get(path), path, do="try", type="Expression", expression="[givenName]", person="anna@contoso.com"
    )

    assert "active of anna@contoso.com cannot be set" in page.text


@pytest.mark.parametrize(
    ("expression", "place", "piece"),
    [
        ("ToLowre([mail])", "Line 1, column 1:", "ToLowre"),
        ('Join(" ",\n  [givenName],\n  Uper([surname]))', "Line 3, column 3:", "Uper"),
        ("ToLower([mail]", "Line 1, column 8:", "("),
        ("<script>alert(1)</script>", "Line 1, column 1:", "<"),
        ("", "Line 1, column 1:", "end"),
    ],
)
def test_a_mistake_is_marked_where_it_is(ana, world, expression, place, piece):
    page = tried(ana, world, expression)

    assert place in page.text
    assert page.html.partition("<mark>")[2].partition("</mark>")[0].replace("&lt;", "<") == piece
    assert "<script>alert" not in page.html


@pytest.mark.parametrize(
    "expression", ["ToLower(" * 2_000, "ToLower(" * 60 + "[mail]" + ")" * 60, "[" * 20_000, '"' * 9_999]
)
def test_a_deep_or_long_expression_is_answered(ana, world, expression):
    assert tried(ana, world, expression).status == 200


def test_a_costly_pattern_ends_in_time(ana, world, admin):
    from provisor.admin.actor import LOCAL_OPERATOR as ME

    admin.users.set(ME, "anna@contoso.com", {"displayName": "a" * 200 + "b"})
    began = time.process_time()
    page = tried(ana, world, 'Replace([displayName], , "(a+)+$", , "x", , )')

    assert page.status == 200
    assert "regular expression" in page.text or "pattern" in page.text
    assert time.process_time() - began < 5


# Whom


@pytest.mark.parametrize("typed", ["bo@contoso.com", "BO@contoso.com", "Bo Li", "Bo"])
def test_a_person_is_found_by_what_others_call_them(ana, world, typed):
    assert outcome(tried(ana, world, "[givenName]", person=typed)) == "Bo"


def test_where_several_are_called_so_one_of_them_is_chosen(ana, world):
    path = world.users + PATH
    page = tried(ana, world, "[givenName]", person="contoso")
    buttons = [
        given["value"] for tag, given in page.document.tags if tag == "button" and "choose-" in given.get("value", "")
    ]
    chosen = ana.submit(
        page, path, do=buttons[1], type="Expression", expression="[userPrincipalName]", person="contoso"
    )
    again = ana.submit(
        chosen, path, do="try", type="Expression", expression="ToUpper([userPrincipalName])", person="contoso"
    )

    assert len(buttons) == 3
    assert outcome(again) == outcome(chosen).upper()


@pytest.mark.parametrize("typed", ["nobody", "<script>alert(1)</script>", "x" * 300, "%", "\u202e"])
def test_where_nobody_is_called_so_it_is_said(ana, world, typed):
    page = tried(ana, world, "[givenName]", person=typed)

    assert page.status == 200
    assert "No user is called so." in page.text
    assert "<script>alert" not in page.html


def test_somebody_who_is_gone_since_is_said_to_be(ana, world, admin):
    from provisor.admin.actor import LOCAL_OPERATOR as ME

    path = world.users + PATH
    page = tried(ana, world, "[givenName]")
    admin.users.delete(ME, "anna@contoso.com")
    again = ana.submit(page, path, do="try", type="Expression", expression="[givenName]", person="anna@contoso.com")

    assert again.status == 200
    assert "not in the directory any more" in again.text


def test_an_empty_directory_says_so(ana, admin):
    from provisor.admin.actor import LOCAL_OPERATOR as ME

    admin.applications.add(ME, "Cisco Umbrella User Management")
    job = admin.jobs.create(ME, "Cisco Umbrella User Management").job
    page = ana.get(f"/applications/{job.application}/provisioning/{job.id}/mappings/users/rows/1")

    assert "There is no user in the directory yet." in page.text


def test_trying_changes_nothing(ana, world):
    tried(ana, world, "[department]")

    assert "not saved yet" not in ana.get(world.users).text
