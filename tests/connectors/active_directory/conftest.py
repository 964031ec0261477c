"""A domain in memory behind a small LDAP server, and who follows it."""

import pytest

from support.ad_directory import ActiveDirectory, DomainController
from support.domain_following import DomainFollowing, settings_of
from support.ldap_server import PASSWORD, USER, LdapServer


@pytest.fixture
def domain():
    made = ActiveDirectory(range_limit=5)
    made.bin.deleted = True  # that container is one of the deleted objects itself
    made.set(made.bin, isDeleted="TRUE")
    return made


@pytest.fixture
def controller(domain):
    return DomainController(domain, page_objects=3)


@pytest.fixture
def server(controller):
    with LdapServer(controller) as running:
        yield running


@pytest.fixture
def settings(server, domain):
    return settings_of(server.address, USER, domain.base)


@pytest.fixture
def following(settings):
    made = DomainFollowing(settings, PASSWORD)
    yield made
    made.source.close()
