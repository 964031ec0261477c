"""The noun `app role`: the roles that an application defines and users and groups are assigned to."""

from typing import Annotated

import typer

from provisor.cli.options import ApplicationArgument, session
from provisor.terminal import AsJson, noun, print_json, print_table, say

app = noun("The roles that an application defines.")

RoleArgument = Annotated[str, typer.Argument(metavar="ROLE", help="A role, by name, value or id.")]
ValueOption = Annotated[str | None, typer.Option(help="What the application calls it. Default: the name.")]


@app.command()
def add(
    context: typer.Context,
    application: ApplicationArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the new role.")],
    value: ValueOption = None,
) -> None:
    """Define a role.

    Example: provisor app role add "Generic SCIM 2.0" Auditor --value audit.read
    """
    opened = session(context)
    role = opened.admin.app_roles.add(opened.actor, application, name, value=value)
    say(f"{application} has the role {role.display_name} ({role.id}).")


@app.command("set")
def change(
    context: typer.Context,
    application: ApplicationArgument,
    role: RoleArgument,
    name: Annotated[str | None, typer.Option(help="The new name.")] = None,
    value: ValueOption = None,
    enabled: Annotated[
        bool | None,
        typer.Option("--enable/--disable", help="A disabled role is not sent, and nobody can be assigned to it."),
    ] = None,
) -> None:
    """Change a role; the next cycle updates everyone assigned to it. An empty value clears it.

    Example: provisor app role set "Generic SCIM 2.0" Auditor --value audit.write
    """
    if name is None and value is None and enabled is None:
        raise typer.BadParameter("Name what to change: --name, --value, --enable or --disable.")
    opened = session(context)
    found = opened.admin.app_roles.set(opened.actor, application, role, name=name, value=value, enabled=enabled)
    say(f"Changed the role {found.display_name} of {application}.")


@app.command()
def remove(context: typer.Context, application: ApplicationArgument, role: RoleArgument) -> None:
    """Remove a role that is disabled and that nobody is assigned to.

    Example: provisor app role remove "Generic SCIM 2.0" Auditor
    """
    opened = session(context)
    found = opened.admin.app_roles.remove(opened.actor, application, role)
    say(f"Removed the role {found.display_name} of {application}.")


@app.command("list")
def list_all(context: typer.Context, application: ApplicationArgument, as_json: AsJson = False) -> None:
    """List the roles of an application.

    Example: provisor app role list "Generic SCIM 2.0"
    """
    opened = session(context)
    found = opened.admin.app_roles.all(opened.actor, application)
    if as_json:
        print_json(
            [
                {"id": each.id, "displayName": each.display_name, "value": each.value, "isEnabled": each.enabled}
                for each in found
            ]
        )
        return
    print_table(
        ("Role", "Value", "Enabled", "Id"),
        [(each.display_name, each.value or "", "yes" if each.enabled else "no", each.id) for each in found],
    )
