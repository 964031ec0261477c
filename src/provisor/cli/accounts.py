"""`provisor admin user`: who may sign in with which roles. Passwords come from a prompt, standard input or a file."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from provisor.cli.options import session
from provisor.terminal import AsJson, confirmed, noun, print_json, print_table, read_new_secret, say

if TYPE_CHECKING:
    from provisor.admin.accounts import AccountShown
    from provisor.admin.setup_links import SetupLink

app = noun("Who may sign in, with which roles.")

AccountArgument = Annotated[str, typer.Argument(metavar="NAME", help="An account, by name or id.")]
TiedPerson = Annotated[str | None, typer.Option(metavar="USER", help="The user of the directory who this is.")]
Root = Annotated[str, typer.Option("--address", metavar="URL", help="Where browsers reach the service.")]


@app.command()
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to sign in as.")],
    role: Annotated[list[str], typer.Option("--role", metavar="ROLE", help="A role; may be repeated.")],
    person: TiedPerson = None,
    password_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="A file with a password; - reads standard input.")
    ] = None,
    address: Root = "",
    as_json: AsJson = False,
) -> None:
    """Make an account. Without a password its holder chooses one, by a one-time link that is printed once.

    Roles: Global Administrator, Application Administrator, Cloud Application Administrator, Application Owner (whose
    person owns applications), Hybrid Identity Administrator, Reports Reader, Security Reader, Plan Approver.

    Example: provisor admin user add anna@contoso.com --role "Cloud Application Administrator"
    """
    opened = session(context)
    password = None if password_file is None else read_new_secret(password_file, "password")
    made = opened.admin.accounts.add(opened.actor, name, role, person=person, password=password)
    link = None if password is not None else opened.admin.accounts.setup_link(opened.actor, made.account.id)
    if as_json:
        print_json({**made.to_json(), **({} if link is None else _document(link, address))})
        return
    say(f"Made the account {made.account.name} ({', '.join(made.account.roles)}).")
    if link is not None:
        _say_link(link, address)


@app.command("list")
def list_accounts(context: typer.Context, as_json: AsJson = False) -> None:
    """List the accounts.

    Example: provisor admin user list
    """
    opened = session(context)
    print_accounts(opened.admin.accounts.all(opened.actor), as_json=as_json)


@app.command()
def show(context: typer.Context, name: AccountArgument, as_json: AsJson = False) -> None:
    """Show one account.

    Example: provisor admin user show anna@contoso.com
    """
    opened = session(context)
    _print(opened.admin.accounts.show(opened.actor, name), as_json=as_json)


@app.command("set")
def set_account(
    context: typer.Context,
    name: AccountArgument,
    role: Annotated[
        list[str] | None, typer.Option("--role", metavar="ROLE", help="The roles from now on; may be repeated.")
    ] = None,
    enabled: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Whether it may sign in; takes effect at once.")
    ] = None,
    person: TiedPerson = None,
    no_person: Annotated[bool, typer.Option("--no-person", help="Of nobody in the directory.")] = False,
    as_json: AsJson = False,
) -> None:
    """Give an account other roles, disable or enable it, or tie it to a person, with whom it goes.

    Example: provisor admin user set anna@contoso.com --role "Reports Reader" --role "Plan Approver"
    """
    if person is not None and no_person:
        raise typer.BadParameter("--person and --no-person contradict each other.")
    opened = session(context)
    tied = "" if no_person else person
    _print(opened.admin.accounts.set(opened.actor, name, roles=role, enabled=enabled, person=tied), as_json=as_json)


@app.command()
def set_password(
    context: typer.Context,
    name: AccountArgument,
    password_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="A file with the password; - reads standard input.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Give an account another password; it is signed out everywhere.

    Example: provisor admin user set-password anna@contoso.com
    """
    opened = session(context)
    password = read_new_secret(password_file, "password")
    _print(opened.admin.accounts.set_password(opened.actor, name, password), as_json=as_json)


@app.command()
def setup_link(context: typer.Context, name: AccountArgument, address: Root = "", as_json: AsJson = False) -> None:
    """Make a one-time link by which the holder of an account chooses a password. It is good for a day.

    Example: provisor admin user setup-link anna@contoso.com --address https://provisor.contoso.com
    """
    opened = session(context)
    link = opened.admin.accounts.setup_link(opened.actor, name)
    if as_json:
        print_json(_document(link, address))
    else:
        _say_link(link, address)


@app.command()
def delete(
    context: typer.Context,
    name: AccountArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete an account. It is signed out everywhere; what it did stays in the audit log.

    Example: provisor admin user delete anna@contoso.com --yes
    """
    if not yes and not confirmed(name):
        raise typer.Exit(1)
    opened = session(context)
    gone = opened.admin.accounts.delete(opened.actor, name)
    if as_json:
        print_json({"id": gone.id, "name": gone.name})
    else:
        say(f"Deleted the account {gone.name}.")


def print_accounts(found: "Sequence[AccountShown]", *, as_json: bool) -> None:
    """Accounts, tokens or clients, a row each."""
    if as_json:
        print_json([each.to_json() for each in found])
        return
    rows = [each.to_json() for each in found]
    print_table(
        ("Name", "Id", "Roles", "Person", "State", "Last used", "Expires"),
        [
            (
                row["name"],
                row["id"],
                ", ".join(each.account.roles),
                row["person"],
                row["state"],
                row["lastUsedDateTime"],
                row["expiresDateTime"],
            )
            for each, row in zip(found, rows, strict=True)
        ],
    )


def _print(shown: "AccountShown", *, as_json: bool) -> None:
    if as_json:
        print_json(shown.to_json())
    else:
        print_accounts([shown], as_json=False)


def _document(link: "SetupLink", address: str) -> dict[str, object]:
    return {"setupLink": link.address(address.rstrip("/")), "setupLinkExpires": link.expires_at.isoformat()}


def _say_link(link: "SetupLink", address: str) -> None:
    where = "" if address else ", after the address of the service (or name it with --address)"
    say(f"To choose a password, once, until {link.expires_at:%Y-%m-%d %H:%M} UTC{where}:")
    say(link.address(address.rstrip("/")))
