"""`provisor webhook`: other programs that are told of notices, signed as Standard Webhooks has it."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from provisor.cli.options import session
from provisor.terminal import AsJson, noun, print_json, print_table, read_secret, say

if TYPE_CHECKING:
    from provisor.admin.webhooks import Webhook

app = noun("Webhooks: other programs that are told when a job is in trouble.")

WebhookArgument = Annotated[str, typer.Argument(metavar="ID", help="A webhook, as `provisor webhook list` shows it.")]


@app.command()
def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="Where to send: HTTPS, or this machine.")],
    secret_file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="A signing secret, whsec_…, in a file; - reads standard input. Else one is made."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell an address of every notice from now on. The signing secret is shown now, and never again.

    Example: provisor webhook add https://hooks.example.com/provisor
    """
    secret = None if secret_file is None else read_secret(secret_file, "signing secret")
    opened = session(context)
    added = opened.admin.webhooks.add(opened.actor, url, secret=secret)
    shown = added.secret.reveal() if secret is None else None
    if as_json:
        print_json({**_document(added.webhook), "secret": shown})
        return
    say(f"Added the webhook {added.webhook.id}.")
    if shown is not None:
        say(f"Signing secret, shown this once: {shown}")


@app.command("list")
def list_all(context: typer.Context, as_json: AsJson = False) -> None:
    """List the webhooks, and which of them fail or are switched off.

    Example: provisor webhook list
    """
    opened = session(context)
    found = opened.admin.webhooks.all(opened.actor)
    if as_json:
        print_json([_document(each) for each in found])
    else:
        print_table(
            ("Id", "Host", "State", "Failing since"),
            [(each.id, _host(each.url), _state(each), _time(each.failing_since)) for each in found],
        )


@app.command()
def test(context: typer.Context, webhook: WebhookArgument, as_json: AsJson = False) -> None:
    """Send an event webhook.test now; a webhook that was switched off is switched on again when it answers.

    Example: provisor webhook test 0195f6a0-0000-7000-8000-000000000000
    """
    opened = session(context)
    found = opened.admin.webhooks.test(opened.actor, webhook)
    if as_json:
        print_json(_document(found))
    else:
        say(f"{_host(found.url)} took the test.")


@app.command()
def delete(context: typer.Context, webhook: WebhookArgument, as_json: AsJson = False) -> None:
    """Tell it of nothing more, and forget its secret.

    Example: provisor webhook delete 0195f6a0-0000-7000-8000-000000000000
    """
    opened = session(context)
    opened.admin.webhooks.delete(opened.actor, webhook)
    if as_json:
        print_json({"deleted": webhook})
    else:
        say(f"Deleted the webhook {webhook}.")


def _document(webhook: "Webhook") -> dict[str, object]:
    """The path of the address stays hidden: with many services it is the whole secret."""
    return {
        "id": webhook.id,
        "host": _host(webhook.url),
        "state": _state(webhook),
        "failingSince": _time(webhook.failing_since),
        "disabledDateTime": _time(webhook.disabled_at),
    }


def _state(webhook: "Webhook") -> str:
    if webhook.disabled_at is not None:
        return "switched off"
    return "works" if webhook.failing_since is None else "fails"


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].partition("?")[0]


def _time(microseconds: int | None) -> str | None:
    if microseconds is None:
        return None
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
