"""write(read(x)) is x for everything supported; reading what was written gives the same rules."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from provisor.expressions import compile_expression
from provisor.rules.graph_json import read_schema, write_schema
from provisor.rules.mapping import AttributeMapping, Direct, FixedText, FromExpression, ObjectMapping
from provisor.rules.operators import OPERATORS
from provisor.rules.ruleset import RuleSet
from provisor.rules.scoping import Clause, FilterGroup, Scope

words = st.text(st.characters(codec="utf-8", exclude_characters="[]"), min_size=1, max_size=8).filter(str.strip)
json = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
unknown = st.dictionaries(st.text(max_size=6).map("x-".__add__), json, max_size=2)
CALLS = ["ToUpper([a])", 'Join(" ", [givenName], [surname])', "Not([IsSoftDeleted])"]
EXPRESSIONS = [*CALLS, '"x"', "[mail]"]  # a lone attribute or constant is written as what it is, so not as a function


def some(**known):
    """An object with any of the known keys, and unknown ones."""
    return st.builds(lambda a, b: {**a, **b}, unknown, st.fixed_dictionaries({}, optional=known))


sources = st.one_of(
    st.none(),
    words.map(lambda name: {"type": "Attribute", "name": name, "expression": f"[{name}]", "parameters": []}),
    st.sampled_from(EXPRESSIONS).map(lambda text: {"type": "Function", "name": "f", "expression": text}),
)
rows = st.builds(
    lambda target, source, more: {**more, "targetAttributeName": target, "source": source},
    words,
    sources,
    some(
        defaultValue=st.none() | st.text(max_size=4),
        matchingPriority=st.integers(0, 3),
        flowType=st.sampled_from(["Always", "ObjectAddOnly", "ValueAddOnly", "attributeAddOnly", None]),
        flowBehavior=st.sampled_from(["FlowWhenChanged", "FlowAlways", None]),
        exportMissingReferences=st.booleans(),
        flowNullValues=st.booleans(),
    ),
)
clauses = st.builds(
    lambda name, operator, values, more: {
        **more,
        "sourceOperandName": name,
        "operatorName": operator,
        "targetOperand": {"values": values},
    },
    words,
    st.sampled_from([*OPERATORS, "is_null", "includes"]),
    st.lists(st.text(max_size=4), max_size=2),
    unknown,
)
filters = st.builds(
    lambda found, more: {**more, "clauses": found},
    st.lists(clauses, min_size=1, max_size=2),
    some(name=st.text(max_size=5)),
)
scopes = st.none() | some(
    groups=st.lists(filters, max_size=2),
    inputFilterGroups=st.lists(filters, max_size=1),
    categoryFilterGroups=st.sampled_from([[], None]),
)


def object_mappings(name):
    return st.builds(
        lambda more: {**more, "sourceObjectName": name},
        some(
            name=st.text(max_size=5),
            enabled=st.booleans(),
            flowTypes=st.sampled_from(["Add, Update, Delete", "Add,Update", "None", "delete", None]),
            attributeMappings=st.lists(rows, max_size=3),
            scope=scopes,
        ),
    )


documents = st.builds(
    lambda users, groups, rule, document: {
        **document,
        "synchronizationRules": [{**rule, "objectMappings": [users, *groups]}],
    },
    object_mappings("User"),
    st.lists(object_mappings("Group"), max_size=1),
    some(id=st.text(max_size=3), priority=st.integers(0, 3), metadata=st.just([])),
    some(id=st.text(max_size=3), directories=st.just([])),
)


@settings(max_examples=50)
@given(documents)
def test_what_was_read_is_written_unchanged(document):
    ruleset = read_schema(document)

    assert isinstance(ruleset, RuleSet)
    assert write_schema(ruleset) == document


def made(text):
    found = compile_expression(text)
    assert hasattr(found, "evaluate")
    return FromExpression(found)


made_rows = st.builds(
    AttributeMapping,
    target=words,
    source=st.one_of(words.map(Direct), st.text(max_size=5).map(FixedText), st.sampled_from(CALLS).map(made)),
    default=st.none() | st.text(min_size=1, max_size=3),
    matching_priority=st.integers(0, 3),
    flow_type=st.sampled_from(["Always", "ObjectAddOnly", "ValueAddOnly", "MultiValueAddOnly"]),
    flow_behavior=st.sampled_from(["FlowWhenChanged", "FlowAlways"]),
    flow_null=st.booleans(),
).map(lambda row: replace(row, default=None) if isinstance(row.source, FixedText) else row)
made_clauses = st.builds(
    Clause,
    attribute=words,
    operator=st.sampled_from(OPERATORS),
    values=st.lists(st.text(max_size=3), max_size=1).map(tuple),
)
made_scopes = st.lists(
    st.builds(
        FilterGroup, title=st.text(max_size=3), clauses=st.lists(made_clauses, min_size=1, max_size=2).map(tuple)
    ),
    max_size=2,
).map(lambda groups: Scope(tuple(groups)))


@settings(max_examples=50)
@given(documents, st.lists(made_rows, max_size=3), made_scopes, st.booleans())
def test_what_was_changed_is_read_back(document, rows, scope, enabled):
    ruleset = read_schema(document)
    assert isinstance(ruleset, RuleSet)
    changed = replace(ruleset.users, mappings=(*ruleset.users.mappings, *rows), scope=scope, enabled=enabled)

    reread = read_schema(write_schema(replace(ruleset, users=changed)))

    assert isinstance(reread, RuleSet)
    assert plain(reread.users) == plain(changed)


def plain(mapping: ObjectMapping) -> ObjectMapping:
    return replace(mapping, extra={}, mappings=tuple(replace(row, extra={}) for row in mapping.mappings))
