"""What the target costs beside a bare server that only selects, or only inserts and commits, in the same run.

Every phase is run on our server and on the bare one in turn, `--rounds` times, and the better round of each counts: on
a shared machine trust the ratio and the CPU per request, not the requests per second. scim2-server from PyPI runs last
as a peer, with fewer requests. Prints requests/s, p50 and p99 at 8 connections, the ratio, the goals, memory, and the
cost of one fdatasync measured just before each phase. The server and the load share the machine.

    python benchmarks/target.py                                an empty store on SQLite, under a minute
    python benchmarks/target.py --stored 100000                the same with 100,000 users and a group of 50,000
    python benchmarks/target.py --stored 0 100000 --requests 12000 --databases sqlite postgresql
    python benchmarks/target.py --phases create look-up get --rounds 4
"""

import argparse
import json
import os
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from scim_load.load import drive
from scim_load.phases import PHASES, BareRequests, Scim
from scim_load.postgresql import postgresql
from scim_load.servers import bare_server, peer_server, person, target

SYNCS = 40
ROW = "{:<20}{:>9}{:>8}{:>8}{:>8}{:>10}{:>7}{:>8}{:>9}  {}"
MEMORY_GOAL_MIB = 64
STORED_GOAL = 0.20  # so much may change with 100,000 users stored


class Measured(NamedTuple):
    """A phase of one server: its best round, and the CPU of all of them."""

    outcome: object
    cpu: float  # microseconds a request


