"""Staging, and several sources that feed one person: who gives what, and who leaves when."""

from datetime import timedelta

import pytest

from provisor.connectors.csv_source import CsvSource
from provisor.rules.source_settings import CsvSettings
from provisor.storage import connected_sources, directory_verbs, objects, sources
from support.mirrored import Domain, anchor_of


def set_staging(mirror, source, staging):
    with mirror.database.transaction() as connection:
        connected_sources.change(connection, source, staging=staging)


def test_in_staging_records_are_kept_and_the_directory_is_not_touched(mirror, domain):
    domain.person("anna")
    source = mirror.connect(staging=True)

    run = mirror.run(source, domain)

    assert (run.staging, run.counters["read"], mirror.alive()) == (True, 1, {})


def test_out_of_staging_what_was_kept_is_followed_without_a_new_read(mirror, domain):
    domain.person("anna")
    source = mirror.connect(staging=True)
    mirror.run(source, domain)
    set_staging(mirror, source, staging=False)

    run = mirror.run(source, domain)

    assert (run.kind, set(mirror.alive())) == ("delta", {"anna"})


def two(mirror, *, first=10, second=20):
    """Two sources with one person each, the same by immutable id."""
    one, other = Domain(), Domain()
    one.person("anna", department="Sales", title="Chief")
    other.person("anna", department="Marketing", l="Oslo")
    a, b = mirror.connect("first", precedence=first), mirror.connect("second", precedence=second)
    mirror.run(a, one)
    mirror.run(b, other)
    return (a, one), (b, other)


def test_a_person_of_two_sources_is_one_person_with_each_attribute_from_who_comes_first(mirror):
    two(mirror)

    attributes = mirror.alive()["anna"].attributes
    assert (attributes["department"], attributes["jobTitle"], attributes["city"]) == ("Sales", "Chief", "Oslo")


def test_precedence_does_not_depend_on_which_is_read_first(mirror):
    two(mirror, first=20, second=10)

    attributes = mirror.alive()["anna"].attributes
    assert (attributes["department"], attributes["jobTitle"], attributes["city"]) == ("Marketing", "Chief", "Oslo")


def test_who_leaves_one_of_two_sources_stays_with_what_the_other_gives(mirror):
    (a, one), _ = two(mirror)
    one.remove("anna")

    mirror.run(a, one)

    attributes = mirror.alive()["anna"].attributes
    assert (attributes["department"], attributes.get("jobTitle"), attributes["city"]) == ("Marketing", None, "Oslo")


def test_who_leaves_both_sources_leaves(mirror):
    (a, one), (b, other) = two(mirror)
    one.remove("anna")
    other.remove("anna")
    mirror.run(a, one)

    mirror.run(b, other)

    assert mirror.deleted() == {"anna"}


def test_a_membership_that_two_sources_say_ends_with_the_second(mirror):
    (a, one), (b, other) = two(mirror)
    for source, domain in ((a, one), (b, other)):
        domain.group("sales", "anna")
        domain.source.records[anchor_of("sales")].values["mail"] = ["sales@contoso.example"]
        mirror.run(source, domain)
    assert len(mirror.alive("group")) == 1
    one.group("sales")
    mirror.run(a, one)
    assert mirror.members("sales") == {"anna"}
    other.group("sales")

    mirror.run(b, other)

    assert mirror.members("sales") == set()


def test_a_value_that_its_source_clears_comes_from_the_next(mirror):
    (a, one), _ = two(mirror)
    one.person("anna", department=None)

    mirror.run(a, one)

    assert mirror.alive()["anna"].attributes["department"] == "Marketing"


def make_by_hand(mirror, **given):
    from provisor.storage import directory_verbs

    with mirror.database.transaction() as connection:
        return directory_verbs.create(connection, mirror.tenant, "user", given, now=mirror.now())


def test_somebody_made_by_hand_is_found_by_name(mirror, domain):
    made = make_by_hand(mirror, userPrincipalName="anna@contoso.example")
    domain.person("anna", department="Sales")

    run = mirror.run(mirror.connect(), domain)

    assert run.counters["soft match by name"] == 1
    assert mirror.alive()["anna"].id == made.id
    assert mirror.alive()["anna"].attributes["department"] == "Sales"


def test_somebody_made_by_hand_is_found_by_mail(mirror, domain):
    made = make_by_hand(mirror, userPrincipalName="other@contoso.example", mail="Anna@contoso.example")
    domain.person("anna", mail="anna@contoso.example")

    mirror.run(mirror.connect(), domain)

    assert mirror.alive()["anna"].id == made.id


def test_somebody_is_found_by_immutable_id_whatever_else_differs(mirror, domain):
    made = make_by_hand(mirror, userPrincipalName="x@contoso.example", onPremisesImmutableId=anchor_of("anna"))
    domain.person("anna")

    run = mirror.run(mirror.connect(), domain)

    assert run.counters["hard match"] == 1
    assert mirror.alive()["anna"].id == made.id


