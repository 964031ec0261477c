"""Verbs on signing in by OpenID Connect: what is set, whether it works, and who somebody is by the provider's word.

web.openid judges what connectors.openid_provider reads. Nothing is saved that cannot work. Order: setting, signing in,
asking the provider.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import uvloop

from provisor.admin.actor import SERVICE_READ, SERVICE_WRITE, Actor
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.last_administrator import one_stays
from provisor.admin.roles import read_roles
from provisor.connectors import openid_provider
from provisor.connectors.addresses import is_loopback
from provisor.engine.ports import ConnectorError, Malformed, Secret
from provisor.scim.values import Json
from provisor.storage import openid_settings, secrets
from provisor.storage.openid_settings import CLIENT_SECRET, OpenIdSettings
from provisor.storage.secrets import SecretError
from provisor.web import openid
from provisor.web.openid import Client, OpenIdRefused, ProviderMetadata

__all__ = ["CALLBACK", "START", "OpenId", "OpenIdRefused", "OpenIdSettings", "OpenIdShown", "Vouched"]

START: Final = "/sign-in/openid-connect"
CALLBACK: Final = f"{START}/callback"
_KNOWN_SECONDS: Final = 300  # how long a provider's description is believed, so that opening a page costs it nothing
_LONGEST_NAME: Final = 254

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIdShown:
    """What is set, without the secret."""

    settings: OpenIdSettings
    redirect_uri: str
    has_secret: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """Somebody, by the provider's word; `subject` is the one name that the provider never gives to another."""

    issuer: str
    subject: str
    name: str
    roles: tuple[str, ...]


class NoRoleVouched(OpenIdRefused):
    """The provider knows somebody, and says nothing that has a role."""

    def __init__(self, *, code: str, message: str, issuer: str, subject: str) -> None:
        super().__init__(code, message, "Ask an administrator of Provisor, or of the provider's groups.")
        self.issuer, self.subject = issuer, subject


@dataclass(slots=True)
class _Known:
    """What the provider said of itself lately."""

    lock: Lock = field(default_factory=Lock)
    metadata: ProviderMetadata | None = None
    until: float = 0.0


