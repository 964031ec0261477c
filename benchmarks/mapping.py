"""Maps people by the Cisco Umbrella template (a Switch and a Join among its rows): people a second on one core.

    .venv/bin/python benchmarks/mapping.py [PEOPLE]        (default 100,000)

Goal: 50,000 people/s. Beside it hand-written Python that builds the same documents, which the first person's document
is compared with, and every expression alone.
"""

import secrets
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from provisor.expressions import Compiled, compile_expression
from provisor.gallery.template import template
from provisor.rules.graph_json import read_schema
from provisor.rules.mapper import Mapped, compile_mapper
from provisor.rules.ruleset import RuleSet

GOAL = 50_000
ROUNDS = 5
EXPRESSIONS = (
    'Switch([IsSoftDeleted], , "False", "True", "True", "False")',
    'Join(" ", [givenName], [surname])',
    "Not([IsSoftDeleted])",
    'ToLower(Join("@", NormalizeDiacritics(StripSpaces(Join(".", [givenName], [surname]))), "fjord.example"))',
    'Replace([userPrincipalName], , "(?<dom>@.*)$", "dom", "@fjord.example", , )',
)
Person = Mapping[str, str | bool | None]


def person(number: int) -> Person:
    """A record as provisioning sees it; one in ten has no given name, one in fifty is soft-deleted."""
    return {
        "objectId": f"{number:08x}-aaaa-4bbb-8ccc-000000000000",
        "userPrincipalName": f"person{number}@contoso.example",
        "displayName": f"Pérson {number}",
        "givenName": None if number % 10 == 0 else "Pérson",
        "surname": f"Number {number}",
        "mail": f"person{number}@contoso.example",
        "department": f"Department {number % 40}",
        "accountEnabled": True,
        "IsSoftDeleted": number % 50 == 0,
    }


def by_hand(record: Person) -> dict[str, object]:
    """The same mapping as a programmer would write it for this template alone."""
    get = record.get
    document: dict[str, object] = {}
    for source, target in (
        ("userPrincipalName", "userName"),
        ("objectId", "externalId"),
        ("displayName", "displayName"),
    ):
        value = get(source)
        if value is not None:
            document[target] = value
    deleted = get("IsSoftDeleted")
    if deleted is not None:
        document["active"] = not deleted
    given, family = get("givenName"), get("surname")
    name: dict[str, object] = {}
    if given is not None:
        name["givenName"] = given
    if family is not None:
        name["familyName"] = family
    name["formatted"] = " ".join(str(part) for part in (given, family) if part)
    document["name"] = name
    return document


def rules() -> Callable[[Person, datetime, Callable[[int], bytes]], Mapped]:
    """The template's user mapping, read and compiled as a job does it."""
    found = template("ciscoUmbrella")
    if found is None:
        raise SystemExit("The gallery has no ciscoUmbrella.")
    ruleset = read_schema(found.rules)
    if not isinstance(ruleset, RuleSet):
        raise SystemExit("\n".join(map(str, ruleset)))
    return compile_mapper(ruleset.users, found.user_type).map


def seconds(work: Callable[[Person], object], people: list[Person]) -> float:
    """Processor seconds for one pass over everybody."""
    start = time.process_time()
    for record in people:
        work(record)
    return time.process_time() - start


def main() -> None:
    """Measure in turns, so that a busy machine disturbs both alike, and print the best of each."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    people = [person(number) for number in range(count)]
    now = datetime.now(UTC)
    random_bytes = secrets.token_bytes
    mapping = rules()

    def mapped(record: Person) -> object:
        return mapping(record, now, random_bytes)

    document = mapping(people[1], now, random_bytes).created
    expected = by_hand(people[1])
    if {key: document.get(key) for key in expected} != expected:
        raise SystemExit(f"The two mappings differ: {document} and {expected}")
    contenders = {"provisor.rules, Umbrella template": mapped, "hand-written Python": by_hand}
    best = dict.fromkeys(contenders, float("inf"))
    for _ in range(ROUNDS):
        for name, work in contenders.items():
            best[name] = min(best[name], seconds(work, people))
    for name, spent in best.items():
        print(f"{name:<36} {count / spent:>10,.0f} people/s  {spent / count * 1e6:6.2f} µs")
    ours, theirs = best.values()
    print(
        f"ratio to hand-written: {theirs / ours:.2f}   "
        f"goal {GOAL:,} people/s: {'met' if count / ours >= GOAL else 'MISSED'}"
    )
    print("\neach expression alone")
    for text in EXPRESSIONS:
        compiled = compile_expression(text)
        if not isinstance(compiled, Compiled):
            raise SystemExit(str(compiled))
        evaluate = compiled.evaluate
        spent = min(seconds(lambda record, run=evaluate: run(record, now, random_bytes), people) for _ in range(ROUNDS))
        print(f"{spent / count * 1e6:6.2f} µs  {text}")


if __name__ == "__main__":
    main()
