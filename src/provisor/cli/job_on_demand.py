"""`provisor job on-demand`: one user, or one group with chosen members, now, step by step."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provisor.cli.options import JobArgument, session
from provisor.terminal import AsJson, print_json, say

if TYPE_CHECKING:
    from provisor.engine.on_demand import OnDemandStep, Provisioned

_HEADS = {
    ("Success", False): "provisioned",
    ("Skipped", False): "left alone",
    ("Failure", False): "failed",
    ("Success", True): "would be provisioned",
    ("Skipped", True): "would be left alone",
    ("Failure", True): "would fail",
}
_NUMBERS = {"test connection": 1, "import": 2, "determine scope": 3, "match": 4, "perform action": 5}
_HELD = {True: "holds", False: "does not hold", None: "could not be decided"}
_LISTS = ("written", "wouldWrite", "attempted")


def on_demand(
    context: typer.Context,
    job: JobArgument,
    user: Annotated[
        str | None,
        typer.Argument(metavar="USER", help="By userPrincipalName, id, mail, display name, or first and last name."),
    ] = None,
    group: Annotated[str | None, typer.Option(help="A group in place of a user, by displayName or id.")] = None,
    member: Annotated[list[str] | None, typer.Option(help="With --group: provision this member of it too.")] = None,
    dry_run: Annotated[bool, typer.Option(help="Find out what it would do; the application is only read.")] = False,
    wait: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="For a cycle of the job that runs.")] = 10.0,
    as_json: AsJson = False,
) -> None:
    """Provision one user now, or one group with chosen members, and show every step with its details.

    It works while the job is paused or in quarantine, uses and updates the links of the job, and leaves its watermark:
    the next cycle looks at the same changes. --dry-run does not wait for a cycle that runs, nor disturb it.

    --json prints Graph's provisionOnDemand with key and value as objects, and those of members in a list beside them.

    Ends with 1 when the user, the group or one of its members could not be provisioned.

    Example: provisor job on-demand "Cisco Umbrella User Management" anna@contoso.example --dry-run
    """
    members = member or []
    if (user is None) == (group is None):
        raise typer.BadParameter("Name one user, or one group with --group.")
    if members and group is None:
        raise typer.BadParameter("--member goes with --group.")
    opened = session(context)
    verbs = opened.admin.on_demand
    if group is not None:
        told = verbs.group(opened.actor, job, group, members, dry_run=dry_run, wait_seconds=wait)
    else:
        told = verbs.user(opened.actor, job, user or "", dry_run=dry_run, wait_seconds=wait)
    if as_json:
        from provisor.admin.on_demand import graph_parts

        first, *rest = [graph_parts(one) for one in told]
        print_json({**first, "members": rest} if group is not None else first)
    else:
        for one in told:
            for line in _lines(one):
                say(line)
    if any(one.result == "Failure" for one in told):
        raise typer.Exit(1)


def _lines(one: "Provisioned") -> Iterator[str]:
    """Each step with its details, and what else follows."""
    yield f"{one.kind} {one.name}: {_HEADS[one.result, one.dry_run]}"
    for step in one.steps:
        yield f"  {_NUMBERS[step.name]} {step.name}: {step.status}. {step.description}"
        yield from (f"      {line}" for line in _details(step))
    yield from (f"  {line}" for line in (one.hint, *one.notes) if line)


def _details(step: "OnDemandStep") -> Iterator[str]:
    """What stands behind one step: lists in lines of their own."""
    short = {name: value for name, value in step.details.items() if not isinstance(value, list)}
    if step.details.get("Roles"):
        short["Roles"] = ", ".join(map(str, _list(step.details["Roles"])))
    yield from (f"{name}: {value}" for name, value in short.items() if value not in (None, ""))
    for found in _list(step.details.get("Filters")):
        yield f"filter {found['title']} {_HELD[found['held']]}:"
        for clause in _list(found["clauses"]):
            operand = f' "{clause["value"]}"' if clause["value"] else ""
            line = f"  {clause['attribute']} {clause['operator']}{operand}: {_HELD[clause['held']]}. {clause['why']}"
            yield line.rstrip()
    for query in _list(step.details.get("queries")):
        yield (
            f"asked for {query['query']}: {query['found']} found"
            if query["found"] != "failed"
            else (f"asked for {query['query']}: no answer")
        )
        for held in _list(query["objects"]):
            attributes = "; ".join(f"{name} {value}" for name, value in held["attributes"].items())
            yield f"  {held['id']}: {attributes}"
    for name in _LISTS:
        for change in _list(step.details.get(name)):
            yield f"{change['attribute']}: {_value(change['old'])} → {_value(change['new'])}"
    for sent in _list(step.details.get("requests")):
        answer = "no answer" if sent["status"] is None else sent["status"]
        yield f"{sent['method']} {sent['url']}: {answer}"


def _list(value: Any) -> list[Mapping[str, Any]]:
    return value if isinstance(value, list) else []


def _value(value: object) -> str:
    return "(none)" if value is None or value == "" else str(value)
