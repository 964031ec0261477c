"""Every kind of source there is, each with two people, a group of both, and a group of that group: fixtures."""

import pytest

from support.csv_rig import CsvRig
from support.domain_rig import DomainRig
from support.ldap_rig import LdapRig
from support.other_tenant import EntraRig, OtherTenant
from support.slapd_fixture import new_slapd
from support.source_rig import MemoryRig, SourceRig

__all__ = ["new_slapd", "other_tenant", "rig"]


def closing(request, rig):
    """The rig, closed after the test."""
    request.addfinalizer(rig.close)
    return rig


RIGS = {
    "memory": lambda request: MemoryRig(),
    "csv": lambda request: CsvRig(request.getfixturevalue("tmp_path")),
    "ldap": lambda request: LdapRig(request.getfixturevalue("new_slapd")()),
    "dirsync": lambda request: closing(request, DomainRig("dirsync")),
    "usn": lambda request: closing(request, DomainRig("usn")),
    "entra": lambda request: EntraRig(request.getfixturevalue("other_tenant")),
}
MARKS = {"entra": pytest.mark.slow}


@pytest.fixture(scope="module")
def other_tenant(tmp_path_factory, migrated_file):
    """A directory in another process, for all tests."""
    made = OtherTenant(tmp_path_factory.mktemp("other"), migrated_file)
    yield made
    made.close()


@pytest.fixture(params=[pytest.param(name, marks=MARKS.get(name, ())) for name in RIGS])
def rig(request) -> SourceRig:
    """A source with two people, a group of both, and a group of that group."""
    made = RIGS[request.param](request)
    made.person("anna", title="Chief")
    made.person("bo", manager="anna")
    made.group("sales", "anna", "bo")
    made.group("all", "sales")
    return made
