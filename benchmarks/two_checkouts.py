"""The target of this checkout beside that of another one: the same requests, in turn, in one run.

Each has a database of its own on the same server. A phase is run on both in turn, `--rounds` times; the better round
of each counts, and the CPU of all of them. The ratio is what to trust on a shared machine.

    git worktree add ../before COMMIT
    python benchmarks/two_checkouts.py ../before/src --databases postgresql --rounds 4
"""

import argparse
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

from scim_load.phases import PHASES, Scim
from scim_load.postgresql import postgresql
from scim_load.servers import target
from target import Side

ROW = "{:<14}{:>10}{:>10}{:>8}{:>10}{:>10}{:>8}{:>8}"


def places(kind, folder, stack):
    """The URLs of two empty databases."""
    if kind == "sqlite":
        return [f"sqlite:///{folder / name}.sqlite" for name in ("this", "other")]
    return [stack.enter_context(postgresql(None)) for _ in range(2)]


def run(kind, options):
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        urls = places(kind, folder, stack)
        if None in urls:
            return
        sides = []
        for url, source in zip(urls, (None, options.other), strict=True):
            place = folder / str(len(sides))
            place.mkdir()
            sides.append(Side(stack.enter_context(target(place, url, options.stored, source))))
        scims = [Scim(side.server) for side in sides]
        print(f"{kind}, {options.stored:,} users stored, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        print(ROW.format("", "this /s", "other /s", "ratio", "CPU µs", "CPU µs", "p99 ms", "p99 ms"))
        for phase in PHASES:
            if phase.name not in options.phases and phase.name != "create":
                continue
            for _ in range(options.rounds):
                for side, scim in zip(sides, scims, strict=True):
                    requests = scim.requests(phase, max(int(options.requests * phase.share), 20))
                    outcome = side.run(
                        requests, phase.expected, connections=phase.connections, keep=scim.keep(phase), beside=None
                    )
                    scim.learn(phase, outcome)
            this, other = (side.measured() for side in sides)
            print(
                ROW.format(
                    phase.name,
                    f"{this.outcome.rate:,.0f}",
                    f"{other.outcome.rate:,.0f}",
                    f"{this.outcome.rate / other.outcome.rate:.0%}",
                    f"{this.cpu:.0f}",
                    f"{other.cpu:.0f}",
                    f"{this.outcome.p99:.1f}",
                    f"{other.outcome.p99:.1f}",
                ),
                flush=True,
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("other", type=Path, help="the src folder of the other checkout")
    parser.add_argument("--databases", nargs="+", default=["sqlite"], choices=["sqlite", "postgresql"])
    parser.add_argument("--stored", type=int, default=0)
    parser.add_argument("--requests", type=int, default=4_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--phases", nargs="+", default=["create", "look-up", "get", "patch", "list-100"])
    options = parser.parse_args()
    for kind in options.databases:
        run(kind, options)


if __name__ == "__main__":
    main()
