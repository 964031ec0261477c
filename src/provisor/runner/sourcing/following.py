"""What refers to others follows when they are there: memberships, managers, and assignments of mirrored applications.

A reference to somebody of whom the source has not told yet waits, and is followed in the run in which he comes.
"""

from collections.abc import Sequence

from provisor.database import Connection
from provisor.rules.source_settings import CsvSettings, EntraSettings
from provisor.runner.sourcing.judging import renewed
from provisor.runner.sourcing.sourcing_run import SourcingRun
from provisor.storage import (
    applications,
    feed,
    members,
    objects,
    source_assignments,
    source_members,
    source_records,
)
from provisor.storage.connected_sources import SourceTrouble
from provisor.storage.mirrored_assignments import mirror_assignments
from provisor.storage.source_members import FOLLOWED, TO_REMOVE, WAITS, SourceEdge

_PAGE = 1_000


def follow(run: SourcingRun) -> None:
    """Follow everything that is to be followed."""
    _managers(run)
    _memberships(run)
    _former_members(run)
    _assignments(run)


def _managers(run: SourcingRun) -> None:
    """Give people the managers that their records name; of several sources the first by precedence that names one."""
    while not run.halts():
        with run.database.transaction() as connection:
            renewed(connection, run)
            rows = source_records.to_lead(connection, run.source.id, "user", limit=_PAGE)
            if not rows:
                return
            ids = [row.object for row in rows if row.object is not None]
            known = {item.id: item for item in objects.by_ids(connection, run.tenant, ids)}
            feeding = source_records.feeding(connection, ids)
            named = source_records.by_references(
                connection, run.source.id, {row.manager for row in rows if row.manager is not None}
            )
            moved: list[tuple[str, str | None]] = []
            for row in rows:
                item = known.get(row.object or "")
                first = next((one for one in feeding.get(row.object or "", ()) if one.manager is not None), None)
                if item is None:
                    continue
                if first is not None and first.source != run.source.id:
                    source_records.mark_to_lead(connection, [first])
                    continue
                leader = named.get(row.manager or "")
                manager = None if leader is None else leader.object
                if manager != item.manager and manager != item.id:
                    moved.append((item.id, manager))
            if moved:
                objects.set_managers(connection, moved, change=feed.next_change(connection, run.tenant))
                run.counters["managers"] += len(moved)
            source_records.led(connection, run.source.id, [row.anchor for row in rows])


def _memberships(run: SourcingRun) -> None:
    done = 0
    while not run.halts():
        with run.database.transaction() as connection:
            renewed(connection, run)
            edges = source_members.to_follow(connection, run.source.id, limit=_PAGE)
            if not edges:
                return
            _follow(connection, run, edges)
        done += len(edges)
        run.tell("following", done)


def _former_members(run: SourcingRun) -> None:
    """A group that was there before its source told of it, as one that is added again, keeps nobody of whom the
    source does not tell: no change will ever tell that he went.
    """
    settings = run.source.settings
    tells = not isinstance(settings, CsvSettings) or settings.members != ""
    while not run.halts():
        with run.database.transaction() as connection:
            renewed(connection, run)
            rows = source_records.to_lead(connection, run.source.id, "group", limit=1)
            if not rows:
                return
            for row in rows if tells else ():
                _leave_to_sources(connection, run, row.object or "")
            source_records.led(connection, run.source.id, [row.anchor for row in rows])


def _leave_to_sources(connection: Connection, run: SourcingRun, group: str) -> None:
    after, gone = "", list[tuple[str, str]]()
    while there := members.of_group(connection, group, after=after, limit=_PAGE):
        after = there[-1].id
        pairs = [(group, member.id) for member in there]
        said = source_members.said_by_others(connection, "", pairs)
        gone += [pair for pair in pairs if pair not in said]
    if gone:
        members.take(connection, gone, at=run.at, change=feed.next_change(connection, run.tenant))
        run.counters["members removed"] += len(gone)


def _follow(connection: Connection, run: SourcingRun, edges: Sequence[SourceEdge]) -> None:
    source = run.source.id
    ends = {(edge.group, edge.member): edge for edge in edges if edge.group and edge.member}
    wanted = [(edge, (edge.group, edge.member)) for edge in edges if edge.group and edge.member]
    present = members.present(connection, [(group, member) for group, member in ends if group and member])
    add = [(edge, pair) for edge, pair in wanted if edge.state != TO_REMOVE]
    fresh = [pair for _, pair in add if pair not in present and pair[0] != pair[1]]
    going = [pair for edge, pair in wanted if edge.state == TO_REMOVE and pair in present]
    kept = source_members.said_by_others(connection, source, going)
    gone = [pair for pair in going if pair not in kept]
    if fresh or gone:
        change = feed.next_change(connection, run.tenant)
        members.put(connection, run.tenant, fresh, change=change)
        members.take(connection, gone, at=run.at, change=change)
    run.counters["members added"] += len(fresh)
    run.counters["members removed"] += len(gone)
    source_members.forget(connection, source, [edge for edge in edges if edge.state == TO_REMOVE])
    source_members.followed(connection, source, [edge for edge, _ in add], state=FOLLOWED)
    waiting = [edge for edge in edges if edge.state != TO_REMOVE and not (edge.group and edge.member)]
    source_members.followed(connection, source, waiting, state=WAITS)
    run.counters["members waiting"] += len(waiting)  # for somebody who is not here, or not yet


def _assignments(run: SourcingRun) -> None:
    """Whoever is assigned to a mirrored application at the source is assigned to its counterpart here."""
    settings = run.source.settings
    if not isinstance(settings, EntraSettings):
        return
    for mirrored in settings.applications:
        with run.database.transaction() as connection:
            application = applications.read(connection, mirrored.application)
            if application is None:
                message = f"There is no application {mirrored.application} here to take over assignments of."
                run.troubles.append(SourceTrouble(code="no-application", message=message, hint="Name another one."))
                continue
            told = source_assignments.objects_assigned(connection, run.source.id, mirrored.service_principal)
            roles = {role.value: role.id for role in application.roles if role.value is not None and role.enabled}
            wanted = {(object_id, roles.get(role, applications.DEFAULT_ACCESS)) for object_id, _, role in told}
            moved = mirror_assignments(
                connection, run.tenant, source=run.source.id, application=application.id, wanted=wanted,
                now=run.now(), change=lambda: feed.next_change(connection, run.tenant),
            )  # fmt: skip
            run.counters["assignments added"] += moved.added
            run.counters["assignments removed"] += moved.removed
