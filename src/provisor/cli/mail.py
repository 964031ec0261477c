"""`provisor mail`: the server that letters about jobs in trouble go through. Who is told is a setting of each job."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from provisor.cli.options import Limit, session
from provisor.terminal import AsJson, noun, print_json, print_table, read_secret, say

if TYPE_CHECKING:
    from provisor.admin.mail import MailServer

app = noun("The mail server: who is told when a job is in trouble.")

_PORTS = {"starttls": 587, "implicit": 465, "none": 25}
ProtectionName = Literal["starttls", "implicit", "none"]


@app.command("set")
def set_server(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="The mail server.")],
    sender: Annotated[str, typer.Option("--from", metavar="ADDRESS", help="The address that letters come from.")],
    protection: Annotated[
        ProtectionName, typer.Option("--tls", help="How TLS begins; none: to this machine only.")
    ] = "starttls",
    port: Annotated[int | None, typer.Option(help="587, 465 or 25, after --tls.")] = None,
    user: Annotated[str | None, typer.Option(help="Who signs in; the password is asked for.")] = None,
    password_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="A file with the password; - reads standard input.")
    ] = None,
    ca_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="Who vouches for the server's certificate.")
    ] = None,
    to: Annotated[
        list[str] | None, typer.Option(metavar="ADDRESS", help="Who is told of what is about no job.")
    ] = None,
) -> None:
    """Set the mail server, replacing what was set before.

    Example: provisor mail set --host mail.example.com --from provisor@example.com --user provisor --to it@example.com
    """
    from provisor.admin.mail import MailServer

    password = None if user is None else read_secret(password_file, f"Password of {user}")
    server = MailServer(
        host=host,
        port=_PORTS[protection] if port is None else port,
        protection=protection,
        sender=sender,
        user=user,
        ca_file=None if ca_file is None else str(Path(ca_file).absolute()),  # a serve may run elsewhere
        to=tuple(to or ()),
    )
    opened = session(context)
    opened.admin.mail.set(opened.actor, server, password=password)
    say(f"Letters go through {host}. Try it: provisor mail test ADDRESS")


@app.command()
def show(context: typer.Context, limit: Limit = 20, as_json: AsJson = False) -> None:
    """Show the mail server and what became of the newest letters.

    Example: provisor mail show
    """
    opened = session(context)
    shown = opened.admin.mail.show(opened.actor, limit=limit)
    if as_json:
        letters = [
            {
                "id": letter.id,
                "to": letter.address,
                "state": letter.state,
                "madeDateTime": _time(letter.made_at),
                "attempts": letter.attempts,
                "doubtful": letter.doubtful,
                "error": letter.error,
            }
            for letter in shown.letters
        ]
        print_json({"server": None if shown.server is None else _document(shown.server), "letters": letters})
        return
    if shown.server is None:
        say("No mail server is set, so that nobody is told by mail. Set one with `provisor mail set`.")
    else:
        print_table(("", ""), [(_LABELS[name], value) for name, value in _document(shown.server).items()])
    if shown.letters:
        print_table(
            ("Made", "To", "State", "Tries", "Error"),
            [(_time(each.made_at), each.address, each.state, each.attempts, each.error) for each in shown.letters],
        )


@app.command()
def test(
    context: typer.Context,
    to: Annotated[str, typer.Argument(metavar="ADDRESS", help="Who gets the letter.")],
    as_json: AsJson = False,
) -> None:
    """Send a letter now, and say what the server said.

    Example: provisor mail test operations@example.com
    """
    opened = session(context)
    opened.admin.mail.test(opened.actor, to)
    if as_json:
        print_json({"sent": True})
    else:
        say(f"The mail server took a letter for {to}.")


def _document(server: "MailServer") -> dict[str, object]:
    return {
        "host": server.host,
        "port": server.port,
        "tls": server.protection,
        "from": server.sender,
        "user": server.user,
        "caFile": server.ca_file,
        "to": ", ".join(server.to),
    }


_LABELS = {
    "host": "Host",
    "port": "Port",
    "tls": "TLS",
    "from": "From",
    "user": "Signs in as",
    "caFile": "CA file",
    "to": "Told of all else",
}


def _time(microseconds: int) -> str:
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
