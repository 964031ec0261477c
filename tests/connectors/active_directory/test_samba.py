"""A real Active Directory (Samba): a full read, each kind of change, and what goes wrong on the way.

What Samba does not do (pages of DirSync, ranges of values, the recycle bin) is tested against a server of our own.
"""

import json
from base64 import b64encode

import pytest

from provisor.connectors.active_directory import ActiveDirectory
from provisor.engine.ports import Rejected, Secret, Unauthorized, Unreachable
from provisor.engine.sources import CursorLost, RecordGone
from support.certificates import Identity
from support.domain_following import DomainFollowing, settings_of
from support.samba_ad import PASSWORD

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("samba"), pytest.mark.timeout(300)]
PEOPLE, GROUPS = 1000, 50


def settings_for(samba, *, user=None, address=None, server=None, **changed):
    reached = {"transport": "ldaps", "ca_file": str(samba.ca_file), "certificate_names": (samba.name,)}
    return settings_of(
        address or samba.address, user or samba.administrator, samba.base, server=reached | (server or {}), **changed
    )


@pytest.fixture(scope="module", params=["dirsync", "usn"])
def way(request):
    return request.param


@pytest.fixture(scope="module")
def reader(samba, way):
    """Somebody who has read the domain once, and follows it through the tests."""
    made = DomainFollowing(settings_for(samba, incremental=way), PASSWORD)
    made.run()
    yield made
    made.source.close()


@pytest.fixture
def following(reader):
    """The same, with nothing left to be told."""
    reader.run()
    return reader


@pytest.fixture
def number(samba):
    """One that no other test has: what it makes stays until the session ends."""
    return next(samba.numbers)


@pytest.fixture
def unit(samba, number):
    return samba.unit(f"Unit {number}")


@pytest.fixture
def anna(samba, unit, number):
    return samba.person(f"anna{number}", unit, displayName="Anna Lee", title="Lead")


@pytest.fixture
def bob(samba, unit, number):
    return samba.person(f"bob{number}", unit)


@pytest.fixture
def team(samba, unit, anna, number):
    return samba.group(f"team{number}", [anna], unit)


def values(following, samba, dn):
    return following.records[samba.anchor(dn)]["values"]


def test_everybody_and_every_group_is_there_after_a_full_read(reader):
    people = [name for name in reader.of("user") if name.startswith("u0")]
    groups = [name for name in reader.of("group") if name.startswith("g0")]

    assert (len(people), len(groups)) == (PEOPLE, GROUPS)


def test_an_anchor_is_base64_of_the_sixteen_bytes(reader, samba):
    anchor = reader.of("user")["u00007"]["objectGUID"][0]

    assert anchor == samba.anchor(f"CN=u00007,OU=People,{samba.base}")
    assert reader.records[anchor]["values"]["employeeID"] == ["100007"]


def test_managers_and_members_are_anchors(reader, samba):
    boss = samba.anchor(f"CN=u00000,OU=People,{samba.base}")

    assert reader.of("user")["u00007"]["manager"] == [boss]
    assert boss in reader.members_of(samba.anchor(f"CN=g000,OU=Groups,{samba.base}"))


def test_a_disabled_account_says_so(reader):
    assert reader.of("user")["u00010"]["userAccountControl"] == ["546"]


def test_one_change_of_each_kind_tells_exactly_those_objects(following, samba, unit, anna, bob, team, number):
    ella = samba.person(f"ella{number}", unit)
    following.run()
    fred = samba.person(f"fred{number}", unit)
    samba.set(anna, title="Head", displayName=None)
    gone = samba.anchor(ella)
    samba.delete(ella)
    samba.set(bob, manager=anna)
    samba.join(team, bob)
    samba.leave(team, anna)

    told = following.run()

    assert told == {samba.anchor(fred), samba.anchor(anna), gone, samba.anchor(bob), samba.anchor(team)}
    assert values(following, samba, anna)["title"] == ["Head"]
    assert "displayName" not in values(following, samba, anna)
    assert values(following, samba, bob)["manager"] == [samba.anchor(anna)]
    assert following.members_of(samba.anchor(team)) == {samba.anchor(bob)}


