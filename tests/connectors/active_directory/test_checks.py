"""A test of a domain tells each step, ends with the one that fails, and says what to do."""

import pytest

from provisor.connectors.active_directory import ActiveDirectory
from provisor.engine.ports import Secret, Unauthorized, Unreachable
from support.certificates import Identity
from support.domain_following import settings_of
from support.ldap_server import PASSWORD, USER, Fault, LdapServer


def checked(settings, password=PASSWORD):
    source = ActiveDirectory(settings, Secret(password))
    try:
        return list(source.check())
    finally:
        source.close()


def failed(settings, password=PASSWORD):
    *before, last = checked(settings, password)
    assert all(one.well for one in before)
    assert not last.well
    return last


@pytest.fixture
def identity(tmp_path):
    return Identity(tmp_path / "identity", "dc1.contoso.com")


def over_tls(address, domain, identity, transport="ldaps", **server):
    reached = {"transport": transport, "ca_file": str(identity.root), "certificate_names": ("dc1.contoso.com",)}
    return settings_of(address, USER, domain.base, server=reached | server)


def test_steps_are_told_in_order(settings, domain):
    domain.person("anna")

    steps = [one.what for one in checked(settings)]

    assert steps[:6] == ["names", "connection", "sign-in", "base", "changes", "deletions"]


def test_a_name_that_nobody_knows_is_said(domain):
    last = failed(settings_of("dc9.contoso.invalid", USER, domain.base))

    assert (last.what, last.sentence) == ("names", "No server is known here by its name: dc9.contoso.invalid.")


def test_a_server_that_does_not_answer_is_said(domain, controller):
    with LdapServer(controller) as gone:
        pass

    last = failed(settings_of(gone.address, USER, domain.base))

    assert (last.what, "nothing listens there" in last.sentence) == ("connection", True)


def test_a_wrong_password_is_said_and_not_shown(settings):
    last = failed(settings, "correct horsf")

    assert last.what == "sign-in"
    assert "horsf" not in last.sentence + last.hint


def test_a_missing_password_is_said(settings):
    source = ActiveDirectory(settings, Secret(""))

    with pytest.raises(Unauthorized, match="No password"):
        list(source.read(None))


def test_a_base_that_is_a_unit_is_said_with_the_domain(server, domain):
    last = failed(settings_of(server.address, USER, f"OU=People,{domain.base}"))

    assert last.what == "base"
    assert domain.base in last.hint


def test_a_missing_right_is_no_failure_and_says_what_to_give(settings, controller):
    controller.replicating = False

    changes = next(one for one in checked(settings) if one.what == "changes")

    assert changes.well
    assert "Replicating Directory Changes" in changes.hint


def test_unseen_deletions_are_no_failure_and_say_what_it_costs(settings, controller):
    controller.replicating = False

    deletions = next(one for one in checked(settings) if one.what == "deletions")

    assert deletions.well
    assert "every 60 minutes" in deletions.sentence


def test_dirsync_alone_that_is_refused_is_a_failure(server, domain):
    server.order(Fault(kind="refuse", of="dirsync", times=4, code=50))

    assert failed(settings_of(server.address, USER, domain.base, incremental="dirsync")).what == "changes"


@pytest.mark.parametrize("transport", ["ldaps", "starttls"])
def test_a_certificate_of_the_named_authority_is_accepted(domain, controller, identity, transport):
    with LdapServer(controller, identity=identity, tls=transport == "ldaps") as server:
        steps = checked(over_tls(server.address, domain, identity, transport))

    assert [one.well for one in steps if one.what == "sign-in"] == [True]


@pytest.mark.parametrize("transport", ["ldaps", "starttls"])
def test_a_certificate_of_another_authority_is_refused(domain, controller, identity, tmp_path, transport):
    other = Identity(tmp_path / "other", "dc1.contoso.com")
    with LdapServer(controller, identity=identity, tls=transport == "ldaps") as server:
        last = failed(over_tls(server.address, domain, other, transport))

        assert (last.what, "certificate is not trusted" in last.sentence) == ("connection", True)
        assert server.binds == 0


@pytest.mark.parametrize("transport", ["ldaps", "starttls"])
def test_a_certificate_for_another_name_is_refused_before_the_password_is_sent(domain, controller, tmp_path, transport):
    other = Identity(tmp_path / "other", "dc2.contoso.com")
    with LdapServer(controller, identity=other, tls=transport == "ldaps") as server:
        last = failed(over_tls(server.address, domain, other, transport))

        assert "certificate is for dc2.contoso.com, not for dc1.contoso.com" in last.sentence
        assert server.binds == 0


def test_an_expired_certificate_is_refused(domain, controller, tmp_path):
    expired = Identity(tmp_path / "expired", "dc1.contoso.com", until=2002)
    with LdapServer(controller, identity=expired, tls=True) as server:
        assert "expired" in failed(over_tls(server.address, domain, expired)).sentence


def test_without_other_names_the_certificate_is_for_the_host(domain, controller, identity):
    with LdapServer(controller, identity=identity, tls=True) as server:
        last = failed(over_tls(server.address, domain, identity, certificate_names=()))

    assert "not for 127.0.0.1" in last.sentence


def test_a_file_of_authorities_that_is_not_there_is_named(domain, controller, identity):
    with LdapServer(controller, identity=identity, tls=True) as server:
        last = failed(over_tls(server.address, domain, identity, ca_file="/nowhere/ca.pem"))

    assert "/nowhere/ca.pem holds no certificates that can be read" in last.sentence


def test_what_is_no_domain_controller_is_said(domain, controller, server, settings):
    controller.root = lambda: {"supportedLDAPVersion": [b"3"]}

    last = failed(settings)

    assert (last.what, "no domain controller" in last.sentence) == ("base", True)


def test_no_error_shows_the_password(domain, controller, identity):
    with LdapServer(controller) as gone:
        pass
    source = ActiveDirectory(settings_of(gone.address, USER, domain.base), Secret(PASSWORD))

    with pytest.raises(Unreachable) as caught:
        list(source.read(None))

    assert PASSWORD not in repr(caught.value) + str(caught.value)
