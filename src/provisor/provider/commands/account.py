"""`provisor target account …` and `import-ad`: who may sign in to the dashboard, and identities of the AD connector.

Mounted by the target's commands; what is heavy is imported inside a command.
"""

import json
from pathlib import Path
from typing import Annotated

import typer

from provisor.provider.commands.console import AsJson, opened, read_secret, say
from provisor.provider.commands.tenant import OfTenant

account_app = typer.Typer(help="Who may sign in to the dashboard.", no_args_is_help=True)
import_ad_example = "**Example:** `provisor target import-ad users.csv groups.csv members.csv`"

Email = Annotated[str, typer.Argument(help="The e-mail address to sign in with.", metavar="EMAIL")]
PasswordFile = Annotated[
    Path | None,
    typer.Option(help="A file with the password; - reads standard input. Default: a prompt.", metavar="FILE"),
]


@account_app.command("create", epilog="**Example:** `provisor target account create admin@example.org`")
def create_account(
    email: Email,
    role: Annotated[str, typer.Option(help="full-admin or read-only.")] = "full-admin",
    password_file: PasswordFile = None,
    of: OfTenant = "default",
    as_json: AsJson = False,
) -> None:
    """Make an account. Its password is asked for, or read from standard input or a file."""
    from provisor.provider.dashboard import accounts
    from provisor.provider.store.tables import now_microseconds
    from provisor.provider.store.tenants import find_tenant

    if role not in accounts.ROLES:
        raise typer.BadParameter(f"{role!r} is not one of {', '.join(accounts.ROLES)}.", param_hint="--role")
    password = read_secret(password_file, f"Password, {accounts.SHORTEST_PASSWORD} characters or more")
    with opened() as database:
        tenant = find_tenant(database, of)
        with database.transaction() as connection:
            account = accounts.create_account(
                connection, tenant, email=email, password=password, role=role, now=now_microseconds()
            )
    shown = {"email": account.email, "role": account.role}
    say(json.dumps(shown) if as_json else f"{account.email} may sign in as {accounts.ROLE_NAMES[account.role]}.")


@account_app.command("list", epilog="**Example:** `provisor target account list --json`")
def list_accounts(of: OfTenant = "default", as_json: AsJson = False) -> None:
    """List the accounts: address, role, when they last signed in."""
    from provisor.provider.dashboard import accounts
    from provisor.provider.model.documents import timestamp
    from provisor.provider.store.tenants import find_tenant

    with opened() as database:
        found = accounts.list_accounts(database.reader(), find_tenant(database, of))
    shown = [
        {
            "email": account.email,
            "role": account.role,
            "created": timestamp(account.created_at),
            "signedIn": None if account.signed_in_at is None else timestamp(account.signed_in_at),
        }
        for account in found
    ]
    if as_json:
        say(json.dumps(shown, ensure_ascii=False))
        return
    for row in shown:
        say(f"{row['email']}  {row['role']}  created {row['created']}  signed in {row['signedIn'] or 'never'}")
    if not shown:
        say("There is no account yet; `provisor target account create EMAIL` makes one.")


@account_app.command("reset", epilog="**Example:** `provisor target account reset admin@example.org`")
def reset_password(email: Email, password_file: PasswordFile = None, of: OfTenant = "default") -> None:
    """Give an account another password; whoever is signed in with it is signed out."""
    from provisor.provider.dashboard import accounts
    from provisor.provider.store.tenants import find_tenant

    password = read_secret(password_file, f"Password, {accounts.SHORTEST_PASSWORD} characters or more")
    with opened() as database:
        tenant = find_tenant(database, of)
        with database.transaction() as connection:
            account = accounts.reset_password(connection, tenant, email, password)
    say(f"{account.email} has a new password and is signed out everywhere.")


@account_app.command("delete", epilog="**Example:** `provisor target account delete admin@example.org`")
def delete_account(email: Email, of: OfTenant = "default") -> None:
    """Delete an account; whoever is signed in with it is signed out."""
    from provisor.provider.dashboard import accounts
    from provisor.provider.store.tenants import find_tenant

    with opened() as database:
        tenant = find_tenant(database, of)
        with database.transaction() as connection:
            account = accounts.delete_account(connection, tenant, email)
    say(f"{account.email} is deleted.")


def import_ad(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="CSV files of users, groups and memberships, in that order.", metavar="FILE.csv…"),
    ] = None,
    forget: Annotated[bool, typer.Option("--forget", help="First remove what the connector brought before.")] = False,
    of: OfTenant = "default",
    as_json: AsJson = False,
) -> None:
    """Bring identities as the on-premises AD connector would: beside those of SCIM, marked with their source.

    A file with a column userPrincipalName holds users, one with group and member memberships, else displayName groups.
    All files are taken in, or none.
    """
    from provisor.provider.store import ad_connector
    from provisor.provider.store.tables import now_microseconds
    from provisor.provider.store.tenants import find_tenant

    if not files and not forget:
        raise typer.BadParameter("Name a file to import, or give --forget.", param_hint="FILE.csv")
    with opened() as database:
        tenant, now = find_tenant(database, of), now_microseconds()
        with database.transaction() as connection:
            forgotten = ad_connector.forget_all(connection, tenant) if forget else 0
            imported = [ad_connector.import_file(connection, tenant, file, now) for file in files or []]
    if as_json:
        say(json.dumps({"forgotten": forgotten, "imported": [found._asdict() for found in imported]}))
        return
    if forget:
        say(f"Forgot {forgotten} identities of the AD connector.")
    for found in imported:
        say(f"{found.what}: {found.rows} read, {found.new} new")
