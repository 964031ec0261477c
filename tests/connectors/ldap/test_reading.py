"""What an OpenLDAP server holds arrives, and what changes there follows."""

import ldap3
import pytest

from support.ldap_following import Following, alike
from support.slapd import GROUPS, PEOPLE, SUFFIX, entry, group, person


@pytest.fixture
def slapd(new_slapd):
    return new_slapd(
        person("anna", givenName="Anna", manager=f"UID=Berta , {PEOPLE}")
        + person("berta")
        + group("staff", [f"uid=anna,{PEOPLE}", f"uid=berta,{PEOPLE}"])
        + group("all", [f"cn=staff,{GROUPS}"])
    )


@pytest.fixture
def following(slapd):
    followed = Following(slapd.port)
    followed.run()
    yield followed
    followed.source.close()


@pytest.fixture
def administrator(slapd):
    with slapd.administrator() as connection:
        yield connection


def reference(name, under=PEOPLE):
    return f"uid={name},{under}"


def test_a_person_comes_under_the_names_of_the_schema(following):
    anna = following.of("user")["anna"].values

    assert anna == {
        "distinguishedName": [f"uid=anna,{PEOPLE}"],
        "entryUUID": [following.of("user")["anna"].anchor],
        "uid": ["anna"],
        "cn": ["anna"],
        "sn": ["anna"],
        "givenName": ["Anna"],
        "mail": ["anna@example.org"],
        "manager": [f"uid=berta,{PEOPLE}"],
    }


def test_a_group_comes_with_all_its_members_by_reference(following):
    members = following.of("group")["staff"].members

    assert (members.whole, set(members.added)) == (True, {reference("anna"), reference("berta")})


def test_a_group_is_a_member_of_a_group(following):
    staff, everybody = following.of("group")["staff"], following.of("group")["all"]

    assert everybody.members.added == (staff.reference,)


def test_containers_come_too(following):
    assert {"people", "groups"} <= set(following.of("container"))


def test_nothing_is_told_of_a_directory_that_rests(following):
    assert (following.run(), following.was_full) == (set(), False)


def test_nothing_is_told_again_for_ever_where_changes_are_not_counted(new_slapd):
    following = Following(new_slapd(person("anna"), counted=False).port)
    following.run()
    following.clock.pass_seconds(60)
    following.run()  # what changed last may have been changed in the same second as something not seen yet

    following.clock.pass_seconds(60)

    assert following.run() == set()


def test_an_added_person_is_told_alone(following, administrator):
    administrator.add(reference("carl"), "inetOrgPerson", {"uid": "carl", "cn": "carl", "sn": "carl"})

    told = following.run()

    assert following.of("user")["carl"].anchor in told
    assert alike(following.records, following.whole())


def test_a_changed_value_is_told(following, administrator):
    administrator.modify(reference("anna"), {"title": [(ldap3.MODIFY_REPLACE, ["Engineer"])]})

    following.run()

    assert following.of("user")["anna"].values["title"] == ["Engineer"]


def test_a_cleared_value_is_not_there_any_more(following, administrator):
    administrator.modify(reference("anna"), {"givenName": [(ldap3.MODIFY_DELETE, [])]})

    following.run()

    assert "givenName" not in following.of("user")["anna"].values


def test_members_that_come_and_go_are_told(following, administrator):
    administrator.modify(
        f"cn=all,{GROUPS}",
        {"member": [(ldap3.MODIFY_ADD, [reference("anna")]), (ldap3.MODIFY_DELETE, [f"cn=staff,{GROUPS}"])]},
    )

    following.run()

    assert following.of("group")["all"].members.added == (reference("anna"),)


def test_a_renamed_person_keeps_the_anchor(following, administrator):
    anchor = following.of("user")["anna"].anchor

    administrator.modify_dn(reference("anna"), "uid=anne")
    following.run()

    assert following.records[anchor].reference == reference("anne")


def test_a_person_who_is_moved_keeps_the_anchor(following, administrator):
    anchor = following.of("user")["anna"].anchor
    administrator.add(f"ou=away,{SUFFIX}", "organizationalUnit")

    administrator.modify_dn(reference("anna"), "uid=anna", new_superior=f"ou=away,{SUFFIX}")
    following.run()

    assert following.records[anchor].values["distinguishedName"] == [f"uid=anna,ou=away,{SUFFIX}"]


def test_whoever_is_below_a_renamed_container_is_told_under_the_new_name(following, administrator):
    administrator.modify_dn(PEOPLE, "ou=humans")

    following.run()

    assert following.of("user")["anna"].reference == f"uid=anna,ou=humans,{SUFFIX}"
    assert alike(following.records, following.whole())


def test_a_renamed_container_is_looked_through_once(following, administrator):
    administrator.modify_dn(PEOPLE, "ou=humans")
    following.run()
    administrator.modify(f"cn=all,{GROUPS}", {"description": [(ldap3.MODIFY_ADD, ["x"])]})

    told = following.run()

    assert following.of("user")["anna"].anchor not in told