def test_a_renamed_person_keeps_the_anchor(following, samba, anna):
    following.run()

    renamed = samba.rename(anna, "CN=Anna Berg")

    assert following.run() == {samba.anchor(renamed)}
    assert values(following, samba, renamed)["cn"] == ["Anna Berg"]
    samba.delete(renamed)


def test_a_moved_person_is_elsewhere(following, samba, unit, anna):
    following.run()

    moved = samba.move(anna, f"OU=People,{samba.base}")

    assert following.run() == {samba.anchor(moved)}
    assert values(following, samba, moved)["distinguishedName"] == moved
    samba.delete(moved)


def test_a_renamed_container_is_told_alone_and_all_names_follow(following, samba, unit, anna):
    following.run()

    renamed = samba.rename(unit, unit.partition(",")[0] + " renamed")

    assert following.run() == {samba.anchor(renamed)}
    name = anna.partition(",")[0]
    assert values(following, samba, f"{name},{renamed}")["distinguishedName"] == f"{name},{renamed}"


def test_a_moved_container_takes_everybody_with_it(following, samba, unit, anna):
    following.run()

    moved = samba.move(unit, f"OU=Groups,{samba.base}")

    assert following.run() == {samba.anchor(moved)}
    assert values(following, samba, f"{anna.partition(',')[0]},{moved}")["distinguishedName"].endswith(moved)


def test_a_deleted_person_is_gone_and_restored_is_the_same_without_groups(following, samba, anna, team):
    following.run()
    anchor = samba.anchor(anna)
    samba.delete(anna)
    following.run()
    assert following.told == [RecordGone(anchor=anchor)]

    samba.restore(anchor, anna)
    following.run()

    assert samba.anchor(anna) == anchor
    assert values(following, samba, anna)["distinguishedName"] == anna
    assert following.members_of(samba.anchor(team)) == set()


def test_everybody_joins_one_group(following, samba, unit, number):
    everybody = [f"CN=u{one:05d},OU=People,{samba.base}" for one in range(PEOPLE)]
    group = samba.group(f"everybody{number}", everybody, unit)

    following.run()

    assert len(following.members_of(samba.anchor(group))) == PEOPLE
    samba.leave(group, *everybody[:500])
    following.run()
    assert len(following.members_of(samba.anchor(group))) == PEOPLE - 500


def test_after_all_of_it_a_fresh_read_says_the_same(following, samba, way):
    assert following.state() == following.fresh(settings_for(samba, incremental=way), PASSWORD)


def test_a_controller_that_restarts_in_the_middle_costs_one_run(samba, way):
    following = DomainFollowing(settings_for(samba, incremental=way), PASSWORD)
    following.run(most_pages=1)
    pages = following.source.read(following.cursor)
    next(pages)
    samba.restart()

    with pytest.raises(Unreachable):
        list(pages)
    following.run()

    assert following.state() == following.fresh(settings_for(samba, incremental=way), PASSWORD)
    following.source.close()


def test_between_reads_a_restart_is_not_even_noticed(following, samba):
    samba.restart()

    assert following.run() == set()


def test_a_change_shows_by_the_highest_number(following, samba, anna):
    following.run()
    assert following.source.moved(following.cursor) is False

    samba.set(anna, title="Head")

    assert following.source.moved(following.cursor) is True


def test_a_cookie_that_samba_does_not_know_is_lost(samba):
    following = DomainFollowing(settings_for(samba, incremental="dirsync"), PASSWORD)
    following.run()
    held = json.loads(following.cursor)
    held["cookies"] = [b64encode(b"nothing that it gave").decode()] * 3

    with pytest.raises(CursorLost):
        list(following.source.read(json.dumps(held)))
    following.source.close()


