"""What a change of rules costs when everybody stays as he is: CPU an object, beside judging the same objects alone.

    .venv/bin/python benchmarks/rules.py [--people 20000] [--rounds 3]

Goal: at most 1.5 times judging alone (reading an object with its link and judging it by the rules). The target is in
memory: nothing is sent. Each round saves other rules; with those of users no group is compared whole, with those of
groups every one is.
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
TOP_LEVEL = "preferredLanguage"  # an attribute that nobody of this directory has


def now():
    return datetime.now(UTC)


def build(database, people):
    """Everybody in scope, linked by an initial cycle, and in one group."""
    found = template("ciscoUmbrella")
    organisation = Organisation(database)
    job = organisation.job(found.rules, scope="all")
    for start in range(0, people, CHUNK):
        names = [f"person{number}@contoso.example" for number in range(start, min(start + CHUNK, people))]
        organisation.users(names)
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


def change_rules(database, job, kind, value):
    """Another mapping that gives nobody a value."""
    with database.transaction() as connection:
        found = jobs.read(connection, job.number)
        rules = jobs.rules(connection, job.number, found.ruleset_version)
        every = [one for rule in rules["synchronizationRules"] for one in rule["objectMappings"]]
        (mapping,) = [one for one in every if one["sourceObjectName"] == kind]
        if kind == "User":
            source = {"type": "Function", "expression": f'IIF([{TOP_LEVEL}]="{value}", "{value}", [{TOP_LEVEL}])'}
            rows = [one for one in mapping["attributeMappings"] if one["targetAttributeName"] != TOP_LEVEL]
            mapping["attributeMappings"] = [*rows, {"targetAttributeName": TOP_LEVEL, "source": source}]
        else:
            for row in mapping["attributeMappings"]:
                if row["targetAttributeName"] == "displayName":
                    row["source"] = {
                        "type": "Function",
                        "expression": f'IIF([displayName]="{value}", "", [displayName])',
                    }
        jobs.save_rules(connection, job.number, rules, created_by="benchmark", now=now())
        jobs.change(connection, job.number, full_evaluation=True)


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
        for kind in ("User", "Group"):
            ratios, each = [], []
            for number in range(options.rounds):
                change_rules(database, job, kind, f"x{kind}{number}")
                alone, objects = judging(database, job)
                ours, ran = cycle(database, job, target)
                ratios.append(ours / alone)
                each.append((ours / objects * 1e6, alone / objects * 1e6, dict(ran.requests)))
            middle = each[ratios.index(statistics.median_low(ratios))]
            print(
                f"{objects:,} objects, rules of {kind.lower()}s changed: {statistics.median(ratios):.2f} times judging"
                f" alone (goal 1.5); {middle[0]:.1f} and {middle[1]:.1f} µs of CPU an object, requests {middle[2]}",
                flush=True,
            )
        database.close()


if __name__ == "__main__":
    main()
