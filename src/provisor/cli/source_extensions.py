"""`provisor source attributes` and `extensions`: directory extension attribute sync, as in Entra Connect's wizard."""

from typing import Annotated, Literal

import typer

from provisor.cli.options import SourceArgument, session
from provisor.terminal import AsJson, complain, print_json, print_table, say


def attributes(
    context: typer.Context,
    source: SourceArgument,
    search: Annotated[str, typer.Option(help="Only those whose name contains this; upper and lower case differ.")] = "",
    kind: Annotated[
        Literal["user", "group"] | None, typer.Option(help="Only those that such objects may have.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the attributes that the schema of a source offers as directory extensions. The search heeds case.

    Example: provisor source attributes corp --search objectGUID
    """
    opened = session(context)
    found = opened.admin.sources.extensions.available(opened.actor, source, search=search, kind=kind)
    if as_json:
        print_json(
            [
                {"name": one.name, "type": one.type, "multiValued": one.multi_valued, "kinds": [*one.kinds]}
                for one in found
            ]
        )
        return
    print_table(
        ("Attribute", "Type", "Values", "Of"),
        [(one.name, one.type, "several" if one.multi_valued else "one", ", ".join(one.kinds)) for one in found],
    )
    if search and not found:
        complain(f"No available attribute contains {search!r}.", "Upper and lower case differ: try objectGUID.")


def extensions(
    context: typer.Context,
    source: SourceArgument,
    user: Annotated[list[str] | None, typer.Option(metavar="ATTRIBUTE", help="Of people; may be repeated.")] = None,
    group: Annotated[list[str] | None, typer.Option(metavar="ATTRIBUTE", help="Of groups; may be repeated.")] = None,
    no_user: Annotated[bool, typer.Option("--no-user", help="None of people.")] = False,
    no_group: Annotated[bool, typer.Option("--no-group", help="None of groups.")] = False,
    as_json: AsJson = False,
) -> None:
    """Choose which attributes people and groups get as directory extensions; without options show which they get.

    What is given replaces what was chosen for that kind of object. Values come with the next full read.

    Example: provisor source extensions corp --user objectGUID
    """
    if (user and no_user) or (group and no_group):
        raise typer.BadParameter("An attribute is named, and none is wanted; say one of them.")
    opened = session(context)
    verbs = opened.admin.sources.extensions
    users = [] if no_user else user
    groups = [] if no_group else group
    chosen = verbs.chosen(opened.actor, source) if users is None and groups is None else None
    chosen = chosen or verbs.choose(opened.actor, source, users=users, groups=groups)
    if as_json:
        print_json(
            {
                "users": [one.attribute for one in chosen.users],
                "groups": [one.attribute for one in chosen.groups],
                "registered": [*chosen.registered],
                "warnings": [*chosen.warnings],
            }
        )
        return
    print_table(
        ("Attribute", "Of", "Type", "Values"),
        [
            (one.attribute, kind, one.type, "several" if one.multi_valued else "one")
            for kind, several in (("people", chosen.users), ("groups", chosen.groups))
            for one in several
        ],
    )
    for name in chosen.registered:
        say(f"Registered {name}.")
    for sentence in chosen.warnings:
        complain(sentence)
