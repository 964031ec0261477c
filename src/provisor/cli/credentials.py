"""`provisor job credentials` and `test-connection`: what an application is signed in to with, under Graph's names.

What is secret comes from a prompt, standard input or a file, never from an argument.
"""

from typing import Annotated, Literal

import typer

from provisor.cli.options import JobArgument, pairs, session
from provisor.terminal import AsJson, print_json, print_table, read_secret, say

TenantUrl = Annotated[str | None, typer.Option(help="The tenant URL that the application showed.")]
TokenFile = Annotated[
    str | None, typer.Option(metavar="FILE", help="A file with the secret token; - reads standard input.")
]
Pairs = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Another credential that is no secret.")
]
SecretFiles = Annotated[
    list[str] | None,
    typer.Option("--secret-file", metavar="KEY=FILE", help="A secret one, in a file; - reads standard input."),
]
TypedUnseen = Annotated[list[str] | None, typer.Option("--ask", metavar="KEY", help="A secret one, typed unseen.")]
LinksThere = Annotated[
    Literal["keep", "forget"] | None,
    typer.Option(help="At another URL: keep them where it is the same application, forget them where it is another."),
]
Removed = Annotated[list[str] | None, typer.Option("--remove", metavar="KEY", help="Forget a credential.")]


def save_credentials(
    context: typer.Context,
    job: JobArgument,
    url: TenantUrl = None,
    token_file: TokenFile = None,
    given: Pairs = None,
    secret_file: SecretFiles = None,
    ask: TypedUnseen = None,
    remove: Removed = None,
    links: LinksThere = None,
    as_json: AsJson = False,
) -> None:
    """Save what the application is signed in to with; without options show what is saved, secrets by name only.

    With --url the secret token is asked for, or read from a file or standard input, unless other secrets are given: an
    application that takes OAuth 2.0 client credentials has Oauth2TokenExchangeUri, Oauth2ClientId, Oauth2ClientSecret,
    one that takes a refresh token Oauth2RefreshToken besides.

    Example: provisor job credentials "Cisco Umbrella User Management" --url https://umbrella.example/scim

    Example: provisor job credentials "My app" --set TokenExpiration=2027-06-30
    """
    wanted: dict[str, str | None] = {**_given(url, token_file, given, [*(secret_file or ()), *(ask or ())])}
    both = wanted.keys() & set(remove or ())
    if both:
        raise typer.BadParameter(f"{min(both)} is given, and to be removed; say one of them.")
    wanted |= dict.fromkeys(remove or ())
    opened = session(context)
    if links is not None and url is None:
        raise typer.BadParameter("--links says what is at another URL; give --url too.")
    if not wanted:
        _show(opened.admin.credentials.show(opened.actor, job), as_json=as_json)
        return
    shown = opened.admin.credentials.save(opened.actor, job, wanted, links=links)
    if as_json:
        from provisor.cli.job import document

        print_json(document(shown))
    else:
        say(f"Saved the credentials of the job of {shown.application} ({shown.job.id}).")


def test_connection(
    context: typer.Context,
    job: JobArgument,
    url: TenantUrl = None,
    token_file: TokenFile = None,
    given: Pairs = None,
    secret_file: SecretFiles = None,
    ask: TypedUnseen = None,
    as_json: AsJson = False,
) -> None:
    """Ask the application what a cycle will ask, with the saved credentials, or with others that are not saved.

    Signing in and a filter on each matching attribute must work; what the application says of itself, paging and the
    list of groups are reported. With behaviour entra it is asked for a user and a group who do not exist, no more.

    Example: provisor job test-connection "Cisco Umbrella User Management"

    Example: provisor job test-connection "My app" --url https://my.app/scim --token-file token.txt
    """
    unsaved = _given(url, token_file, given, [*(secret_file or ()), *(ask or ())])
    opened = session(context)
    found = opened.admin.cycles.test_connection(opened.actor, job, unsaved or None)
    if as_json:
        checks = [{"what": one.what, "finding": one.finding, "sentence": one.sentence} for one in found.checks]
        print_json({"connected": True, "checks": checks})
        return
    say("The supplied credentials are authorized to enable provisioning.")
    print_table(("Checked", "", ""), [(one.what, one.finding, one.sentence) for one in found.checks])


def _given(url: str | None, token_file: str | None, given: list[str] | None, secret: list[str]) -> dict[str, str]:
    from provisor.admin import credential_keys as keys

    found = pairs(given or [])
    for name in found:
        if name in keys.WRITE_ONLY:  # it stands in the history of the shell now, which the person must hear
            raise typer.BadParameter(
                f"{name} is a secret, and others see arguments; renew it, and give it with --ask {name}."
            )
    for each in secret:
        name, _, file = each.partition("=")
        found[name] = read_secret(file or None, keys.known(name))
    if url is not None:
        found[keys.BASE_ADDRESS] = url
    if token_file is not None or (url is not None and not secret and not given):
        found[keys.SECRET_TOKEN] = read_secret(token_file, "Secret Token")
    return found


def _show(stored: dict[str, str | None], *, as_json: bool) -> None:
    if as_json:
        print_json(stored)
    else:
        print_table(("Key", "Value"), [(name, "(secret)" if text is None else text) for name, text in stored.items()])
