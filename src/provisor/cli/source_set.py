"""`provisor source set`: change the settings, the secret and the schedule of a source."""

import json
from pathlib import Path
from typing import Annotated

import typer

from provisor.cli import source_options as options
from provisor.cli.options import SourceArgument, pairs, session
from provisor.terminal import AsJson, print_json, read_secret, say, secret_text

_SECRETS = {"password": "Password", "clientSecret": "Client secret"}
_OPTIONS = {  # what `provisor source show` has beside the settings
    "intervalSeconds": "--interval",
    "precedence": "--precedence",
    "deletionThreshold": "--deletion-threshold",
    "staging": "`provisor source staging`",
}


def change(
    context: typer.Context,
    source: SourceArgument,
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="SETTING=VALUE", help="One setting by its path, such as server.addresses=dc1,dc2."
        ),
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="All settings, as JSON; `provisor source show --json` has them."
        ),
    ] = None,
    containers: options.Containers = None,
    leave_out: options.LeaveOut = None,
    password_file: options.SignInPasswordFile = None,
    secret_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="A new client secret, in a file; - reads standard input.")
    ] = None,
    certificate_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="A new certificate with its key (PEM), in a file.")
    ] = None,
    ask: Annotated[str | None, typer.Option(metavar="SECRET", help="password or clientSecret, typed unseen.")] = None,
    interval: options.RunInterval = None,
    precedence: options.Precedence = None,
    deletion_threshold: options.Threshold = None,
    as_json: AsJson = False,
) -> None:
    """Change a source; what is not given stays. Changed filters or attributes hold after the next full read.

    --container and --leave-out replace what there was; `--set containers=` and `--set filters=` empty it.

    Example: provisor source set corp --set server.addresses=dc1.contoso.com,dc2.contoso.com --ask password
    """
    from provisor.admin.source_told import shown_to_json

    opened = session(context)
    changed = opened.admin.sources.settings.change(
        opened.actor,
        source,
        document=None if settings is None else _document(settings),
        changes={**_changes(given or []), **_lists(containers, leave_out)},
        given_secrets=_secrets(password_file, secret_file, certificate_file, ask),
        interval_seconds=interval,
        precedence=precedence,
        deletion_threshold=options.threshold(deletion_threshold, -1),
    )
    if as_json:
        print_json({**shown_to_json(changed.shown), "fullReadFollows": changed.full_read_follows})
        return
    say(f"Changed the source {changed.shown.source.name}.")
    if changed.full_read_follows:
        say("The next run reads everything: what was changed holds then.")


def _changes(given: list[str]) -> dict[str, str]:
    changes = pairs(given)
    for name, option in _OPTIONS.items():
        if name in changes:
            raise typer.BadParameter(f"{name} is changed by {option}.", param_hint="--set")
    return changes


def _lists(containers: list[str] | None, leave_out: list[str] | None) -> dict[str, str]:
    """Settings that are lists, as JSON: texts with commas would be ambiguous."""
    found: dict[str, object] = {}
    if containers is not None:
        found["containers"] = containers
    if leave_out is not None:
        found["filters"] = options.filters(leave_out)
    return {name: json.dumps(value) for name, value in found.items()}


def _secrets(
    password_file: str | None, secret_file: str | None, certificate_file: str | None, ask: str | None
) -> dict[str, str]:
    found: dict[str, str] = {}
    if password_file is not None:
        found["password"] = read_secret(password_file, "Password")
    if secret_file is not None:
        found["clientSecret"] = read_secret(secret_file, "Client secret")
    if certificate_file is not None:
        found["certificate"] = secret_text(certificate_file)
    if ask is not None:
        if ask not in _SECRETS:
            raise typer.BadParameter(f"{ask!r} is not {' or '.join(_SECRETS)}.", param_hint="--ask")
        found[ask] = read_secret(None, _SECRETS[ask])
    return found


def _document(file: Path) -> dict[str, object]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise typer.BadParameter(f"{file} is no JSON: {error}.", param_hint="--settings") from error
    inner = document.get("settings", document) if isinstance(document, dict) else None
    if not isinstance(inner, dict):
        raise typer.BadParameter(f"{file} holds no settings.", param_hint="--settings")
    return inner
