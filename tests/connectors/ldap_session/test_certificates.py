"""Whom a directory server's certificate must name."""

import pytest

from provisor.connectors.ldap_session.certificates import WrongName, check_names


def certificate(*names, subject="dc9.contoso.com"):
    return {"subject": ((("commonName", subject),),), "subjectAltName": names}


@pytest.mark.parametrize(
    ("named", "wanted"),
    [
        (("DNS", "dc1.contoso.com"), "dc1.contoso.com"),
        (("DNS", "DC1.Contoso.com"), "dc1.contoso.COM"),
        (("DNS", "*.contoso.com"), "dc1.contoso.com"),
        (("IP Address", "192.0.2.7"), "192.0.2.7"),
        (("IP Address", "2001:DB8:0:0:0:0:0:7"), "2001:db8::7"),
    ],
)
def test_a_name_among_the_alternative_ones_counts(named, wanted):
    check_names(certificate(named), (wanted,))


@pytest.mark.parametrize(
    ("named", "wanted"),
    [
        (("DNS", "dc1.contoso.com"), "dc2.contoso.com"),
        (("DNS", "*.contoso.com"), "contoso.com"),
        (("DNS", "*.contoso.com"), "dc1.berlin.contoso.com"),
        (("DNS", "*"), "contoso"),
        (("IP Address", "192.0.2.7"), "192.0.2.8"),
        (("email", "dc1.contoso.com"), "dc2.contoso.com"),
    ],
)
def test_another_name_does_not(named, wanted):
    with pytest.raises(WrongName):
        check_names(certificate(named), (wanted,))


def test_one_of_several_wanted_names_is_enough():
    check_names(certificate(("DNS", "contoso.com")), ("dc1.contoso.com", "contoso.com"))


def test_the_subject_counts_where_there_are_no_alternative_names():
    check_names(certificate(), ("dc9.contoso.com",))


def test_the_subject_does_not_count_beside_alternative_names():
    with pytest.raises(WrongName):
        check_names(certificate(("DNS", "dc1.contoso.com")), ("dc9.contoso.com",))


def test_a_refused_certificate_is_told_with_its_names():
    with pytest.raises(WrongName, match=r"is for dc1\.contoso\.com, not for dc2\.contoso\.com"):
        check_names(certificate(("DNS", "dc1.contoso.com")), ("dc2.contoso.com",))


def test_a_certificate_without_any_name_is_for_nobody():
    with pytest.raises(WrongName, match="for nobody"):
        check_names({}, ("dc1.contoso.com",))
