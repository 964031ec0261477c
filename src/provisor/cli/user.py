"""The noun `user`: people of the directory, made and changed by hand."""

import typer

from provisor.cli.objects import print_deleted, print_one, print_page
from provisor.cli.options import After, Attributes, Deleted, Limit, Search, User, pairs, session
from provisor.terminal import AsJson, noun

app = noun("People of the directory, named by userPrincipalName or id.")


@app.command()
def create(context: typer.Context, attributes: Attributes, as_json: AsJson = False) -> None:
    """Make a user by hand.

    Example: provisor user create userPrincipalName=anna@contoso.com displayName="Anna Ek" givenName=Anna surname=Ek
    """
    opened = session(context)
    print_one(opened.admin.users.create(opened.actor, pairs(attributes)), as_json=as_json, done="Created")


@app.command()
def show(context: typer.Context, user: User, deleted: Deleted = False, as_json: AsJson = False) -> None:
    """Show everything a user holds.

    Example: provisor user show anna@contoso.com
    """
    opened = session(context)
    print_one(opened.admin.users.show(opened.actor, user, deleted=deleted), as_json=as_json)


@app.command("list")
def list_page(
    context: typer.Context,
    search: Search = "",
    deleted: Deleted = False,
    limit: Limit = 100,
    after: After = "",
    as_json: AsJson = False,
) -> None:
    """List users, oldest first.

    Example: provisor user list --search anna
    """
    opened = session(context)
    page = opened.admin.users.page(opened.actor, after=after, limit=limit, search=search, deleted=deleted)
    print_page(page, limit=limit, as_json=as_json)


@app.command("set")
def set_attributes(context: typer.Context, user: User, attributes: Attributes, as_json: AsJson = False) -> None:
    """Change attributes; an empty value clears one.

    Example: provisor user set anna@contoso.com department=Sales manager=bo@contoso.com
    """
    opened = session(context)
    print_one(opened.admin.users.set(opened.actor, user, pairs(attributes)), as_json=as_json, done="Changed")


@app.command()
def disable(context: typer.Context, user: User, as_json: AsJson = False) -> None:
    """Let a user no longer sign in; every application disables the account in its next cycle.

    Example: provisor user disable anna@contoso.com
    """
    opened = session(context)
    print_one(opened.admin.users.set_enabled(opened.actor, user, enabled=False), as_json=as_json, done="Disabled")


@app.command()
def enable(context: typer.Context, user: User, as_json: AsJson = False) -> None:
    """Let a user sign in again.

    Example: provisor user enable anna@contoso.com
    """
    opened = session(context)
    print_one(opened.admin.users.set_enabled(opened.actor, user, enabled=True), as_json=as_json, done="Enabled")


@app.command()
def delete(context: typer.Context, user: User, as_json: AsJson = False) -> None:
    """Delete; can be restored for 30 days.

    An import restores it too, if the file of its source still has it: take the row out there first.

    Example: provisor user delete anna@contoso.com
    """
    opened = session(context)
    print_deleted(opened.admin.users.delete(opened.actor, user), as_json=as_json)


@app.command()
def restore(context: typer.Context, user: User, as_json: AsJson = False) -> None:
    """Bring a deleted user back.

    Example: provisor user restore anna@contoso.com
    """
    opened = session(context)
    print_one(opened.admin.users.restore(opened.actor, user), as_json=as_json, done="Restored")


@app.command()
def purge(context: typer.Context, user: User, as_json: AsJson = False) -> None:
    """Delete for good, whether deleted before or not. Nothing brings it back.

    Example: provisor user purge anna@contoso.com
    """
    opened = session(context)
    print_one(opened.admin.users.purge(opened.actor, user), as_json=as_json, done="Deleted for good")
