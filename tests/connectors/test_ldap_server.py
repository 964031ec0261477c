"""The tests' own LDAP server, as ldap3 sees it: what Active Directory does and Samba does not, and faults to order."""

import ssl

import ldap3
import pytest
from ldap3.core.exceptions import LDAPExceptionError
from ldap3.protocol.microsoft import extended_dn_control

from support.ad_directory import ActiveDirectory, DomainController
from support.certificates import Identity
from support.ldap_server import PASSWORD, USER, Fault, LdapServer

BASE = "DC=contoso,DC=com"
PEOPLE = "(&(objectClass=user)(sAMAccountName=*))"


@pytest.fixture
def directory():
    return ActiveDirectory(range_limit=10)


@pytest.fixture
def controller(directory):
    return DomainController(directory, page_objects=4)


@pytest.fixture
def server(controller):
    with LdapServer(controller) as running:
        yield running


@pytest.fixture
def client(server):
    with connected(server) as connection:
        yield connection


def connected(server):
    where = ldap3.Server("127.0.0.1", server.port, get_info=ldap3.NONE, connect_timeout=5)
    # What is told as it came: ldap3 would fetch ranges by itself, and make up empty attributes.
    as_told = {"auto_range": False, "return_empty_attributes": False}
    return ldap3.Connection(where, USER, PASSWORD, auto_bind=True, receive_timeout=5, **as_told)


def names(response):
    return [one["attributes"]["sAMAccountName"][0] for one in response if "attributes" in one]


def changes(client, cookie=None, *, attributes=("sAMAccountName",), keep="(objectClass=user)", incremental=True):
    """Everything that DirSync tells from a cookie on: entries as (name, attributes), pages, and the last cookie."""
    told, pages = [], 0
    search = client.extend.microsoft.dir_sync(
        BASE, keep, attributes=list(attributes), cookie=cookie, object_security=False, incremental_values=incremental
    )
    while pages == 0 or search.more_results:
        search.loop()
        pages += 1
        told += [(plain(one["dn"]), dict(one["attributes"])) for one in client.response]
    return told, pages, search.cookie


def plain(name):
    """A distinguished name without what extends it."""
    return name.rpartition(";")[2]


def test_the_root_tells_the_highest_number_and_the_service(client, directory):
    directory.person("anna")

    client.search("", "(objectClass=*)", ldap3.BASE, attributes=["highestCommittedUSN", "dsServiceName"])
    root = client.response[0]["attributes"]
    client.search(root["dsServiceName"][0], "(objectClass=*)", ldap3.BASE, attributes=["invocationId"])

    assert root["highestCommittedUSN"] == [str(directory.usn)]
    assert len(client.response[0]["raw_attributes"]["invocationId"][0]) == 16


def test_a_wrong_password_is_refused(server):
    where = ldap3.Server("127.0.0.1", server.port, get_info=ldap3.NONE)

    assert not ldap3.Connection(where, USER, "wrong").bind()


def test_a_search_in_pages_tells_everybody_once(client, directory):
    people = [directory.person(f"p{n}") for n in range(25)]

    found = client.extend.standard.paged_search(
        BASE, PEOPLE, attributes=["sAMAccountName"], paged_size=7, generator=False
    )

    assert sorted(names(found)) == sorted(one.values["sAMAccountName"][0].decode() for one in people)


def test_numbers_are_compared_as_numbers(client, directory):
    directory.person("before")
    seen = directory.usn
    directory.person("after")

    client.search(BASE, f"(&(objectClass=user)(uSNChanged>={seen + 1}))", attributes=["sAMAccountName"])

    assert names(client.response) == ["after"]


def test_members_beyond_the_limit_come_in_ranges(client, directory):
    group = directory.group("all", [directory.person(f"p{n}") for n in range(25)])

    read = {}
    for wanted in ("member", "member;range=10-*", "member;range=20-*"):
        client.search(group.name, "(objectClass=*)", ldap3.BASE, attributes=[wanted])
        read |= {name: len(values or ()) for name, values in client.response[0]["raw_attributes"].items()}

    assert read == {"member": 0, "member;range=0-9": 10, "member;range=10-19": 10, "member;range=20-*": 5}


def test_names_are_extended_where_that_is_asked(client, directory):
    anna = directory.person("anna")

    client.search(BASE, "(sAMAccountName=anna)", controls=[extended_dn_control()])

    assert client.response[0]["dn"].startswith(f"<GUID={anna.text_guid}>;<SID=S-1-5-21-")


def test_the_deleted_are_seen_only_where_that_is_asked(client, directory):
    directory.delete(directory.person("anna"))

    client.search(BASE, "(isDeleted=TRUE)", attributes=["sAMAccountName"])
    hidden = names(client.response)
    client.search(
        BASE, "(isDeleted=TRUE)", attributes=["sAMAccountName"], controls=[("1.2.840.113556.1.4.417", True, None)]
    )

    assert (hidden, names(client.response)) == ([], ["anna"])


def test_dirsync_comes_in_pages(client, directory):
    for n in range(10):
        directory.person(f"p{n}")

    told, pages, _ = changes(client)

    assert (len(told), pages) == (10, 3)