def test_whoever_is_in_a_container_that_is_moved_here_is_told(following, administrator, new_slapd):
    outside = Following(following.port, base=GROUPS)
    administrator.add(f"ou=team,{SUFFIX}", "organizationalUnit")
    administrator.add(f"uid=carl,ou=team,{SUFFIX}", "inetOrgPerson", {"uid": "carl", "cn": "carl", "sn": "carl"})
    outside.run()

    administrator.modify_dn(f"ou=team,{SUFFIX}", "ou=team", new_superior=GROUPS)
    outside.run()

    assert "carl" in outside.of("user")


def test_a_deleted_person_is_found_missing_when_all_is_read(following, administrator):
    administrator.delete(reference("berta"))
    following.run()
    before = set(following.of("user"))

    following.clock.pass_seconds(3600)
    following.run()

    assert (before, set(following.of("user")), following.was_full) == ({"anna", "berta"}, {"anna"}, True)


def test_nothing_is_read_whole_while_the_server_counts_no_change(following):
    following.clock.pass_seconds(3600)
    following.run()

    assert not following.was_full


def test_all_is_read_after_an_hour_where_changes_are_not_counted(new_slapd):
    following = Following(new_slapd(person("anna"), counted=False).port)
    following.run()
    following.clock.pass_seconds(3600)
    following.run()

    assert following.was_full


def test_all_is_read_when_our_clock_was_set_back(new_slapd):
    following = Following(new_slapd(person("anna"), counted=False).port)
    following.run()
    following.clock.pass_seconds(-86_400)
    following.run()

    assert following.was_full


def test_whether_something_moved_is_told_from_the_count_of_changes(following, administrator):
    before = following.source.moved(following.cursor)

    administrator.modify(reference("anna"), {"title": [(ldap3.MODIFY_REPLACE, ["Engineer"])]})

    assert (before, following.source.moved(following.cursor)) == (False, True)


def test_a_deletion_waits_to_be_looked_for(following, administrator):
    administrator.delete(reference("berta"))
    following.run()
    waits = following.source.moved(following.cursor)

    following.clock.pass_seconds(3600)

    assert (waits, following.source.moved(following.cursor)) == (False, True)


def test_only_a_read_can_tell_where_changes_are_not_counted(new_slapd):
    following = Following(new_slapd(counted=False).port)
    following.run()

    assert following.source.moved(following.cursor) is None


def test_a_cursor_of_other_settings_is_lost(following):
    other = Following(following.port, user_filter="(uid=*)")
    other.cursor = following.cursor

    other.run()

    assert other.was_full


def test_a_group_of_twenty_thousand_arrives_whole(new_slapd):
    many = [reference(f"p{number}") for number in range(20_000)]
    following = Following(new_slapd(group("huge", many)).port)

    following.run()

    assert following.of("group")["huge"].members.added == tuple(many)


def test_more_people_than_a_page_arrive(new_slapd):
    following = Following(new_slapd("".join(person(f"p{number}") for number in range(777))).port)

    following.run()

    assert (len(following.of("user")), following.pages) == (777, 3)


def test_groups_of_unique_names_and_of_posix_have_members(new_slapd):
    slapd = new_slapd(
        person("anna")
        + entry(
            f"cn=unique,{GROUPS}",
            objectClass="groupOfUniqueNames",
            cn="unique",
            uniqueMember=f"uid=anna,{PEOPLE}#'01'B",
        )
        + entry(f"cn=posix,{GROUPS}", objectClass="posixGroup", cn="posix", gidNumber="7", memberUid=["anna", "nobody"])
    )
    following = Following(slapd.port, group_filter="(|(objectClass=groupOfUniqueNames)(objectClass=posixGroup))")

    following.run()

    assert {name: one.members.added for name, one in following.of("group").items()} == {
        "unique": (reference("anna"),),
        "posix": (reference("anna"),),
    }


def test_a_group_that_names_only_itself_has_no_members(new_slapd):
    following = Following(new_slapd(group("empty", [f"cn=empty,{GROUPS}"])).port)

    following.run()

    assert following.of("group")["empty"].members.added == ()


def test_values_in_other_languages_are_not_taken_for_the_value(new_slapd):
    following = Following(new_slapd(person("anna", **{"title;lang-de": "Ingenieurin", "title": "Engineer"})).port)

    following.run()

    assert following.of("user")["anna"].values["title"] == ["Engineer"]


def test_people_may_be_told_apart_by_their_number(new_slapd):
    slapd = new_slapd(person("anna", employeeNumber="7") + person("berta") + person("carl", employeeNumber="7"))
    following = Following(slapd.port, anchor="employeeNumber")

    following.run()

    assert [one.anchor for one in following.records.values() if one.kind == "user"] == ["7"]
    assert sorted((one.anchor, one.where) for one in following.unreadable if one.anchor) == [("7", reference("carl"))]
    assert [one.where for one in following.unreadable if one.anchor is None] == [reference("berta")]
