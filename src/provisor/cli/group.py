"""The noun `group`: groups of the directory, made and changed by hand."""

import typer

from provisor.cli.objects import print_deleted, print_one, print_page
from provisor.cli.options import After, Attributes, Deleted, Group, Limit, Search, pairs, session
from provisor.terminal import AsJson, noun

app = noun("Groups of the directory, named by displayName or id.")


@app.command()
def create(context: typer.Context, attributes: Attributes, as_json: AsJson = False) -> None:
    """Make a group by hand.

    Example: provisor group create displayName=Sales description="Everyone who sells"
    """
    opened = session(context)
    print_one(opened.admin.groups.create(opened.actor, pairs(attributes)), as_json=as_json, done="Created")


@app.command()
def show(context: typer.Context, group: Group, deleted: Deleted = False, as_json: AsJson = False) -> None:
    """Show everything a group holds.

    Example: provisor group show Sales
    """
    opened = session(context)
    print_one(opened.admin.groups.show(opened.actor, group, deleted=deleted), as_json=as_json)


@app.command("list")
def list_page(
    context: typer.Context,
    search: Search = "",
    deleted: Deleted = False,
    limit: Limit = 100,
    after: After = "",
    as_json: AsJson = False,
) -> None:
    """List groups, oldest first.

    Example: provisor group list --search sales
    """
    opened = session(context)
    page = opened.admin.groups.page(opened.actor, after=after, limit=limit, search=search, deleted=deleted)
    print_page(page, limit=limit, as_json=as_json)


@app.command("set")
def set_attributes(context: typer.Context, group: Group, attributes: Attributes, as_json: AsJson = False) -> None:
    """Change attributes; an empty value clears one.

    Example: provisor group set Sales description="Everyone who sells"
    """
    opened = session(context)
    print_one(opened.admin.groups.set(opened.actor, group, pairs(attributes)), as_json=as_json, done="Changed")


@app.command()
def delete(context: typer.Context, group: Group, as_json: AsJson = False) -> None:
    """Delete; can be restored for 30 days.

    An import restores it too, if the file of its source still has it: take the row out there first.

    Example: provisor group delete Sales
    """
    opened = session(context)
    print_deleted(opened.admin.groups.delete(opened.actor, group), as_json=as_json)


@app.command()
def restore(context: typer.Context, group: Group, as_json: AsJson = False) -> None:
    """Bring a deleted group back.

    Example: provisor group restore Sales
    """
    opened = session(context)
    print_one(opened.admin.groups.restore(opened.actor, group), as_json=as_json, done="Restored")


@app.command()
def purge(context: typer.Context, group: Group, as_json: AsJson = False) -> None:
    """Delete for good, whether deleted before or not. Nothing brings it back.

    Example: provisor group purge Sales
    """
    opened = session(context)
    print_one(opened.admin.groups.purge(opened.actor, group), as_json=as_json, done="Deleted for good")
