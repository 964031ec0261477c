"""A company whose every import is first looked over: a dry run must tell what the import then tells, and leave no trace."""

import re
import sqlite3
from contextlib import closing
from dataclasses import asdict
from typing import Any

from provisor.directory.objects import Refusal
from provisor.runner.importing.summary import ImportSummary
from support.company import Company, Rows

_NEW_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # whoever is new gets one of chance


class RehearsedCompany(Company):
    """Fails when a dry run told something else than the import that follows, or changed the database."""

    def offer(
        self, users: Rows | None = None, groups: Rows | None = None, members: Rows | None = None, **order: Any
    ) -> ImportSummary | Refusal:
        before = dump(self)
        rehearsed = super().offer(users, groups, members, **(order | {"dry_run": True}))
        assert dump(self) == before
        if order.get("dry_run"):
            return rehearsed
        meant = super().offer(users, groups, members, **order)
        assert _told(rehearsed) == _told(meant)
        return meant


def dump(company: Company) -> list[str]:
    """Every table, index and row of the database, the change feed among them."""
    with closing(sqlite3.connect(company.database.path)) as connection:
        return list(connection.iterdump())


def _told(outcome: ImportSummary | Refusal) -> str:
    known = asdict(outcome) | {"dry_run": None}
    return _NEW_ID.sub("(id)", repr(known))
