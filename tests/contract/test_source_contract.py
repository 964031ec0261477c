"""What every source of identities must do, whichever it is: the in-memory one and the real ones alike."""

from dataclasses import replace

import pytest

from provisor.engine.sources import CursorLost, RecordGone, RecordTold
from support.source_rig import Listener
from support.source_rigs import new_slapd, other_tenant, rig

__all__ = ["new_slapd", "other_tenant", "rig"]


@pytest.fixture
def heard(rig) -> Listener:
    """Who has read everything once."""
    listener = Listener(rig.connector(), rig)
    listener.read()
    return listener


def test_a_full_read_tells_everybody(heard):
    assert (heard.names("user"), heard.names("group")) == ({"anna", "bo"}, {"sales", "all"})


def test_a_full_read_tells_what_everybody_has(rig, heard):
    assert rig.title(heard.find("anna").values) == "Chief"


def test_all_pages_of_a_read_say_the_same_of_it_and_only_the_last_is_the_last(rig):
    pages = Listener(rig.connector(), rig).read()

    assert {page.full for page in pages} == {True}
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]


def test_members_are_told_by_the_references_of_their_records(heard):
    assert heard.members_of("sales") == {"anna", "bo"}


def test_groups_are_told_as_members_of_groups(heard):
    assert heard.members_of("all") == {"sales"}


def test_a_manager_is_told_by_the_reference_of_his_record(heard):
    reference = heard.find("anna").reference

    assert heard.find("bo").values["manager"] in (reference, [reference])  # LDAP's values are lists


def test_a_read_from_the_end_of_another_tells_nobody_new(heard):
    heard.read()

    assert (heard.names("user"), heard.names("group")) == ({"anna", "bo"}, {"sales", "all"})


def test_a_change_is_told_by_the_next_read(rig, heard):
    rig.person("bo", title="Clerk", manager="anna")

    heard.read()

    assert "bo" in heard.told
    assert rig.title(heard.find("bo").values) == "Clerk"


def test_a_value_that_is_taken_away_is_told(rig, heard):
    rig.person("anna")

    heard.read()

    assert rig.title(dict(heard.find("anna").values)) == ""


def test_somebody_new_is_told_by_the_next_read(rig, heard):
    rig.person("cleo")

    heard.read()

    assert heard.names("user") == {"anna", "bo", "cleo"}


def test_who_is_deleted_is_told_or_missing_from_the_next_full_read(rig, heard):
    rig.remove("bo")

    heard.read(full=not rig.tells_gone)

    assert heard.names("user") == {"anna"}


def test_who_joins_and_leaves_a_group_is_told_by_the_next_read(rig, heard):
    rig.person("cleo")
    rig.group("sales", "anna", "cleo")

    heard.read()

    assert heard.members_of("sales") == {"anna", "cleo"}


def test_a_group_that_loses_its_last_member_is_told_by_the_next_read(rig, heard):
    rig.group("sales", "anna")
    heard.read()
    assert heard.members_of("sales") == {"anna"}


def test_who_is_renamed_keeps_his_anchor(rig, heard):
    anchor = heard.find("bo").anchor
    rig.rename("bo", "bob")

    heard.read()

    assert heard.find("bob").anchor == anchor


def test_who_is_renamed_stays_in_his_groups(rig, heard):
    rig.rename("bo", "bob")

    heard.read(full=not rig.tells_gone)

    assert heard.members_of("sales") == {"anna", "bob"}


def test_a_read_goes_on_from_the_cursor_of_any_page(rig):
    first = Listener(rig.connector(), rig)
    first.read(pages=1)
    second = replace(first, source=rig.connector())
    while not second.read()[-1].last:
        pass

    assert second.names("user") | second.names("group") == {"anna", "bo", "sales", "all"}


def test_a_change_while_a_full_read_is_under_way_is_told_by_it_or_by_the_next(rig):
    listener = Listener(rig.connector(), rig)
    listener.read(pages=1)
    rig.person("anna", title="President")
    rig.person("cleo")
    listener.read()

    listener.read()

    assert rig.title(dict(listener.find("anna").values)) == "President"
    assert "cleo" in listener.names("user")


def test_a_read_repeated_from_the_same_cursor_tells_what_it_told_before(rig, heard):
    cursor = heard.cursor
    rig.person("bo", title="Clerk", manager="anna")
    heard.read()
    heard.cursor = cursor

    heard.read()

    assert "bo" in heard.told


def test_a_cursor_that_means_nothing_is_lost(rig):
    with pytest.raises(CursorLost):
        list(rig.connector().read("no cursor of this source"))


def test_who_is_there_is_told_when_asked_after(rig, heard):
    anchor = heard.find("anna").anchor

    told = list(rig.connector().look([anchor]))

    assert [(one.anchor, type(one)) for one in told] == [(anchor, RecordTold)]


def test_who_is_not_there_is_not_told_as_there_when_asked_after(rig, heard):
    anchor = heard.find("bo").anchor
    rig.remove("bo")

    told = list(rig.connector().look([anchor]))

    assert all(isinstance(one, RecordGone) for one in told)


def test_nothing_has_moved_after_a_read_as_far_as_the_source_can_tell(rig, heard):
    assert rig.connector().moved(heard.cursor) in (False, None)


def test_something_has_moved_after_a_change_as_far_as_the_source_can_tell(rig, heard):
    rig.person("cleo")

    assert rig.connector().moved(heard.cursor) in (True, None)


def test_a_source_that_works_passes_its_own_test(rig):
    assert [check.sentence for check in rig.connector().check() if not check.well] == []


def test_what_can_be_chosen_besides_has_names_types_and_kinds(rig):
    attributes = rig.connector().attributes()

    assert all(one.name and one.kinds for one in attributes)
    assert [one.name for one in attributes] == sorted({one.name for one in attributes})
