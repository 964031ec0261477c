"""What an administrator sees of an LDAP directory before it is read: a test, and the attributes to choose from."""

import pytest

from provisor.connectors.ldap import LdapDirectory
from provisor.connectors.ldap.questions import GROUP_ATTRIBUTES, USER_ATTRIBUTES
from provisor.directory.inbound.ldap import LDAP_FLOWS
from provisor.engine.ports import Secret
from provisor.rules.source_settings import AttributeFilter, SourceExtension
from support.ldap_following import Following, settings_of
from support.slapd import GROUPS, PASSWORD, PEOPLE, group, person


@pytest.fixture
def slapd(new_slapd):
    return new_slapd(
        person("anna", employeeNumber="7", jpegPhoto="\x01\x02", roomNumber="12")
        + group("staff", [f"uid=anna,{PEOPLE}"])
    )


def checked(port, password=PASSWORD, **changed):
    source = LdapDirectory(settings_of(port, **changed), {"password": Secret(password)})
    try:
        return list(source.check())
    finally:
        source.close()


def test_a_directory_that_is_well_is_found_well(slapd):
    found = checked(slapd.port)

    assert [one.what for one in found if not one.well] == []
    assert [one.what for one in found] == [
        "connection", "sign-in", "base", "people", "anchor", "sign-in name", "groups", "anchor of groups", "times",
        "changes",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "what", "words"),
    [
        ({"password": "wrong"}, "sign-in", "user or password is wrong"),
        ({"base": f"ou=nowhere,{PEOPLE}"}, "base", "has no ou=nowhere"),
        ({"user_filter": "(uid=nobody)"}, "people", "fits (uid=nobody)"),
        ({"user_filter": "(uid="}, "people", "no LDAP filter"),
        ({"anchor": "employeeType"}, "anchor", "has no employeeType"),
        ({"sign_in_name": "roomName"}, "sign-in name", "0 of 1 people have a roomName"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_test_ends_with_what_is_not_well(slapd, changed, what, words):
    *_, last = checked(slapd.port, **changed)

    assert (last.what, last.well) == (what, False)
    assert words in last.sentence


def test_a_server_that_is_not_there_is_told(slapd):
    slapd.stop()

    [only] = checked(slapd.port)

    assert (only.what, only.well) == ("connection", False)


def test_a_server_that_does_not_count_changes_is_well_with_a_hint(new_slapd):
    *_, last = checked(new_slapd(person("anna"), counted=False).port)

    assert (last.what, last.well, "syncprov" in last.hint) == ("changes", True, True)


@pytest.fixture
def offered(slapd):
    source = LdapDirectory(settings_of(slapd.port), {"password": Secret(PASSWORD)})
    yield {one.name: one for one in source.attributes()}
    source.close()


@pytest.mark.parametrize(
    ("name", "kind", "several"),
    [("roomNumber", "String", True), ("uidNumber", "Integer", False), ("jpegPhoto", "Binary", True)],
)
def test_attributes_are_offered_as_the_schema_has_them(offered, name, kind, several):
    assert (offered[name].type, offered[name].multi_valued) == (kind, several)


@pytest.mark.parametrize(
    "name",
    ["userPassword", "entryUUID", "modifyTimestamp", "secretary", "seeAlso", "member", "objectClass", "mail"],
    ids=["secret", "by the server", "a time of the server", "a reference", "another", "members", "class", "usual"],
)
def test_attributes_that_cannot_be_chosen_are_not_offered(offered, name):
    assert "user" not in (offered[name].kinds if name in offered else ())


def test_attributes_are_in_the_order_of_names(offered):
    assert list(offered) == sorted(offered)


def test_chosen_attributes_come_as_they_are_spelled_in_the_choice(slapd):
    chosen = SourceExtension(attribute="jpegPhoto", type="Binary"), SourceExtension(attribute="ROOMnumber")
    following = Following(slapd.port, user_extensions=chosen)

    following.run()
    values = following.of("user")["anna"].values

    assert (values["jpegPhoto"], values["ROOMnumber"]) == (["AQI="], ["12"])


def test_what_a_filter_looks_at_is_read(slapd):
    following = Following(slapd.port, filters=(AttributeFilter(attribute="roomNumber", operator="present"),))

    following.run()

    assert following.of("user")["anna"].values["roomNumber"] == ["12"]


@pytest.mark.parametrize(("kind", "read"), [("user", USER_ATTRIBUTES), ("group", GROUP_ATTRIBUTES)])
def test_whatever_the_inbound_rules_flow_is_read(kind, read):
    wanted = {name for flow in LDAP_FLOWS[kind] for name in flow.sources} - {"distinguishedName"}

    assert wanted - {"streetAddress"} <= set(read)  # which is another name of street


def test_groups_are_told_apart_by_what_the_server_gives_them(slapd):
    following = Following(slapd.port, anchor="employeeNumber")

    following.run()

    assert (following.of("user")["anna"].anchor, len(following.of("group")["staff"].anchor)) == ("7", 36)
    assert following.of("group")["staff"].reference == f"cn=staff,{GROUPS}"
