"""What a run of a source would do: the very code of a run, in a copy of the directory that nobody else sees."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, TypeAlias

from provisor.database import Connection, Database
from provisor.directory.objects import DirectoryKind, DirectoryObject
from provisor.engine.sources import DirectorySource
from provisor.runner.sourcing.run_source import SourceOrder, run_unlocked
from provisor.storage import connected_sources, feed, objects, source_records
from provisor.storage.connected_sources import HeldDeletions, SourceTrouble
from provisor.storage.scratch import scratch_sources
from provisor.storage.source_runs import SourceRun

Happening: TypeAlias = Literal["created", "updated", "restored", "deleted"]
EXAMPLES: Final = 20  # of each thing that would happen
_PAGE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceExample:
    """One of those to whom something would happen; `attributes` are those of an updated one that would change."""

    what: Happening
    kind: DirectoryKind
    name: str
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePreview:
    """What a run would do: its counts, examples, whom it would hold back, and what would be left out."""

    run: SourceRun
    examples: Sequence[SourceExample]
    held: HeldDeletions | None
    left_out: Sequence[tuple[str, SourceTrouble]]  # name and reason


def preview_source(
    database: Database, tenant: str, order: SourceOrder, connector: DirectorySource, *, now: Callable[[], datetime]
) -> SourcePreview:
    """Run it in a copy, also where the source is in staging. Nothing is written, and the cursor stays where it is."""
    with scratch_sources(database, tenant) as copied:
        with copied.transaction() as connection:
            connected_sources.change(connection, order.source, staging=False)
            before = feed.current_change(connection, tenant)
        run = run_unlocked(copied, tenant, order, connector, now=now)
        source = connected_sources.read(copied.reader(), tenant, order.source)
        return SourcePreview(
            run=replace(run, staging=False),
            examples=_examples(database.reader(), copied.reader(), tenant, before),
            held=None if source is None else source.held,
            left_out=_left_out(copied.reader(), order.source),
        )


def _left_out(connection: Connection, source: str) -> list[tuple[str, SourceTrouble]]:
    """Of those who are at the source; whoever left it is no example of somebody who is not taken over."""
    found: list[tuple[str, SourceTrouble]] = []
    after = ""
    while len(found) < EXAMPLES and (
        rows := source_records.page(connection, source, after=after, limit=_PAGE, with_reason=True)
    ):
        after = rows[-1].anchor
        found += [(row.name, row.reason) for row in rows if row.reason is not None and row.presence == "here"]
    return found[:EXAMPLES]


def _examples(before: Connection, after: Connection, tenant: str, since: int) -> list[SourceExample]:
    found: dict[tuple[Happening, DirectoryKind], list[SourceExample]] = {}
    last = ""
    while ids := objects.changed_since(after, tenant, since, after=last, limit=_PAGE):
        last = ids[-1]
        former = {item.id: item for item in objects.by_ids(before, tenant, ids)}
        for item in objects.by_ids(after, tenant, ids):
            example = _example(former.get(item.id), item)
            if example is not None:
                several = found.setdefault((example.what, example.kind), [])
                if len(several) < EXAMPLES:
                    several.append(example)
    return [example for key in sorted(found) for example in found[key]]


def _example(before: DirectoryObject | None, after: DirectoryObject) -> SourceExample | None:
    if before is None:
        return SourceExample(what="created", kind=after.kind, name=after.name)
    if not after.alive:
        return SourceExample(what="deleted", kind=after.kind, name=before.name) if before.alive else None
    if not before.alive:
        return SourceExample(what="restored", kind=after.kind, name=after.name)
    names = sorted({*before.attributes, *after.attributes})
    changed = [name for name in names if before.attributes.get(name) != after.attributes.get(name)]
    changed += ["manager"] if before.manager != after.manager else []
    return (
        SourceExample(what="updated", kind=after.kind, name=after.name, attributes=tuple(changed)) if changed else None
    )
