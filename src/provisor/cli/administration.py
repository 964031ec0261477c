"""`provisor admin`: who may sign in, and the key that credentials are stored under."""

from typing import Final, Literal

import typer

from provisor.cli import accounts, machines, oidc
from provisor.cli.options import session
from provisor.terminal import AsJson, confirmed, counted, noun, print_json, say

app = noun("The installation itself: who may sign in, and the key that credentials are stored under.")
KINDS: Final[tuple[Literal["token", "client"], ...]] = ("token", "client")
key = noun("The key that credentials are stored under (PROVISOR_SECRET_KEY_FILE).")
app.add_typer(accounts.app, name="user")
for kind in KINDS:
    app.add_typer(machines.commands(kind), name=kind)
app.add_typer(oidc.app, name="oidc")
app.add_typer(key, name="key")


@key.command()
def rotate(context: typer.Context, as_json: AsJson = False) -> None:
    """Store all credentials under a new key and forget the old one, beside a running `provisor serve` too.

    A rotation that was cut short loses nothing; call it again and it goes on. Back up the key file afterwards.

    Example: provisor admin key rotate
    """
    opened = session(context)
    done = opened.admin.keys.rotate(opened.actor)
    if as_json:
        print_json({"key": done.key_id, "moved": done.moved, "continued": done.continued})
        return
    say(f"{counted(done.moved, 'secret')} moved to the new key {done.key_id}. Back up the key file now.")


@key.command()
def reset(
    context: typer.Context,
    yes: bool = typer.Option(False, "--yes", help="Do not ask."),
    as_json: AsJson = False,
) -> None:
    """Forget every credential that the key file does not open, when the right file is lost for good.

    Example: provisor admin key reset
    """
    if not yes and not confirmed("reset"):
        raise typer.Exit(1)
    opened = session(context)
    gone = opened.admin.keys.reset(opened.actor)
    if as_json:
        print_json([{"owner": owner, "name": name} for owner, name in gone])
        return
    for owner, name in gone:
        say(f"Forgot {name} of the {owner}.")
    say(f"{counted(len(gone), 'secret')} forgotten; enter them again.")
