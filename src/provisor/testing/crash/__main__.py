"""`python -m provisor.testing.crash`: a service under fire, one seed after another.

Order: what is told, the command.
"""

import argparse
import sys
import time
import traceback

from provisor.testing.crash.chance import EXCLUDED, script_of
from provisor.testing.crash.script import Script
from provisor.testing.crash.shrinking import shrink
from provisor.testing.crash.trial import attempt

ABOUT = """Let a small organisation be provisioned under fire: lost and false answers, kills, changes of the directory
in the middle of a cycle. After one run in peace the target must equal the directory, nobody who left may be active, no
account may be doubled or nobody's, and the next run must have nothing to do. A failure prints the seed and a script
that shows it with as little as possible."""


def what_is_wrong(script: Script) -> list[str]:
    """The problems of a script; an error of our own is one."""
    try:
        return attempt(script)
    except Exception as error:  # noqa: BLE001 - it is what the harness looks for
        return ["".join(traceback.format_exception(error)[-6:])]


def tell(seed: int, problems: list[str], *, smaller: bool) -> str:
    """What a failed seed is told by."""
    script = script_of(seed)
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
    given = parser.parse_args(arguments)
    began = time.monotonic()
    failed = tried = 0
    for seed in range(given.seed, given.seed + given.runs):
        if time.monotonic() - began > given.seconds:
            break
        tried += 1
        problems = what_is_wrong(script_of(seed))
        if problems:
            failed += 1
            sys.stdout.write(tell(seed, problems, smaller=not given.no_shrink) + "\n")
            sys.stdout.flush()
    sys.stdout.write(f"{tried} seeds from {given.seed}: {failed} failed, in {time.monotonic() - began:.0f} s.\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
