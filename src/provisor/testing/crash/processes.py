"""The crash harness: run a command behind the fault proxy, let it die, run it again.

Order: one run, killed and resumed, where to strike. What the target holds afterwards is compared with target_state.
"""

import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random

from provisor.testing.proxy import FaultProxy, Forwarded, KillAfter, Pass, ProxyBehaviour

DEFAULT_TIMEOUT_SECONDS = 120.0
SIGKILLED = -9


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRun:
    """One run of a command: how it ended, what it said, and what reached the target meanwhile."""

    exit_code: int
    struck: bool
    forwarded: tuple[Forwarded, ...]
    output: str
    errors: str
    seconds: float

    @property
    def killed(self) -> bool:
        """Whether SIGKILL ended it."""
        return self.exit_code == SIGKILLED


def run_behind(
    proxy: FaultProxy,
    command: Sequence[str],
    behaviour: ProxyBehaviour | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    given: str = "",
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
) -> CommandRun:
    """Run a command to its end or its death while the proxy behaves as armed (Pass by default).

    `given` is its standard input. The command must already have been told to talk to `proxy.url`. A command that is not
    finished in time is killed, and subprocess.TimeoutExpired raised.
    """
    proxy.arm(behaviour or Pass())
    started = time.monotonic()
    with subprocess.Popen(  # noqa: S603  the test names its own command
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        cwd=folder,
        text=True,
    ) as process:
        proxy.watch(process.pid)
        try:
            output, errors = process.communicate(given, timeout=timeout_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    proxy.settle()
    return CommandRun(
        exit_code=process.returncode,
        struck=proxy.struck,
        forwarded=proxy.forwarded,
        output=output,
        errors=errors,
        seconds=time.monotonic() - started,
    )


def kill_and_resume(
    proxy: FaultProxy,
    command: Sequence[str],
    nth: int,
    *,
    stragglers: bool = False,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> tuple[CommandRun, CommandRun]:
    """Run a command, kill it after its n-th forwarded request, and run it again in peace."""
    killed = run_behind(
        proxy, command, KillAfter(nth=nth, stragglers=stragglers), environment=environment, folder=folder
    )
    return killed, run_behind(proxy, command, environment=environment, folder=folder)


def strike_points(total: int, count: int, seed: int) -> list[int]:
    """Request numbers to strike at: the first, the last, and one by chance from each of `count - 2` equal stretches.

    The same seed gives the same numbers; stretches make sure that every phase of a cycle is struck.
    """
    if total <= count:
        return list(range(1, total + 1))
    chance = Random(seed)  # noqa: S311  a test's choice, no secret
    stretches = count - 2
    inner = range(2, total)
    bounds = [len(inner) * step // stretches for step in range(stretches + 1)] if stretches > 0 else []
    picked = [chance.choice(inner[low:high]) for low, high in pairwise(bounds)]
    return sorted({1, *picked, total})
