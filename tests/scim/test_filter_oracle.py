"""Filters compared with scim2-models, an implementation nobody here wrote, wherever both define the outcome."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scim2_models import EnterpriseUser, SCIMException, ScimFilter, User

from provisor.scim.errors import ScimError
from provisor.scim.filter.evaluation import evaluate
from provisor.scim.filter.grammar import parse
from provisor.scim.schemas.resource_types import ENTERPRISE_URN, USER_TYPE, USER_URN
from provisor.scim.validate import accept

Model = User[EnterpriseUser]

texts = st.sampled_from(["a", "A", "ab", "b", 'q"\\', "É", "é", "a@b.org"])
elements = st.fixed_dictionaries(
    {"value": texts}, optional={"type": st.sampled_from(["work", "home"]), "primary": st.booleans()}
)
users = st.fixed_dictionaries(
    {"userName": texts},
    optional={
        "title": texts,
        "externalId": texts,
        "active": st.booleans(),
        "name": st.fixed_dictionaries({"familyName": texts}),
        "roles": st.lists(elements, min_size=1, max_size=3).filter(
            lambda roles: sum(role.get("primary", False) for role in roles) < 2
        ),
        ENTERPRISE_URN: st.fixed_dictionaries({"department": texts}),
    },
)
plain = st.sampled_from(
    ["userName", "TITLE", "externalId", "name.familyName", "roles.value", f"{ENTERPRISE_URN}:department"]
)
within = st.sampled_from(["value", "type", "TYPE"])
words = st.sampled_from(["eq", "co", "sw", "ew", "EQ", "gt", "ge", "lt", "le"])


def compared(paths):
    return st.builds(lambda path, op, text: f"{path} {op} {json.dumps(text)}", paths, words, texts)


def combined(leaves):
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            inner.map(lambda one: f"not ({one})"),
            st.tuples(inner, inner).map(" and ".join),
            st.tuples(inner, inner).map(" or ".join),
            inner.map(lambda one: f"({one})"),
        ),
        max_leaves=4,
    )


in_brackets = combined(
    st.one_of(compared(within), st.sampled_from(["primary eq true", "primary eq false", "type pr", "primary pr"]))
)
filters = combined(
    st.one_of(
        compared(plain),
        in_brackets.map(lambda inner: f"roles[{inner}]"),
        st.sampled_from(
            [
                "title pr",
                "roles pr",
                "name pr",
                "roles.type pr",
                "active eq true",
                "active eq false",
                "active gt true",
                'active co "t"',
            ]
        ),
    )
)


def by_scim2_models(text, document):
    try:
        return ScimFilter[Model](text).match(Model.model_validate(document))
    except (SCIMException, ValueError):
        return "refused"


def by_us(text, document):
    try:
        return evaluate(parse(text, USER_TYPE), accept(document, USER_TYPE), USER_TYPE)
    except ScimError:
        return "refused"


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(users, filters)
def test_a_filter_finds_whom_scim2_models_finds(user, text):
    document = {"schemas": [USER_URN, ENTERPRISE_URN], **user}

    assert by_us(text, document) == by_scim2_models(text, document)
