"""An OpenLDAP server mirrored into a directory of ours: what it holds is what we hold, whatever happens to it."""

import ldap3
import pytest

from provisor.storage import connected_sources
from support.ldap_following import Following, settings_of
from support.mirrored import mirror_in
from support.slapd import GROUPS, PEOPLE, SUFFIX, group, person


@pytest.fixture
def slapd(new_slapd):
    return new_slapd(
        person("anna", manager=f"uid=berta,{PEOPLE}")
        + person("berta")
        + person("carl")
        + group("staff", [f"uid=anna,{PEOPLE}", f"uid=berta,{PEOPLE}"])
        + group("all", [f"cn=staff,{GROUPS}", f"uid=carl,{PEOPLE}"])
    )


class Mirrored:
    """The directory, and the source that feeds it."""

    def __init__(self, path, port):
        self.mirror, self.domain = mirror_in(path), Following(port)
        with self.mirror.database.transaction() as connection:
            self.source = connected_sources.add(
                connection, self.mirror.tenant, "ldap", settings_of(port), precedence=100, interval_seconds=1800,
                staging=False, deletion_threshold=500, now=self.mirror.now(),
            ).id  # fmt: skip

    def run(self):
        ended = self.mirror.run(self.source, self.domain)
        assert ended.state == "succeeded", ended
        return ended


@pytest.fixture
def mirrored(tmp_path, slapd):
    made = Mirrored(tmp_path / "provisor.sqlite", slapd.port)
    made.run()
    yield made
    made.domain.source.close()


@pytest.fixture
def administrator(slapd):
    with slapd.administrator() as connection:
        yield connection


def test_people_groups_members_and_managers_are_mirrored(mirrored):
    mirror = mirrored.mirror

    assert (set(mirror.alive()), mirror.manager("anna")) == ({"anna", "berta", "carl"}, "berta")
    assert (mirror.members("staff"), mirror.members("all")) == ({"anna", "berta"}, {"staff", "carl"})


def test_a_directory_that_rests_is_not_written(mirrored):
    before = mirrored.mirror.everything()

    mirrored.run()

    assert mirrored.mirror.everything() == before


def test_a_renamed_container_changes_nobody(mirrored, administrator):
    before = {name: item.id for name, item in mirrored.mirror.alive().items()}

    administrator.modify_dn(PEOPLE, "ou=humans")
    for name, members in (("staff", ("anna", "berta")), ("all", ("carl",))):  # as the overlay refint does
        for member in members:
            named = {"member": [(ldap3.MODIFY_ADD, [f"uid={member},ou=humans,{SUFFIX}"])]}
            administrator.modify(f"cn={name},{GROUPS}", named)
            administrator.modify(f"cn={name},{GROUPS}", {"member": [(ldap3.MODIFY_DELETE, [f"uid={member},{PEOPLE}"])]})
    mirrored.run()

    assert {name: item.id for name, item in mirrored.mirror.alive().items()} == before
    assert (mirrored.mirror.members("staff"), mirrored.mirror.members("all")) == ({"anna", "berta"}, {"staff", "carl"})


def test_whoever_is_deleted_is_in_the_recycle_bin_after_a_full_read(mirrored, administrator):
    administrator.delete(f"uid=carl,{PEOPLE}")
    mirrored.run()
    waiting = mirrored.mirror.deleted()

    mirrored.domain.clock.pass_seconds(3600)
    mirrored.run()

    assert (waiting, mirrored.mirror.deleted()) == (set(), {"carl"})


def test_whoever_moves_into_a_group_of_a_group_is_a_member_there(mirrored, administrator):
    administrator.modify(f"cn=staff,{GROUPS}", {"member": [(ldap3.MODIFY_ADD, [f"uid=carl,{PEOPLE}"])]})

    mirrored.run()

    assert mirrored.mirror.members("staff") == {"anna", "berta", "carl"}


def test_a_server_that_goes_away_in_the_middle_takes_nobody_with_it(mirrored, slapd):
    slapd.stop()
    ended = mirrored.mirror.run(mirrored.source, mirrored.domain)
    alive = set(mirrored.mirror.alive())

    slapd.start()
    mirrored.run()

    assert (ended.state, alive, set(mirrored.mirror.alive())) == ("failed", {"anna", "berta", "carl"}, alive)
