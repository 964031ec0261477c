"""What an administrator does beside a service that runs: verbs of the product, and commands in processes of their own.

A new verb is one function and one line of VERBS; what `changing.Changing` knows (people, groups, scope, rules,
restarts) need not be here. Order: the table, the administrator, the files of a source.
"""

import csv
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.bundle import Admin
from provisor.admin.errors import AdminError
from provisor.engine.brake import KINDS
from provisor.runner.job_lock import is_held
from provisor.testing.crash.changing import Changing
from provisor.testing.crash.script import ScriptedChange
from provisor.testing.crash.serving import CommandProcess

CSV_PEOPLE: Final = 8
CSV_GROUP: Final = "Group csv"
PATIENCE_SECONDS: Final = 1.0  # with a plan that is made, or a cycle that is to end
KILLED_WITHIN_MS: Final = (5, 15, 40, 90, 160)  # of a command that is killed


class BesideVerb(NamedTuple):
    """How it is done, and the words that a script may give it."""

    do: Callable[["Administrator", str, str], None]
    words: Sequence[str] = ("",)


@dataclass(slots=True, kw_only=True)
class Administrator:
    """Does one change after another. `command` begins `provisor …`, and `later` calls something after so many
    milliseconds.
    """

    admin: Admin
    changing: Changing
    folder: Path
    command: Callable[[Sequence[str]], CommandProcess]
    later: Callable[[int, Callable[[], None]], None]
    forgetting_one: Callable[[str], None]  # told of the id of an account whose link is forgotten
    new_token: Callable[[], str]
    url: str
    last_import: str = ""
    files: int = 0
    plans: list[CommandProcess] = field(default_factory=list)
    copies: list[tuple[CommandProcess, Path]] = field(default_factory=list)
    refused: int = 0

    def do(self, change: ScriptedChange) -> None:
        """Carry it out; what is refused is not done."""
        verb = VERBS.get(change.verb)
        try:
            if verb is None:
                self.changing.do(change)
            else:
                verb.do(self, change.who, change.other)
        except AdminError:
            self.refused += 1

    def name_of(self, key: str) -> str | None:
        """What a person or a group is called now."""
        connection = self.changing.database.reader()
        row = connection.one("SELECT name FROM object WHERE id = ?", (self.changing.ids.get(key, ""),))
        return None if row is None else str(row[0])

    def import_files(self, seed: str) -> list[str]:
        """Files of the source csv, as arguments of the command."""
        self.files += 1
        folder = self.folder / f"files-{self.files}"
        folder.mkdir()
        for name, rows in csv_files(seed).items():
            with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows(rows)
        names = [part for name in ("users", "groups", "members") for part in (f"--{name}", str(folder / f"{name}.csv"))]
        return ["import", "csv", *names, "--complete", "--allow-deletes", "100"]


# The verbs


def _begin(we: Administrator, arguments: Sequence[str], fate: str) -> CommandProcess:
    """A command, killed soon where its fate is a number."""
    process = we.command(arguments)
    if fate.isdigit():
        we.later(KILLED_WITHIN_MS[int(fate) % len(KILLED_WITHIN_MS)], process.kill)
    return process


def _start(we: Administrator, _: str, __: str) -> None:
    we.admin.jobs.start(ME, we.changing.job_id)


def _pause(we: Administrator, _: str, __: str) -> None:
    we.admin.jobs.pause(ME, we.changing.job_id)


def _abort(we: Administrator, _: str, __: str) -> None:
    we.admin.jobs.abort(ME, we.changing.job_id)


def _retry(we: Administrator, _: str, __: str) -> None:
    we.admin.escrow.retry(ME, we.changing.job_id)


def _quarantine(we: Administrator, _: str, __: str) -> None:
    we.admin.escrow.quarantine(ME, we.changing.job_id)


def _driven(we: Administrator, _: str, how: str) -> None:
    we.admin.jobs.settings(ME, we.changing.job_id, change_driven=how == "on")


def _ask_above(we: Administrator, _: str, number: str) -> None:
    we.admin.jobs.settings(ME, we.changing.job_id, approve_above=int(number))


def _skip(we: Administrator, _: str, how: str) -> None:
    we.admin.jobs.settings(ME, we.changing.job_id, skip_out_of_scope_deletions=how == "on")


def _prevent(we: Administrator, _: str, threshold: str) -> None:
    number = int(threshold) if threshold.isdigit() else None
    we.admin.jobs.settings(ME, we.changing.job_id, prevent_deletions=number is not None, deletion_threshold=number)


def _limit(we: Administrator, _: str, limit: str) -> None:
    we.admin.jobs.settings(ME, we.changing.job_id, limits=dict.fromkeys(KINDS, limit))


def _allow(we: Administrator, _: str, __: str) -> None:
    we.admin.deletions.allow(ME, we.changing.job_id)


def _reject(we: Administrator, _: str, __: str) -> None:
    we.admin.deletions.reject(ME, we.changing.job_id)


def _run(we: Administrator, _: str, fate: str) -> None:
    _begin(we, ["job", "run", we.changing.job_id], fate)


def _plan(we: Administrator, _: str, fate: str) -> None:
    other = [] if fate in ("", *map(str, range(10))) else ["--scope", fate]
    we.plans.append(_begin(we, ["job", "plan", we.changing.job_id, *other], fate))


