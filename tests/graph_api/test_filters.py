"""$filter: what is understood, and what is refused with its place."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.graph_api.odata.errors import GraphError
from provisor.graph_api.odata.filters import (
    MAX_CHARACTERS,
    AllOf,
    AnyOf,
    FilterComparison,
    Negation,
    OneOf,
    TextCall,
    parse_filter,
)

GUID = "03f7d90d-bf71-41b1-bda6-aaf0ddbee5d8"

UNDERSTOOD = {
    "displayName eq 'Anna'": FilterComparison("displayName", "eq", "Anna"),
    "displayName eq 'O''Hara'": FilterComparison("displayName", "eq", "O'Hara"),
    "displayName EQ ''": FilterComparison("displayName", "eq", ""),
    "displayName eq null": FilterComparison("displayName", "eq", None),
    "accountEnabled ne false": FilterComparison("accountEnabled", "ne", False),
    "top gt 5": FilterComparison("top", "gt", 5),
    "top le -2.5": FilterComparison("top", "le", -2.5),
    f"appId eq {GUID}": FilterComparison("appId", "eq", GUID),
    "activityDateTime ge 2026-11-28": FilterComparison("activityDateTime", "ge", datetime(2026, 11, 28, tzinfo=UTC)),
    "activityDateTime lt 2026-11-28T10:00:00.1234567Z": FilterComparison(
        "activityDateTime", "lt", datetime(2026, 11, 28, 10, 0, 0, 123456, tzinfo=UTC)
    ),
    "at lt 2026-11-28T10:00:00+02:00": FilterComparison("at", "lt", datetime(2026, 11, 28, 8, tzinfo=UTC)),
    "servicePrincipal/id eq 'x'": FilterComparison("servicePrincipal/id", "eq", "x"),
    "startswith(displayName,'An')": TextCall("startswith", "displayName", "An"),
    "startsWith(displayName, 'An') eq true": TextCall("startswith", "displayName", "An"),
    "contains(a,'(and or)')": TextCall("contains", "a", "(and or)"),
    "id in ('a', 'b')": OneOf("id", ("a", "b")),
    "a eq 1 and b eq 2 or c eq 3": AnyOf(
        (AllOf((FilterComparison("a", "eq", 1), FilterComparison("b", "eq", 2))), FilterComparison("c", "eq", 3))
    ),
    "a eq 1 and (b eq 2 or c eq 3)": AllOf(
        (FilterComparison("a", "eq", 1), AnyOf((FilterComparison("b", "eq", 2), FilterComparison("c", "eq", 3))))
    ),
    "not startswith(a,'b')": Negation(TextCall("startswith", "a", "b")),
    "not(a eq 1)": Negation(FilterComparison("a", "eq", 1)),
    "extension_0f1e_objectGUID eq 'x'": FilterComparison("extension_0f1e_objectGUID", "eq", "x"),
}

REFUSED = {
    "displayName": "its end",
    "displayName eq": "its end",
    "displayName eq 'Anna": "character 16",
    "displayName like 'A'": "'like'",
    "displayName eq 'a' 'b'": "where it should end",
    "(a eq 1": "')'",
    "a eq 1)": "')'",
    "soundex(a,'b')": "'soundex'",
    "startswith(a,5)": "text",
    "startswith(a,'b') eq false": "true alone",
    "a eq b": "'b'",
    "id in ()": "')'",
    "at eq 2026-13-45": "no time",
    "a eq 1; drop": "character 7",
    "not": "its end",
    "(" * 30 + "a eq 1" + ")" * 30: "nested",
    "not " * 30 + "a eq 1": "nested",
    "x" * (MAX_CHARACTERS + 1): "characters",
}


@pytest.mark.parametrize("text", UNDERSTOOD)
def test_a_filter_is_read_as_it_is_meant(text):
    assert parse_filter(text) == UNDERSTOOD[text]


@pytest.mark.parametrize("text", REFUSED, ids=[text[:30] for text in REFUSED])
def test_what_is_no_filter_is_refused_with_the_place(text):
    with pytest.raises(GraphError) as refused:
        parse_filter(text)

    assert refused.value.status == 400
    assert REFUSED[text] in refused.value.message


@given(st.text())
def test_any_text_compared_comes_out_as_it_went_in(text):
    quoted = text.replace("'", "''")

    assert parse_filter(f"name eq '{quoted}'") == FilterComparison("name", "eq", text)


@given(st.text(alphabet="abc 'eqandornot(),.-0123456789/Tin", max_size=60))
def test_whatever_stands_there_is_a_tree_or_a_refusal(text):
    try:
        parse_filter(text)
    except GraphError as refused:
        assert refused.status == 400
