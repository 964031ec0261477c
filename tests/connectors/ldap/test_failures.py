"""A server that fails or lies: what is told, how it goes on, and that nobody seems to be gone."""

import uuid
from datetime import UTC, datetime

import pytest

from provisor.connectors.ldap import LdapDirectory
from provisor.engine.ports import Rejected, Secret, Unauthorized, Unreachable
from provisor.engine.sources import CursorLost
from provisor.rules.source_settings import Server
from support.ad_directory import ActiveDirectory, DomainController
from support.certificates import Identity
from support.ldap_following import Following, alike, settings_of
from support.ldap_server import USER, Fault, LdapServer
from support.slapd import LONG_AGO, PEOPLE, person

BASE = "DC=contoso,DC=com"


class Directory(ActiveDirectory):
    """One that tells entryUUID and modifyTimestamp, as directories do that are no Active Directory."""

    def __init__(self):
        super().__init__()
        self._dated(self.root, "20210101000000Z", created="20210101000000Z")

    def add(self, rdn, *, under=None, **values):
        entry = super().add(rdn, under=under, **values)
        self._dated(entry, LONG_AGO)
        return entry

    def people(self, count):
        names = [f"p{number:04}" for number in range(count)]
        return [self.add(f"uid={name}", objectClass=["inetOrgPerson"], uid=name, cn=name) for name in names]

    def change(self, entry, **values):
        self.set(entry, **values)
        self._dated(entry, datetime.now(UTC).strftime("%Y%m%d%H%M%SZ"))

    def _dated(self, entry, at, created=LONG_AGO):
        self.set(entry, entryUUID=anchor_of(entry), modifyTimestamp=at, createTimestamp=created)


def anchor_of(entry):
    return str(uuid.UUID(bytes=entry.guid))


@pytest.fixture
def directory():
    return Directory()


@pytest.fixture
def server(directory):
    with LdapServer(DomainController(directory)) as running:
        yield running


@pytest.fixture
def following(server):
    where = Server(addresses=(server.address,), user=USER, transport="plain", timeout_seconds=1)
    followed = Following(server.port, server=where, base=BASE)
    yield followed
    followed.source.close()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(kind="drop", of="page", passing=1, after_entries=10), Unreachable),
        (Fault(kind="silent", of="page", passing=1), Unreachable),
        (Fault(kind="refuse", of="page", passing=1, code=51), Unreachable),
        (Fault(kind="refuse", of="page", passing=1, code=52), Unreachable),
        (Fault(kind="refuse", of="page", passing=1, code=3), Unreachable),
        (Fault(kind="refuse", of="page", passing=1, code=4), Rejected),
        (Fault(kind="refuse", of="page", passing=1, code=11), Rejected),
        (Fault(kind="refuse", of="page", passing=1, code=50), Rejected),
    ],
    ids=["dropped", "silent", "busy", "unavailable", "took too long", "too many", "limited", "forbidden"],
)
def test_a_read_that_fails_in_the_middle_takes_nobody_away(server, directory, following, fault, error):
    directory.people(20)
    following.run()
    following.clock.pass_seconds(3600)
    server.order(fault)

    with pytest.raises(error):
        following.run()

    assert len(following.of("user")) == 20


def test_a_read_that_failed_goes_on_and_tells_everything(server, directory, following):
    directory.people(20)
    server.order(Fault(kind="drop", of="page", passing=1))
    with pytest.raises(Unreachable):
        following.run()

    following.run()

    assert (len(following.of("user")), following.was_full) == (20, True)


def test_what_changed_while_a_read_was_broken_off_is_told_by_the_next(server, directory, following):
    people = directory.people(20)
    directory.add("cn=all", objectClass=["groupOfNames"], cn="all", member=people[:3])
    server.order(Fault(kind="drop", of="page", passing=2))  # after containers and people
    with pytest.raises(Unreachable):
        following.run()

    directory.change(people[0], title="Engineer")
    following.run()
    following.run()

    assert following.of("user")["p0000"].values["title"] == ["Engineer"]


def test_a_page_that_comes_twice_changes_nothing(server, directory, following):
    directory.people(600)
    server.order(Fault(kind="repeat", of="page", passing=2))

    following.run()

    assert (len(following.of("user")), len(following.told) > 1_000) == (600, True)


@pytest.mark.parametrize("kind", ["half", "empty", "skip"])
def test_whoever_a_page_kept_back_is_there_when_asked_after(server, directory, following, kind):
    directory.people(600)
    following.run()
    before = following.records
    following.clock.pass_seconds(3600)
    server.order(Fault(kind=kind, of="page", passing=1))  # after the containers
    following.run()
    missing = sorted(set(before) - set(following.records))

    some = missing[:50]
    found = {one.anchor: one for one in following.source.look(some)}

    assert some
    assert alike(found, {anchor: before[anchor] for anchor in some})


def test_whoever_is_deleted_is_not_there_when_asked_after(directory, following):
    anna, berta = directory.people(2)
    following.run()
    anchors = [anchor_of(anna), anchor_of(berta)]

    directory.delete(anna)

    assert [one.anchor for one in following.source.look(anchors)] == anchors[1:]


def test_somebody_without_an_anchor_is_told_as_unreadable(directory, following):
    anna, _ = directory.people(2)
    directory.set(anna, entryUUID=None)

    following.run()

    assert [(one.where, one.anchor) for one in following.unreadable] == [(anna.name, None)]