def test_an_address_that_two_have_matches_neither_and_says_so(mirror, domain):
    for name in ("x", "y"):
        make_by_hand(mirror, userPrincipalName=f"{name}@contoso.example", mail="anna@contoso.example")
    anna = domain.person("anna", mail="anna@contoso.example")
    source = mirror.connect()

    mirror.run(source, domain)

    assert mirror.reasons(source) == {anna: "ambiguous-match"}
    assert set(mirror.alive()) == {"x", "y"}


@pytest.mark.parametrize("leads", ["chef", None], ids=["one of the other source", "nobody"])
@pytest.mark.parametrize("how", ["leaves", "names no manager any more"])
def test_a_manager_whom_his_source_names_no_more_is_the_other_sources(mirror, domain, how, leads):
    other = Domain()
    domain.person("boss")
    domain.person("anna", manager="boss")
    other.person("chef")
    other.person("anna", manager=leads)
    first, second = mirror.connect("first", precedence=10), mirror.connect("second", precedence=20)
    mirror.run(first, domain)
    mirror.run(second, other)
    if how == "leaves":
        domain.remove("anna")
    else:
        domain.source.put("user", anchor_of("anna"), {"manager": None})

    mirror.run(first, domain)
    mirror.run(second, other)

    assert mirror.manager("anna") == leads


def disconnect(mirror, source):
    with mirror.database.transaction() as connection:
        connected_sources.remove(connection, source)
        sources.retire(connection, source, now=mirror.now())


def test_a_domain_that_is_added_again_under_another_name_doubles_nobody(mirror, domain):
    domain.person("anna")
    domain.group("sales", "anna")
    first = mirror.connect("first")
    mirror.run(first, domain)
    group = mirror.alive("group")["sales"].id
    disconnect(mirror, first)

    mirror.run(mirror.connect("second"), domain)

    assert [item.id for item in objects.by_name(mirror.database.reader(), mirror.tenant, "group", "sales")] == [group]


def test_a_group_of_a_domain_that_is_added_again_keeps_nobody_who_left_it_meanwhile(mirror, domain):
    for name in ("anna", "boris"):
        domain.person(name)
    domain.group("inner", "anna")
    domain.group("sales", "anna", "boris", "inner")
    first = mirror.connect("first")
    mirror.run(first, domain)
    disconnect(mirror, first)
    domain.group("sales", "boris", "inner")

    mirror.run(mirror.connect("second"), domain)

    assert (mirror.members("sales"), mirror.members("inner")) == ({"boris", "inner"}, {"anna"})


def test_groups_of_two_domains_that_are_both_read_are_two(mirror, domain):
    domain.group("sales")
    mirror.run(mirror.connect("first"), domain)

    mirror.run(mirror.connect("second"), domain)

    assert len(objects.by_name(mirror.database.reader(), mirror.tenant, "group", "sales")) == 2


def test_a_group_that_was_restored_by_hand_and_forgotten_since_is_found_by_its_anchor(mirror, tmp_path):
    staff, sales = tmp_path / "users.csv", tmp_path / "groups.csv"
    staff.write_text("userPrincipalName\nanna@x.example\n")
    sales.write_text("displayName\nSales\nMarket\n")
    document = CsvSettings(users=str(staff), groups=str(sales))
    source = mirror.connect_as("staff", document)
    mirror.run_with(source, CsvSource(document))
    group = mirror.alive("group")["Sales"]
    sales.write_text("displayName\nMarket\n")
    mirror.run_with(source, CsvSource(document))
    with mirror.database.transaction() as connection:
        [item] = objects.by_ids(connection, mirror.tenant, [group.id])
        directory_verbs.restore(connection, mirror.tenant, item)
    mirror.passed = timedelta(days=40)
    mirror.run_with(source, CsvSource(document))
    sales.write_text("displayName\nSales\nMarket\n")

    run = mirror.run_with(source, CsvSource(document))

    assert (run.state, mirror.alive("group")["Sales"].id) == ("succeeded", group.id)


def test_a_group_made_by_hand_has_the_members_that_its_source_names_once_it_is_joined(mirror, domain):
    from provisor.storage import directory_verbs, members

    anna = make_by_hand(mirror, userPrincipalName="anna@contoso.example")
    with mirror.database.transaction() as connection:
        given = {"displayName": "Sales", "mail": "sales@contoso.example"}
        group = directory_verbs.create(connection, mirror.tenant, "group", given, now=mirror.now())
        members.add(connection, mirror.tenant, group.id, anna.id)
    domain.person("boris")
    domain.group("sales", "boris")
    domain.source.records[anchor_of("sales")].values["mail"] = ["sales@contoso.example"]

    mirror.run(mirror.connect(), domain)

    assert mirror.members("sales") == {"boris"}


def test_half_a_surrogate_in_a_value_stops_nobody(mirror, domain):
    domain.person("anna", title="Chief \ud800")
    domain.person("bo")

    run = mirror.run(mirror.connect(), domain)

    assert (run.state, set(mirror.alive())) == ("succeeded", {"anna", "bo"})
