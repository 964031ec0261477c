"""The noun `schema attributes`: what the application of a job can hold, and `schema discover`."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from provisor.cli.options import JobArgument, session
from provisor.terminal import AsJson, noun, print_json, print_table, say

if TYPE_CHECKING:
    from provisor.admin.attributes import GivenAttribute
    from provisor.admin.session import Session

app = noun("The attributes that a job's application has, custom ones included.")

TypeWord = Literal["String", "Boolean", "Integer", "DateTime", "Reference", "Binary"]
MutabilityWord = Literal["ReadWrite", "ReadOnly", "Immutable", "WriteOnly"]

OfKind = Annotated[Literal["user", "group"], typer.Option(help="Of which objects.")]
AttributeArgument = Annotated[str, typer.Argument(metavar="ATTRIBUTE", help="An attribute of the application.")]
TypeOption = Annotated[TypeWord | None, typer.Option("--type", case_sensitive=False, help="What a value is.")]
RequiredOption = Annotated[
    bool | None, typer.Option("--required/--optional", help="Whether an account must have a value.")
]
CaseOption = Annotated[
    bool | None, typer.Option("--exact-case/--any-case", help="Whether a change of case alone is a change.")
]
ManyOption = Annotated[bool | None, typer.Option("--multi-value/--one-value", help="Whether it has several values.")]
AnchorOption = Annotated[bool | None, typer.Option("--primary-key/--no-primary-key", help="The anchor, which is id.")]
MutabilityOption = Annotated[
    MutabilityWord | None, typer.Option("--mutability", case_sensitive=False, help="When a value may be written.")
]
DefaultOption = Annotated[
    str | None, typer.Option("--default", help="Sent at creation where nothing has given a value; empty: none.")
]
NullsOption = Annotated[
    bool | None, typer.Option("--flow-nulls/--keep-on-null", help="Whether a source without value takes it away.")
]
ReferencesOption = Annotated[
    list[str] | None, typer.Option("--references", help="An object that it may lead to; may be repeated.")
]
ExpressionOption = Annotated[str | None, typer.Option("--api-expression", help="How the application calls it.")]


@app.command("list")
def list_all(context: typer.Context, job: JobArgument, kind: OfKind = "user", as_json: AsJson = False) -> None:
    """List the attributes of a job's application, and which rows of the mapping write them.

    Example: provisor schema attributes list "Cisco Umbrella User Management" --kind group
    """
    from provisor.rules.graph_attributes import definition_json

    opened = session(context)
    found = opened.admin.attributes.all(opened.actor, job, kind)
    if as_json:
        print_json([{**definition_json(one.definition), "mappedBy": list(one.mapped_by)} for one in found])
        return
    rows = []
    for one, mapped_by in found:
        marks = ("anchor", one.anchor), ("required", one.required), ("exact case", one.case_exact)
        more = ("several values", one.multi_valued), (f"default {one.default}", one.default is not None)
        said = [word for word, holds in (*marks, *more, ("flows null", one.flow_null)) if holds]
        written = f"row {', '.join(map(str, mapped_by))}" if mapped_by else ""
        rows.append((one.name, one.type, one.mutability, ", ".join(said), written))
    print_table(("Attribute", "Type", "Mutability", "", "Written by"), rows)


@app.command()
def add(
    context: typer.Context,
    job: JobArgument,
    attribute: AttributeArgument,
    kind: OfKind = "user",
    type_name: TypeOption = None,
    required: RequiredOption = None,
    exact_case: CaseOption = None,
    multi_value: ManyOption = None,
    primary_key: AnchorOption = None,
    mutability: MutabilityOption = None,
    default: DefaultOption = None,
    flow_nulls: NullsOption = None,
    references: ReferencesOption = None,
    api_expression: ExpressionOption = None,
) -> None:
    """Add an attribute, which can then be mapped.

    A custom one is named urn:ietf:params:scim:schemas:extension:NAME:2.0:User:X.

    Example: provisor schema attributes add "Generic SCIM 2.0"
    urn:ietf:params:scim:schemas:extension:Acme:2.0:User:badge --type Integer
    """
    given = _given(type_name, required, exact_case, multi_value, primary_key, mutability, default, flow_nulls)
    _further(given, references, api_expression)
    opened = session(context)
    version = opened.admin.attributes.add(opened.actor, job, kind, attribute, **given)
    say_saved(opened, job, version)
    say("Map it with `provisor schema map`.")


@app.command("set")
def change(
    context: typer.Context,
    job: JobArgument,
    attribute: AttributeArgument,
    kind: OfKind = "user",
    type_name: TypeOption = None,
    required: RequiredOption = None,
    exact_case: CaseOption = None,
    multi_value: ManyOption = None,
    primary_key: AnchorOption = None,
    mutability: MutabilityOption = None,
    default: DefaultOption = None,
    flow_nulls: NullsOption = None,
    references: ReferencesOption = None,
    api_expression: ExpressionOption = None,
) -> None:
    """Say something else of an attribute; what is not named stays.

    Example: provisor schema attributes set "Generic SCIM 2.0" title --required --default Employee
    """
    given = _given(type_name, required, exact_case, multi_value, primary_key, mutability, default, flow_nulls)
    _further(given, references, api_expression)
    opened = session(context)
    say_saved(opened, job, opened.admin.attributes.set(opened.actor, job, kind, attribute, **given))


@app.command()
def remove(context: typer.Context, job: JobArgument, attribute: AttributeArgument, kind: OfKind = "user") -> None:
    """Take an attribute off the list, unless a mapping writes it.

    Example: provisor schema attributes remove "Generic SCIM 2.0" preferredLanguage
    """
    opened = session(context)
    say_saved(opened, job, opened.admin.attributes.remove(opened.actor, job, kind, attribute))


def operators(as_json: AsJson = False) -> None:
    """List the operators of scoping filters, with what they compare.

    Example: provisor schema operators
    """
    from provisor.rules.operators import operator_documents

    found = operator_documents()
    if as_json:
        print_json({"value": found})
        return
    rows = [(one["name"], one["arity"], ", ".join(map(str, _listed(one["supportedAttributeTypes"])))) for one in found]
    print_table(("Operator", "Arity", "Types"), rows)


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def discover(
    context: typer.Context,
    job: JobArgument,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be added.")] = False,
    as_json: AsJson = False,
) -> None:
    """Ask the application which attributes it has, and add those that are not listed; none is removed or changed.

    Example: provisor schema discover "Generic SCIM 2.0" --dry-run
    """
    from provisor.rules.graph_attributes import definition_json

    opened = session(context)
    found = opened.admin.attributes.discover(opened.actor, job, save=not dry_run)
    if as_json:
        kinds: dict[str, object] = {
            one.kind: {
                "added": [definition_json(each) for each in one.added],
                "leftOut": [{"name": name, "reason": reason} for name, reason in one.left_out],
            }
            for one in found.kinds
        }
        print_json({**kinds, "version": found.version})
        return
    rows: list[tuple[str, str, str]] = [
        (f"{one.kind}s", f"+ {each.name}", each.type) for one in found.kinds for each in one.added
    ]
    rows += [(f"{one.kind}s", name, reason) for one in found.kinds for name, reason in one.left_out]
    if rows:
        print_table(("Of", "Attribute", ""), rows)
    if found.version is not None:
        say_saved(opened, job, found.version)
    else:
        added = any(one.added for one in found.kinds)
        say("Nothing was saved." if added else "Every attribute that can be listed is listed already.")


def say_saved(opened: "Session", job: str, version: int) -> None:
    """Which version rules have become, and whom the next cycle looks at for them."""
    say(f"Saved as version {version}. {opened.admin.schemas.concerned(opened.actor, job)}".rstrip())


def _given(
    type_name: TypeWord | None,
    required: bool | None,
    exact_case: bool | None,
    multi_value: bool | None,
    primary_key: bool | None,
    mutability: MutabilityWord | None,
    default: str | None,
    flow_nulls: bool | None,
) -> "GivenAttribute":
    given: GivenAttribute = {}
    if type_name is not None:
        given["type"] = type_name
    if mutability is not None:
        given["mutability"] = mutability
    if required is not None:
        given["required"] = required
    if exact_case is not None:
        given["case_exact"] = exact_case
    if multi_value is not None:
        given["multi_valued"] = multi_value
    if primary_key is not None:
        given["anchor"] = primary_key
    if default is not None:
        given["default"] = default or None
    if flow_nulls is not None:
        given["flow_null"] = flow_nulls
    return given


def _further(given: "GivenAttribute", references: list[str] | None, api_expression: str | None) -> None:
    if references:
        given["references"] = tuple(references)
    if api_expression is not None:
        given["api_expressions"] = (("Get", api_expression),) if api_expression else ()