def test_dirsync_goes_on_from_its_cookie_with_what_changed_alone(client, directory):
    anna, _ = directory.person("anna"), directory.person("berta")
    _, _, cookie = changes(client, attributes=["sAMAccountName", "title"])

    directory.set(anna, title="Engineer")
    told, _, _ = changes(client, cookie, attributes=["sAMAccountName", "title"])

    assert [(name, set(values)) for name, values in told] == [(anna.name, {"objectGUID", "instanceType", "title"})]


def test_dirsync_tells_members_that_came_and_went(client, directory):
    anna, berta = directory.person("anna"), directory.person("berta")
    group = directory.group("some", [anna])
    _, _, cookie = changes(client, attributes=["member"], keep="(objectClass=group)")

    directory.join(group, berta)
    directory.leave(group, anna)
    [(_, told)], _, _ = changes(client, cookie, attributes=["member"], keep="(objectClass=group)")

    came, went = ([plain(name) for name in told[f"member;range={which}"]] for which in ("1-1", "0-0"))
    assert (came, went) == ([berta.name], [anna.name])


def test_dirsync_tells_a_large_group_again_with_the_rest(client, directory):
    directory.group("all", [directory.person(f"p{n}") for n in range(25)])

    told, _, _ = changes(client, attributes=["member"], keep="(objectClass=group)")

    assert [len(values["member;range=1-1"]) for _, values in told] == [10, 10, 5]


def test_dirsync_tells_who_was_deleted(client, directory):
    anna = directory.person("anna")
    _, _, cookie = changes(client, attributes=["isDeleted"])

    directory.delete(anna)
    [(name, told)], _, _ = changes(client, cookie, attributes=["isDeleted"])

    assert (told["isDeleted"], name.endswith(f",CN=Deleted Objects,{BASE}")) == (["TRUE"], True)


def test_a_renamed_container_is_told_without_what_is_below(client, directory):
    place = directory.container("OU=Here")
    directory.person("anna", under=place)
    everything = {"attributes": ["name"], "keep": "(|(objectClass=user)(objectClass=organizationalUnit))"}
    _, _, cookie = changes(client, **everything)

    directory.rename(place, "OU=There")
    told, _, _ = changes(client, cookie, **everything)

    assert [name for name, _ in told] == [place.name]


def test_a_cookie_of_another_controller_is_refused(client, directory):
    _, _, cookie = changes(client)

    with LdapServer(DomainController(directory, "DC2", ahead=5000)) as other, connected(other) as second:
        search = second.extend.microsoft.dir_sync(BASE, "(objectClass=user)", cookie=cookie, object_security=False)

        with pytest.raises(LDAPExceptionError, match="unwillingToPerform"):
            search.loop()


def test_without_the_right_dirsync_is_refused(client, controller):
    controller.replicating = False

    with pytest.raises(LDAPExceptionError, match="insufficientAccessRights"):
        client.extend.microsoft.dir_sync(BASE, "(objectClass=user)", object_security=False).loop()


@pytest.mark.parametrize(("kind", "read"), [("half", 4), ("empty", 0), ("short", 16), ("repeat", 28), ("skip", 12)])
def test_a_fault_falsifies_one_page(server, client, directory, kind, read):
    for n in range(20):
        directory.person(f"p{n:02}")
    server.order(Fault(kind=kind, passing=1 if kind in ("repeat", "skip") else 0))

    found = client.extend.standard.paged_search(
        BASE, PEOPLE, attributes=["sAMAccountName"], paged_size=8, generator=False
    )

    assert len(list(found)) == read


@pytest.mark.parametrize("kind", ["drop", "silent"])
def test_a_fault_ends_the_connection(server, directory, kind):
    directory.person("anna")
    client = ldap3.Connection(
        ldap3.Server("127.0.0.1", server.port, get_info=ldap3.NONE), USER, PASSWORD, auto_bind=True, receive_timeout=1
    )
    server.order(Fault(kind=kind))

    with pytest.raises(LDAPExceptionError):
        client.search(BASE, PEOPLE)


def test_a_fault_refuses_with_a_code(server, client):
    server.order(Fault(kind="refuse", code=51, diagnostic="busy"))

    client.search(BASE, PEOPLE)

    assert (client.result["result"], client.result["message"]) == (51, "busy")


@pytest.mark.parametrize("at_once", [True, False], ids=["from the first byte", "StartTLS"])
def test_it_speaks_tls(tmp_path, controller, at_once):
    identity = Identity(tmp_path / "tls")
    trust = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(identity.root))
    with LdapServer(controller, identity=identity, tls=at_once) as running:
        where = ldap3.Server("localhost", running.port, use_ssl=at_once, tls=trust, get_info=ldap3.NONE)

        how = ldap3.AUTO_BIND_NO_TLS if at_once else ldap3.AUTO_BIND_TLS_BEFORE_BIND
        with ldap3.Connection(where, USER, PASSWORD, auto_bind=how) as client:
            assert client.search(BASE, "(objectClass=domainDNS)")


def test_it_comes_back_on_its_port(server, directory):
    directory.person("anna")
    port = server.port

    server.stop()
    server.start()

    with connected(server) as client:
        client.search(BASE, PEOPLE, attributes=["sAMAccountName"])
        assert (server.port, names(client.response)) == (port, ["anna"])
