"""What is asked of a domain is what the rules of the directory use, and no more than that."""

import pytest

from provisor.connectors.active_directory.asking import asked_by
from provisor.directory.inbound.active_directory import FLOWS
from provisor.directory.inbound.exclusions import EXCLUSIONS
from provisor.rules.source_settings import AttributeFilter, SourceExtension
from support.domain_following import settings_of

BASE = "DC=contoso,DC=com"
ALWAYS_THERE = {"distinguishedname"}


def asked(kind, **changed):
    names = asked_by(settings_of("dc1", "reader", BASE, **changed)).attributes[kind]
    return {name.lower() for name in names}


@pytest.mark.parametrize("kind", ["user", "group"])
def test_whatever_flows_is_asked_for(kind):
    flowing = {name.lower() for flow in FLOWS[kind] for name in flow.sources}

    assert flowing - ALWAYS_THERE <= asked(kind)


@pytest.mark.parametrize("kind", ["user", "group"])
def test_whatever_leaves_somebody_out_is_asked_for(kind):
    judged = {name.lower() for one in EXCLUSIONS if one.kind == kind for name in one.example}

    assert judged - ALWAYS_THERE <= asked(kind)


@pytest.mark.parametrize(
    "name", ["objectGUID", "userAccountControl", "userPrincipalName", "manager", "mS-DS-ConsistencyGuid"]
)
def test_what_is_computed_from_is_asked_for(name):
    assert name.lower() in asked("user")


def test_members_are_asked_for_of_groups_alone():
    assert ("member" in asked("group"), "member" in asked("user")) == (True, False)


def test_chosen_extensions_filters_and_sign_in_names_are_asked_for():
    changed = {
        "user_extensions": (SourceExtension(attribute="division"),),
        "filters": (AttributeFilter(attribute="employeeType", operator="equals", value="robot"),),
        "sign_in_name": "extensionName",
    }

    assert {"division", "employeetype", "extensionname"} <= asked("user", **changed)
    assert {"division", "employeetype", "extensionname"} & asked("user") == set()


def test_nothing_is_asked_for_twice():
    names = asked_by(settings_of("dc1", "reader", BASE, sign_in_name="MAIL")).attributes["user"]

    assert len({name.lower() for name in names}) == len(names)


def test_something_else_that_is_asked_for_makes_another_mark():
    plain = asked_by(settings_of("dc1", "reader", BASE))
    more = asked_by(settings_of("dc1", "reader", BASE, user_extensions=(SourceExtension(attribute="division"),)))

    assert plain.mark != more.mark
    assert plain.mark == asked_by(settings_of("dc2", "reader", BASE)).mark
