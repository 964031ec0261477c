"""`provisor admin oidc`: people sign in at another's page, and have roles here by what it says of them."""

from typing import TYPE_CHECKING, Annotated

import typer

from provisor.cli.options import session
from provisor.terminal import AsJson, confirmed, noun, print_json, print_table, read_secret, say

if TYPE_CHECKING:
    from provisor.admin.openid import OpenIdShown

app = noun("OpenID Connect: people sign in at another's page, such as Microsoft Entra's.")


@app.command("set")
def set_provider(
    context: typer.Context,
    issuer: Annotated[str, typer.Option(metavar="URL", help="The provider, exactly as it spells itself.")],
    client_id: Annotated[str, typer.Option(metavar="ID", help="Who Provisor is there.")],
    address: Annotated[
        str, typer.Option(metavar="URL", help="Provisor as browsers call it: https://provisor.example.com.")
    ],
    role: Annotated[
        list[str],
        typer.Option(metavar="VALUE=ROLE", help="A value of the claim, and the role that it gives; several times."),
    ],
    claim: Annotated[str, typer.Option(help="Which claim of the ID token names roles or groups.")] = "roles",
    name: Annotated[str | None, typer.Option(help="What the button calls the provider. Default: its host.")] = None,
    scope: Annotated[str, typer.Option(help="What is asked for.")] = "openid profile email",
    secret_file: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="A file with the client secret; - reads standard input. Else asked for."),
    ] = None,
    keep_secret: Annotated[
        bool, typer.Option("--keep-secret", help="Leave the secret as it is: stored before, or none.")
    ] = False,
) -> None:
    """Set the provider, replacing what was set before. It is asked first: what cannot work is not saved.

    Example: provisor admin oidc set --issuer https://login.microsoftonline.com/TENANT/v2.0 --client-id CLIENT
    --address https://provisor.example.com --role "Provisor.Admin=Global Administrator"
    """
    from provisor.admin.openid import OpenIdSettings, called

    roles: dict[str, tuple[str, ...]] = {}
    for pair in role:
        value, separator, named = pair.rpartition("=")  # a distinguished name holds the sign too, a role does not
        if not separator or not value:
            raise typer.BadParameter(f"{pair!r} is not VALUE=ROLE.")
        roles[value] = (*roles.get(value, ()), named)
    secret = None if keep_secret else read_secret(secret_file, "client secret")
    settings = OpenIdSettings(
        issuer=issuer,
        client_id=client_id,
        address=address,
        claim=claim,
        roles=roles,
        name=name or called(issuer),
        scope=scope,
    )
    opened = session(context)
    opened.admin.openid.set(opened.actor, settings, client_secret=secret)
    shown = opened.admin.openid.show(opened.actor)
    say(f"Saved. The provider must know this redirect URI, exactly: {shown.redirect_uri}")


@app.command()
def show(context: typer.Context, as_json: AsJson = False) -> None:
    """Show what is set, without the secret.

    Example: provisor admin oidc show
    """
    opened = session(context)
    shown = opened.admin.openid.show(opened.actor)
    document, roles = _document(shown), shown.settings.roles
    if as_json:
        print_json({**document, "roles": roles})
        return
    rows = [(_LABELS[name], value) for name, value in document.items()]
    print_table(("", ""), [*rows, *((f"Role of {value}", ", ".join(given)) for value, given in roles.items())])


@app.command()
def test(context: typer.Context, as_json: AsJson = False) -> None:
    """Ask the provider what it says of itself, and for its keys.

    Example: provisor admin oidc test
    """
    opened = session(context)
    metadata = opened.admin.openid.test(opened.actor)
    if as_json:
        print_json(
            {
                "issuer": metadata.issuer,
                "authorizationEndpoint": metadata.authorization_endpoint,
                "tokenEndpoint": metadata.token_endpoint,
                "keys": metadata.jwks_uri,
            }
        )
        return
    say(f"{metadata.issuer} describes itself as needed, and publishes its keys. Now sign in with a browser.")


@app.command()
def remove(
    context: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Let nobody sign in that way any more. Accounts that it made stay, without a way to sign in.

    Example: provisor admin oidc remove
    """
    if not yes and not confirmed("remove"):
        raise typer.Exit(1)
    opened = session(context)
    opened.admin.openid.remove(opened.actor)
    say("Nobody signs in with OpenID Connect any more.")


_LABELS = {
    "issuer": "Issuer",
    "clientId": "Client id",
    "hasSecret": "Client secret",
    "redirectUri": "Redirect URI",
    "claim": "Claim",
    "scope": "Scope",
    "name": "Called",
}


def _document(shown: "OpenIdShown") -> dict[str, object]:
    settings = shown.settings
    return {
        "issuer": settings.issuer,
        "clientId": settings.client_id,
        "hasSecret": shown.has_secret,
        "redirectUri": shown.redirect_uri,
        "claim": settings.claim,
        "scope": settings.scope,
        "name": settings.name,
    }
