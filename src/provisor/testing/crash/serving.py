"""Commands and services in processes of their own, started in milliseconds and killed like any other.

One process has imported the product, and is copied for each: what is killed is a whole process with its sockets, locks
and transactions. Order: a process, what is imported once, what runs in it.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

_IMPORTED_ONCE = (
    *("provisor.main", "provisor.wiring", "provisor.cli.serve", "provisor.cli.importing", "provisor.cli.backup"),
    *("provisor.cli.administration", "provisor.admin.keys"),
    *("provisor.cli.job", "provisor.cli.job_plans", "provisor.cli.job_on_demand", "provisor.admin.cycles"),
    *("provisor.admin.plans", "provisor.admin.on_demand", "provisor.admin.backups", "provisor.admin.mail"),
    *("provisor.runner.cycle", "provisor.runner.importing.import_source", "provisor.connectors.scim_client"),
    *("provisor.runner.notifying.sender", "provisor.testing.crash.serving"),
)


class CommandProcess:
    """`provisor ARGUMENTS` with its data in a folder; what it says goes to a file.

    `broken_by`: a module imported first, where a test wants a product that is broken.
    """

    def __init__(
        self, context: ForkServerContext, folder: Path, said: Path, arguments: Sequence[str], *, broken_by: str = ""
    ) -> None:
        self.arguments = tuple(arguments)
        self.said = said
        self.struck = False  # killed by us: however it ended is right
        self._process: BaseProcess = context.Process(
            target=run_command, args=(str(folder), str(said), self.arguments, broken_by), daemon=True
        )
        self._process.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid or 0

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._process.exitcode is not None

    def kill(self) -> None:
        """SIGKILL, unless it has ended."""
        if not self.is_over:
            self.struck = True
            self._process.kill()

    def end(self) -> None:
        """SIGTERM."""
        os.kill(self.pid, signal.SIGTERM)

    def wait(self, seconds: float) -> int | None:
        """Its exit code; None when it has not ended by then."""
        self._process.join(seconds)
        return self._process.exitcode


def fork_server() -> ForkServerContext:
    """Where processes are copied from. It has no thread, no socket and no database open."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(_IMPORTED_ONCE))
    return context


def run_command(folder: str, said: str, arguments: Sequence[str], broken_by: str) -> None:
    """In the new process: become `provisor ARGUMENTS`."""
    for name in [name for name in os.environ if name.startswith("PROVISOR_")]:
        del os.environ[name]
    os.environ["PROVISOR_DATA"] = folder
    descriptor = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    sys.argv = ["provisor", "--traceback", *arguments]
    if broken_by:
        import_module(broken_by)
    from provisor.main import main

    main()
