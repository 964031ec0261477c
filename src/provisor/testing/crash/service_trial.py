"""One trial of `provisor serve` in a process of its own: rounds that end in a kill, then peace; what is wrong then.

Order: the attempt, the trial, its rounds, peace.
"""

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.context import ForkServerContext
from pathlib import Path
from random import Random

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.bundle import Admin
from provisor.engine.record import Kind
from provisor.gallery import template
from provisor.runner.importing.import_source import CsvImport, import_csv
from provisor.runner.job_lock import is_held
from provisor.settings import read_settings
from provisor.storage import applications, cycles, feed, jobs, run_requests
from provisor.storage.links import owners
from provisor.testing.crash import judging
from provisor.testing.crash.changing import Changing
from provisor.testing.crash.remains import left_behind
from provisor.testing.crash.script import Round, Script, ScriptedChange
from provisor.testing.crash.serving import CommandProcess, fork_server
from provisor.testing.crash.trial import MEMORY, Trial, add_strangers
from provisor.testing.crash.verbs import CSV_GROUP, Administrator, csv_files
from provisor.testing.crash.weather import WeatherRequest
from provisor.testing.crash.wire import WireTarget
from provisor.testing.memory_target import MemoryTarget
from provisor.testing.organisation import ROLE
from provisor.wiring import build

READY_SECONDS = 30.0
SETTLED_SECONDS = 60.0
ENDED_SECONDS = 30.0
QUIET_SECONDS = 0.6  # without a request, and a round is over
_SAID = "said.txt"
_KINDS: tuple[Kind, ...] = ("user", "group")


def attempt_service(
    script: Script, processes: ForkServerContext | None = None, *, keep: Path | None = None, broken_by: str = ""
) -> list[str]:
    """Carry a script out with a service in a process of its own, and say what is wrong then.

    `keep`: where the data folder of a failed one is copied to, with what all processes said. `broken_by`: a module that
    every process imports first.
    """
    parent = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=parent, prefix="provisor-crash-") as made:
        data = Path(made) / "data"
        trial = ServiceTrial(script, data / "provisor.sqlite")
        trial.processes, trial.broken_by = processes or fork_server(), broken_by
        problems = trial.run()
        if problems and keep is not None:
            shutil.copytree(data, keep / f"seed-{script.place.seed}", dirs_exist_ok=True)
            (keep / f"seed-{script.place.seed}" / "journal.txt").write_text("\n".join(trial.wire.journal))
        return problems


class Living(Changing):
    """Changes by the clock on the wall, which the service goes by too."""

    def now(self) -> datetime:
        """The present."""
        self._ticks += 1  # names are made of it
        return datetime.now(UTC)