@dataclass(frozen=True, slots=True)
class OpenId:
    """Signing in at another's page."""

    context: Context
    known: _Known = field(default_factory=_Known)

    def set(self, actor: Actor, settings: OpenIdSettings, *, client_secret: str | None = None) -> None:
        """Keep the settings once the provider has been found to fit them, and the secret when one is given.

        Without one, the one that is stored stays while issuer and client id do. Raises AdminError.
        """
        self.context.needs(actor, SERVICE_WRITE, "Set OpenID Connect")
        _refuse_unusable(settings)
        settings = replace(settings, roles={value: read_roles(named) for value, named in settings.roles.items()})
        _asked(_described(settings.issuer))
        ring = None if client_secret is None else self.context.key()
        with self.context.change(actor, SERVICE_WRITE, "Set OpenID Connect") as change:
            tenant = self.context.tenant
            owner = openid_settings.owner(tenant)
            before = openid_settings.read(change.connection, tenant)
            stays = before is not None and (before.issuer, before.client_id) == (settings.issuer, settings.client_id)
            if not stays:  # a secret is sent only to the provider it was given for
                secrets.forget(change.connection, owner)
            with one_stays(self.context, change.connection):
                openid_settings.save(change.connection, tenant, settings)
            if ring is not None and client_secret is not None:
                try:
                    secrets.save(
                        change.connection,
                        ring,
                        owner=owner,
                        name=CLIENT_SECRET,
                        secret=Secret(client_secret),
                        now=change.now,
                    )
                except SecretError as error:
                    raise AdminError("secret-key", str(error)) from error
            change.target = settings.issuer
            change.detail = _told(settings)

    def show(self, actor: Actor) -> OpenIdShown:
        """What is set. Raises AdminError when nothing is."""
        connection = self.context.read(actor, SERVICE_READ)
        settings = self._settings()
        names = secrets.names(connection, openid_settings.owner(self.context.tenant))
        return OpenIdShown(
            settings=settings, redirect_uri=_client(settings).redirect_uri, has_secret=CLIENT_SECRET in names
        )

    def test(self, actor: Actor) -> ProviderMetadata:
        """Ask the provider now what it says of itself, and for its keys. Raises AdminError with what does not fit."""
        self.context.needs(actor, SERVICE_READ)
        return _asked(_described(self._settings().issuer))

    def remove(self, actor: Actor) -> None:
        """Nobody signs in that way any more; accounts stay. Raises AdminError when nothing is set."""
        with self.context.change(actor, SERVICE_WRITE, "Remove OpenID Connect") as change:
            change.target = self._settings().issuer
            with one_stays(self.context, change.connection):
                openid_settings.forget(change.connection, self.context.tenant)
                secrets.forget(change.connection, openid_settings.owner(self.context.tenant))

    def offered(self) -> OpenIdSettings | None:
        """What the sign-in page offers to anybody."""
        return openid_settings.read(self.context.database.reader(), self.context.tenant)

    def begin(self, secret: str) -> str:
        """Where a browser goes to sign in. `secret` is what its cookie holds. Raises OpenIdRefused."""
        settings = self._offered()
        metadata = _believed(self._metadata(settings.issuer))
        return openid.authorization_address(_client(settings), metadata, secret, self._seconds())

    def vouched(self, query: Mapping[str, str], secret: str | None) -> Vouched:
        """Who somebody is, of what the browser brought back from the provider. Raises OpenIdRefused."""
        settings = self._offered()
        client = _client(settings)
        answered = openid.read_answer(client, query, secret, self._seconds())
        stored = self.context.secret(
            self.context.database.reader(), openid_settings.owner(self.context.tenant), CLIENT_SECRET
        )

        async def ask() -> Mapping[str, Any]:
            metadata = await self._metadata(client.issuer)
            openid.check_names_itself(client, metadata, query)
            secret_or_none = None if stored is None else stored.reveal()
            body, headers = openid.token_request(client, metadata, answered, secret_or_none)
            answer = await openid_provider.ask_for_tokens(metadata.token_endpoint, body, headers)
            id_token, access_token = openid.read_token_answer(answer.status, answer.body)
            keys = await openid_provider.read_document(metadata.jwks_uri, "keys")
            now = self._seconds()
            return openid.read_claims(client, keys, id_token, access_token, nonce=answered.nonce, now_seconds=now)

        return _vouched(settings, _believed(ask()))

    async def _metadata(self, issuer: str) -> ProviderMetadata:
        with self.known.lock:
            known = self.known.metadata
            if known is not None and known.issuer == issuer and self._seconds() < self.known.until:
                return known
        document = await openid_provider.read_document(openid.discovery_address(issuer), "discovery document")
        metadata = _described_by(document, issuer)
        with self.known.lock:
            self.known.metadata, self.known.until = metadata, self._seconds() + _KNOWN_SECONDS
        return metadata

    def _settings(self) -> OpenIdSettings:
        settings = self.offered()
        if settings is None:
            raise AdminError(
                "no-openid", "OpenID Connect is not set.", "Set it with `provisor admin oidc set`, if you want it."
            )
        return settings

    def _offered(self) -> OpenIdSettings:
        settings = self.offered()
        if settings is None:
            raise OpenIdRefused("no-openid", "Signing in with OpenID Connect is not offered here.")
        return settings

    def _seconds(self) -> int:
        return int(self.context.now().timestamp())


def called(issuer: str) -> str:
    """What a provider is called where nobody says: its host, or the issuer where that is no address."""
    try:
        return urlsplit(issuer).hostname or issuer
    except ValueError:
        return issuer


def _client(settings: OpenIdSettings) -> Client:
    return Client(
        issuer=settings.issuer,
        client_id=settings.client_id,
        redirect_uri=f"{settings.address}{CALLBACK}",
        scope=settings.scope,
    )


