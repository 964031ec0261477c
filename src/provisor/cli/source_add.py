"""`provisor source add`: a new source of each kind, paused."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from provisor.cli import source_options as options
from provisor.cli.options import session
from provisor.terminal import AsJson, noun, print_json, say

if TYPE_CHECKING:
    from collections.abc import Mapping

app = noun("Add a source. It begins paused: test it, preview it, then start it.")


@app.command("active-directory")
def add_active_directory(
    context: typer.Context,
    name: options.SourceName,
    servers: options.Servers,
    user: options.SignInAs,
    base: Annotated[str, typer.Option(metavar="DN", help="The domain, such as DC=contoso,DC=com.")],
    password_file: options.SignInPasswordFile = None,
    transport: options.TransportName = "ldaps",
    ca_file: options.CaFile = None,
    certificate_names: options.CertificateNames = None,
    domain: Annotated[str, typer.Option(help="Its DNS name, where the base does not say it.")] = "",
    net_bios: Annotated[str, typer.Option(help="Its NetBIOS name.")] = "",
    containers: options.Containers = None,
    group: Annotated[str, typer.Option(metavar="DN", help="Only the direct members of this group: a pilot.")] = "",
    leave_out: options.LeaveOut = None,
    anchor: Annotated[
        Literal["objectGUID", "mS-DS-ConsistencyGuid"], typer.Option(help="What identifies people for good.")
    ] = "objectGUID",
    sign_in_name: Annotated[
        str, typer.Option(metavar="ATTRIBUTE", help="What becomes userPrincipalName.")
    ] = "userPrincipalName",
    incremental: Annotated[
        Literal["automatic", "dirsync", "usn"], typer.Option(help="How changes are read.")
    ] = "automatic",
    interval: options.RunInterval = None,
    precedence: options.Precedence = None,
    staging: options.Staging = False,
    deletion_threshold: options.Threshold = None,
    as_json: AsJson = False,
) -> None:
    """Add a domain of Active Directory.

    Example: provisor source add active-directory corp --server dc1.contoso.com --user sync@contoso.com
    --base DC=contoso,DC=com --ca-file ca.pem
    """
    document = {
        "type": "active-directory",
        "server": options.server(servers, user, transport, ca_file, certificate_names),
        "base": base,
        "domain": domain,
        "netBiosDomain": net_bios,
        "containers": containers or [],
        "group": group,
        "filters": options.filters(leave_out),
        "anchor": anchor,
        "signInName": sign_in_name,
        "incremental": incremental,
    }
    secrets = options.password(password_file, user)
    _add(context, name, document, secrets, interval, precedence, deletion_threshold, staging=staging, as_json=as_json)


@app.command("ldap")
def add_ldap(
    context: typer.Context,
    name: options.SourceName,
    servers: options.Servers,
    user: options.SignInAs,
    base: Annotated[str, typer.Option(metavar="DN", help="Below which everything is read.")],
    password_file: options.SignInPasswordFile = None,
    transport: options.TransportName = "ldaps",
    ca_file: options.CaFile = None,
    certificate_names: options.CertificateNames = None,
    user_filter: Annotated[str | None, typer.Option(metavar="FILTER", help="Which entries are people.")] = None,
    group_filter: Annotated[str | None, typer.Option(metavar="FILTER", help="Which entries are groups.")] = None,
    containers: options.Containers = None,
    leave_out: options.LeaveOut = None,
    anchor: Annotated[str, typer.Option(metavar="ATTRIBUTE", help="What identifies an entry for good.")] = "entryUUID",
    sign_in_name: Annotated[str, typer.Option(metavar="ATTRIBUTE", help="What becomes userPrincipalName.")] = "mail",
    compare: Annotated[int, typer.Option(metavar="SECONDS", help="From look to look at who is still there.")] = 3600,
    interval: options.RunInterval = None,
    precedence: options.Precedence = None,
    staging: options.Staging = False,
    deletion_threshold: options.Threshold = None,
    as_json: AsJson = False,
) -> None:
    """Add a directory that speaks LDAP and is no Active Directory, such as OpenLDAP.

    Example: provisor source add ldap people --server ldap.contoso.com --user cn=reader,dc=contoso,dc=com
    --base dc=contoso,dc=com
    """
    document: dict[str, object] = {
        "type": "ldap",
        "server": options.server(servers, user, transport, ca_file, certificate_names),
        "base": base,
        "containers": containers or [],
        "filters": options.filters(leave_out),
        "anchor": anchor,
        "signInName": sign_in_name,
        "compareSeconds": compare,
    }
    chosen = {"userFilter": user_filter, "groupFilter": group_filter}
    document |= {key: text for key, text in chosen.items() if text is not None}
    secrets = options.password(password_file, user)
    _add(context, name, document, secrets, interval, precedence, deletion_threshold, staging=staging, as_json=as_json)


@app.command("entra")
def add_entra(
    context: typer.Context,
    name: options.SourceName,
    tenant: Annotated[str, typer.Option(help="The tenant's id, or one of its domains.")],
    client: Annotated[str, typer.Option(help="The application (client) id that Provisor is registered under there.")],
    secret_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="The client secret, in a file; - reads standard input.")
    ] = None,
    certificate_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="Instead: a certificate with its key (PEM), in a file.")
    ] = None,
    cloud: Annotated[
        Literal["global", "us-government", "us-government-dod", "china"], typer.Option(help="Which national cloud.")
    ] = "global",
    graph: Annotated[str, typer.Option(metavar="URL", help="Another address of Microsoft Graph.")] = "",
    login: Annotated[str, typer.Option(metavar="URL", help="Another address of its sign-in.")] = "",
    ca_file: options.CaFile = None,
    user_attributes: Annotated[
        list[str] | None, typer.Option("--user-attribute", metavar="NAME", help="Besides the usual; may be repeated.")
    ] = None,
    group_attributes: Annotated[
        list[str] | None, typer.Option("--group-attribute", metavar="NAME", help="The same of groups.")
    ] = None,
    applications: Annotated[
        list[str] | None,
        typer.Option(
            "--assignments",
            metavar="THERE=HERE",
            help="Mirror who is assigned to the service principal of this id there to the one of that id here.",
        ),
    ] = None,
    interval: options.RunInterval = None,
    precedence: options.Precedence = None,
    staging: options.Staging = False,
    deletion_threshold: options.Threshold = None,
    as_json: AsJson = False,
) -> None:
    """Add a tenant of Microsoft Entra, read through Microsoft Graph.

    Example: provisor source add entra tenant --tenant contoso.com --client 11111111-2222-3333-4444-555555555555
    """
    document = {
        "type": "entra",
        "tenant": tenant,
        "client": client,
        "cloud": cloud,
        "graph": graph,
        "login": login,
        "caFile": options.absolute(ca_file),
        "userAttributes": user_attributes or [],
        "groupAttributes": group_attributes or [],
        "applications": [_mirrored(text) for text in applications or ()],
    }
    secrets = options.client_secrets(secret_file, certificate_file)
    _add(context, name, document, secrets, interval, precedence, deletion_threshold, staging=staging, as_json=as_json)


@app.command("csv")
def add_csv(
    context: typer.Context,
    name: options.SourceName,
    users: Annotated[Path | None, typer.Option(help="One user per row; columns are attribute names.")] = None,
    groups: Annotated[Path | None, typer.Option(help="One group per row.")] = None,
    members: Annotated[Path | None, typer.Option(help="Columns: group, member.")] = None,
    anchor: Annotated[str, typer.Option(metavar="COLUMN", help="The column that identifies a user.")] = "",
    group_anchor: Annotated[str, typer.Option(metavar="COLUMN", help="The column that identifies a group.")] = "",
    interval: options.RunInterval = None,
    precedence: options.Precedence = None,
    staging: options.Staging = False,
    deletion_threshold: options.Threshold = None,
    as_json: AsJson = False,
) -> None:
    """Add files that something else writes: read whole each time, and whoever is not in them any more is gone.

    Example: provisor source add csv staff --users /srv/hr/users.csv --groups /srv/hr/groups.csv
    """
    document = {
        "type": "csv",
        "users": options.absolute(users),
        "groups": options.absolute(groups),
        "members": options.absolute(members),
        "userAnchor": anchor,
        "groupAnchor": group_anchor,
    }
    _add(context, name, document, {}, interval, precedence, deletion_threshold, staging=staging, as_json=as_json)


def _mirrored(text: str) -> dict[str, str]:
    there, sign, here = text.partition("=")
    if not (there and sign and here):
        raise typer.BadParameter(
            f"{text!r} is not THERE=HERE: two ids of service principals.", param_hint="--assignments"
        )
    return {"servicePrincipal": there, "application": here}


def _add(
    context: typer.Context,
    name: str,
    document: "Mapping[str, object]",
    secrets: dict[str, str],
    interval: int | None,
    precedence: int | None,
    deletion_threshold: str | None,
    *,
    staging: bool,
    as_json: bool,
) -> None:
    from provisor.admin.source_told import shown_to_json
    from provisor.admin.sources import DEFAULT_DELETION_THRESHOLD

    opened = session(context)
    made = opened.admin.sources.settings.add(
        opened.actor,
        name,
        document,
        given_secrets=secrets,
        interval_seconds=interval,
        precedence=precedence,
        staging=staging,
        deletion_threshold=options.threshold(deletion_threshold, DEFAULT_DELETION_THRESHOLD),
    )
    if as_json:
        print_json(shown_to_json(made))
        return
    say(f"Added the source {made.source.name} ({made.source.id}), paused.")
    say(f"Next: provisor source test {name}, provisor source preview {name}, provisor source start {name}.")
