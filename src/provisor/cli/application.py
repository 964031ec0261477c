"""The noun `app`: applications from the gallery, who is assigned to them, who owns them."""

from typing import TYPE_CHECKING, Annotated

import typer

from provisor.cli import app_role
from provisor.cli.options import After, ApplicationArgument, Limit, User, session
from provisor.cli.removing import delete_application
from provisor.terminal import AsJson, counted, noun, print_json, print_table, say

if TYPE_CHECKING:
    from provisor.admin.applications import ApplicationShown
    from provisor.admin.service_principals import GivenProperties

app = noun("Applications: add from the gallery, assign people and groups.")
owner = noun("Who owns an application.")
app.add_typer(owner, name="owner")
app.add_typer(app_role.app, name="role")

Users = Annotated[list[str] | None, typer.Option("--user", help="A user; may be repeated.")]
Groups = Annotated[list[str] | None, typer.Option("--group", help="A group; may be repeated.")]


@app.command()
def gallery(context: typer.Context, as_json: AsJson = False) -> None:
    """List the applications that can be added.

    Example: provisor app gallery
    """
    opened = session(context)
    found = opened.admin.applications.gallery(opened.actor)
    if as_json:
        print_json(
            [
                {"id": each.id, "galleryId": each.gallery_id, "displayName": each.display_name,
                 "publisher": each.publisher}
                for each in found
            ]
        )  # fmt: skip
    else:
        print_table(
            ("Application", "Publisher", "Template"), [(each.display_name, each.publisher, each.id) for each in found]
        )


@app.command()
def add(
    context: typer.Context,
    template: Annotated[str, typer.Argument(metavar="TEMPLATE", help="A gallery application, by name or id.")],
    name: Annotated[str | None, typer.Option(help="What to call it. Default: the template's name.")] = None,
    as_json: AsJson = False,
) -> None:
    """Add an application from the gallery.

    Example: provisor app add "Cisco Umbrella User Management"
    """
    opened = session(context)
    _print(opened.admin.applications.add(opened.actor, template, name=name), as_json=as_json, done="Added")


@app.command()
def show(context: typer.Context, application: ApplicationArgument, as_json: AsJson = False) -> None:
    """Show an application: its roles, its owners, and how many users and groups are assigned.

    Example: provisor app show "Cisco Umbrella User Management"
    """
    opened = session(context)
    _print(opened.admin.applications.show(opened.actor, application), as_json=as_json)


@app.command("list")
def list_all(context: typer.Context, as_json: AsJson = False) -> None:
    """List the applications of this tenant.

    Example: provisor app list
    """
    opened = session(context)
    found = opened.admin.applications.all(opened.actor)
    if as_json:
        print_json([document(each) for each in found])
    else:
        print_table(
            ("Application", "Users", "Groups", "Id"),
            [(each.application.display_name, each.users, each.groups, each.application.id) for each in found],
        )


@app.command()
def rename(
    context: typer.Context,
    application: ApplicationArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it from now on.")],
) -> None:
    """Rename an application. What the logs have told of it stays under the name it had.

    Example: provisor app rename "Cisco Umbrella User Management" "Umbrella of Fjord"
    """
    from provisor.admin.service_principals import ApplicationKey

    opened = session(context)
    key = ApplicationKey("named", application)
    opened.admin.service_principals.change(opened.actor, key, display_name=name)
    say(f"{application} is called {name}.")


@app.command("set")
def change(
    context: typer.Context,
    application: ApplicationArgument,
    enabled: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Whether people may sign in. Provisioning goes on.")
    ] = None,
    required: Annotated[
        bool | None,
        typer.Option("--assignment-required/--no-assignment-required", help="Whether who signs in must be assigned."),
    ] = None,
    notes: Annotated[str | None, typer.Option(help="Notes for administrators; empty: none.")] = None,
    tags: Annotated[list[str] | None, typer.Option("--tag", help="A tag, in place of all; may be repeated.")] = None,
) -> None:
    """Change what Graph and Entra's portal call the properties of an application.

    Example: provisor app set "Cisco Umbrella User Management" --disable --notes "Ask Anna"
    """
    given: GivenProperties = {}
    if enabled is not None:
        given["account_enabled"] = enabled
    if required is not None:
        given["assignment_required"] = required
    if notes is not None:
        given["notes"] = notes
    if tags is not None:
        given["tags"] = tags
    if not given:
        raise typer.BadParameter("Name what to change: --enable, --assignment-required, --notes or --tag.")
    from provisor.admin.service_principals import ApplicationKey

    opened = session(context)
    opened.admin.service_principals.change(opened.actor, ApplicationKey("named", application), **given)
    say(f"Changed {application}.")


