"""A domain read as a whole: everything that is there, page by page, and on where a read was broken off."""

from base64 import b64encode

import pytest

from provisor.connectors.active_directory import ActiveDirectory
from provisor.engine.ports import Malformed, Rejected, Secret, Unreachable
from provisor.engine.sources import CursorLost, RecordGone, RecordTold
from provisor.rules.source_settings import SourceExtension
from support.domain_following import DomainFollowing, settings_of
from support.ldap_server import PASSWORD, USER, Fault, LdapServer

WAYS = ["dirsync", "usn"]


def anchors(*entries):
    return {b64encode(one.guid).decode() for one in entries}


@pytest.fixture
def people(domain):
    return [domain.person(f"person{number}") for number in range(8)]


@pytest.fixture(params=WAYS)
def settings(request, server, domain):
    return settings_of(server.address, USER, domain.base, incremental=request.param)


def test_everybody_is_told_once(following, people):
    following.run()

    told = [one.anchor for one in following.told if isinstance(one, RecordTold) and one.kind == "user"]
    assert sorted(told) == sorted(anchors(*people))


def test_containers_are_told_and_the_domain_is_one_of_them(following, domain):
    unit = domain.container("OU=People")

    following.run()

    assert {domain.base, unit.name} <= set(following.of("container"))


def test_deleted_objects_are_told_as_gone_at_most(following, domain, people):
    domain.delete(people[0])

    following.run()

    assert not anchors(people[0]) & set(following.records)


def test_all_pages_say_that_they_are_of_a_full_read(following, people):
    following.run()

    assert {page.full for page in following.pages} == {True}
    assert [page.last for page in following.pages] == [False] * (len(following.pages) - 1) + [True]


def test_a_large_group_has_all_its_members(following, domain, people):
    domain.group("everybody", people)  # more than one answer holds

    following.run()

    (group,) = (anchor for anchor, one in following.records.items() if one["kind"] == "group")
    assert following.members_of(group) == anchors(*people)


def test_a_large_group_gets_one_member_more(following, domain, people):
    group = domain.group("everybody", people)
    following.run()

    domain.join(group, domain.person("nina"))
    following.run()

    (anchor,) = anchors(group)
    assert len(following.members_of(anchor)) == len(people) + 1


@pytest.mark.parametrize("pages", range(1, 4))
def test_a_broken_read_goes_on_from_any_page_in_another_process(settings, domain, people, pages):
    domain.group("everybody", people)
    first = DomainFollowing(settings, PASSWORD)
    first.run(most_pages=pages)
    second = first.again(settings, PASSWORD)

    second.run()

    assert second.state() == second.fresh(settings, PASSWORD)
    second.source.close()


def test_who_changes_during_a_full_read_is_not_missed(following, domain, people):
    following.run(most_pages=1)

    domain.set(people[0], title="Lead")
    following.run()

    (anchor,) = anchors(people[0])
    assert following.records[anchor]["values"]["title"] == ["Lead"]


def test_who_is_deleted_during_a_full_read_is_gone_after_the_next_one(following, domain, people):
    following.run(most_pages=2)

    domain.delete(people[0])
    following.run()
    following.run()

    assert not anchors(people[0]) & set(following.records)


def test_a_dirsync_read_takes_as_many_pages_as_the_server_gives(domain, server, people):
    following = DomainFollowing(settings_of(server.address, USER, domain.base, incremental="dirsync"), PASSWORD)

    following.run()

    assert [page for page in following.pages if any(getattr(one, "kind", "") == "user" for one in page.told)][2:]
    following.source.close()


def test_a_connection_that_is_lost_in_the_middle_is_unreachable(following, server, people):
    server.order(Fault(kind="drop", of="read", after_entries=2))

    with pytest.raises(Unreachable, match="broke the connection"):
        following.run()


def test_after_a_lost_connection_the_next_read_has_everything(following, settings, server, people):
    server.order(Fault(kind="drop", of="read", passing=1, after_entries=1))
    with pytest.raises(Unreachable):
        following.run()

    following.run()

    assert following.state() == following.fresh(settings, PASSWORD)


def test_a_connection_that_the_server_gave_up_meanwhile_is_replaced(following, server, people):
    following.run()
    server.stop()
    server.start()

    assert following.run() == set()


def test_a_server_that_says_nothing_is_waited_for_no_longer_than_its_time(domain, server, people):
    hurried = {"timeout_seconds": 1}
    source = ActiveDirectory(settings_of(server.address, USER, domain.base, server=hurried), Secret(PASSWORD))
    server.order(Fault(kind="silent", of="read"))

    with pytest.raises(Unreachable) as caught:
        list(source.read(None))

    assert caught.value.timed_out
    source.close()


