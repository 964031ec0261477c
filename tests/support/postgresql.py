"""A throwaway PostgreSQL: a cluster of its own in a folder of its own, gone with the tests that started it.

Uses the programs that Debian's package `postgresql` installs. PostgreSQL refuses to run as root: root starts it as the
user `postgres`, in a folder which that user can reach. Ends only the process it started. Imports no test framework.
"""

import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path
from types import TracebackType

USER = "postgres"
START_SECONDS = 30.0
STOP_SECONDS = 20.0
# Of earlier tests. Dropped in batches while they are young: what the kernel has not written yet costs the disk nothing.
MOST_DATABASES = 40
_MEMORY = Path("/dev/shm")
_MEMORY_BYTES = 4 << 30
_DEBIAN = Path("/usr/lib/postgresql")


class PostgresqlMissing(Exception):
    """There is no PostgreSQL on this machine; the message says how to install it."""


def programs() -> Path:
    """The folder of the newest PostgreSQL's programs. Raises PostgresqlMissing."""
    found = [path.parent for path in _DEBIAN.glob("*/bin/initdb")]
    if not found and (there := shutil.which("initdb")):
        found = [Path(there).parent]
    if not found:
        raise PostgresqlMissing(
            "PostgreSQL is not installed: run `apt-get install postgresql`, or put its initdb on the PATH."
        )
    return max(found, key=lambda folder: int(folder.parent.name) if folder.parent.name.isdigit() else 0)


class Cluster:
    """A running cluster on a free loopback port; a context manager. `durable` False leaves out the disk's syncs."""

    def __init__(self, *, durable: bool = True) -> None:
        self._programs = programs()
        self._durable = durable
        self._owner = pwd.getpwnam(USER) if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="provisor-postgresql-", dir=_reachable_folder(durable=durable)))
        self._process: subprocess.Popen[bytes] | None = None
        self._names = count(1)
        self._passing: list[str] = []
        self.port = 0
        if self._owner is not None:
            os.chown(self._folder, self._owner.pw_uid, self._owner.pw_gid)
        try:
            self._run("initdb", "-D", self._data, "-A", "trust", "-U", USER, "-E", "UTF8", "--locale=C", "--no-sync")
            self.start()
        except BaseException:
            self.close()
            raise

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def url(self, database: str = "postgres") -> str:
        """The address of one of its databases."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def new_database(self, template: str = "template1", *, keep: bool = False) -> str:
        """Make a database, empty or like another one that nobody is connected to; returns its name.

        Unless it is to be kept, it is dropped once many others were made and nobody is connected to it.
        """
        name = f"provisor_{next(self._names)}"
        if not keep:
            if len(self._passing) >= MOST_DATABASES:
                self._drop_oldest()
            self._passing.append(name)
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-T", template, name)
        return name

    def _drop_oldest(self) -> None:
        half = MOST_DATABASES // 2
        oldest, self._passing = self._passing[:half], self._passing[half:]
        statements = [part for name in oldest for part in ("-c", f"DROP DATABASE IF EXISTS {name}")]
        # One that is in use stays, until the cluster goes.
        self._popen(
            ["psql", "-q", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-d", "postgres", *statements]
        ).wait()

    def start(self) -> None:
        """Start it; after `kill` on the same port, with the data it had."""
        self.port = self.port or _free_port()
        sync = [] if self._durable else ["-c", "fsync=off", "-c", "synchronous_commit=off"]
        self._process = self._popen(
            ["postgres", "-D", self._data, "-k", str(self._folder), "-p", str(self.port), "-h", "127.0.0.1", *sync]
        )
        until = time.monotonic() + START_SECONDS
        while self._popen(["pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER]).wait() != 0:
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL did not start: {self._log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        """End it as a power cut would: no checkpoint, no goodbye to clients."""
        self._end(signal.SIGQUIT)

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.send_signal(number)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def close(self) -> None:
        """End it and remove its folder."""
        self._end(signal.SIGINT)
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    def _popen(self, command: list[str]) -> "subprocess.Popen[bytes]":
        owner = self._owner
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [str(self._programs / command[0]), *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                user=None if owner is None else owner.pw_uid,
                group=None if owner is None else owner.pw_gid,
                extra_groups=None if owner is None else [],
                env={"PATH": os.defpath, "LC_ALL": "C"},
                start_new_session=True,  # Ctrl-C in the terminal is for the tests, which then end it
            )

    def _run(self, *command: str) -> None:
        if self._popen(list(command)).wait() != 0:
            raise RuntimeError(f"{command[0]} failed: {self._log.read_text(errors='replace')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _reachable_folder(*, durable: bool) -> Path:
    """A folder for temporary files that another user can enter, whatever TMPDIR is; in memory where nothing must last.

    A disk would have to write, and then to give back, ten megabytes for every database.
    """
    if not durable and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _MEMORY_BYTES:
        return _MEMORY
    for folder in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):
        resolved = folder.resolve()
        if all(path.stat().st_mode & stat.S_IXOTH for path in (resolved, *resolved.parents)):
            return resolved
    raise RuntimeError("No temporary folder can be entered by the user postgres; set TMPDIR to one that can.")
