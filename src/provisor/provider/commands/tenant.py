"""`provisor target tenant …` and `provisor target backup`: more organisations in one server, and a copy of them all.

Heavy modules are imported inside commands, so that `provisor --help` answers at once.
"""

import json
from pathlib import Path
from typing import Annotated

import typer

from provisor.provider.commands.console import AsJson, opened, say

OfTenant = Annotated[str, typer.Option("--tenant", help="The tenant it is for; `provisor target tenant list`.")]

tenant_app = typer.Typer(help="The organisations in this server, each with data of its own.", no_args_is_help=True)
backup_example = "**Example:** `provisor target backup /backups/target-2026-11-22.sqlite`"


@tenant_app.command(
    "create", epilog="**Example:** `provisor target tenant create acme --profile generic --schema badge.json`"
)
def create(
    name: Annotated[str, typer.Argument(help="What you will call it: a-z, 0-9, dot, dash, underscore.")],
    profile: Annotated[str, typer.Option(help="umbrella or generic: attributes and limits.")] = "umbrella",
    base_path: Annotated[str | None, typer.Option(help="Where it is served. Default: /tenants/NAME/scim/v2.")] = None,
    schema: Annotated[
        list[Path] | None, typer.Option(help="A file with an extension schema of users; generic only. Repeatable.")
    ] = None,
    group_schema: Annotated[
        list[Path] | None, typer.Option(help="A file with an extension schema of groups; generic only. Repeatable.")
    ] = None,
    group_limit: Annotated[int | None, typer.Option(help="How many groups it may have.", min=1)] = None,
    strict_umbrella: Annotated[bool, typer.Option(help="As narrow as Umbrella is described.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a tenant. A running server serves it within a second; make its tokens with `token create --tenant NAME`."""
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
        say(json.dumps({"name": tenant.name, "profile": tenant.profile.name, "basePath": tenant.base_path}))
    else:
        say(f"{tenant.name}: {tenant.profile.title} at {tenant.base_path}")


@tenant_app.command("list", epilog="**Example:** `provisor target tenant list --json`")
def list_tenants(as_json: AsJson = False) -> None:
    """List the tenants: name, profile, base path, and what they hold."""
    from provisor.provider.store.tables import the_tenant
    from provisor.provider.store.tenants import describe_tenants

    with opened() as database:
        the_tenant(database)
        described = describe_tenants(database.reader())
    if as_json:
        say(json.dumps(described, ensure_ascii=False))
        return
    for tenant in described:
        say(
            f"{tenant['name']:<16} {tenant['profile']:<9} {tenant['basePath']:<32} "
            f"{tenant['users']} users, {tenant['groups']} groups"
        )


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist yet.", metavar="FILE")],
    as_json: AsJson = False,
) -> None:
    """Copy the database while it is in use: every write that was answered before is in the copy."""
    from provisor.database.backup import back_up

    with opened() as database:
        size = back_up(database, file.absolute())
    say(json.dumps({"file": str(file), "bytes": size}) if as_json else f"Wrote {file} ({size:,} bytes).")