@pytest.mark.parametrize("title", [b"\xff\xfe", b"a\0b"], ids=["no UTF-8", "NUL"])
def test_a_value_that_is_no_text_makes_its_record_unreadable(directory, following, title):
    anna, _ = directory.people(2)
    directory.set(anna, title=title)

    following.run()

    assert [(one.where, one.anchor) for one in following.unreadable] == [(anna.name, anchor_of(anna))]


def test_without_times_everything_is_read_every_time(directory, following):
    directory.people(2)
    for one in directory.by_guid.values():
        directory.set(one, modifyTimestamp=None, createTimestamp=None)
    following.run()
    following.run()

    assert following.was_full


def test_a_person_dated_in_the_future_hides_no_later_change(directory, following):
    anna, berta = directory.people(2)
    directory.set(anna, modifyTimestamp="20990101000000Z")
    following.run()

    directory.change(berta, title="Engineer")
    following.run()

    assert (following.of("user")["p0001"].values["title"], following.was_full) == (["Engineer"], False)


def test_a_change_that_reached_a_replica_late_is_told(directory, following):
    """Its time is that of the server where it was made, long before others that were seen."""
    anna, berta = directory.people(2)
    here, there = "20220101120000.000000Z#000000#001#000000", "20220101000000.000000Z#000000#002#000000"
    directory.set(directory.root, contextCSN=[here, there])
    following.run()

    directory.set(anna, title="Engineer", modifyTimestamp="20220101060000Z")
    directory.set(directory.root, contextCSN=[here, there.replace("01000000", "01060000")])
    told = following.run()

    assert (anchor_of(anna) in told, anchor_of(berta) in told) == (True, False)


def test_a_replica_that_is_behind_is_not_read(new_slapd):
    behind, ahead = new_slapd(person("anna")), new_slapd(person("anna"))
    following = Following(ahead.port)
    with ahead.administrator() as administrator:
        administrator.add(f"uid=carl,{PEOPLE}", "inetOrgPerson", {"uid": "carl", "cn": "carl", "sn": "carl"})
    following.run()
    other = Following(behind.port)
    other.cursor = following.cursor

    with pytest.raises(Unreachable, match="replica that is behind"):
        other.run()


def test_a_server_that_is_restarted_in_the_middle_is_read_to_the_end(new_slapd):
    slapd = new_slapd("".join(person(f"p{number}") for number in range(520)))
    following = Following(slapd.port)
    pages = following.source.read(None)
    first = next(pages)

    slapd.stop()
    slapd.start()
    with pytest.raises(Unreachable):
        list(pages)
    following.cursor = first.cursor
    following.run()

    assert len(following.of("user")) == 520


def test_a_server_that_was_restarted_in_between_is_read_at_once(new_slapd):
    slapd = new_slapd(person("anna"))
    following = Following(slapd.port)
    following.run()

    slapd.stop()
    slapd.start()

    assert following.run() == set()


def test_an_account_that_may_not_see_everybody_is_told_so(new_slapd):
    following = Following(new_slapd("".join(person(f"p{number}") for number in range(600)), limits=None).port)

    with pytest.raises(Rejected, match="fewer entries than there are"):
        following.run()


def test_a_certificate_of_another_authority_is_refused(new_slapd, tmp_path):
    theirs, ours = Identity(tmp_path / "theirs"), Identity(tmp_path / "ours")
    slapd = new_slapd(identity=theirs)

    with pytest.raises(Unreachable, match="not trusted"):
        secured(slapd.tls_port, ours).run()


@pytest.mark.parametrize("transport", ["ldaps", "starttls"])
def test_a_certificate_of_the_named_authority_is_trusted(new_slapd, tmp_path, transport):
    identity = Identity(tmp_path / "tls")
    slapd = new_slapd(person("anna"), identity=identity)
    following = secured(slapd.tls_port if transport == "ldaps" else slapd.port, identity, transport=transport)

    following.run()

    assert set(following.of("user")) == {"anna"}


def test_a_wrong_password_is_told_as_one(new_slapd):
    source = LdapDirectory(settings_of(new_slapd().port), {"password": Secret("wrong")})

    with pytest.raises(Unauthorized) as refused:
        list(source.read(None))

    assert "wrong" not in str(refused.value).replace("password is wrong", "")


def test_a_filter_that_is_none_is_refused(new_slapd):
    with pytest.raises(Rejected, match="no LDAP filter"):
        Following(new_slapd().port, user_filter="(uid=").run()


def test_a_base_that_is_not_there_is_refused(new_slapd):
    with pytest.raises(Rejected, match="no such object"):
        Following(new_slapd().port, base=f"ou=nowhere,{PEOPLE}").run()


@pytest.mark.parametrize("cursor", ["", "{}", "[]", '{"version":1,"place":{}}', '{"version":9}', "\0"])
def test_a_cursor_that_is_none_is_lost(new_slapd, cursor):
    following = Following(new_slapd().port)

    with pytest.raises(CursorLost):
        list(following.source.read(cursor))


def secured(port, identity, transport="ldaps"):
    server = Server(
        addresses=(f"127.0.0.1:{port}",), user=settings_of(port).server.user, transport=transport,
        ca_file=str(identity.root), certificate_names=("localhost",), timeout_seconds=5,
    )  # fmt: skip
    return Following(port, server=server)
