"""Each kind of change in a domain tells exactly the objects that it is about, by DirSync and by uSNChanged alike."""

from base64 import b64encode

import pytest

from provisor.engine.sources import RecordGone, RecordTold
from support.ad_directory import DomainController
from support.domain_following import DomainFollowing, settings_of
from support.ldap_server import PASSWORD, USER, LdapServer


class Follow:
    """A domain in which each person of `names` is in one group, and who has read it to the end."""

    def __init__(self, domain, server, way):
        self.domain, self.settings = domain, settings_of(server.address, USER, domain.base, incremental=way)
        self.unit = domain.container("OU=People")
        self.anna, self.bob, self.carl = (domain.person(name, under=self.unit) for name in ("anna", "bob", "carl"))
        self.team = domain.group("team", [self.anna, self.bob])
        domain.set(self.bob, manager=self.anna)
        self.following = DomainFollowing(self.settings, PASSWORD)
        self.following.run()

    def told(self):
        """Anchors of what a run is told now; afterwards all is as in a fresh read."""
        anchors = self.following.run()
        assert self.following.state() == self.following.fresh(self.settings, PASSWORD)
        return anchors

    def record(self, entry):
        return self.following.records[anchor(entry)]["values"]


def anchor(*entries):
    return b64encode(entries[0].guid).decode() if len(entries) == 1 else {anchor(one) for one in entries}


@pytest.fixture(params=["dirsync", "usn"])
def follow(request, domain, server):
    made = Follow(domain, server, request.param)
    yield made
    made.following.source.close()


def test_nothing_is_told_when_nothing_changed(follow):
    assert follow.told() == set()


def test_a_changed_attribute_tells_its_object(follow, domain):
    domain.set(follow.anna, title="Lead")

    assert follow.told() == {anchor(follow.anna)}
    assert follow.record(follow.anna)["title"] == ["Lead"]


def test_an_emptied_attribute_is_no_value_any_more(follow, domain):
    domain.set(follow.anna, title="Lead")
    follow.told()

    domain.set(follow.anna, title=None)

    assert follow.told() == {anchor(follow.anna)}
    assert "title" not in follow.record(follow.anna)


def test_a_new_person_is_told_as_a_whole(follow, domain):
    dora = domain.person("dora", displayName="Dora Lind")

    assert follow.told() == {anchor(dora)}
    assert follow.record(dora)["displayName"] == ["Dora Lind"]


def test_a_renamed_person_has_the_new_name(follow, domain):
    domain.rename(follow.anna, "CN=anne")

    assert follow.told() == {anchor(follow.anna)}
    assert follow.record(follow.anna)["cn"] == ["anne"]


def test_a_moved_person_is_elsewhere(follow, domain):
    domain.move(follow.anna, domain.root)

    assert follow.told() == {anchor(follow.anna)}
    assert follow.record(follow.anna)["distinguishedName"] == f"CN=anna,{domain.base}"


def test_a_renamed_container_is_told_and_nobody_in_it(follow, domain):
    domain.rename(follow.unit, "OU=Staff")

    assert follow.told() == {anchor(follow.unit)}
    assert follow.record(follow.anna)["distinguishedName"] == f"CN=anna,OU=Staff,{domain.base}"


def test_a_moved_container_is_told_and_nobody_in_it(follow, domain):
    other = domain.container("OU=Other")
    follow.told()

    domain.move(follow.unit, other)

    assert follow.told() == {anchor(follow.unit)}


def test_a_new_manager_is_told_by_its_anchor(follow, domain):
    domain.set(follow.bob, manager=follow.carl)

    assert follow.told() == {anchor(follow.bob)}
    assert follow.record(follow.bob)["manager"] == [anchor(follow.carl)]


def test_somebody_who_has_no_manager_any_more_is_told(follow, domain):
    domain.set(follow.bob, manager=None)

    assert follow.told() == {anchor(follow.bob)}
    assert "manager" not in follow.record(follow.bob)


def test_a_new_member_tells_the_group_alone(follow, domain):
    domain.join(follow.team, follow.carl)

    assert follow.told() == {anchor(follow.team)}
    assert follow.following.members_of(anchor(follow.team)) == anchor(follow.anna, follow.bob, follow.carl)