def _refuse_unusable(settings: OpenIdSettings) -> None:
    problem = openid_provider.problem_with_issuer(settings.issuer)
    if problem is None:
        problem = _problem_with_address(settings.address)
    if problem is None and "openid" not in settings.scope.split():
        problem = "The scope has to hold the word openid."
    if problem is None and not settings.roles:
        problem = f"No value of the claim {settings.claim} has a role: nobody could sign in."
    for what, text in (("client id", settings.client_id), ("claim", settings.claim), ("name", settings.name)):
        if problem is None and not (text.strip() and text.isprintable()):
            problem = f"The {what} is blank, or holds a control character."
    if problem is not None:
        raise AdminError("invalid-value", problem)


def _problem_with_address(address: str) -> str | None:
    """Browsers bring the provider's answer back to it: over TLS, or on this machine."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    # As browsers send it, so that it can be compared: in small letters, without the port that goes without saying.
    as_sent = parts.netloc == parts.netloc.lower() and port not in (0, {"https": 443, "http": 80}.get(parts.scheme))
    whole = f"{parts.scheme}://{parts.netloc}" == address and parts.username is None and as_sent
    if parts.scheme not in ("https", "http") or not host or not whole:
        return (
            f"{openid.shown(address)} is not the address of this service; it looks like https://provisor.example.com."
        )
    if parts.scheme == "http" and not is_loopback(host):
        return f"Browsers would send codes to http://{host} in the clear; give the address with https://."
    return None


def _told(settings: OpenIdSettings) -> dict[str, Json]:
    roles: dict[str, Json] = {value: list(roles) for value, roles in settings.roles.items()}
    return {
        "clientId": settings.client_id,
        "address": settings.address,
        "claim": settings.claim,
        "roles": roles,
        "scope": settings.scope,
    }


def _vouched(settings: OpenIdSettings, claims: Mapping[str, Any]) -> Vouched:
    subject = str(claims["sub"])
    names = (claims.get(each) for each in ("preferred_username", "email", "name"))
    name = next((each for each in names if isinstance(each, str) and each.strip()), subject)
    name = openid.shown(name.strip())
    values = openid.values_of(claims, settings.claim)
    roles = tuple(dict.fromkeys(role for value in values for role in settings.roles.get(value, ())))
    if not roles:
        said = ", ".join(openid.shown(value) for value in values[:5]) or "nothing"
        raise NoRoleVouched(
            code="openid-no-role",
            message=f"{name} has no role here: the provider's claim {settings.claim} says {said}.",
            issuer=settings.issuer,
            subject=subject,
        )
    return Vouched(issuer=settings.issuer, subject=subject, name=name, roles=roles)


async def _described(issuer: str) -> ProviderMetadata:
    """What the provider says of itself, once its keys were found to be there, too."""
    document = await openid_provider.read_document(openid.discovery_address(issuer), "discovery document")
    metadata = _described_by(document, issuer)
    openid.check_keys(issuer, await openid_provider.read_document(metadata.jwks_uri, "keys"))
    return metadata


def _described_by(document: bytes, issuer: str) -> ProviderMetadata:
    """What the document says. Raises OpenIdRefused, and Malformed for addresses that nobody may be sent to."""
    metadata = openid.read_metadata(document, issuer)
    places = {
        "sign-in page": metadata.authorization_endpoint,
        "token endpoint": metadata.token_endpoint,
        "keys": metadata.jwks_uri,
    }
    problem = openid_provider.problem_with_places(issuer, places)
    if problem is not None:
        raise Malformed(problem)
    return metadata


def _run(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def _believed(work: Coroutine[Any, Any, T]) -> T:
    """For somebody who signs in."""
    try:
        return _run(work)
    except ConnectorError as error:
        raise OpenIdRefused("openid-unreachable", error.message, "Try again in a while.") from error


def _asked(work: Coroutine[Any, Any, T]) -> T:
    """For an administrator."""
    try:
        return _run(work)
    except ConnectorError as error:
        raise AdminError("openid-unreachable", error.message, "Check the issuer, and the network.") from error
    except OpenIdRefused as error:
        raise AdminError(error.code, error.message, error.hint) from error
