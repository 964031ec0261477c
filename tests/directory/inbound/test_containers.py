"""Distinguished names: which is below which, however they are spelled, and what a renamed container makes of them."""

import pytest

from provisor.directory.inbound.containers import domain_of, is_below_any, parsed, rebased

SALES = "OU=Sales,DC=contoso,DC=com"


@pytest.mark.parametrize(
    ("name", "container"),
    [
        ("CN=Anna,OU=Sales,DC=contoso,DC=com", SALES),
        ("CN=Anna,OU=Inner,OU=Sales,DC=contoso,DC=com", SALES),
        (SALES, SALES),
        ("cn=anna,ou=SALES,dc=Contoso,dc=com", SALES),
        ("CN=Anna , OU = Sales, DC=contoso,DC=com", SALES),
        (r"CN=Berg\, Anna,OU=Sales,DC=contoso,DC=com", SALES),
        (r"CN=Anna,OU=Sales\2C EMEA,DC=contoso,DC=com", r"OU=Sales\, EMEA,DC=contoso,DC=com"),
        ("CN=Anna,OU=Vertrieb-Öst,DC=c", r"ou=vertrieb-\C3\B6st,DC=c"),
        ("CN=Anna,OU=Sales  North,DC=c", "OU=sales north,DC=c"),
        ("CN=a+UID=b,DC=c", "UID=B+CN=A,DC=c"),
        (r"CN=Anna,OU=Sales\ ,DC=c", r"OU=Sales\20,DC=c"),
    ],
)
def test_a_name_is_below_a_container(name, container):
    assert is_below_any(name, [container])


@pytest.mark.parametrize(
    "name",
    [
        "CN=Anna,OU=Presales,DC=contoso,DC=com",
        "CN=Anna,DC=contoso,DC=com",
        r"CN=Anna\,OU=Sales,DC=contoso,DC=com",
        "CN=Anna,OU=Sales,DC=fabrikam,DC=com",
        "OU=Sales",
        "",
        "no name",
        "CN=Anna,OU=Sales,DC=contoso,DC=com\\",
    ],
)
def test_a_name_is_not_below_a_container(name):
    assert not is_below_any(name, [SALES])


def test_nothing_is_below_a_container_that_is_no_name():
    assert not is_below_any("CN=Anna,DC=c", ["", "no name"])


@pytest.mark.parametrize(
    ("name", "renamed"),
    [
        ("CN=Anna,OU=Sales,DC=contoso,DC=com", "CN=Anna,OU=Market,DC=contoso,DC=com"),
        (
            r"CN=Berg\, Anna,OU=In ner,ou=sales,DC=Contoso,DC=com",
            r"CN=Berg\, Anna,OU=In ner,OU=Market,DC=contoso,DC=com",
        ),
        (SALES, "OU=Market,DC=contoso,DC=com"),
        ("CN=Anna,OU=Presales,DC=contoso,DC=com", "CN=Anna,OU=Presales,DC=contoso,DC=com"),
        ("no name", "no name"),
    ],
)
def test_what_is_below_a_renamed_container_is_renamed(name, renamed):
    assert rebased(name, SALES, "OU=Market,DC=contoso,DC=com") == renamed


def test_a_container_that_cannot_be_parsed_renames_nothing():
    assert rebased("CN=Anna,DC=c", "", "OU=Market,DC=c") == "CN=Anna,DC=c"


@pytest.mark.parametrize(
    ("base", "domain"),
    [("DC=contoso,DC=com", "contoso.com"), ("ou=x,dc=Fjord,dc=Example", "fjord.example"), ("o=x", "")],
)
def test_a_base_names_its_domain(base, domain):
    assert domain_of(base) == domain


@pytest.mark.parametrize("text", ["", "CN", "CN=a,,DC=c", "=a,DC=c", r"C\4E=a", "CN=a\\"])
def test_what_is_no_name_is_told(text):
    assert parsed(text) is None
