"""Where the client refuses to send anything."""

import pytest

from provisor.connectors.addresses import problem_with_address
from provisor.connectors.scim_client import ScimClient
from provisor.engine.ports import Secret
from provisor.scim.schemas.resource_types import GROUP_TYPE, USER_TYPE


def client(url="https://api.example.com/scim", token="sekret"):
    return ScimClient(url, Secret(token), USER_TYPE, GROUP_TYPE)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com",
        "https://api.example.com:8443/identity/v2/scim/",
        "https://api.example.com/scim?aadOptscim062020",
        "http://127.0.0.1:8020/scim",
        "http://127.8.9.10/scim",
        "http://[::1]:8020/scim",
        "http://localhost:8020/scim",
        "HTTPS://api.example.com/scim",
        "https://api.example.com/users/scim",
        "https://api.example.com/scim?aadOptscim062020=1",
        "https://users.example.com/scim/v2/",
    ],
)
def test_a_good_tenant_url_is_taken(url):
    client(url)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "is blank"),
        ("api.example.com/scim", "not an HTTPS address"),
        ("ftp://api.example.com/scim", "not an HTTPS address"),
        ("https://", "not an HTTPS address"),
        ("https://[::1/scim", "not an address"),
        ("https://api.example.com:99999/scim", "not an address"),
        ("https://api.example.com:0/scim", "port 0"),
        ("http://api.example.com/scim", "would show the secret token"),
        ("http://10.0.0.7/scim", "would show the secret token"),
        ("http://127.0.0.1.example.com/scim", "would show the secret token"),
        ("http://localhost.example.com/scim", "would show the secret token"),
        ("http://0.0.0.0/scim", "would show the secret token"),
        ("https://anna:pa55@api.example.com/scim", "user name or password"),
        ("https://api.example.com/scim?key=1", "query or fragment"),
        ("https://api.example.com/scim#top", "query or fragment"),
        ("https://api.example.com/my scim", "blank"),
        ("https://bücher.example/scim", "blank or a letter outside ASCII"),
        ("https://api.example.com/\r\nX: y", "blank"),
        ("https://api.example.com/scim\x7f", "blank"),
        ("  ", "is blank"),
        ("https://api.example.com/scim#", "query or fragment"),
        ("https://api.example.com/scim#/Users", "query or fragment"),
        ("https://api.example.com/scim?filter=userName", "query or fragment"),
        ("https://api.example.com/scim?aadOptscim06202", "AzureAdScimPatch2017"),
        ("https://api.example.com/scim?aadOptscim062020=false", "query or fragment"),
        ("https://api.example.com/scim?aadOptscim062020&AzureAdScimPatch2017", "query or fragment"),
        ("https://api.example.com/scim/Users", "write https://api.example.com/scim[.]"),
        ("https://api.example.com/scim/v2/Users/", "write https://api.example.com/scim/v2[.]"),
        ("https://api.example.com/scim/Users//", "write https://api.example.com/scim[.]"),
        ("https://api.example.com/scim/users?aadOptscim062020", "write https://api.example.com/scim[.]"),
        ("https://api.example.com/scim/Groups", "names Groups"),
        ("https://api.example.com/Users", "write https://api.example.com[.]"),
        ("https://api.example.com/scim/Users/2819c223", "write https://api.example.com/scim[.]"),
        ("https://api.example.com/scim/Users/.search", "names Users"),
        ("https://api.example.com/scim/ServiceProviderConfig", "names ServiceProviderConfig"),
        ("https://api.example.com/scim/Schemas/urn:x", "names Schemas"),
        ("https://api.example.com/scim/ResourceTypes", "names ResourceTypes"),
        ("https://api.example.com/scim/Bulk", "names Bulk"),
        ("https://api.example.com/scim/Me", "names Me"),
        ("http://127.0.0.1:8020/scim/Users", "write http://127.0.0.1:8020/scim[.]"),
        ("https://https://api.example.com/scim", "https:// twice"),
        ("https://<tenant>.example.com/scim", "put the address itself"),
        ("https://{tenant}.example.com/scim", "put the address itself"),
        ("https://api.example.com\\scim", "put the address itself"),
        ("https://@api.example.com/scim", "user name or password"),
        ("https://api.example.com/" + "x" * 2_000, "longer than 2,000"),
    ],
)
def test_a_bad_tenant_url_is_refused_with_a_sentence(url, words):
    with pytest.raises(ValueError, match=words):
        client(url)


def test_a_refused_tenant_url_shows_no_password():
    assert "pa55" not in (problem_with_address("https://anna:pa55@api.example.com/scim") or "")
    assert "pa55" not in (problem_with_address("ftp://anna:pa55@api.example.com/scim?key=pa55") or "")


@pytest.mark.parametrize(
    "token",
    [
        *("", "  ", "two words", "line\r\nHost: evil", "tökén", "zero\u200bwidth", "\ufefftoken", "nul\0", "t" * 8_001),
        *('{"token": "t"}', '{"token":"t"}', '["t"]', '"quoted"', "'quoted'", "https://api.example.com/scim"),
    ],
    ids=repr,
)
def test_a_token_that_cannot_be_sent_is_refused_and_not_shown(token):
    with pytest.raises(ValueError, match="secret token") as refused:
        client(token=token)

    assert not token.strip() or token not in str(refused.value)
