"""When a place in a domain is good no more, and how it shows without a read whether something may have changed."""

import json

import pytest

from provisor.engine.sources import CursorLost
from support.ad_directory import DomainController
from support.domain_following import DomainFollowing, settings_of
from support.ldap_server import PASSWORD, USER, Fault, LdapServer

WAYS = ["dirsync", "usn"]


BY_DIRSYNC = pytest.mark.parametrize("settings", ["dirsync"], indirect=True)


@pytest.fixture(params=WAYS)
def settings(request, server, domain):
    domain.person("anna")
    return settings_of(server.address, USER, domain.base, incremental=request.param)


@pytest.fixture
def ended(following):
    """Somebody who has read everything."""
    following.run()
    return following


def reads_on(following, cursor=None):
    return list(following.source.read(cursor or following.cursor))


@pytest.mark.parametrize("cursor", ["", "{}", "no json", '{"mode":"usn"}', "[]", "null"])
def test_a_cursor_that_cannot_be_read_is_lost(ended, cursor):
    with pytest.raises(CursorLost):
        list(ended.source.read(cursor))


def test_a_cookie_that_is_no_base64_is_lost(ended):
    held = json.loads(ended.cursor)
    held["cookies"] = ["~", "~", "~"]

    with pytest.raises(CursorLost):
        reads_on(ended, json.dumps(held))


@BY_DIRSYNC
def test_a_cookie_that_the_controller_does_not_know_is_lost(ended, server):
    server.order(Fault(kind="refuse", of="dirsync", code=53, diagnostic="00000057: Error processing control"))

    with pytest.raises(CursorLost, match="where the last read ended"):
        reads_on(ended)


def test_after_a_lost_cursor_everything_is_read_and_is_right(ended, settings, controller, domain):
    controller.restored_from_backup()
    domain.set(domain.found("CN=anna,DC=contoso,DC=com"), title="Lead")

    ended.run()

    assert ended.lost == 1
    assert ended.state() == ended.fresh(settings, PASSWORD)


def test_a_controller_with_another_invocation_id_was_restored(ended, controller):
    controller.restored_from_backup()

    with pytest.raises(CursorLost, match=r"dc1\.contoso\.com was restored"):
        reads_on(ended)


def test_a_controller_that_counts_backwards_is_not_gone_on_with(ended, domain):
    domain.usn -= 1

    with pytest.raises(CursorLost, match="went back"):
        reads_on(ended)


def test_numbers_of_another_controller_mean_nothing(domain, server):
    following = DomainFollowing(settings_of(server.address, USER, domain.base, incremental="usn"), PASSWORD)
    following.run()
    with LdapServer(DomainController(domain, "DC2")) as other:
        moved = DomainFollowing(settings_of(other.address, USER, domain.base, incremental="usn"), PASSWORD)

        with pytest.raises(CursorLost, match=r"dc1\.contoso\.com, not of dc2\.contoso\.com"):
            list(moved.source.read(following.cursor))
        moved.source.close()
    following.source.close()


def test_nothing_has_moved_after_a_read(ended):
    assert ended.source.moved(ended.cursor) is False


def test_a_change_moves(ended, domain):
    domain.person("bob")

    assert ended.source.moved(ended.cursor) is True


def test_a_read_that_has_not_ended_has_to_go_on(following):
    following.run(most_pages=1)

    assert following.source.moved(following.cursor) is True


def test_only_a_read_can_tell_what_moved_at_another_controller(ended, domain):
    with LdapServer(DomainController(domain, "DC2")) as other:
        elsewhere = DomainFollowing(settings_of(other.address, USER, domain.base), PASSWORD)

        assert elsewhere.source.moved(ended.cursor) is None
        elsewhere.source.close()


def test_to_ask_whether_something_moved_takes_one_question(ended, server):
    before = len(server.searches)

    ended.source.moved(ended.cursor)

    assert len(server.searches) == before + 1


def test_a_cursor_that_is_good_no_more_is_worth_a_read(ended):
    assert ended.source.moved("{}") is True