def _newest_plan(we: Administrator) -> int | None:
    for process in we.plans:
        process.wait(PATIENCE_SECONDS)
    shown = we.admin.plans.all(ME, we.changing.job_id)
    return next((one.stored.number for one in shown if one.state in ("planned", "approved")), None)


def _approve(we: Administrator, _: str, __: str) -> None:
    number = _newest_plan(we)
    if number is not None:
        we.admin.plans.approve(ME, number)


def _discard(we: Administrator, _: str, __: str) -> None:
    number = _newest_plan(we)
    if number is not None:
        we.admin.plans.discard(ME, number)


def _apply(we: Administrator, _: str, fate: str) -> None:
    number = _newest_plan(we)
    if number is not None:
        _begin(we, ["job", "apply", str(number)], fate)


def _on_demand(we: Administrator, who: str, fate: str) -> None:
    name = we.name_of(who)
    if name is None:
        return
    whom = ["--group", name, *_chosen(we, who)] if who.startswith("g") else [name]
    dry = ["--dry-run"] if fate == "dry" else []
    _begin(we, ["job", "on-demand", we.changing.job_id, *whom, "--wait", "2", *dry], fate)


def _chosen(we: Administrator, group: str) -> list[str]:
    """Two of its members."""
    rows = we.changing.database.reader().all(
        """SELECT o.name FROM member e JOIN object o ON o.id = e.member_id AND o.deleted_at IS NULL
        WHERE e.group_id = ? AND e.removed_at IS NULL AND o.purged_at IS NULL ORDER BY o.name LIMIT 2""",
        (we.changing.ids.get(group, ""),),
    )
    return [part for (name,) in rows for part in ("--member", str(name))]


def _forget(we: Administrator, who: str, __: str) -> None:
    """The job is paused, and when it has ended the link is forgotten: whoever it was of is matched anew."""
    changing, object_id = we.changing, we.changing.ids.get(who, "")
    _pause(we, "", "")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while is_held(changing.database.path, changing.job_id) and time.monotonic() < deadline:
        time.sleep(0.01)
    row = changing.database.reader().one(
        "SELECT target_id FROM link WHERE job = ? AND object = ?", (changing.job, object_id)
    )
    if row is not None:
        we.forgetting_one(str(row[0]))
        we.admin.links.forget(ME, changing.job_id, object_id)
    _start(we, "", "")


def _credentials(we: Administrator, _: str, how: str) -> None:
    token = "no-token-of-anybody" if how == "wrong" else we.new_token()
    we.admin.jobs.save_credentials(ME, we.changing.job_id, url=we.url, token=token)


def _import(we: Administrator, seed: str, fate: str) -> None:
    we.last_import = seed
    _begin(we, we.import_files(seed), fate)


def _backup(we: Administrator, _: str, fate: str) -> None:
    file = we.folder / f"backup-{len(we.copies)}.sqlite"
    we.copies.append((_begin(we, ["backup", str(file)], fate), file))


def _rotate(we: Administrator, _: str, fate: str) -> None:
    _begin(we, ["admin", "key", "rotate"], fate)


_FATES: Final = ("", "", "0", "1", "2", "3", "4")
VERBS: Final[Mapping[str, BesideVerb]] = {
    "start": BesideVerb(_start),
    "pause": BesideVerb(_pause),
    "abort": BesideVerb(_abort),
    "retry": BesideVerb(_retry),
    "quarantine": BesideVerb(_quarantine),
    "driven": BesideVerb(_driven, ("on", "off")),
    "ask-above": BesideVerb(_ask_above, ("0", "3", "-1")),
    "skip": BesideVerb(_skip, ("on", "off")),
    "prevent": BesideVerb(_prevent, ("0", "2", "off")),
    "limit": BesideVerb(_limit, ("10%", "1", "20%+10", "off")),
    "allow": BesideVerb(_allow),
    "reject": BesideVerb(_reject),
    "run": BesideVerb(_run, _FATES),
    "plan": BesideVerb(_plan, (*_FATES, "all")),
    "approve": BesideVerb(_approve),
    "discard": BesideVerb(_discard),
    "apply": BesideVerb(_apply, _FATES),
    "on-demand": BesideVerb(_on_demand, ("dry", *_FATES)),
    "forget": BesideVerb(_forget),
    "credentials": BesideVerb(_credentials, ("", "", "wrong")),
    "import": BesideVerb(_import, _FATES),
    "backup": BesideVerb(_backup, _FATES),
    "rotate": BesideVerb(_rotate, _FATES),
}
ABOUT_SOMEBODY: Final = frozenset({"on-demand", "forget"})


# The files of a source


def csv_files(seed: str) -> dict[str, list[list[str]]]:
    """Users, a group and its members, by the name of their file: who is there and what they are depends on the seed."""
    chance = Random(f"files {seed}")  # noqa: S311 - a test's choice
    names = [f"c{number:02}@x" for number in range(CSV_PEOPLE)]
    there = names if not seed else [name for name in names if chance.random() < 0.8]
    users = [["userPrincipalName", "displayName", "givenName", "surname", "jobTitle", "department", "accountEnabled"]]
    for name in there:
        enabled, title = chance.random() < 0.9, chance.choice(("Clerk", "Smith", "Boss"))
        department = chance.choice(("Sales", "Works", "Out"))
        users.append([name, f"Person {name[:3]}", "Given", "Family", title, department, str(enabled)])
    members = [["group", "member"], *([CSV_GROUP, name] for name in there if chance.random() < 0.7)]
    return {"users": users, "groups": [["displayName"], [CSV_GROUP]], "members": members}