def test_a_page_that_is_told_twice_changes_nothing(following, settings, server, people):
    server.order(Fault(kind="repeat", of="dirsync", passing=2))

    following.run()

    assert following.state() == following.fresh(settings, PASSWORD)


def test_a_page_that_is_told_without_end_ends_the_read(domain, server, people):
    source = ActiveDirectory(settings_of(server.address, USER, domain.base), Secret(PASSWORD))
    server.order(Fault(kind="repeat", of="dirsync", passing=2, times=50))

    with pytest.raises(Malformed, match="again and again"):
        list(source.read(None))
    source.close()


def test_a_base_that_is_no_domain_is_refused_with_its_name(server, domain):
    unit = domain.container("OU=People")
    settings = settings_of(server.address, USER, unit.name, incremental="dirsync")
    source = ActiveDirectory(settings, Secret(PASSWORD))

    with pytest.raises(Rejected, match="OU=People"):
        list(source.read(None))
    source.close()


def test_without_the_right_the_account_reads_what_it_may_see(domain, controller, server, people):
    controller.replicating = False
    following = DomainFollowing(settings_of(server.address, USER, domain.base), PASSWORD)

    following.run()

    assert '"mode":"visible"' in following.cursor
    assert anchors(*people) <= set(following.records)
    following.source.close()


def test_where_dirsync_is_refused_altogether_changes_are_found_by_their_numbers(domain, server, people):
    server.order(Fault(kind="refuse", of="dirsync", times=2, code=12))
    following = DomainFollowing(settings_of(server.address, USER, domain.base), PASSWORD)

    following.run()

    assert '"mode":"usn"' in following.cursor
    assert anchors(*people) <= set(following.records)
    following.source.close()


def test_who_was_deleted_unseen_is_found_out_within_an_hour(domain, controller, server, people):
    controller.replicating = False
    following = DomainFollowing(settings_of(server.address, USER, domain.base), PASSWORD)
    following.run()
    domain.delete(people[0])
    following.run()
    assert anchors(*people) <= set(following.records)

    following.clock.pass_seconds(3600)
    following.run()

    assert not anchors(people[0]) & set(following.records)
    following.source.close()


def test_where_deletions_are_told_nothing_is_read_again_after_an_hour(following, people):
    following.run()

    following.clock.pass_seconds(3600)
    following.run()

    assert following.lost == 0


def test_a_second_address_takes_over_when_the_first_is_dead(domain, controller, people):
    with LdapServer(controller) as dead:
        pass
    with LdapServer(controller) as living:
        server = {"addresses": (dead.address, living.address)}
        following = DomainFollowing(settings_of("", USER, domain.base, server=server), PASSWORD)

        following.run()

        assert anchors(*people) <= set(following.records)
        following.source.close()


def test_chosen_extensions_are_asked_for_and_told(domain, server):
    domain.person("anna", division="North", badge=b"\x01\xff")
    chosen = (SourceExtension(attribute="division"), SourceExtension(attribute="badge", type="Binary"))
    following = DomainFollowing(settings_of(server.address, USER, domain.base, user_extensions=chosen), PASSWORD)

    following.run()

    anna = following.of("user")["anna"]
    assert (anna["division"], anna["badge"]) == (["North"], ["Af8="])
    following.source.close()


def test_what_nobody_asked_for_is_not_told(following, domain):
    domain.person("anna", division="North")

    following.run()

    assert "division" not in following.of("user")["anna"]


def test_another_choice_of_attributes_reads_everything_again(domain, server, following, people):
    following.run()
    chosen = (SourceExtension(attribute="division"),)
    source = ActiveDirectory(settings_of(server.address, USER, domain.base, user_extensions=chosen), Secret(PASSWORD))

    with pytest.raises(CursorLost, match="attributes"):
        list(source.read(following.cursor))
    source.close()


def test_who_is_asked_after_is_told_without_members(following, domain, people):
    group = domain.group("everybody", people)

    told = list(following.source.look(sorted(anchors(group, people[0]))))

    assert {one.anchor for one in told} == anchors(group, people[0])
    assert {one.members for one in told} == {None}


def test_who_is_asked_after_and_deleted_is_told_as_gone(following, domain, people):
    domain.delete(people[0])

    assert list(following.source.look(sorted(anchors(people[0])))) == [RecordGone(anchor=anchors(people[0]).pop())]


def test_who_is_asked_after_and_never_was_is_not_told(following, people):
    assert list(following.source.look(["AAAAAAAAAAAAAAAAAAAAAA==", "no anchor"])) == []
