"""Ordinary records of every kind of source, as their connectors tell them, for tests of what they give."""

from provisor.directory.inbound.flows import arrived
from provisor.rules.source_settings import (
    ActiveDirectorySettings,
    CsvSettings,
    EntraSettings,
    LdapSettings,
    Server,
)

APP = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
EXTENSION = "extension_0f1e2d3c4b5a69788796a5b4c3d2e1f0_"
GUID = "Oywdj1lKd2iGlaSzwtHg8A=="  # of 8f1d2c3b-4a59-6877-8695-a4b3c2d1e0f0
SERVER = Server(addresses=("dc.contoso.com",), user="CN=Sync,DC=contoso,DC=com")
DOMAIN = ActiveDirectorySettings(server=SERVER, base="DC=contoso,DC=com")
LDAP = LdapSettings(server=SERVER, base="dc=fjord,dc=example")
TENANT = EntraSettings(tenant="contoso.com", client="c")
FILES = CsvSettings(users="users.csv")

PERSON = {
    "objectClass": ["top", "person", "organizationalPerson", "user"],
    "objectGUID": [GUID],
    "distinguishedName": ["CN=Anna Berg,OU=People,DC=contoso,DC=com"],
    "cn": ["Anna Berg"],
    "sAMAccountName": ["anna"],
    "userPrincipalName": ["anna@contoso.com"],
    "userAccountControl": ["512"],
}
GROUP = {
    "objectClass": ["top", "group"],
    "objectGUID": [GUID],
    "distinguishedName": ["CN=Sales,OU=Groups,DC=contoso,DC=com"],
    "cn": ["Sales"],
    "sAMAccountName": ["sales"],
    "groupType": ["-2147483646"],
}
INETORGPERSON = {
    "distinguishedName": ["uid=anna,ou=people,dc=fjord,dc=example"],
    "entryUUID": ["8f1d2c3b-4a59-6877-8695-a4b3c2d1e0f0"],
    "uid": ["anna"],
    "cn": ["Anna Berg"],
    "sn": ["Berg"],
    "mail": ["anna@fjord.example"],
}
RAW = {"user": PERSON, "group": GROUP}


def judged(settings, kind, raw, **more):
    """What a record comes to."""
    return arrived(settings, kind, raw, app_id=APP, **more)


def given_by(settings, kind, raw):
    """The attributes that a record gives."""
    return judged(settings, kind, raw).given
