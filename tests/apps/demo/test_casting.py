"""Who plays which part of the demo, in organisations of every size."""

import pytest

from provisor.demo.casting import ImportedOrganisation, Person, assigned_directly, cast


def people(count, groups=()):
    return [
        Person(id=f"id{n}", name=f"p{n}@x.example", display_name=f"P {n}", surname=f"S{n}", enabled=True, groups=groups)
        for n in range(count)
    ]


def organisation(count, groups=()):
    return ImportedOrganisation(people=people(count, groups), groups={name: f"id-{name}" for name in groups})


def done(parts):
    return {change["do"] for part in parts for change in part.changes}


def test_one_person_without_groups_gets_a_new_name_and_a_new_colleague():
    assert done(cast(organisation(1))) == {"set", "hire"}


def test_a_part_that_nobody_can_play_is_left_out_by_name():
    left_out = [part.title for part in cast(organisation(1)) if not part.changes]

    assert "A person disabled" in left_out
    assert len(left_out) == 7


def test_a_large_organisation_shows_every_change():
    people_of_it = [
        *people(15, ("Sales", "All")),
        *people(30, ("All",))[15:],
        Person(id="alone", name="alone@x.example", display_name="A", surname="B", enabled=True, groups=()),
    ]
    parts = cast(ImportedOrganisation(people=people_of_it, groups={"Sales": "1", "All": "2"}))

    assert done(parts) == {"set", "join", "leave", "disable", "unassign", "purge", "hire"}
    assert all(part.changes for part in parts)


def test_nobody_plays_two_parts():
    parts = cast(organisation(50, ("Sales",)))

    names = [
        part.changes[0]["person"] for part in parts if part.changes and part.changes[0]["do"] not in ("join", "leave")
    ]

    assert len(names) == len(set(names))


def test_who_is_unassigned_leaves_every_group_that_would_keep_the_scope():
    parts = cast(organisation(50, ("All", "Sales")))

    unassigned = next(part for part in parts if part.title.startswith("One unassigned"))

    assert [change["do"] for change in unassigned.changes] == ["unassign", "leave", "leave"]


def test_everybody_without_a_group_is_assigned_directly():
    assert len(assigned_directly(organisation(7))) == 7


def test_every_tenth_with_a_group_is_assigned_directly_as_well():
    assert len(assigned_directly(organisation(25, ("Sales",)))) == 3


@pytest.mark.parametrize("enabled", [True, False])
def test_disabled_people_play_no_part(enabled):
    only = Person(id="1", name="anna@x", display_name="Anna", surname="Ek", enabled=enabled, groups=())

    assert ("set" in done(cast(ImportedOrganisation(people=[only], groups={})))) is enabled


def test_a_new_hire_has_a_name_that_nobody_has():
    taken = Person(id="1", name="New.Hire@x.example", display_name="N", surname="H", enabled=True, groups=())

    hired = cast(ImportedOrganisation(people=[taken], groups={}))[-1]

    assert hired.who == "new.hire2@x.example"
