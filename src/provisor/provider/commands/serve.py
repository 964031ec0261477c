"""`provisor target …`: serve the application, and its tokens (mounted by main beside the other nouns).

A token is printed once. Heavy modules are imported inside commands, so that `--help` answers at once.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provisor.provider.commands.account import account_app, import_ad
from provisor.provider.commands.options import OfTenant, minute, opened
from provisor.provider.commands.tenant import backup, tenant_app
from provisor.terminal import AsJson, noun, print_json, print_table, say

if TYPE_CHECKING:
    from provisor.provider.store.tokens import Token

DEFAULT_PORT = 8020
_UNITS = {unit: seconds * 1_000_000 for unit, seconds in {"s": 1, "m": 60, "h": 3_600, "d": 86_400}.items()}

app = noun("Cisco Umbrella User Management: a SCIM 2.0 application to provision into.")
token_app = noun("The tokens that clients of this application present.")
app.add_typer(token_app, name="token")
app.add_typer(account_app, name="account")
app.add_typer(tenant_app, name="tenant")

Url = Annotated[str | None, typer.Option(help="The tenant URL to print. Default: where the server was last started.")]
Name = Annotated[str, typer.Argument(help="The token's id or label.", metavar="ID|LABEL")]


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="0 takes a free port.", min=0, max=65535)] = DEFAULT_PORT,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    profile: Annotated[
        str | None,
        typer.Option(metavar="<umbrella|generic>", help="Attributes and limits. Default: as before, first umbrella."),
    ] = None,
    ready_file: Annotated[
        Path | None, typer.Option(help="A file to write the URL to once the server is ready.")
    ] = None,
    tenant: Annotated[
        str | None,
        typer.Option(help="Serve this tenant alone. Default: all, with the dashboard of the default tenant."),
    ] = None,
    strict_umbrella: Annotated[
        bool, typer.Option(help="As limited as Umbrella is documented: few filters; no bulk, sorting or cursors.")
    ] = False,
    rate_limit: Annotated[
        float | None, typer.Option(help="Requests per second for each token; more are answered 429.", min=0.1)
    ] = None,
    trust_proxy: Annotated[
        bool, typer.Option(help="Trust X-Forwarded-Proto, -Host and -For: only behind a proxy that sets them.")
    ] = False,
    share_port: Annotated[
        bool, typer.Option(help="Share the port with other servers started like this: one per core.")
    ] = False,
    tls_certificate: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A PEM file: the certificate and its chain.")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A PEM file: the key of the certificate.")
    ] = None,
) -> None:
    """Serve the application until SIGTERM or Ctrl-C; prints one line with its URL when ready.

    Then run `provisor target token create` in another window to create a token for a client.

    Example: provisor target serve --port 8020
    """
    from provisor.provider.model.profiles import PROFILES
    from provisor.provider.protocol.throttling import STRICT_RATE, Limits
    from provisor.provider.serving.server import Service, Tls, open_socket
    from provisor.provider.serving.server import serve as run
    from provisor.provider.store import tenants
    from provisor.provider.store.tables import the_tenant

    if (tls_certificate is None) != (tls_key is None):
        raise typer.BadParameter("TLS needs both files, the certificate and its key.", param_hint="--tls-certificate")
    if profile is not None and tenant is not None:
        raise typer.BadParameter("A tenant keeps the profile it was created with.", param_hint="--profile")
    if profile is not None and profile not in PROFILES:
        raise typer.BadParameter(f"{profile!r} is not one of {', '.join(PROFILES)}.", param_hint="--profile")
    with opened() as database:
        served = the_tenant(database, profile) if tenant is None else tenants.find_tenant(database, tenant)
        if strict_umbrella:
            served = tenants.strict(served)
        limits = Limits(
            requests_per_second=rate_limit or (STRICT_RATE if strict_umbrella else None), trust_proxy=trust_proxy
        )
        run(
            Service(
                database=database,
                tenant=served,
                listener=open_socket(host, port, shared=share_port),
                limits=limits,
                tls=None if tls_certificate is None or tls_key is None else Tls(tls_certificate, tls_key),
                alone=tenant is not None,
            ),
            ready=lambda url: say(f"{served.profile.title} listens on {url}"),
            ready_file=ready_file,
        )


@token_app.command("create")
def create_token(
    label: Annotated[str, typer.Option(help="A name to recognise it by.")],
    kind: Annotated[str, typer.Option(metavar="<entra|okta|other>", help="The kind of client.")] = "entra",
    url: Url = None,
    expires: Annotated[str | None, typer.Option(help="When it expires: 90d, 12h. Default: never.")] = None,
    of: OfTenant = "default",
    as_json: AsJson = False,
) -> None:
    """Create a token. It is shown once; only its hash is stored.

    Example: provisor target token create --label provisor --json
    """
    from provisor.provider.store import tokens
    from provisor.provider.store.tables import now_microseconds
    from provisor.provider.store.tenants import find_tenant, known_url

    if kind not in tokens.KINDS:
        raise typer.BadParameter(f"{kind!r} is not one of {', '.join(tokens.KINDS)}.", param_hint="--kind")
    lasting = _life(expires)
    with opened() as database:
        tenant, now = find_tenant(database, of), now_microseconds()
        with database.transaction() as connection:
            token, clear = tokens.create_token(
                connection,
                tenant,
                kind=kind,
                label=label,
                now=now,
                expires_at=None if lasting is None else now + lasting,
            )
            known = known_url(connection, tenant)
    _show_once(token, clear, url or known or f"http://127.0.0.1:{DEFAULT_PORT}{tenant.base_path}", as_json)


def _show_once(token: "Token", clear: str, address: str, as_json: bool) -> None:
    if as_json:
        print_json({"url": address, "token": clear})
        return
    say(f"Tenant URL    {address}")
    say(f"Secret token  {clear}")
    say(f"Copy it now: it is not shown again. Its id is {token.id} (`provisor target token revoke {token.id}`).")


def _life(text: str | None) -> int | None:
    """How long a token lives; one that expires at once would be useless."""
    lasting = _span(text, "--expires")
    if lasting == 0:
        raise typer.BadParameter("A token that expires at once is useless; give it some time.", param_hint="--expires")
    return lasting


def _span(text: str | None, option: str) -> int | None:
    """A length of time as people write it, in microseconds."""
    if text is None:
        return None
    number, unit = text[:-1], _UNITS.get(text[-1:])
    if unit is None or not number.isascii() or not number.isdigit() or not 0 < len(number) <= 6:
        raise typer.BadParameter(f"{text!r} is not a length of time such as 30m, 24h or 90d.", param_hint=option)
    return int(number) * unit


@token_app.command("rotate")
def rotate_token(
    name: Name,
    overlap: Annotated[
        str, typer.Option(help="How long the old token stays valid: 30m, 24h, 7d. 0s ends it at once.")
    ] = "0s",
    expires: Annotated[str | None, typer.Option(help="When the new one expires: 90d, 12h. Default: never.")] = None,
    url: Url = None,
    of: OfTenant = "default",
    as_json: AsJson = False,
) -> None:
    """Replace a token with a new one of the same kind and label. It is shown once.

    Example: provisor target token rotate provisor --overlap 24h
    """
    from provisor.provider.store import tokens
    from provisor.provider.store.tables import now_microseconds
    from provisor.provider.store.tenants import find_tenant, known_url

    overlapping, lasting = _span(overlap, "--overlap") or 0, _life(expires)
    with opened() as database:
        tenant, now = find_tenant(database, of), now_microseconds()
        with database.transaction() as connection:
            token, clear = tokens.rotate_token(
                connection,
                tenant,
                name,
                overlap=overlapping,
                now=now,
                expires_at=None if lasting is None else now + lasting,
            )
            known = known_url(connection, tenant)
    _show_once(token, clear, url or known or f"http://127.0.0.1:{DEFAULT_PORT}{tenant.base_path}", as_json)


@token_app.command("list")
def list_tokens(of: OfTenant = "default", as_json: AsJson = False) -> None:
    """List the tokens: label, kind, when created, last used, revoked. The tokens themselves are not shown.

    Example: provisor target token list --json
    """
    from provisor.provider.store import tokens
    from provisor.provider.store.tables import now_microseconds
    from provisor.provider.store.tenants import find_tenant

    now = now_microseconds()
    with opened() as database:
        tenant = find_tenant(database, of)
        shown = [{**_shown(token), "old": token.old(now)} for token in tokens.list_tokens(database.reader(), tenant)]
    if as_json:
        print_json(shown)
    elif not shown:
        say("There is no token yet; `provisor target token create --label …` makes one.")
    else:
        print_table(
            ("Label", "Kind", "State", "Id"),
            [(token["label"], token["kind"], _state(token), token["id"]) for token in shown],
        )


def _state(token: dict[str, Any]) -> str:
    state = f"created {minute(token['created'])}, "
    if token["revoked"]:
        return f"{state}revoked {minute(token['revoked'])}"
    state += f"last used {minute(token['lastUsed'])}"
    if token["expires"]:
        state += f", expires {minute(token['expires'])}"
    return f"{state}, older than 180 days: rotate it" if token["old"] else state


def _shown(token: "Token") -> dict[str, str | None]:
    from provisor.provider.model.documents import timestamp

    def moment(value: int | None) -> str | None:
        return None if value is None else timestamp(value)

    return {
        "id": token.id,
        "kind": token.kind,
        "label": token.label,
        "created": moment(token.created_at),
        "expires": moment(token.expires_at),
        "revoked": moment(token.revoked_at),
        "lastUsed": moment(token.last_used_at),
    }


@token_app.command("revoke")
def revoke_token(
    name: Name,
    of: OfTenant = "default",
    as_json: AsJson = False,
) -> None:
    """Revoke a token: from the next request on, clients using it are answered 401.

    Example: provisor target token revoke provisor
    """
    from provisor.provider.store import tokens
    from provisor.provider.store.tables import now_microseconds
    from provisor.provider.store.tenants import find_tenant

    with opened() as database:
        tenant = find_tenant(database, of)
        with database.transaction() as connection:
            token = tokens.revoke_token(connection, tenant, name, now_microseconds())
    if as_json:
        print_json({"id": token.id, "label": token.label})
    else:
        say(f"Revoked {token.id} ({token.label}).")


app.command("backup")(backup)
app.command("import-ad")(import_ad)