def test_an_account_without_the_right_reads_and_finds_out_later_who_is_gone(samba):
    user = samba.account("plain", PASSWORD)
    gone = samba.person("gonesoon")
    following = DomainFollowing(settings_for(samba, user=user), PASSWORD)
    following.run()
    assert '"mode":"visible"' in following.cursor
    samba.delete(gone)
    following.run()
    assert "gonesoon" in following.of("user")

    following.clock.pass_seconds(3600)
    following.run()

    assert "gonesoon" not in following.of("user")
    assert {"u00000", "u00999"} <= set(following.of("user"))
    following.source.close()


def test_an_account_with_the_right_alone_uses_dirsync(samba):
    user = samba.account("replicating", PASSWORD)
    samba.allow_replication("replicating")
    source = ActiveDirectory(settings_for(samba, user=user), Secret(PASSWORD))

    changes = next(one for one in source.check() if one.what == "changes")

    assert changes.sentence == "Changes are told by DirSync."
    source.close()


def test_a_test_of_the_source_finds_all_well(samba):
    source = ActiveDirectory(settings_for(samba), Secret(PASSWORD))

    steps = list(source.check())

    assert [one.what for one in steps if one.well] == [
        "names", "connection", "sign-in", "base", "changes", "deletions", "schema", "people",
    ]  # fmt: skip
    source.close()


def test_the_schema_offers_objectguid_under_exactly_this_name(samba):
    source = ActiveDirectory(settings_for(samba), Secret(PASSWORD))

    offered = {one.name: one for one in source.attributes()}

    assert (offered["objectGUID"].type, offered["objectGUID"].multi_valued) == ("Binary", False)
    assert offered["objectGUID"].kinds == ("user", "group")
    assert not {"objectguid", "manager", "memberOf", "lastLogon", "unicodePwd", "whenCreated"} & set(offered)
    assert offered["carLicense"].multi_valued
    source.close()


@pytest.mark.parametrize("transport", ["ldaps", "starttls"])
def test_a_certificate_of_somebody_else_is_refused(samba, tmp_path, transport):
    other = {"transport": transport, "ca_file": str(Identity(tmp_path / "other").root)}
    source = ActiveDirectory(settings_for(samba, server=other), Secret(PASSWORD))

    with pytest.raises(Unreachable, match="certificate is not trusted"):
        list(source.read(None))


@pytest.mark.parametrize("transport", ["ldaps", "starttls"])
def test_a_certificate_for_another_name_is_refused(samba, transport):
    other = {"transport": transport, "certificate_names": ("dc9.contoso.com",)}
    source = ActiveDirectory(settings_for(samba, server=other), Secret(PASSWORD))

    with pytest.raises(Unreachable, match=r"is for dc1\.contoso\.com, not for dc9\.contoso\.com"):
        list(source.read(None))


def test_starttls_reads_as_well(samba):
    source = ActiveDirectory(settings_for(samba, server={"transport": "starttls"}), Secret(PASSWORD))

    assert next(source.read(None)).told
    source.close()


def test_a_wrong_password_is_unauthorized(samba):
    source = ActiveDirectory(settings_for(samba), Secret("Sesame-0pem!"))

    with pytest.raises(Unauthorized, match="the password is wrong"):
        list(source.read(None))


def test_a_unit_is_no_domain_to_read(samba):
    settings = settings_of(samba.address, samba.administrator, f"OU=People,{samba.base}", incremental="dirsync")
    source = ActiveDirectory(settings, Secret(PASSWORD))

    with pytest.raises(Rejected):
        list(source.read(None))
    source.close()


def test_a_dead_address_is_passed_over(samba):
    source = ActiveDirectory(
        settings_for(samba, server={"addresses": ("127.77.0.1:636", samba.address)}), Secret(PASSWORD)
    )

    assert next(source.read(None)).told
    source.close()
