"""The verb that shows what a run of a source would do: it is run for real, into a copy of the directory that is gone then.

Nothing is written of the source or the directory, nobody waits, and the source itself is only read. Order: values, the
verb, examples.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from provisor.admin.actor import SOURCE_WRITE, Actor
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.source_connecting import connect_stored
from provisor.admin.source_told import SourceProblem, problem_of
from provisor.admin.sources import Sources
from provisor.database import Connection, Database, DatabaseError
from provisor.directory.objects import DirectoryKind
from provisor.runner.source_running import SourceRefused
from provisor.runner.sourcing.run_source import SourceOrder, run_unlocked
from provisor.runner.sourcing.sourcing_run import SourceProgress
from provisor.storage import connected_sources, feed, source_records
from provisor.storage.connected_sources import ConnectedSource, HeldDeletions
from provisor.storage.scratch import ObjectDifference, differences, scratch_source
from provisor.storage.source_runs import SourceRun

What: TypeAlias = Literal["created", "updated", "restored", "deleted"]
EXAMPLES: Final = 20  # of each kind of object, and of what would happen to it
_PAGE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceExample:
    """One of the first users or groups that something would happen to; `attributes` are those that would change."""

    what: What
    kind: DirectoryKind
    name: str
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePreview:
    """What a run would do. `counts` is how many objects of which kind would be what; `left_out` some of those who are
    not taken over, of so many; `held` what would be held back.
    """

    run: SourceRun
    counts: dict[tuple[DirectoryKind, What], int]
    examples: Sequence[SourceExample]
    left_out: Sequence[SourceProblem]
    left_out_count: int
    held: HeldDeletions | None


@dataclass(frozen=True, slots=True)
class SourcePreviews:
    """What sources would do."""

    context: Context
    sources: Sources

    def preview(
        self,
        actor: Actor,
        key: str,
        *,
        full: bool = False,
        report: Callable[[SourceProgress], None] | None = None,
    ) -> SourcePreview:
        """What a run would do now, staging mode or not: of what has changed, or of everything."""
        connection = self.context.read(actor, SOURCE_WRITE)
        source = self.sources.find(connection, key)
        self.sources.needs_secret(connection, source)
        try:
            with scratch_source(self.context.database, self.context.tenant, source.id) as scratch:
                return self._previewed(scratch, source, full=full, report=report or (lambda _: None))
        except DatabaseError as error:
            raise AdminError(
                "database", str(error), "Make room on the disk of the database, then try again."
            ) from error

    def _previewed(
        self, scratch: Database, source: ConnectedSource, *, full: bool, report: Callable[[SourceProgress], None]
    ) -> SourcePreview:
        tenant = self.context.tenant
        with scratch.transaction() as connection:
            connected_sources.change(connection, source.id, staging=False)
        since = feed.current_change(scratch.reader(), tenant)
        try:
            connector = connect_stored(self.context, source)
        except SourceRefused as refused:
            failure = refused.failure
            raise AdminError(failure.code, failure.message, failure.hint) from refused
        try:
            order = SourceOrder(source=source.id, full=full, report=report)
            run = run_unlocked(scratch, tenant, order, connector, now=self.context.now)
        finally:
            connector.close()
        if run.error is not None:
            raise AdminError(run.error.code, run.error.message, run.error.hint)
        reader = scratch.reader()
        after = connected_sources.read(reader, tenant, source.id)
        counts, examples = _examples(differences(reader, tenant, since=since))
        left_out, number = _left_out(reader, source)
        return SourcePreview(
            run=run,
            counts=counts,
            examples=examples,
            left_out=left_out,
            left_out_count=number,
            held=None if after is None else after.held,
        )


def _examples(
    found: Iterable[ObjectDifference],
) -> tuple[dict[tuple[DirectoryKind, What], int], Sequence[SourceExample]]:
    counts, examples = Counter[tuple[DirectoryKind, What]](), list[SourceExample]()
    for one in found:
        what, attributes = _what(one), _changed(one)
        if what is None or (what == "updated" and not attributes):
            continue  # a member of a group that came or went; memberships are counted by the run
        counts[one.kind, what] += 1
        if counts[one.kind, what] <= EXAMPLES:
            shown = attributes if what in ("updated", "restored") else ()
            examples.append(SourceExample(what=what, kind=one.kind, name=one.name, attributes=shown))
    return dict(counts), examples


def _what(one: ObjectDifference) -> What | None:
    if one.before is None:
        return None if one.is_gone else "created"
    if one.is_gone:
        return None if one.was_gone else "deleted"
    return "restored" if one.was_gone else "updated"


def _changed(one: ObjectDifference) -> tuple[str, ...]:
    before = one.before or {}
    names = [name for name in before.keys() | one.after.keys() if before.get(name) != one.after.get(name)]
    return tuple(sorted([*names, *(["manager"] if one.manager_differs else [])]))


def _left_out(connection: Connection, source: ConnectedSource) -> tuple[Sequence[SourceProblem], int]:
    """Some of those who are not in the directory as they are at the source, and how many they are."""
    some, number, after = list[SourceProblem](), 0, ""
    while rows := source_records.page(connection, source.id, after=after, limit=_PAGE, with_reason=True):
        after = rows[-1].anchor
        found = [problem_of(row) for row in rows if row.presence == "here"]
        some += found[: EXAMPLES - len(some)]
        number += len(found)
    return some, number