@app.command()
def assign(
    context: typer.Context,
    application: ApplicationArgument,
    users: Users = None,
    groups: Groups = None,
    all_users: Annotated[bool, typer.Option("--all-users", help="Every user there is now.")] = False,
    all_groups: Annotated[bool, typer.Option("--all-groups", help="Every group there is now.")] = False,
    role: Annotated[
        str | None,
        typer.Option(help="A role. Default: the first enabled one."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Assign users and groups. Assigning a group also brings its direct members into scope.

    Example: provisor app assign "Cisco Umbrella User Management" --user anna@contoso.com --group Sales
    """
    if not (users or groups or all_users or all_groups):
        raise typer.BadParameter("Say whom to assign: --user, --group, --all-users or --all-groups.")
    opened = session(context)
    count = opened.admin.applications.assign(
        opened.actor,
        application,
        users=users or [],
        groups=groups or [],
        all_users=all_users,
        all_groups=all_groups,
        role=role,
    )
    if as_json:
        print_json({"assigned": count})
    else:
        say(f"Assigned {count} that were not assigned before.")


@app.command()
def unassign(
    context: typer.Context,
    application: ApplicationArgument,
    users: Users = None,
    groups: Groups = None,
    role: Annotated[str | None, typer.Option(help="End only assignments to this role.")] = None,
    as_json: AsJson = False,
) -> None:
    """End assignments of users and groups.

    Example: provisor app unassign "Cisco Umbrella User Management" --user anna@contoso.com
    """
    if not (users or groups):
        raise typer.BadParameter("Say whose assignment to end: --user or --group.")
    opened = session(context)
    count = opened.admin.applications.unassign(
        opened.actor, application, users=users or [], groups=groups or [], role=role
    )
    if as_json:
        print_json({"ended": count})
    else:
        say(f"Ended {counted(count, 'assignment')}.")


@app.command()
def assignments(
    context: typer.Context,
    application: ApplicationArgument,
    limit: Limit = 100,
    after: After = "",
    as_json: AsJson = False,
) -> None:
    """List who is assigned.

    Example: provisor app assignments "Cisco Umbrella User Management"
    """
    opened = session(context)
    found = opened.admin.applications.assignments(opened.actor, application, after=after, limit=limit)
    if as_json:
        print_json(
            [
                {"id": each.id, "principalId": each.principal, "principalType": each.principal_kind.title(),
                 "principalDisplayName": each.name, "appRoleId": each.role, "source": each.source}
                for each in found
            ]
        )  # fmt: skip
        return
    rows = [(each.name, each.principal_kind, each.source or "hand", each.id) for each in found]
    print_table(("Assigned", "Kind", "By", "Id"), rows)
    if len(found) == limit:
        say(f"There may be more: --after {found[-1].id}")


@owner.command("add")
def add_owner(context: typer.Context, application: ApplicationArgument, user: User) -> None:
    """Make a user an owner of an application.

    Example: provisor app owner add "Cisco Umbrella User Management" anna@contoso.com
    """
    opened = session(context)
    added = opened.admin.applications.add_owner(opened.actor, application, user)
    say(f"{user} owns {application}." if added else f"{user} already owns {application}.")


@owner.command("remove")
def remove_owner(context: typer.Context, application: ApplicationArgument, user: User) -> None:
    """Remove an owner of an application.

    Example: provisor app owner remove "Cisco Umbrella User Management" anna@contoso.com
    """
    opened = session(context)
    removed = opened.admin.applications.remove_owner(opened.actor, application, user)
    say(f"{user} no longer owns {application}." if removed else f"{user} does not own {application}.")


@owner.command("list")
def list_owners(context: typer.Context, application: ApplicationArgument, as_json: AsJson = False) -> None:
    """List the owners of an application.

    Example: provisor app owner list "Cisco Umbrella User Management"
    """
    opened = session(context)
    owners = opened.admin.applications.show(opened.actor, application).owners
    if as_json:
        print_json(list(owners))
    else:
        print_table(("Owner",), [(each,) for each in owners])


def document(shown: "ApplicationShown") -> dict[str, object]:
    """An application in Graph's words."""
    found = shown.application
    return {
        "id": found.id,
        "appId": found.app_id,
        "objectId": found.object_id,
        "displayName": found.display_name,
        "applicationTemplateId": found.template,
        "accountEnabled": found.account_enabled,
        "appRoleAssignmentRequired": found.assignment_required,
        "notes": found.notes,
        "tags": list(found.tags),
        "appRoles": [
            {"id": role.id, "displayName": role.display_name, "value": role.value, "isEnabled": role.enabled}
            for role in found.roles
        ],
        "owners": list(shown.owners),
        "assignedUsers": shown.users,
        "assignedGroups": shown.groups,
    }


def _print(shown: "ApplicationShown", *, as_json: bool, done: str = "") -> None:
    if as_json:
        print_json(document(shown))
    elif done:
        say(f"{done} {shown.application.display_name} ({shown.application.id}).")
    else:
        roles = ", ".join(role.display_name for role in shown.application.roles)
        print_table(
            ("", ""),
            [
                ("Name", shown.application.display_name),
                ("Id", shown.application.id),
                ("Application id", shown.application.app_id),
                ("Object id", shown.application.object_id),
                ("Template", shown.application.template),
                ("Roles", roles),
                ("Owners", ", ".join(shown.owners)),
                (
                    "Assigned",
                    f"{counted(shown.users, 'user')}, {counted(shown.groups, 'group')}",
                ),
                ("Sign-in", "enabled" if shown.application.account_enabled else "disabled"),
                ("Assignment", "required" if shown.application.assignment_required else "not required"),
                *([("Notes", shown.application.notes)] if shown.application.notes else []),
            ],
        )


app.command("delete")(delete_application)
