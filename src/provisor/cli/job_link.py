"""The noun `job link`: which account belongs to whom, shown and repaired one at a time."""

from typing import TYPE_CHECKING, Annotated

import typer

from provisor.cli.options import JobArgument, session
from provisor.terminal import AsJson, noun, print_json, print_table, say

if TYPE_CHECKING:
    from provisor.admin.links import LinkShown

app = noun("Single links of a job: whose account is which at the application.")

Linked = Annotated[
    str, typer.Argument(metavar="WHO", help="A user or group, by name or id, or an id at the application.")
]


@app.command()
def show(context: typer.Context, job: JobArgument, who: Linked = "", as_json: AsJson = False) -> None:
    """Show which account or group at the application belongs to somebody, or whose an account is.

    Example: provisor job link show "Cisco Umbrella User Management" anna@contoso.example
    """
    opened = session(context)
    found = opened.admin.links.show(opened.actor, job, who)
    if as_json:
        print_json(found.to_json())
    else:
        rows = (("Object", found.object), ("Kind", found.kind), ("Name", found.name))
        print_table(("", ""), [*rows, ("At the application", found.target), ("State", found.state)])
        if found.deletion is not None:
            say(str(found.deletion))


@app.command()
def forget(context: typer.Context, job: JobArgument, who: Linked, as_json: AsJson = False) -> None:
    """Forget which account belongs to somebody: nothing is sent, and the next cycle matches them anew.

    The job must be paused. Doing it twice does no harm.

    Example: provisor job link forget "Cisco Umbrella User Management" anna@contoso.example
    """
    opened = session(context)
    found: LinkShown | None = opened.admin.links.forget(opened.actor, job, who)
    if as_json:
        print_json({"forgotten": None if found is None else found.to_json()})
    elif found is None:
        say(f"There is no link of {who}.")
    else:
        say(f"Forgot that {found.name} is {found.target} at the application.")