@dataclass(slots=True)
class ServiceTrial(Trial):
    """One script on its way."""

    processes: ForkServerContext = field(init=False)
    admin: Admin = field(init=False)
    wire: WireTarget = field(init=False)
    administrator: Administrator = field(init=False)
    broken_by: str = ""
    service: CommandProcess | None = None
    commands: list[CommandProcess] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    _said_before: int = 0  # bytes
    _timers: list[threading.Timer] = field(default_factory=list)
    _turn: threading.RLock = field(default_factory=threading.RLock)

    def run(self) -> list[str]:
        """Every round, then peace."""
        self.admin = build(read_settings({"PROVISOR_DATA": str(self.file.parent)}))
        database = self.admin.users.context.database
        try:
            self._set_up()
            for number, one in enumerate(self.script.rounds, 1):
                self._lived_through(number, one)
            if not self.problems:
                self._settle()
        finally:
            for timer in self._timers:
                timer.cancel()
            for process in (*self.commands, *([self.service] if self.service else [])):
                process.kill()
                process.wait(ENDED_SECONDS)
            self.wire.stop()
            database.close()
        self.problems += self.wire.problems
        return self.problems

    def _set_up(self) -> None:
        place = self.script.place
        found = template(place.template)
        assert found is not None  # noqa: S101 - a script names one of the gallery
        self.changing = Living(self.admin.users.context.database, place)
        self.changing.forgetting = self._forgetting
        self.target = MemoryTarget(
            found.user_type, found.group_type, unique=place.unique, longest_page=place.longest_page
        )
        add_strangers(place, self.target)
        self.strangers = {key: deepcopy(one) for kind in _KINDS for key, one in self.target.resources(kind).items()}
        self.wire = WireTarget(
            held=self.target, happen=self._happen, kill=self._kill, watch=self._watch, tokens=set(self.tokens.values())
        )
        self.wire.start()
        self.administrator = Administrator(
            admin=self.admin,
            changing=self.changing,
            folder=self.file.parent,
            command=self._command,
            later=self._later,
            forgetting_one=self._forgetting_one,
            new_token=self._new_token,
            url=self.wire.url,
        )
        self._bring_csv()
        self.administrator.do(ScriptedChange("credentials"))
        self.admin.jobs.settings(ME, self.changing.job_id, interval_seconds=1)

    def _bring_csv(self) -> None:
        """The source csv, whole, and its group assigned."""
        changing, tenant = self.changing, self.changing.organisation.tenant
        given = self.administrator.import_files("")
        users, groups, members = (Path(one) for one in given[3:8:2])
        order = CsvImport(users=users, groups=groups, members=members)
        import_csv(changing.database, tenant, order, now=changing.now())
        with changing.database.transaction() as connection:
            row = connection.one("SELECT id FROM object WHERE name = ?", (CSV_GROUP,))
            assert row is not None  # noqa: S101 - it was imported
            changing.ids["g9"] = row[0]
            applications.assign(
                connection,
                tenant=tenant,
                application=changing.organisation.application,
                role=ROLE,
                principals=[(row[0], "group")],
                now=changing.now(),
            )

    # Rounds

    def _lived_through(self, number: int, one: Round) -> None:
        """A service begins, changes are made beside it, and it is killed."""
        self.wire.begin(one.strikes)
        chance = Random(f"{self.script.place.seed} pauses {number}")  # noqa: S311 - a test's choice
        service = self._begin_serving()
        self._until_served(service)
        began = time.monotonic()
        for change in one.changes:
            self._happen((change,))
            time.sleep(chance.choice((0.0, 0.0, 0.02, 0.08)))
        quiet_since, asked = time.monotonic(), self.wire.requests
        while not service.is_over and time.monotonic() - began < one.lasts_ms / 1000:
            time.sleep(0.005)
            if self.wire.requests != asked:
                quiet_since, asked = time.monotonic(), self.wire.requests
            if time.monotonic() - quiet_since > QUIET_SECONDS:
                break
        if one.ends_well and not service.is_over:
            self.wire.begin(())
            self._end(service, f"Round {number}")
        service.kill()
        self.wire.tell(f"the end of round {number}")
        if service.wait(ENDED_SECONDS) not in (0, -9):
            self.problems.append(f"Round {number}: the service ended by itself: {self._last_said()}")
        if self.wire.requests > self._limit():
            self.problems.append(f"Round {number} took {self.wire.requests} requests.")
        self._note_links()

    def _happen(self, changes: Sequence[ScriptedChange]) -> None:
        with self._turn:
            for change in changes:
                self.wire.tell(f"begun: {change}")
                try:
                    self.administrator.do(change)
                except Exception as error:  # noqa: BLE001 - a verb that breaks is what the harness looks for
                    self.problems.append(f"{change}: {type(error).__name__}: {error}")
                self.wire.tell(f"done: {change}")

    def _kill(self) -> None:
        if self.service is not None:
            self.service.kill()

    def _later(self, milliseconds: int, do: Callable[[], None]) -> None:
        timer = threading.Timer(milliseconds / 1000, do)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def _begin_serving(self) -> CommandProcess:
        said = self.file.parent / _SAID
        self._said_before = said.stat().st_size if said.exists() else 0
        self.service = self._process(["serve"])
        return self.service

    def _until_served(self, service: CommandProcess) -> None:
        """Wait until it says that it runs; from then on it can be asked to end."""
        deadline = time.monotonic() + READY_SECONDS
        while not service.is_over and time.monotonic() < deadline:
            if b"Running jobs" in self._said()[self._said_before :]:
                break
            time.sleep(0.005)

    def _command(self, arguments: Sequence[str]) -> CommandProcess:
        process = self._process(arguments)
        self.commands.append(process)
        return process

    def _process(self, arguments: Sequence[str]) -> CommandProcess:
        folder = self.file.parent
        return CommandProcess(self.processes, folder, folder / _SAID, arguments, broken_by=self.broken_by)

    def _end(self, service: CommandProcess, when: str) -> None:
        """SIGTERM ends it well, within ten seconds."""
        service.end()
        code = service.wait(ENDED_SECONDS)
        if code != 0 and not service.struck:
            self.problems.append(f"{when}: after SIGTERM the service ended with {code}: {self._last_said()}")

    def _new_token(self) -> str:
        chance = Random(f"{self.script.place.seed} token {len(self.tokens)}")  # noqa: S311 - it opens nothing
        token = f"token-{chance.randbytes(12).hex()}"
        self.tokens[f"token {len(self.tokens)}"] = token
        self.wire.tokens.add(token)
        return token

    def _said(self) -> bytes:
        file = self.file.parent / _SAID
        return file.read_bytes() if file.exists() else b""

    def _last_said(self) -> str:
        return "".join(self._said().decode().splitlines(keepends=True)[-6:])

    def _watch(self, asked: WeatherRequest) -> None:
        """A stranger is written to only by whoever it is linked to."""
        if asked.subject in self.strangers and asked.subject not in self.linked_once:
            if owners(self.changing.database.reader(), self.changing.job, asked.kind, [asked.subject]):
                self.linked_once.add(asked.subject)
            else:
                self.problems.append(f"{asked.method} to the stranger {asked.subject}, who is linked to nobody.")

    def _forgetting_one(self, target_id: str) -> None:
        """The link of one account is forgotten: what is known of it goes with it."""
        for some in (self.forgotten, self.forgotten_once, self.linked_once):
            some.add(target_id)
        for group in self.target.resources("group"):
            self.forgotten_edges |= {
                (group, member) for member in self.target.members(group) if target_id in (group, member)
            }

    # Peace

    def _settle(self) -> None:
        """The weather stops: the service makes everything right, and then has nothing to do."""
        self.wire.begin(())
        for process in self.commands:
            if process.wait(ENDED_SECONDS) is None:
                self.problems.append(f"{' '.join(process.arguments)} did not end.")
        for change in (
            ("credentials",),
            ("ask-above", "", "-1"),
            ("skip", "", "off"),
            ("prevent", "", "off"),
            ("limit", "", "off"),
        ):
            self._happen((ScriptedChange(*change),))
        self._finish_commands()
        service = self._begin_serving()
        self._until_served(service)
        job = self.changing.job_id
        self.admin.jobs.restart(ME, job, reset_scope="QuarantineState, ForceDeletes")
        for _ in range(3):  # who failed in the first try of a name that is free by now gets it in the next
            self._until_settled(service)
            self.admin.escrow.retry(ME, job)
        self._until_settled(service)
        self._end(service, "In peace")
        self._judge()

    def _until_settled(self, service: CommandProcess) -> None:
        deadline = time.monotonic() + SETTLED_SECONDS
        while why := self._unsettled():
            if service.is_over or time.monotonic() > deadline:
                self.problems.append(f"The service does not settle: {why}. {self._last_said()}")
                return
            time.sleep(0.02)

    def _unsettled(self) -> str:
        """What is still to be done; nothing when all is."""
        reader, number = self.changing.database.reader(), self.changing.job
        job = jobs.read(reader, number)
        assert job is not None  # noqa: S101 - no script removes it
        if job.must_begin_anew or job.watermark is None:
            return "everybody is to be looked at"
        if job.watermark < feed.current_change(reader, job.tenant):
            return f"the watermark is {job.watermark} of {feed.current_change(reader, job.tenant)}"
        if job.next_at is not None or run_requests.unanswered(reader, number):
            return "a run was asked for"
        newest = cycles.newest(reader, number, 1)
        if not newest or newest[0].error is not None or newest[0].phase != "done":
            return f"the newest cycle is {newest}"
        if rows := reader.all("SELECT * FROM operation WHERE job = ? AND state <> 'verdict'", (number,)):
            return f"operations are left: {rows[:3]}"
        if is_held(self.changing.database.path, self.changing.job_id):
            return "the job runs"
        return ""

    def _finish_commands(self) -> None:
        """What was killed is done once more, by which what it left behind is put away."""
        administrator = self.administrator
        killed = {process.arguments[:2] for process in self.commands if process.struck}
        if ("import", "csv") in killed:
            self._carried_out(administrator.import_files(administrator.last_import))
            self._judge_import(administrator.last_import)
        if ("job", "plan") in killed:
            self._carried_out(["job", "plan", self.changing.job_id])
        if ("admin", "key") in killed:
            self._carried_out(["admin", "key", "rotate"])
        if any(arguments[0] == "backup" for arguments in killed):
            file = self.file.parent / "backup-last.sqlite"
            administrator.copies.append((self._carried_out(["backup", str(file)]), file))

    def _carried_out(self, arguments: Sequence[str]) -> CommandProcess:
        process = self._command(arguments)
        if process.wait(ENDED_SECONDS) not in (0, 3):
            self.problems.append(f"{' '.join(arguments[:3])} did not go through in peace: {self._last_said()}")
        return process

    def _judge_import(self, seed: str) -> None:
        """A source that was imported to its end holds what its files hold."""
        wanted = {row[0] for row in csv_files(seed)["users"][1:]}
        rows = self.changing.database.reader().all(
            "SELECT name FROM object WHERE kind = 'user' AND name LIKE 'c__@x' AND deleted_at IS NULL"
        )
        found = {row[0] for row in rows}
        if found != wanted:
            self.problems.append(f"The source csv holds {sorted(found ^ wanted)} otherwise than its files.")

    def _judge(self) -> None:
        """The directory compared with the target, and everything that may have been left behind."""
        if self.problems:
            return
        self._note_links()
        ours = {key for kind in _KINDS for key in self.target.resources(kind)} - set(self.strangers)
        self.linked_once |= ours
        self.wire.begin(())
        summary = self.admin.cycles.run(ME, self.changing.job_id)
        if self.wire.writes and not summary.counts.get("user.fail"):
            self.problems.append(f"The service had left {self.wire.writes} writes: {dict(summary.counts)}.")
        self.problems += judging.after_peace(self, summary)
        if not self.problems:
            self.problems += judging.after_nothing(self, self.admin.cycles.run(ME, self.changing.job_id))
        said = self._said().decode()
        self.problems += left_behind(self.changing.database, self.administrator.copies, self.tokens, said)
