"""`provisor target tenant …` and `provisor target backup`: more organisations in one server, and a copy of them all.

Heavy modules are imported inside commands, so that `provisor --help` answers at once.
"""

from pathlib import Path
from typing import Annotated

import typer

from provisor.provider.commands.options import opened
from provisor.terminal import AsJson, noun, print_json, print_table, say

tenant_app = noun("The organisations on this server, each with its own data.")


@tenant_app.command("create")
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name: a-z, 0-9, dot, dash, underscore.")],
    profile: Annotated[str, typer.Option(metavar="<umbrella|generic>", help="Attributes and limits.")] = "umbrella",
    base_path: Annotated[str | None, typer.Option(help="Where it is served. Default: /tenants/NAME/scim/v2.")] = None,
    schema: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True, dir_okay=False, help="A file with an extension schema of users; generic only. Repeatable."
        ),
    ] = None,
    group_schema: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True, dir_okay=False, help="A file with an extension schema of groups; generic only. Repeatable."
        ),
    ] = None,
    group_limit: Annotated[int | None, typer.Option(help="How many groups it may have.", min=1)] = None,
    strict_umbrella: Annotated[bool, typer.Option(help="As limited as Umbrella is documented.")] = False,
    as_json: AsJson = False,
) -> None:
    """Create a tenant. A running server serves it within a second; create its tokens with `token create --tenant NAME`.

    Example: provisor target tenant create acme --profile generic --schema badge.json
    """
    from provisor.provider.store.schema_files import read_schema_files
    from provisor.provider.store.tenants import NewTenant, create_tenant

    with opened() as database:
        tenant = create_tenant(
            database,
            NewTenant(
                name=name,
                profile=profile,
                base_path=base_path,
                group_limit=group_limit,
                strict=strict_umbrella,
                schemas={
                    "User": read_schema_files(schema or ()),
                    "Group": read_schema_files(group_schema or ()),
                },
            ),
        )
    if as_json:
        print_json({"name": tenant.name, "profile": tenant.profile.name, "basePath": tenant.base_path})
    else:
        say(f"{tenant.name}: {tenant.profile.title} at {tenant.base_path}")


@tenant_app.command("list")
def list_tenants(as_json: AsJson = False) -> None:
    """List the tenants: name, profile, base path, and what they hold.

    Example: provisor target tenant list --json
    """
    from provisor.provider.store.tables import the_tenant
    from provisor.provider.store.tenants import describe_tenants

    with opened() as database:
        the_tenant(database)
        described = describe_tenants(database.reader())
    if as_json:
        print_json(described)
        return
    columns = ("name", "profile", "basePath", "users", "groups")
    print_table(
        ("Tenant", "Profile", "Base path", "Users", "Groups"),
        [[tenant[column] for column in columns] for tenant in described],
    )


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist yet.", metavar="FILE")],
    as_json: AsJson = False,
) -> None:
    """Copy the database while it is in use; the copy includes every write answered before.

    Example: provisor target backup /backups/target-2026-11-22.sqlite
    """
    from provisor.database.backup import back_up

    with opened() as database:
        size = back_up(database, file.absolute())
    if as_json:
        print_json({"file": str(file), "bytes": size})
    else:
        say(f"Wrote {file} ({size:,} bytes).")
