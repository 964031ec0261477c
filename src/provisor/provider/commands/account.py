"""`provisor target account …` and `import-ad`: who may sign in to the dashboard, and identities of the AD connector.

Mounted by the target's commands; heavy modules are imported inside a command.
"""

from pathlib import Path
from typing import Annotated

import typer

from provisor.provider.commands.options import OfTenant, minute, opened
from provisor.terminal import AsJson, noun, print_json, print_table, read_new_secret, say

account_app = noun("Who may sign in to the dashboard.")

Email = Annotated[str, typer.Argument(help="The e-mail address to sign in with.", metavar="EMAIL")]
PasswordFile = Annotated[
    str | None,
    typer.Option(help="A file with the password; - reads standard input. Default: a prompt.", metavar="FILE"),
]


@account_app.command("create")
def create_account(
    email: Email,
    role: Annotated[str, typer.Option(metavar="<full-admin|read-only>", help="What it may do.")] = "full-admin",
    password_file: PasswordFile = None,
    of: OfTenant = "default",
    as_json: AsJson = False,
) -> None:
    """Create an account. Its password is prompted for, or read from standard input or a file.

    Example: provisor target account create admin@example.org
    """
    from provisor.provider.dashboard import accounts
    from provisor.provider.store.tables import now_microseconds
    from provisor.provider.store.tenants import find_tenant

    if role not in accounts.ROLES:
        raise typer.BadParameter(f"{role!r} is not one of {', '.join(accounts.ROLES)}.", param_hint="--role")
    password = read_new_secret(password_file, f"Password, {accounts.SHORTEST_PASSWORD} characters or more")
    with opened() as database:
        tenant = find_tenant(database, of)
        with database.transaction() as connection:
            account = accounts.create_account(
                connection, tenant, email=email, password=password, role=role, now=now_microseconds()
            )
    if as_json:
        print_json({"email": account.email, "role": account.role})
    else:
        say(f"{account.email} may sign in as {accounts.ROLE_NAMES[account.role]}.")


@account_app.command("list")
def list_accounts(of: OfTenant = "default", as_json: AsJson = False) -> None:
    """List the accounts: address, role, when they last signed in.

    Example: provisor target account list --json
    """
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
        print_json(shown)
    elif not shown:
        say("There is no account yet; `provisor target account create EMAIL` makes one.")
    else:
        print_table(
            ("E-mail", "Role", "Created", "Signed in"),
            [(row["email"], row["role"], minute(row["created"]), minute(row["signedIn"])) for row in shown],
        )


@account_app.command("reset")
def reset_password(email: Email, password_file: PasswordFile = None, of: OfTenant = "default") -> None:
    """Give an account a new password, and end its sessions.

    Example: provisor target account reset admin@example.org
    """
    from provisor.provider.dashboard import accounts
    from provisor.provider.store.tenants import find_tenant

    password = read_new_secret(password_file, f"Password, {accounts.SHORTEST_PASSWORD} characters or more")
    with opened() as database:
        tenant = find_tenant(database, of)
        with database.transaction() as connection:
            account = accounts.reset_password(connection, tenant, email, password)
    say(f"{account.email} has a new password and is signed out everywhere.")


@account_app.command("delete")
def delete_account(email: Email, of: OfTenant = "default") -> None:
    """Delete an account, and end its sessions.

    Example: provisor target account delete admin@example.org
    """
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
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="CSV files of users, groups and memberships, in that order.",
            metavar="FILE.csv…",
        ),
    ] = None,
    forget: Annotated[bool, typer.Option("--forget", help="First remove what the connector brought before.")] = False,
    of: OfTenant = "default",
    as_json: AsJson = False,
) -> None:
    """Import identities as the on-premises AD connector does: beside those from SCIM, marked with their source.

    A file with a column userPrincipalName holds users, one with group and member memberships, else displayName groups.
    All files are imported, or none.

    Example: provisor target import-ad users.csv groups.csv members.csv
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
        print_json({"forgotten": forgotten, "imported": [found._asdict() for found in imported]})
        return
    if forget:
        say(f"Forgot {forgotten} identities of the AD connector.")
    for found in imported:
        say(f"{found.what}: {found.rows} read, {found.new} new")
