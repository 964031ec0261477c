"""What cannot work of a source's settings is told before it is stored; what can is not."""

import msgspec
import pytest

from provisor.rules.source_settings import decode_settings, encode_settings, problems

SERVER = {"addresses": ["dc1.contoso.example"], "user": "reader"}
AD = {"type": "active-directory", "server": SERVER, "base": "DC=contoso,DC=example"}
LDAP = {"type": "ldap", "server": SERVER, "base": "dc=example,dc=org"}
ENTRA = {"type": "entra", "tenant": "contoso.example", "client": "2f1e"}
CSV = {"type": "csv", "users": "/srv/users.csv"}


def found(document) -> list[str]:
    return list(problems(decode_settings(msgspec.json.encode(document))))


@pytest.mark.parametrize("document", [AD, LDAP, ENTRA, CSV], ids=lambda one: one["type"])
def test_plain_settings_have_no_problem_and_are_kept_as_they_are(document):
    settings = decode_settings(msgspec.json.encode(document))

    assert found(document) == []
    assert decode_settings(encode_settings(settings)) == settings


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (AD, {"base": "OU=People,DC=contoso,DC=example"}),
        (AD, {"base": "contoso"}),
        (AD, {"containers": ["People"]}),
        (AD, {"group": "pilot"}),
        (AD, {"server": {"addresses": [], "user": "reader"}}),
        (AD, {"server": {"addresses": ["ldaps://dc1"], "user": "reader"}}),
        (AD, {"server": {"addresses": ["dc1:70000"], "user": "reader"}}),
        (AD, {"server": {"addresses": ["dc1"], "user": " "}}),
        (AD, {"filters": [{"attribute": "title", "operator": "equals"}]}),
        (AD, {"filters": [{"attribute": "title", "operator": "present", "value": "x"}]}),
        (AD, {"userExtensions": [{"attribute": "info"}, {"attribute": "info"}]}),
        (LDAP, {"userFilter": "(uid=*"}),
        (LDAP, {"userFilter": "uid=*"}),
        (LDAP, {"groupFilter": "(cn=a)(cn=b)"}),
        (LDAP, {"anchor": "uid)(|(a=*"}),
        (LDAP, {"signInName": ""}),
        (LDAP, {"compareSeconds": -1}),
        (ENTRA, {"tenant": " "}),
        (ENTRA, {"graph": "graph.microsoft.com"}),
        (CSV, {"users": ""}),
        (CSV, {"members": "/srv/members.csv"}),
    ],
    ids=str,
)
def test_what_cannot_work_is_told(kind, change):
    assert len(found(kind | change)) == 1
