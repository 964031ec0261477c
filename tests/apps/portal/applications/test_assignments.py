"""Users and groups of an application: the list with its search and pages, assigning many at once, removing."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.applications import DEFAULT_ACCESS
from support.mastered import FedObjects


def names(page):
    return [row.rsplit(" User ", 1)[0].rsplit(" Group ", 1)[0].rsplit(" User", 1)[0] for row in page.document.rows[1:]]


def boxes(page, name):
    """Value of every box of this name → whether it is ticked."""
    return {
        a["value"]: "checked" in a
        for tag, a in page.document.tags
        if tag == "input" and a.get("name") == name and a.get("type") == "checkbox"
    }


@pytest.fixture
def base(application):
    return f"/applications/{application}/users-and-groups"


def test_where_nobody_is_assigned_the_page_teaches_to_start_small(operator, base):
    page = operator.get(base)

    assert "Nobody is assigned yet" in page.text
    assert "Start small" in page.text
    assert f"{base}/add" in page.document.links


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"Anna Berg", "Bo Dahl", "Sales"}),
        ("?search=berg", {"Anna Berg"}),
        ("?search=ANNA@fjord", {"Anna Berg"}),
        ("?search=anna+berg", {"Anna Berg"}),
        ("?search=carl", set()),
        ("?kind=group", {"Sales"}),
        ("?kind=user&search=sales", set()),
    ],
)
def test_assignments_are_searched_by_name_and_kind(admin, operator, application, directory, base, query, found):
    admin.applications.assign(ME, application, users=[directory["anna"], directory["bo"]], groups=[directory["Sales"]])

    text = operator.get(base + query).text

    assert {name for name in ("Anna Berg", "Bo Dahl", "Carl Berg", "Sales") if f" {name} " in text} == found


def test_a_search_that_finds_most_of_the_directory_finds_whoever_is_assigned(admin, operator, application, base):
    for number in range(520):
        admin.users.create(ME, {"userPrincipalName": f"p{number:03}@many.example", "displayName": f"P {number:03}"})
    some = [f"p{number:03}@many.example" for number in range(0, 520, 5)]
    admin.applications.assign(ME, application, users=some)

    first = operator.get(f"{base}?search=many.example")
    [later] = [link for link in first.document.links if link and "after=" in link]
    second = operator.get(later)
    [last] = [link for link in second.document.links if link and "after=" in link]
    third = operator.get(last)

    found = [box for page in (first, second, third) for box in boxes(page, "assignment")]
    assert [len(boxes(page, "assignment")) for page in (first, second, third)] == [50, 50, 4]
    assert len(set(found)) == 104
    assert f"{base}?search=many.example" in third.document.links


def test_people_are_ticked_across_several_searches_and_assigned_at_once(admin, operator, application, directory, base):
    add = f"{base}/add"
    first = operator.submit(operator.get(add), add, search="anna", do="search")
    assert directory["anna"] in boxes(first, "principal")
    assert directory["bo"] not in boxes(first, "principal")

    second = operator.submit(first, add, search="sales", do="search", principal=directory["anna"])
    assert boxes(second, "principal") == {directory["anna"]: True, directory["Sales"]: False}
    both = [("principal", directory["anna"]), ("principal", directory["Sales"])]
    fields = second.document.forms[add]
    sent = [("form_token", fields["form_token"]), ("role", fields["role"]), *both, ("do", "assign")]
    done = operator.follow(operator.request("POST", add, sent))

    assert "2 assigned to Cisco Umbrella User Management." in done.text
    assigned = {each.principal for each in admin.applications.assignments(ME, application)}
    assert assigned == {directory["anna"], directory["Sales"]}


def test_who_is_assigned_already_is_told(admin, operator, application, directory, base):
    admin.applications.assign(ME, application, users=[directory["anna"]])
    add = f"{base}/add"

    done = operator.follow(operator.submit(operator.get(add), add, principal=directory["anna"], do="assign"))

    assert "All of them were assigned already." in done.text


def test_the_chosen_role_is_given(admin, operator, application, directory, base):
    made = admin.app_roles.add(ME, application, "Auditor")
    add = f"{base}/add"

    operator.submit(operator.get(add), add, principal=directory["anna"], role=made.id, do="assign")

    [one] = admin.applications.assignments(ME, application)
    assert one.role == made.id
    assert "Auditor" in operator.get(base).text


def test_nobody_ticked_is_said(operator, base):
    again = operator.submit(operator.get(f"{base}/add"), f"{base}/add", do="assign")

    assert again.status == 400
    assert "Nobody is ticked" in again.text


def test_a_group_that_gives_no_access_cannot_be_ticked_and_says_why(operator, base, directory):
    page = operator.get(f"{base}/add?search=newsletter")

    [box] = [a for tag, a in page.document.tags if a.get("value") == directory["Newsletter"]]
    assert "disabled" in box
    assert "only security groups give access" in page.text


def test_a_group_that_gives_no_access_is_refused_when_it_is_sent_all_the_same(admin, operator, application, directory):
    add = f"/applications/{application}/users-and-groups/add"

    again = operator.submit(operator.get(add), add, principal=directory["Newsletter"], do="assign")

    assert again.status == 400
    assert "Newsletter cannot be assigned" in again.text
    assert admin.applications.assignments(ME, application) == []


def test_assignments_end_once_that_is_confirmed(admin, operator, application, directory, base):
    admin.applications.assign(ME, application, users=[directory["anna"], directory["bo"]])
    page = operator.get(base)
    [anna, _] = boxes(page, "assignment")

    asked = operator.submit(page, f"{base}/remove", assignment=anna)
    assert "Remove 1 assignment?" in asked.text
    assert len(admin.applications.assignments(ME, application)) == 2
    gone = operator.follow(operator.submit(asked, f"{base}/remove"))

    assert "1 assignment ended." in gone.text
    assert [each.principal for each in admin.applications.assignments(ME, application)] == [directory["bo"]]


def test_nothing_ticked_removes_nothing(admin, operator, application, directory, base):
    admin.applications.assign(ME, application, users=[directory["anna"]])

    answer = operator.follow(operator.submit(operator.get(base), f"{base}/remove"))

    assert "nothing was removed" in answer.text
    assert len(admin.applications.assignments(ME, application)) == 1


def test_an_assignment_of_another_application_is_not_ended_here(admin, operator, application, directory, base):
    other = admin.applications.add(ME, "Generic SCIM 2.0").application.id
    admin.applications.assign(ME, other, users=[directory["anna"]])
    admin.applications.assign(ME, application, users=[directory["bo"]])
    [foreign] = admin.applications.assignments(ME, other)

    operator.submit(operator.get(base), f"{base}/remove", assignment=foreign.id, confirmed="yes")

    assert len(admin.applications.assignments(ME, other)) == 1


def test_what_a_source_made_cannot_be_ticked_and_says_who_made_it(
    admin, operator, application, directory, base, database, tenant, now
):
    fed = FedObjects(database, tenant, now)
    fed.connect("Tenant", "entra")
    fed.assign("Tenant", application, [(directory["anna"], DEFAULT_ACCESS.id)])
    admin.applications.assign(ME, application, users=[directory["bo"]])

    page = operator.get(base)

    ticks = [a for tag, a in page.document.tags if a.get("name") == "assignment"]
    assert sorted("disabled" in a for a in ticks) == [False, True]
    assert "by the source Tenant" in page.text
    [anna] = [a["value"] for a in ticks if "disabled" in a]
    refused = operator.submit(page, f"{base}/remove", assignment=anna, confirmed="yes")
    assert refused.status == 400
    assert "is assigned to" in refused.text
    assert len(admin.applications.assignments(ME, application)) == 2
