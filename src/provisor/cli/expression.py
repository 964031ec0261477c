"""The noun `expression`: try the expressions of attribute mappings, without a job and without a directory.

Needs no verb of admin: an expression reads only what is typed here. Must not: know how expressions work.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provisor.terminal import AsJson, complain, noun, print_json, say

if TYPE_CHECKING:
    from provisor.expressions import ExpressionFailure, ExpressionOutcome, ExpressionProblem, SourceRecord
    from provisor.expressions.cases import ExpressionCase

app = noun("Try the expressions of attribute mappings.")

_EXCERPT_CHARACTERS = 60


@app.command("eval")
def evaluate(
    expression: Annotated[str, typer.Argument(metavar="EXPRESSION", help="For example: 'ToLower([mail])'")],
    attributes: Annotated[
        str | None, typer.Option("--attributes", metavar="JSON", help="The source attributes as a JSON object.")
    ] = None,
    attribute: Annotated[
        list[str] | None,
        typer.Option("--attribute", metavar="NAME=VALUE", help="One source attribute; repeat a name for a list."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Evaluate an expression for the given attributes. Attributes not given are null.

    Example: provisor expression eval 'Join(" ", [first], [last])' --attribute first=Anna --attribute last=Ek
    """
    import secrets
    from datetime import UTC, datetime

    from provisor.expressions import ExpressionProblem, compile_expression

    record = _record(attributes, attribute or [])
    compiled = compile_expression(expression)
    if isinstance(compiled, ExpressionProblem):
        outcome: ExpressionOutcome | ExpressionProblem = compiled
        warnings: tuple[str, ...] = ()
    else:
        outcome = compiled.evaluate(record, datetime.now(UTC), secrets.token_bytes)
        unread = sorted({pair.partition("=")[0] for pair in attribute or []} - compiled.reads)
        warnings = (*compiled.warnings, *(f"The expression does not read {name}." for name in unread))
    if not _print_outcome(expression, outcome, warnings, as_json=as_json):
        raise typer.Exit(1)


@app.command()
def check(
    cases: Annotated[Path, typer.Argument(metavar="CASES.json", help="A list of {expr, attributes, expect}.")],
    as_json: AsJson = False,
) -> None:
    """Check a file of expressions against their expected results. Exits with 1 when a case fails.

    A case is {"expr": "ToUpper([a])", "attributes": {"a": "x"}, "expect": "X"}; expect may also be {"error": true},
    {"noflow": true}, {"regex": "…"} or {"role_values": […]}, and taken lists values already in the target.

    Example: provisor expression check cases.json
    """
    import secrets
    from datetime import UTC, datetime

    from provisor.expressions.cases import check_case

    read = _cases(cases)
    now = datetime.now(UTC)
    failures: list[tuple[int, ExpressionCase, str]] = []
    for number, case in enumerate(read, 1):
        wrong = check_case(case, now, secrets.token_bytes)
        if wrong is not None:
            failures.append((number, case, wrong))
    passed = len(read) - len(failures)
    if as_json:
        listed = [{"case": number, "expr": case.expression, "message": wrong} for number, case, wrong in failures]
        print_json({"passed": passed, "failed": len(failures), "failures": listed})
    else:
        for number, case, wrong in failures:
            say(f"case {number}: {case.expression}: {wrong}")
        say(f"{passed} passed, {len(failures)} failed")
    if failures:
        raise typer.Exit(1)


def _record(document: str | None, pairs: Sequence[str]) -> "SourceRecord":
    """The source attributes, given as JSON, as pairs, or both."""
    import msgspec

    from provisor.expressions.cases import Misformatted, read_attributes

    given: dict[str, list[str]] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator or not name:
            raise typer.BadParameter(f"{pair!r} is not NAME=VALUE.", param_hint="--attribute")
        given.setdefault(name, []).append(value)
    try:
        parsed = msgspec.json.decode(document) if document is not None else {}
    except msgspec.DecodeError as error:
        raise typer.BadParameter(f"This is not a JSON object: {error}.", param_hint="--attributes") from None
    record = read_attributes(parsed)
    if isinstance(record, Misformatted):
        raise typer.BadParameter(record.message, param_hint="--attributes")
    return {**record, **{name: values if len(values) > 1 else values[0] for name, values in given.items()}}


def _cases(path: Path) -> "tuple[ExpressionCase, ...]":
    """Read a case file, or exit with 2: a file that cannot be read is wrong usage, not a failed case."""
    import msgspec

    from provisor.expressions.cases import Misformatted, read_cases

    try:
        document = msgspec.json.decode(path.read_bytes())
    except OSError as error:
        complain(f"{path} cannot be read: {error.strerror}.", "Name a JSON file of cases.")
        raise typer.Exit(2) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        complain(f"{path} is not JSON: {error}.", "Correct the file; it must be JSON in UTF-8.")
        raise typer.Exit(2) from None
    cases = read_cases(document)
    if isinstance(cases, Misformatted):
        complain(f"{path}: {cases.message}", "`provisor expression check --help` shows the format.")
        raise typer.Exit(2)
    return cases


def _print_outcome(
    expression: str, outcome: "ExpressionOutcome | ExpressionProblem", warnings: tuple[str, ...], *, as_json: bool
) -> bool:
    """Print the outcome; returns whether it is a success."""
    from provisor.expressions import NO_FLOW, Candidates, ExpressionFailure, ExpressionProblem

    if isinstance(outcome, ExpressionProblem | ExpressionFailure):
        if as_json:
            print_json(
                {"error": {"function": outcome.function, "position": outcome.position, "message": outcome.message}}
            )
        else:
            complain(outcome.message)
            _point_at(expression, outcome)
        return False
    for warning in warnings:
        complain(f"Warning: {warning}")
    if as_json:
        if outcome is NO_FLOW:
            print_json({"noflow": True})
        elif isinstance(outcome, Candidates):
            failure = None if outcome.failure is None else outcome.failure.message
            print_json({"candidates": outcome.values, "failure": failure})
        else:
            print_json({"value": outcome})
    elif outcome is NO_FLOW:
        say("(no flow: the attribute is not sent; the target keeps its value)")
    elif isinstance(outcome, Candidates):
        say("(the first of these that is not taken at the target)")
        for value in outcome.values:
            say(value)
    elif outcome is None:
        say("(null: the attribute is not sent)")
    else:
        for element in outcome if isinstance(outcome, list) else [outcome]:
            say(element if isinstance(element, str) else str(element))
    return True


def _point_at(expression: str, found: "ExpressionProblem | ExpressionFailure") -> None:
    """The part of the expression around a position, with a mark under it."""
    start = max(0, found.position - 1 - _EXCERPT_CHARACTERS // 2)
    excerpt = "".join(c if c.isprintable() else " " for c in expression[start : start + _EXCERPT_CHARACTERS])
    typer.echo(f"  {excerpt}", err=True)
    typer.echo(f"  {' ' * (found.position - 1 - start)}^ character {found.position}", err=True)
