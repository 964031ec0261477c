"""The noun `member`: who is in which group."""

import typer

from provisor.cli.objects import print_page
from provisor.cli.options import After, Group, Limit, User, session
from provisor.terminal import AsJson, noun, print_json, say

app = noun("Who is in which group.")


@app.command()
def add(context: typer.Context, group: Group, user: User, as_json: AsJson = False) -> None:
    """Put a user into a group.

    Example: provisor member add Sales anna@contoso.com
    """
    opened = session(context)
    added = opened.admin.members.add(opened.actor, group, user)
    if as_json:
        print_json({"added": added})
    else:
        say(f"Added {user} to {group}." if added else f"{user} is in {group} already.")


@app.command()
def remove(context: typer.Context, group: Group, user: User, as_json: AsJson = False) -> None:
    """Take a user out of a group.

    Example: provisor member remove Sales anna@contoso.com
    """
    opened = session(context)
    removed = opened.admin.members.remove(opened.actor, group, user)
    if as_json:
        print_json({"removed": removed})
    else:
        say(f"Removed {user} from {group}." if removed else f"{user} is not in {group}.")


@app.command("list")
def list_page(
    context: typer.Context, group: Group, limit: Limit = 100, after: After = "", as_json: AsJson = False
) -> None:
    """List the direct members of a group.

    Example: provisor member list Sales
    """
    opened = session(context)
    print_page(opened.admin.members.page(opened.actor, group, after=after, limit=limit), limit=limit, as_json=as_json)
