"""Whom a cycle must judge because the rules have changed since the last cycle that was carried through.

Told from the saved versions themselves, so that no change is lost, whatever became of the cycles in between; every
version since then counts, for some objects may have been sent by it. Where anything is unclear, it is everybody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from provisor.database import Connection
from provisor.directory.names import names_in_mappings
from provisor.engine.behaviour import Behaviour
from provisor.engine.record import Kind
from provisor.gallery import Template, template
from provisor.rules.affected import KINDS, Changes, changes
from provisor.rules.graph_json import read_schema
from provisor.rules.ruleset import RuleSet
from provisor.storage import cycles, jobs
from provisor.storage.jobs import Job


@dataclass(frozen=True, slots=True)
class NewsOfRules:
    """What new rules mean for a cycle: everybody is judged, or who has one of these attributes, by kind; or nothing."""

    everybody: bool = False
    affected: Mapping[str, Sequence[str]] | None = None


def news_of_rules(connection: Connection, job: Job, of: Template, behaviour: Behaviour) -> NewsOfRules:
    """What has changed since the last cycle that was carried through."""
    passed = cycles.last_passed(connection, job.number)
    if passed == job.ruleset_version or (passed is None and not job.rules_changed):
        return NewsOfRules()
    if passed is None or behaviour.rule_change == "initial-cycle":
        return NewsOfRules(everybody=True)
    found = changes_since_passed(connection, job.number, job.ruleset_version, of)
    return NewsOfRules(everybody=True) if found is None else NewsOfRules(affected=_stored(found.reads))


def changes_since_passed(connection: Connection, job: int, version: int, of: Template) -> Changes | None:
    """What differs in this version from that of the last cycle that was carried through; None: it is not known, or can
    concern everybody."""
    passed = cycles.last_passed(connection, job)
    if passed is None:
        return None
    try:
        texts = [jobs.rules_text(connection, job, number) for number in range(passed, version + 1)]
    except LookupError:  # no longer kept
        return None
    return _changes(tuple(texts), of.id)


@lru_cache(maxsize=4)
def _changes(texts: Sequence[str], name: str) -> Changes | None:
    """Cached: it is asked for where a cycle begins, and where it plans."""
    versions: list[RuleSet] = []
    for text in texts:
        ruleset = read_schema(msgspec.json.decode(text))
        if not isinstance(ruleset, RuleSet):
            return None
        versions.append(ruleset)
    found = template(name)
    return None if found is None else changes(versions, found.schema)


def _stored(found: Mapping[Kind, frozenset[str]]) -> Mapping[str, Sequence[str]]:
    """The same by the names under which the directory keeps the attributes; rules call some of them otherwise."""
    kept: dict[str, Sequence[str]] = {}
    for kind in KINDS:
        older = {called: name for name, called in names_in_mappings(kind).items()}
        kept[kind] = sorted(found[kind] | {older[name] for name in found[kind] if name in older})
    return kept
