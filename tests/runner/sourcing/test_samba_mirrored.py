"""A real Active Directory (Samba) mirrored into a directory: after each kind of change it is what the domain holds."""

import pytest

from provisor.connectors.active_directory import ActiveDirectory
from provisor.engine.ports import Secret
from provisor.rules.source_settings import SourceExtension
from provisor.runner.sourcing.run_source import SourceOrder, run_source
from provisor.storage import connected_sources, members, objects
from support.domain_following import settings_of
from support.mirrored import mirror_in
from support.own_clock import OwnClock
from support.samba_ad import PASSWORD

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("samba"), pytest.mark.timeout(300)]


class Mirrored:
    """A directory that has one source: the units People and Groups of the domain, and one of the test's own."""

    def __init__(self, path, samba, unit):
        self.mirror, self.samba, self.clock = mirror_in(path), samba, OwnClock()
        self.settings = settings_of(
            samba.address, samba.administrator, samba.base,
            containers=(f"OU=People,{samba.base}", f"OU=Groups,{samba.base}", unit),
            user_extensions=(SourceExtension(attribute="objectGUID", type="Binary"),),
        )  # fmt: skip
        with self.mirror.database.transaction() as connection:
            self.source = connected_sources.add(
                connection, self.mirror.tenant, "contoso", self.settings, precedence=100, interval_seconds=1800,
                staging=False, deletion_threshold=500, now=self.mirror.now(),
            ).id  # fmt: skip
        self.connector = ActiveDirectory(self.settings, Secret(PASSWORD), clock=self.clock)

    def run(self):
        order = SourceOrder(source=self.source)
        done = run_source(self.mirror.database, self.mirror.tenant, order, self.connector, now=self.mirror.now)
        assert (done.state, done.error) == ("succeeded", None)
        return done.counters

    def close(self):
        self.connector.close()
        self.mirror.database.close()

    def people(self):
        return self.mirror.alive("user")

    def state(self):
        """Everybody alive by anchor, with attributes, manager and members by anchors."""
        reader = self.mirror.database.reader()
        everybody = [*self.mirror.alive("user").values(), *self.mirror.alive("group").values()]
        anchors = {one.id: one.anchor for one in everybody}
        return {
            one.anchor: (
                one.name, _without_app(one.attributes), one.enabled, anchors.get(one.manager),
                {anchors[member.id] for member in members.of_group(reader, one.id, limit=2_000)} if one.kind == "group" else None,
            )
            for one in everybody
        }  # fmt: skip


def _without_app(attributes):
    """Attributes with extensions by their own names: each directory has an application of its own for them."""
    return {name.rpartition("_")[2]: value for name, value in attributes.items()}


@pytest.fixture(scope="module")
def unit(samba):
    return samba.unit("Mirrored")


@pytest.fixture(scope="module")
def read_once(samba, unit, tmp_path_factory):
    made = Mirrored(tmp_path_factory.mktemp("mirrored") / "provisor.sqlite", samba, unit)
    made.run()
    yield made
    made.close()


@pytest.fixture
def mirrored(read_once):
    """A directory that follows the domain through the tests, with nothing left to be told."""
    read_once.run()
    return read_once


@pytest.fixture
def number(samba):
    """One that no other test has."""
    return next(samba.numbers)


def test_a_thousand_people_and_fifty_groups_arrive(mirrored):
    assert len([name for name in mirrored.people() if name.startswith("u0")]) == 1000
    assert len([name for name in mirrored.mirror.alive("group") if name.startswith("g0")]) == 50


def test_the_extension_of_objectguid_is_base64_of_its_bytes(mirrored, samba):
    person = mirrored.people()["u00007"]

    (value,) = (value for name, value in person.attributes.items() if name.endswith("_objectGUID"))
    assert value == samba.anchor(f"CN=u00007,OU=People,{samba.base}")


def test_after_one_change_of_each_kind_the_directory_is_what_the_domain_holds(mirrored, samba, unit, number, tmp_path):
    anna, bob, carl, dora = (samba.person(f"{name}{number}", unit) for name in ("anna", "bob", "carl", "dora"))
    inner = samba.unit(f"Inner {number}", unit)
    ella = samba.person(f"ella{number}", inner)
    team = samba.group(f"team{number}", [anna, bob, carl], unit)
    samba.set(bob, manager=anna)
    mirrored.run()
    samba.set(anna, title="Head", displayName="Anna Berg")
    samba.set(bob, manager=carl, userAccountControl=546)
    samba.join(team, dora, ella)
    samba.leave(team, anna)
    samba.rename(inner, f"OU=Within {number}")
    samba.move(dora, f"OU=People,{samba.base}")
    gone = samba.anchor(carl)
    samba.delete(carl)
    mirrored.run()
    samba.restore(gone, carl)
    samba.set(carl, userPrincipalName=f"carl@{samba.realm}", userAccountControl=544)

    mirrored.run()

    fresh = Mirrored(tmp_path / "fresh.sqlite", samba, unit)
    fresh.run()
    assert mirrored.state() == fresh.state()
    fresh.close()


def test_a_delta_moves_exactly_whom_it_is_about(mirrored, samba):
    samba.set(f"CN=u00011,OU=People,{samba.base}", title="Chief")

    counters = mirrored.run()

    assert (counters["read"], counters["updated"]) == (1, 1)
    assert "created" not in counters


def test_a_deleted_person_goes_into_the_recycle_bin(mirrored, samba, unit, number):
    anna = samba.person(f"annagone{number}", unit)
    mirrored.run()
    before = len(mirrored.people())

    samba.delete(anna)
    mirrored.run()

    assert len(mirrored.people()) == before - 1
    page = objects.page(mirrored.mirror.database.reader(), mirrored.mirror.tenant, "user", limit=10, deleted=True)
    assert f"annagone{number}@{samba.realm}" in [item.name for item in page]