def test_a_member_who_went_tells_the_group_alone(follow, domain):
    domain.leave(follow.team, follow.anna)

    assert follow.told() == {anchor(follow.team)}
    assert follow.following.members_of(anchor(follow.team)) == {anchor(follow.bob)}


def test_a_group_may_be_in_a_group(follow, domain):
    whole = domain.group("whole", [follow.team])

    assert follow.told() == {anchor(whole)}
    assert follow.following.members_of(anchor(whole)) == {anchor(follow.team)}


def test_a_deleted_person_is_gone(follow, domain):
    domain.delete(follow.carl)

    assert follow.told() == {anchor(follow.carl)}
    assert follow.following.told == [RecordGone(anchor=anchor(follow.carl))]


def test_a_deleted_group_is_gone(follow, domain):
    domain.delete(follow.team)

    assert follow.told() == {anchor(follow.team)}


def test_somebody_who_came_and_went_between_two_reads_is_nobody(follow, domain):
    domain.delete(domain.person("ella"))

    follow.told()
    assert "ella" not in follow.following.of("user")


def test_a_restored_person_has_everything_again(follow, domain):
    domain.set(follow.anna, title="Lead")
    domain.delete(follow.anna)
    follow.told()

    domain.restore(follow.anna, under=follow.unit)
    follow.told()

    assert follow.record(follow.anna)["title"] == ["Lead"]


def test_a_restored_person_is_in_the_groups_again_that_the_domain_has_kept(follow, domain):
    domain.delete(follow.anna)
    follow.told()

    domain.restore(follow.anna, under=follow.unit)
    follow.told()

    assert anchor(follow.anna) in follow.following.members_of(anchor(follow.team))


def test_a_restored_manager_leads_again_whom_the_domain_says(follow, domain):
    domain.delete(follow.anna)
    follow.told()

    domain.restore(follow.anna, under=follow.unit)
    follow.told()

    assert follow.record(follow.bob)["manager"] == [anchor(follow.anna)]


def test_an_object_that_was_recycled_later_is_not_there_again(follow, domain):
    domain.delete(follow.carl)
    follow.told()

    domain.recycle(follow.carl)

    follow.told()
    assert anchor(follow.carl) not in follow.following.records


def test_computers_are_not_told(follow, domain):
    classes = ["top", "person", "organizationalPerson", "user", "computer"]
    domain.add("CN=PC1", objectClass=classes, sAMAccountName="PC1$", userAccountControl=4096)

    assert follow.told() == set()


def test_an_inetorgperson_is_a_person(follow, domain):
    classes = ["top", "person", "organizationalPerson", "user", "inetOrgPerson"]
    domain.add("CN=ines", objectClass=classes, sAMAccountName="ines", userAccountControl=512)

    follow.told()
    assert "ines" in follow.following.of("user")


def test_who_was_restored_without_the_recycle_bin_is_in_no_group(domain, server):
    domain.recycle_bin = False
    follow = Follow(domain, server, "dirsync")
    domain.delete(follow.anna)
    follow.told()

    domain.restore(follow.anna, under=follow.unit)
    follow.told()

    assert follow.following.members_of(anchor(follow.team)) == {anchor(follow.bob)}


def test_octets_are_told_in_base64(follow):
    told = follow.record(follow.anna)

    assert told["objectGUID"] == [b64encode(follow.anna.guid).decode()]
    assert told["objectSid"] == [b64encode(follow.anna.sid).decode()]


def test_a_second_controller_goes_on_where_the_first_was_left(follow, domain, server):
    domain.set(follow.anna, title="Lead")
    second = DomainController(domain, "DC2", ahead=500, foreign_cookies="repeated", page_objects=3)
    with LdapServer(second) as other:
        settings = settings_of(other.address, USER, domain.base, incremental=follow.settings.incremental)
        moved = follow.following.again(settings, PASSWORD)

        moved.run()

        assert moved.records[anchor(follow.anna)]["values"]["title"] == ["Lead"]
        assert moved.state() == moved.fresh(settings, PASSWORD)
        moved.source.close()


def test_all_of_one_read_says_whether_it_is_a_full_one(follow, domain):
    domain.set(follow.anna, title="Lead")

    follow.told()

    assert {page.full for page in follow.following.pages} == {False}
    assert [page.last for page in follow.following.pages][-1] is True
    assert all(isinstance(one, RecordTold) for one in follow.following.told)
