"""What we bear with from clients, rule by rule: the client that needs it and the paragraph that tells of it.

Pure data. The rules live where they act and are named there in a comment; each has a test of its name in
tests/scim/test_tolerances.py. All are always on, and none changes what a client that follows the RFC sees.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """One deviation we accept. `rule` says what is done with it, as a sentence."""

    name: str
    client: str
    paragraph: str
    rule: str


def _entra(name: str, paragraph: str, rule: str) -> Tolerance:
    return Tolerance(name=name, client="Microsoft Entra", paragraph=f"scim-wire {paragraph}", rule=rule)


TOLERANCES = (
    _entra("operation_in_any_case", "§5 row 1", '"Add" is add; an unknown op is refused, never ignored.'),
    _entra("boolean_as_text", "§5 row 2", '"True" and "false" are booleans where the schema has one.'),
    _entra("remove_lists_values", "§5 row 3", "remove with a value takes away the listed members only."),
    _entra("remove_without_value_empties", "§5 row 4", "remove of members without value and filter empties the group."),
    _entra("null_reference_ignored", "§5 row 5", '"$ref": null in a member says nothing.'),
    _entra("dotted_keys_without_path", "§5 row 6", "Keys of a path-less value may be paths, with URN and dots."),
    _entra("manager_in_any_form", "§5 row 7", "A plain id, an object, or a list of one object is the object."),
    _entra("empty_manager_removes", "§5 row 8", 'A reference set to "" or {"value": ""} is removed.'),
    _entra("filter_creates_its_element", "§5 row 9", "A path that describes a missing element by eq creates it."),
    _entra("names_in_any_case", "§5 row 10", "Attribute names and message keys count in any case."),
    _entra("null_is_absent", "§5 row 11", "null in a body is the absence of the attribute."),
    _entra("single_element_array_unwrapped", "§5 row 12", "A list of one is the value where one value is meant."),
    _entra("role_as_json_text", "§5 row 13", "A role that is JSON text is stored as that text."),
    _entra("unknown_attribute_ignored", "§5 row 14", "Ignored on POST and PUT; a PATCH of it is refused."),
    _entra("read_only_ignored", "§5 row 15", "meta, id and other read-only attributes in a body are ignored."),
    _entra("same_value_changes_nothing", "§5 row 17", "A PATCH without effect gives the very same resource."),
    _entra("dot_after_urn", "§1", "Before 2018 a dot stood between URN and attribute."),
    _entra("unknown_schema_accepted", "§1", "Unknown URIs in schemas are ignored; the content decides."),
    _entra("extension_without_schema", "§1", "An extension counts without its URN in schemas."),
    _entra("bare_word_literal", "§2", "A filter value without quotes is text."),
    _entra("emptied_element_dropped", "§3", "Removing the value of an address removes the address."),
    _entra("empty_text_unassigns_list", "§10.2", 'A multi-valued attribute set to "" has no values.'),
    Tolerance(
        name="empty_operations",
        client="Microsoft SCIM Validator",
        paragraph="scimmyjs issue 59",
        rule="A PATCH without any operation changes nothing.",
    ),
    Tolerance(
        name="single_value_for_list",
        client="Okta and hand-written clients",
        paragraph="RFC 7644 §3.5.2.1",
        rule="One object or plain value is a list of one where a list is meant.",
    ),
    Tolerance(
        name="quoted_number_in_filter",
        client="Microsoft Entra",
        paragraph="scim-wire §2",
        rule='Entra quotes every filter value; "5" compares with a number attribute as 5.',
    ),
)
"""Rows 16 and 18 of scim-wire §5 are about HTTP and storage; the target keeps them."""
