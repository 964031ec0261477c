"""People and groups of a small directory, judged by the gallery's rules."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from provisor.engine.desired import judge
from provisor.engine.record import Record
from provisor.engine.rules import ScopeSettings, compile_rules
from provisor.gallery import template
from provisor.rules.graph_json import read_schema

NOW = datetime(2031, 3, 4, 10, tzinfo=UTC)


class Directory:
    now = NOW

    def user(self, **settings):
        attributes = {
            "userPrincipalName": "ana@example.org",
            "displayName": "Ana Ruiz",
            "givenName": "Ana",
            "surname": "Ruiz",
            **settings.pop("attributes", {}),
        }
        name = settings.pop("name", attributes["userPrincipalName"])
        return Record(
            **{"id": "u1", "kind": "user", "name": name, "attributes": attributes, "assigned": True, **settings}
        )

    def group(self, **settings):
        attributes = {"displayName": "Field Staff", **settings.pop("attributes", {})}
        known = {"id": "g1", "kind": "group", "name": "Field Staff", "attributes": attributes, "assigned": True}
        return Record(**{**known, **settings})

    def rules(self, template_id="ciscoUmbrella", *, users=None, groups=None, soft_delete=True, **settings):
        """Compiled rules of a template; `users` and `groups` replace fields of the object mappings."""
        found = read_schema(template(template_id).rules)
        changed = replace(
            found, users=replace(found.users, **(users or {})), groups=replace(found.groups, **(groups or {}))
        )
        chosen = replace(template(template_id), soft_delete=soft_delete)
        return compile_rules(changed, chosen, ScopeSettings(**settings))

    def user_rows(self, template_id="ciscoUmbrella"):
        return read_schema(template(template_id).rules).users.mappings

    def judge(self, record, rules=None, *, linked=True):
        return judge(record, rules or self.rules(), NOW, lambda count: bytes(count), linked=linked)


@pytest.fixture
def directory():
    return Directory()
