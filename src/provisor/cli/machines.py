"""`provisor admin token` and `provisor admin client`: what programs sign in with. Their secrets are shown once."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from provisor.cli.accounts import TiedPerson, print_accounts
from provisor.cli.options import session
from provisor.terminal import AsJson, confirmed, noun, print_json, say

if TYPE_CHECKING:
    from provisor.admin.machines import MachineKind, MachineMade

Label = Annotated[str, typer.Option("--label", help="What it is for, to tell it from others.")]
Named = Annotated[str, typer.Argument(metavar="LABEL", help="By its label or id.")]
Roles = Annotated[list[str], typer.Option("--role", metavar="ROLE", help="A role; may be repeated.")]
Expires = Annotated[str | None, typer.Option(metavar="TIME", help="When it expires: 90d, 12h. Default: never.")]
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_SENTENCES = {
    "token": "Tokens by which programs call the API, each with roles of its own.",
    "client": "OAuth 2.0 clients: an id and a secret, for tokens that last an hour.",
}
_FIRST = {
    "token": "Make a token and print it; it is not shown again.",
    "client": "Make a client and print its id and secret, and the tenant's id; the secret is not shown again.",
}


def commands(kind: "MachineKind") -> typer.Typer:
    """The commands for one kind of them."""
    app = noun(_SENTENCES[kind])
    _making(app, kind)
    _ending(app, kind)
    return app


def _making(app: typer.Typer, kind: "MachineKind") -> None:
    @app.command(help=f'{_FIRST[kind]}\n\nExample: provisor admin {kind} create --label ci --role "Reports Reader"')
    def create(
        context: typer.Context,
        label: Label,
        role: Roles,
        expires: Expires = None,
        person: TiedPerson = None,
        as_json: AsJson = False,
    ) -> None:
        opened = session(context)
        made = opened.admin.machines[kind].create(opened.actor, label, role, lifetime=_lifetime(expires), person=person)
        _print(made, as_json=as_json)

    @app.command("list", help=f"List the {kind}s, without their secrets.\n\nExample: provisor admin {kind} list")
    def list_machines(context: typer.Context, as_json: AsJson = False) -> None:
        opened = session(context)
        print_accounts(opened.admin.machines[kind].all(opened.actor), as_json=as_json)


def _ending(app: typer.Typer, kind: "MachineKind") -> None:
    @app.command(
        help="Print another secret; the former is good no longer, from the next request on."
        f"\n\nExample: provisor admin {kind} rotate ci"
    )
    def rotate(context: typer.Context, label: Named, as_json: AsJson = False) -> None:
        opened = session(context)
        _print(opened.admin.machines[kind].rotate(opened.actor, label), as_json=as_json)

    @app.command(
        help=f"Delete a {kind}: it is good for nothing from the next request on."
        f"\n\nExample: provisor admin {kind} revoke ci --yes"
    )
    def revoke(
        context: typer.Context,
        label: Named,
        yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
        as_json: AsJson = False,
    ) -> None:
        if not yes and not confirmed(label):
            raise typer.Exit(1)
        opened = session(context)
        gone = opened.admin.machines[kind].revoke(opened.actor, label)
        if as_json:
            print_json({"id": gone.id, "label": gone.name})
        else:
            say(f"Revoked the {kind} {gone.name}.")


def _lifetime(text: str | None) -> timedelta | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,6})([mhd])", text.strip())
    if found is None:
        raise typer.BadParameter(f"{text!r} is not a length of time such as 30m, 12h or 90d.", param_hint="--expires")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _print(made: "MachineMade", *, as_json: bool) -> None:
    document = made.to_json()
    if as_json:
        print_json(document)
        return
    say("Keep this now; it is not shown again.")
    for name, value in document.items():
        say(f"{name}: {value}")