def fdatasync_milliseconds(folder):
    """What it costs to bring 4 KiB to the disk: the median of some appends."""
    times = []
    with (folder / "sync").open("ab", buffering=0) as file:
        for _ in range(SYNCS):
            file.write(b"x" * 4096)
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
    return sorted(times)[SYNCS // 2] * 1000


class Side:
    """One server under load: keeps the best round of a phase."""

    def __init__(self, server):
        self.server = server
        self.best = None
        self.cpu = self.requests = 0

    def run(self, requests, expected, **options):
        before = self.server.cpu_seconds()
        outcome = drive(self.server.port, requests, expected, **options)
        self.cpu += self.server.cpu_seconds() - before
        self.requests += len(requests)
        if self.best is None or outcome.rate > self.best.rate:
            self.best = outcome
        return outcome

    def measured(self):
        measured = Measured(self.best, self.cpu / self.requests * 1e6)
        self.best, self.cpu, self.requests = None, 0, 0
        return measured


def run_phase(phase, ours, theirs, scim, bare, options):
    for _ in range(options.rounds):
        count = max(int(options.requests * phase.share), 20)
        requests = scim.requests(phase, count)
        keep, beside = scim.keep(phase), scim.beside(phase)
        outcome = ours.run(requests, phase.expected, connections=phase.connections, keep=keep, beside=beside)
        scim.learn(phase, outcome)
        if theirs is not None:
            theirs.run(bare.requests(phase.bare, count), b"200", connections=phase.connections)
    return ours.measured(), None if theirs is None else theirs.measured()


def verdict(phase, outcome, ratio):
    """The goals of a phase and whether they were met."""
    goals = [
        (phase.goal_rate, f">= {phase.goal_rate or 0:,}/s", outcome.rate >= (phase.goal_rate or 0)),
        (phase.goal_ratio, f">= {phase.goal_ratio or 0:.0%} of bare", ratio >= (phase.goal_ratio or 0)),
        (phase.goal_p50, f"p50 < {phase.goal_p50} ms", outcome.p50 < (phase.goal_p50 or 0)),
        (phase.goal_p99, f"p99 < {phase.goal_p99} ms", outcome.p99 < (phase.goal_p99 or 0)),
    ]
    return ", ".join(f"{text} {'met' if met else 'MISSED'}" for goal, text, met in goals if goal is not None)


def print_row(phase, ours, bare, sync):
    ratio = ours.outcome.rate / bare.outcome.rate
    print(
        ROW.format(
            phase.name,
            f"{ours.outcome.rate:,.0f}",
            f"{ours.outcome.p50:.2f}",
            f"{ours.outcome.p99:.2f}",
            f"{ours.cpu:.0f}",
            f"{bare.outcome.rate:,.0f}",
            f"{ratio:.0%}",
            f"{bare.cpu:.0f}",
            f"{sync:.2f}",
            verdict(phase, ours.outcome, ratio),
        ),
        flush=True,
    )
    if ours.outcome.background:
        times = ours.outcome.background
        print(
            f"  meanwhile {len(times)} reads of the whole group of 50,000: p50 {times[len(times) // 2]:.0f} ms; "
            f"the slowest look-up beside them took {ours.outcome.slowest:.1f} ms"
        )


def run_store(folder, url, stored, options):
    """All phases on one store; the rate of each."""
    rates = {}
    document = json.dumps(person(0)).encode()
    with ExitStack() as stack:
        bare_requests = BareRequests(stored, document)
        ours = Side(stack.enter_context(target(folder, url, stored)))
        theirs = Side(stack.enter_context(bare_server(folder, stored, document.decode())))
        scim = Scim(ours.server)
        print(ROW.format("", "req/s", "p50 ms", "p99 ms", "CPU µs", "bare /s", "ratio", "CPU µs", "sync ms", "goals"))
        for phase in PHASES:
            if not wanted(phase, options) or not scim.can(phase):
                continue
            sync = fdatasync_milliseconds(folder)
            measured, bare = run_phase(phase, ours, theirs, scim, bare_requests, options)
            print_row(phase, measured, bare, sync)
            rates[phase.name] = measured
            if phase.name == "create":
                make_middle_group(scim)
        now, most = ours.server.memory_mib()
        met = "met" if most <= MEMORY_GOAL_MIB else "MISSED"
        print(f"memory {now:.0f} MiB, at most {most:.0f} (goal <= {MEMORY_GOAL_MIB} MiB {met})\n")
    return rates


def wanted(phase, options):
    """The phase was asked for, or one that was needs it: somebody, a group, or members to take out again."""
    if not options.phases or phase.name == "create":
        return True
    needed = {name.replace("remove", "add") for name in options.phases} | set(options.phases)
    if "add-100" in needed:
        needed.add("create-group")
    return phase.name in needed


def make_middle_group(scim):
    request = scim.middle_group()
    if request is not None:
        made = drive(scim.server.port, [request], b"201", keep=lambda head: head)
        identifier = made.kept[0].split(b'"id":"', 1)[1].split(b'"', 1)[0].decode()
        scim.groups[2_000] = identifier


def run_peer(folder, rates, options):
    """scim2-server on an empty store, with a tenth of the requests: it keeps slowing down as it grows."""
    smaller = argparse.Namespace(**{**vars(options), "requests": max(options.requests // 10, 200), "rounds": 1})
    with peer_server(folder) as server:
        side, scim = Side(server), Scim(server)
        print(f"scim2-server {smaller.requests} users, in memory, no token")
        for phase in PHASES:
            if phase.name not in rates or "000" in phase.name:
                continue
            measured, _ = run_phase(phase._replace(expected=b"2"), side, None, scim, None, smaller)
            ours = rates[phase.name].outcome
            print(
                f"  {phase.name:<18}{measured.outcome.rate:>9,.0f}/s  p50 {measured.outcome.p50:6.2f}  "
                f"p99 {measured.outcome.p99:6.2f} ms; ours {ours.rate / measured.outcome.rate:,.1f} times as fast"
            )
        print(f"  memory {server.memory_mib()[1]:.0f} MiB\n")


def print_growth(empty, full):
    for name in empty:
        if name in full and not name.startswith("list-groups"):
            change = full[name].outcome.rate / empty[name].outcome.rate - 1
            cpu = full[name].cpu / empty[name].cpu - 1
            met = "met" if change >= -STORED_GOAL else "MISSED"
            print(f"  {name:<18} {change:+.0%} requests/s, {cpu:+.0%} CPU a request ({met})")


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--stored", type=int, nargs="+", default=[0], help="users already stored; 100000 is the goal's")
    parser.add_argument("--databases", nargs="+", default=["sqlite"], choices=["sqlite", "postgresql"])
    parser.add_argument("--postgresql", help="URL of an empty PostgreSQL database; default: a cluster made for the run")
    parser.add_argument("--requests", type=int, default=4_000, help="requests of a phase of share 1 in one round")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--phases", nargs="+", choices=[phase.name for phase in PHASES])
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--folder", type=Path, help="where the databases are made; default: the system's")
    return parser.parse_args()


def main():
    options = read_options()
    first = None
    for kind in options.databases:
        by_size = {}
        for stored in options.stored:
            with tempfile.TemporaryDirectory(dir=options.folder) as name, ExitStack() as stack:
                folder = Path(name)
                url = f"sqlite:///{folder / 'target.sqlite'}"
                if kind == "postgresql":
                    url = stack.enter_context(postgresql(options.postgresql))
                    if url is None:
                        break
                print(f"{kind}, {stored:,} users stored, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
                by_size[stored] = run_store(folder, url, stored, options)
                first = first or by_size[stored]
        if len(by_size) > 1:
            smallest, largest = min(by_size), max(by_size)
            print(f"{largest:,} users stored beside {smallest:,} (goal: no more than {STORED_GOAL:.0%} slower)")
            print_growth(by_size[smallest], by_size[largest])
    if first and not options.no_peer:
        with tempfile.TemporaryDirectory(dir=options.folder) as name:
            run_peer(Path(name), first, options)


if __name__ == "__main__":
    main()
