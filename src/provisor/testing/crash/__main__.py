"""`python -m provisor.testing.crash`: a service under fire, one seed after another.

Order: trials, the report, the command, several workers.
"""

import argparse
import multiprocessing
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

from provisor.testing.crash.chance import EXCLUDED, script_of
from provisor.testing.crash.script import Script
from provisor.testing.crash.shrinking import shrink
from provisor.testing.crash.trial import attempt

ABOUT = """Let a small organisation be provisioned under fire: lost and false answers, kills, changes of the directory
in the middle of a cycle. After one run in peace the target must equal the directory, nobody who left may be active, no
account may be doubled or nobody's, and the next run must have nothing to do. A failure prints the seed and a script
that shows it with as little as possible. With --processes the service is `provisor serve` in a process of its own,
killed in every round while an administrator, an import and a backup are at work; its script is printed as it is."""

A_WORD_EVERY = 50  # seeds


def what_is_wrong(script: Script, attempt: Callable[[Script], list[str]] = attempt) -> list[str]:
    """The problems of a script; an error of our own is one."""
    try:
        return attempt(script)
    except Exception as error:  # noqa: BLE001 - it is what the harness looks for
        return ["".join(traceback.format_exception(error)[-6:])]


def tell(seed: int, problems: list[str], *, smaller: bool, script: Script | None = None) -> str:
    """The report on a failed seed."""
    script = script or script_of(seed)
    if smaller:
        script = shrink(script, lambda one: bool(what_is_wrong(one)))
        problems = what_is_wrong(script) or problems
    lines = "\n".join(f"  {one}" for one in problems[:10])
    return f"Seed {seed} fails:\n{lines}\n\n{script.program()}"


def main(arguments: list[str] | None = None) -> int:
    """Try seeds until the runs or the seconds are over; 1 when one has failed."""
    parser = argparse.ArgumentParser(
        prog="python -m provisor.testing.crash", description=ABOUT, epilog="Left out: " + " ".join(EXCLUDED)
    )
    parser.add_argument("--seed", type=int, default=1, help="the first seed (1)")
    parser.add_argument("--runs", type=int, default=100, help="how many seeds, one after another (100)")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin none after so many seconds")
    parser.add_argument("--no-shrink", action="store_true", help="print a failing script as it is")
    parser.add_argument("--processes", action="store_true", help="kill `provisor serve` itself, a process of its own")
    parser.add_argument(
        "--sources", action="store_true", help="put sources of identities under fire instead of a target"
    )
    parser.add_argument("-j", "--workers", type=int, default=1, help="so many seeds at once (1)")
    parser.add_argument("--step", type=int, default=1, help="only every so many'th seed (1)")
    parser.add_argument("--keep", type=Path, help="with --processes: copy the data folder of a failed seed to here")
    given = parser.parse_args(arguments)
    if given.workers > 1:
        return _at_once(given)
    if given.processes:
        signal.signal(signal.SIGTERM, _end)
    if given.sources:
        return _of_sources(given)
    began = time.monotonic()
    failed = tried = 0
    make, attempting = _kind_of_trial(given)
    for seed in range(given.seed, given.seed + given.runs, given.step):
        if time.monotonic() - began > given.seconds:
            break
        tried += 1
        if tried % A_WORD_EVERY == 0:
            sys.stderr.write(f"{tried} seeds from {given.seed}, {failed} failed, {time.monotonic() - began:.0f} s.\n")
        script = make(seed)
        problems = what_is_wrong(script, attempting)
        if problems:
            failed += 1
            smaller = not given.no_shrink and not given.processes
            sys.stdout.write(tell(seed, problems, smaller=smaller, script=script) + "\n")
            sys.stdout.flush()
    sys.stdout.write(f"{tried} seeds from {given.seed}: {failed} failed, in {time.monotonic() - began:.0f} s.\n")
    return 1 if failed else 0


def _of_sources(given: argparse.Namespace) -> int:
    """Seeds of sources under fire; a failed one tells what happened in it."""
    from provisor.testing.crash.source_trial import attempt_source

    began, failed, tried = time.monotonic(), 0, 0
    for seed in range(given.seed, given.seed + given.runs, given.step):
        if time.monotonic() - began > given.seconds:
            break
        tried += 1
        try:
            problems = attempt_source(seed)
        except Exception as error:  # noqa: BLE001 - it is what the harness looks for
            problems = ["".join(traceback.format_exception(error)[-6:])]
        if problems:
            failed += 1
            sys.stdout.write("\n  ".join([f"Seed {seed} fails:", *problems]) + "\n")
    sys.stdout.write(f"{tried} seeds from {given.seed}: {failed} failed, in {time.monotonic() - began:.0f} s.\n")
    return 1 if failed else 0


def _end(*_: object) -> None:
    """No process of a trial outlives it. At once: an exception within a loop of uvloop's would not end that."""
    for process in multiprocessing.active_children():
        process.kill()
    os._exit(1)


def _kind_of_trial(given: argparse.Namespace) -> tuple[Callable[[int], Script], Callable[[Script], list[str]]]:
    if not given.processes:
        return script_of, attempt
    from provisor.testing.crash.service_chance import service_script_of
    from provisor.testing.crash.service_trial import attempt_service
    from provisor.testing.crash.serving import fork_server

    return service_script_of, partial(attempt_service, processes=fork_server(), keep=given.keep)


def _at_once(given: argparse.Namespace) -> int:
    """Every worker has its own share of the seeds, and says itself what failed."""
    shared = ["--seconds", str(given.seconds), "--step", str(given.workers)]
    shared += [f"--{name}" for name in ("processes", "no-shrink", "sources") if getattr(given, name.replace("-", "_"))]
    shared += ["--keep", str(given.keep)] if given.keep else []
    command = [sys.executable, "-m", "provisor.testing.crash", *shared]
    workers = [
        subprocess.Popen([*command, "--seed", str(given.seed + n), "--runs", str(given.runs - n)])  # noqa: S603 - our own
        for n in range(min(given.workers, given.runs))
    ]
    return max(worker.wait() for worker in workers)


if __name__ == "__main__":
    sys.exit(main())
