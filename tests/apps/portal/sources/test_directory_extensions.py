"""Directory extension attribute sync: the search that heeds case, the choice for users and for groups, the warning."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.engine.ports import Unreachable
from provisor.engine.sources import SourceAttribute

OFFERED = [
    SourceAttribute(name="employeeType", type="String", multi_valued=False, kinds=("user",)),
    SourceAttribute(name="info", type="String", multi_valued=False, kinds=("user", "group")),
    SourceAttribute(name="objectGUID", type="Binary", multi_valued=False, kinds=("user", "group")),
]


@pytest.fixture
def page(service, corp):
    service.offered = OFFERED
    return f"{corp}/directory-extensions"


def chosen(admin):
    found = admin.sources.extensions.chosen(ME, "corp")
    return [one.attribute for one in found.users], [one.attribute for one in found.groups]


def test_the_page_says_that_the_search_heeds_case(ida, page):
    assert "The search under Available Attributes is case sensitive." in ida.get(page).text


def test_a_search_in_the_right_case_finds(ida, page):
    found = ida.submit(ida.get(page), page, search="objectGUID", do="search")

    assert "1 of 3 attributes" in found.text


def test_a_search_in_another_case_finds_nothing_and_says_what_there_is(ida, page):
    found = ida.submit(ida.get(page), page, search="objectguid", do="search")

    assert "No available attribute contains “objectguid”." in found.text
    assert "In another case there is objectGUID" in found.text


def test_a_search_for_what_is_not_there_says_nothing_of_another_case(ida, page):
    found = ida.submit(ida.get(page), page, search="<script>alert(1)</script>", do="search")

    assert "In another case" not in found.text
    assert "<script>alert(1)" not in found.html


def test_what_is_selected_stays_in_the_form_until_it_is_saved(ida, admin, page):
    first = ida.submit(ida.get(page), page, do="add user objectGUID")
    assert chosen(admin) == ([], [])

    second = ida.submit(first, page, do="add group info", search="info")
    assert (second.document.forms[page]["user"], second.document.forms[page]["group"]) == ("objectGUID", "info")
    ida.submit(second, page, do="save")

    assert chosen(admin) == (["objectGUID"], ["info"])


def test_what_is_removed_is_no_longer_selected(ida, admin, page):
    admin.sources.extensions.choose(ME, "corp", users=["info"])

    removed = ida.submit(ida.get(page), page, do="remove user info")
    ida.submit(removed, page, do="save")

    assert chosen(admin) == ([], [])


def test_an_attribute_of_users_alone_is_not_offered_for_groups(ida, page):
    html = ida.get(page).html

    assert "add user employeeType" in html
    assert "add group employeeType" not in html


def test_the_warning_of_objectguid_stands_where_it_is_offered(ida, page):
    text = ida.get(page).text

    assert "Switch Umbrella's on-premises AD Connector off" in text
    assert "Point policies on groups at the provisioned groups" in text
    assert "4.10 MR5 or earlier" in text


def test_without_objectguid_there_is_no_warning(ida, service, page):
    service.offered = OFFERED[:2]

    assert "AD Connector" not in ida.get(page).text


def test_a_search_does_not_ask_the_source_each_time(ida, service, page):
    ida.get(page)
    asked = service.opened

    ida.submit(ida.get(page), page, search="info", do="search")

    assert service.opened == asked


def test_refreshing_the_schema_asks_the_source_again(ida, service, page):
    opened = ida.get(page)
    service.offered = [*OFFERED, SourceAttribute(name="pager", type="String", multi_valued=False, kinds=("user",))]

    again = ida.submit(opened, page, do="refresh")

    assert "pager" in again.text


def test_a_source_that_does_not_answer_is_said_and_what_is_selected_stays(ida, admin, service, page):
    admin.sources.extensions.choose(ME, "corp", users=["info"])

    def unreachable():
        raise Unreachable("dc1 does not answer")

    service.domain.source.attributes = unreachable
    service.offered = None
    shown = ida.get(page)

    assert "The schema could not be read" in shown.text
    assert shown.document.forms[page]["user"] == "info"


def test_a_name_that_was_never_offered_is_refused(ida, admin, page):
    forged = ida.submit(ida.get(page), page, user="userPassword", do="save")

    assert forged.status == 400
    assert "no attribute 'userPassword'" in forged.text
    assert chosen(admin) == ([], [])


def test_a_choice_that_somebody_else_changed_meanwhile_is_not_written_over(ida, admin, page):
    opened = ida.submit(ida.get(page), page, do="add user objectGUID")
    admin.sources.extensions.choose(ME, "corp", users=["info"])

    answer = ida.submit(opened, page, do="save")

    assert answer.status == 409
    assert chosen(admin) == (["info"], [])


def test_without_the_tick_none_are_read_any_more(ida, admin, corp, page):
    admin.sources.extensions.choose(ME, "corp", users=["info"])

    ida.submit(ida.get(f"{corp}/optional-features"), f"{corp}/optional-features")

    assert chosen(admin) == ([], [])
