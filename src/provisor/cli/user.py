"""The noun `user`: people of the directory, created and changed by hand."""

import typer

from provisor.cli.directory_verbs import Words, add_verbs
from provisor.cli.objects import print_one
from provisor.cli.options import User, session
from provisor.terminal import AsJson, noun

app = noun("People of the directory, named by userPrincipalName or id.")
add_verbs(
    app,
    lambda admin: admin.users,
    Words(
        noun="user",
        named_by="userPrincipalName",
        example="anna@contoso.com",
        attributes_of_new='userPrincipalName=anna@contoso.com displayName="Anna Ek" givenName=Anna surname=Ek',
        attributes_to_set="department=Sales manager=bo@contoso.com",
        search="anna",
    ),
)


@app.command()
def disable(context: typer.Context, user: User, as_json: AsJson = False) -> None:
    """Block a user from signing in; the next cycle of every job disables the account.

    Example: provisor user disable anna@contoso.com
    """
    opened = session(context)
    print_one(opened.admin.users.set_enabled(opened.actor, user, enabled=False), as_json=as_json, done="Disabled")


@app.command()
def enable(context: typer.Context, user: User, as_json: AsJson = False) -> None:
    """Allow a user to sign in again.

    Example: provisor user enable anna@contoso.com
    """
    opened = session(context)
    print_one(opened.admin.users.set_enabled(opened.actor, user, enabled=True), as_json=as_json, done="Enabled")
