"""The noun `member`: who is in which group."""

import typer

from provisor.cli.objects import print_page
from provisor.cli.options import After, Group, Limit, MemberArgument, session
from provisor.terminal import AsJson, noun, print_json, say

app = noun("Who is in which group.")


@app.command()
def add(context: typer.Context, group: Group, member: MemberArgument, as_json: AsJson = False) -> None:
    """Add a user, or another group, to a group.

    What a group in a group means for an application, its job says: see `provisor job settings --nested-groups`.

    Example: provisor member add Sales anna@contoso.com
    """
    opened = session(context)
    added = opened.admin.members.add(opened.actor, group, member)
    if as_json:
        print_json({"added": added})
    else:
        say(f"Added {member} to {group}." if added else f"{member} is already in {group}.")


@app.command()
def remove(context: typer.Context, group: Group, member: MemberArgument, as_json: AsJson = False) -> None:
    """Remove a user or a group from a group.

    Example: provisor member remove Sales anna@contoso.com
    """
    opened = session(context)
    removed = opened.admin.members.remove(opened.actor, group, member)
    if as_json:
        print_json({"removed": removed})
    else:
        say(f"Removed {member} from {group}." if removed else f"{member} is not in {group}.")


@app.command("list")
def list_page(
    context: typer.Context, group: Group, limit: Limit = 100, after: After = "", as_json: AsJson = False
) -> None:
    """List the direct members of a group: users, and groups in it.

    Example: provisor member list Sales
    """
    opened = session(context)
    print_page(
        opened.admin.members.page(opened.actor, group, after=after, limit=limit),
        limit=limit,
        as_json=as_json,
        mixed=True,
    )
