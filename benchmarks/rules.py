"""What a change of rules costs when everybody stays as he is: CPU an object, beside judging the same objects alone.

    .venv/bin/python benchmarks/rules.py [--people 20000] [--rounds 3]

Goals: at most 1.5 times judging everybody alone (reading an object with its link and judging it by the rules) where
everybody can be concerned; under 10 s for a million people where one in a hundred can. The target is in memory: nothing
is sent. Each round saves other rules: of users, by an attribute that everybody has, and by one that few have; and of
groups, with which every membership is compared.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from provisor.database import open_database
from provisor.engine.desired import judge
from provisor.gallery import template
from provisor.runner.assembling import Order
from provisor.runner.cycle import run_cycle
from provisor.runner.planning.begin import load
from provisor.storage import jobs, records
from provisor.testing.memory_target import MemoryTarget
from provisor.testing.organisation import Organisation

CHUNK = 5_000
IN_A_GROUP = 500
PAGE = 1_000
NATIVE = "urn:ietf:params:scim:schemas:extension:ciscoumbrella:2.0:User:nativeObjectId"
FEW = 100  # one in so many people has a city
CASES = {  # which mapping changes, which target, and the attribute that it reads
    "users, an attribute that everybody has": ("User", "displayName", "displayName"),
    f"users, an attribute that one in {FEW} has": ("User", NATIVE, "city"),
    "groups": ("Group", "displayName", "displayName"),
}


def now():
    return datetime.now(UTC)


def build(database, people):
    """Everybody in scope, linked by an initial cycle, and in one group."""
    found = template("ciscoUmbrella")
    organisation = Organisation(database)
    job = organisation.job(found.rules, scope="all")
    for start in range(0, people, CHUNK):
        names = [f"person{number}@contoso.example" for number in range(start, min(start + CHUNK, people))]
        organisation.users(names[::FEW], city="Perth")
        organisation.users([name for number, name in enumerate(names) if number % FEW])
        for first in range(0, len(names), IN_A_GROUP):
            organisation.group(f"Group {start + first}", names[first : first + IN_A_GROUP])
    return job


def cycle(database, job, target):
    """Run a cycle; returns its CPU seconds and what it was."""
    order = Order(database=database, job=job.id, connect=lambda _: target, now=now, random_bytes=os.urandom)
    began = time.process_time()
    ran = asyncio.run(run_cycle(order))
    assert ran.state == "succeeded", ran
    return time.process_time() - began, ran


def judging(database, job):
    """CPU seconds of reading and judging everybody, and how many there are."""
    connection = database.reader()
    setup = load(connection, job.number)
    began, number = time.process_time(), 0
    for kind in ("user", "group"):
        after = ""
        while reads := records.page_of_all(
            connection,
            tenant=job.tenant,
            application=job.application,
            job=job.number,
            kind=kind,
            after=after,
            limit=PAGE,
        ):
            for record, link in reads:
                judge(record, setup.rules, now(), os.urandom, linked=link is not None)
            after, number = reads[-1][0].id, number + len(reads)
    return time.process_time() - began, number


def change_rules(database, job, kind, target, source, value):
    """Another expression that gives everybody what they had."""
    with database.transaction() as connection:
        found = jobs.read(connection, job.number)
        rules = jobs.rules(connection, job.number, found.ruleset_version)
        every = [one for rule in rules["synchronizationRules"] for one in rule["objectMappings"]]
        (mapping,) = [one for one in every if one["sourceObjectName"] == kind]
        expression = f'IIF([{source}]="{value}", "", [{source}])'
        row = {"targetAttributeName": target, "source": {"type": "Function", "expression": expression}}
        rows = mapping["attributeMappings"]
        priority = [one["matchingPriority"] for one in rows if one["targetAttributeName"] == target]
        row["matchingPriority"] = priority[0] if priority else 0
        mapping["attributeMappings"] = [one for one in rows if one["targetAttributeName"] != target] + [row]
        jobs.save_rules(connection, job.number, rules, created_by="benchmark", now=now())
        jobs.change(connection, job.number, rules_changed=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        database = open_database(f"sqlite:///{Path(name) / 'service.sqlite'}")
        job = build(database, options.people)
        found = template("ciscoUmbrella")
        target = MemoryTarget(found.user_type, found.group_type)
        cycle(database, job, target)
        for name, (kind, attribute, source) in CASES.items():
            change_rules(database, job, kind, attribute, source, "nothing yet")
            cycle(database, job, target)  # what the row is and where it stands
            ratios, each = [], []
            for number in range(options.rounds):
                change_rules(database, job, kind, attribute, source, f"x{number}")
                alone, objects = judging(database, job)
                began = time.perf_counter()
                ours, ran = cycle(database, job, target)
                ratios.append(ours / alone)
                looked_at = objects if ran.kind == "initial" else ran.counts.get("reevaluated.user", 0)
                each.append(
                    (
                        time.perf_counter() - began,
                        ours / objects * 1e6,
                        alone / objects * 1e6,
                        looked_at,
                        dict(ran.requests),
                    )
                )
            seconds, our_share, share, looked_at, requests = each[ratios.index(statistics.median_low(ratios))]
            print(
                f"{objects:,} objects, rules of {name}: {seconds:.2f} s, {looked_at:,} judged,"
                f" {statistics.median(ratios):.2f} times judging everybody alone; {our_share:.1f} and {share:.1f} µs of"
                f" CPU an object, requests {requests}",
                flush=True,
            )
        database.close()


if __name__ == "__main__":
    main()
