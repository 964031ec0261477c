"""The schema that a directory server publishes, read (RFC 4512 section 4.1)."""

import pytest

from provisor.connectors.ldap_session.subschema import attribute_types, object_classes

NAME = (
    "( 2.5.4.41 NAME 'name' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch"
    " SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{32768} )"
)
SURNAME = "( 2.5.4.4 NAME ( 'sn' 'surname' ) DESC 'it\\27s (a) name' SUP name )"
CREATED = (
    "( 2.5.18.1 NAME 'createTimestamp' SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 SINGLE-VALUE NO-USER-MODIFICATION"
    " USAGE directoryOperation )"
)


def test_an_attribute_type_has_all_its_names():
    (surname,) = attribute_types([SURNAME])

    assert surname.names == ("sn", "surname")


def test_a_syntax_is_told_without_its_length():
    (name,) = attribute_types([NAME])

    assert name.syntax == "1.3.6.1.4.1.1466.115.121.1.15"


def test_a_syntax_is_inherited_from_the_superior_type():
    surname, _ = attribute_types([SURNAME, NAME])

    assert surname.syntax == "1.3.6.1.4.1.1466.115.121.1.15"


def test_what_only_the_server_changes_is_told():
    name, created = attribute_types([NAME, CREATED])

    assert (name.by_server, created.by_server) == (False, True)


def test_single_and_multiple_values_are_told_apart():
    name, created = attribute_types([NAME, CREATED])

    assert (name.single_valued, created.single_valued) == (False, True)


def test_a_class_has_what_its_superiors_have():
    classes = object_classes(
        [
            "( 2.5.6.6 NAME 'person' SUP top STRUCTURAL MUST ( sn $ cn ) MAY ( userPassword $ description ) )",
            "( 2.5.6.7 NAME 'organizationalPerson' SUP person STRUCTURAL MAY title )",
        ]
    )

    assert classes[1].attributes == {"title", "sn", "cn", "userPassword", "description"}


def test_a_class_that_descends_from_itself_ends():
    (circle,) = object_classes(["( 1.2 NAME 'circle' SUP circle MAY cn )"])

    assert circle.attributes == {"cn"}


@pytest.mark.parametrize(
    "text", ["", "(", "( )", "( 1.2 )", "( 1.2 NAME )", "( 1.2 NAME ( 'a' )", "( 1.2 NAME ( 'a' $ )", "name"]
)
def test_a_definition_that_cannot_be_read_is_left_out(text):
    assert attribute_types([text]) == []
