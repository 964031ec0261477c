"""OpenID Connect: people sign in at another's page, such as Microsoft Entra's. Show, set, test, remove."""

from dataclasses import asdict, dataclass
from typing import Final

from provisor.admin.actor import SERVICE_READ, SERVICE_WRITE
from provisor.admin.errors import AdminError
from provisor.admin.openid import OpenIdSettings, OpenIdShown, called
from provisor.admin.roles import ROLES
from provisor.portal.editions import edition_of, overtaken
from provisor.portal.errors import said
from provisor.portal.settings.administrators import ADMINISTRATORS
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage

OPENID: Final = f"{ADMINISTRATORS}/openid-connect"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderTyped:
    """What the form holds; `roles` has a line VALUE=ROLE for every role that a value of the claim gives."""

    issuer: str = ""
    client_id: str = ""
    address: str = ""
    name: str = ""
    claim: str = "roles"
    scope: str = "openid profile email"
    roles: str = ""


def show(visit: PortalVisit) -> PageAnswer:
    """What is set, and the form to set it."""
    visit.actor.needs(SERVICE_READ)
    return _page(visit, _typed_before(visit), {})


def _page(
    visit: PortalVisit, typed: ProviderTyped, wrong: dict[str, str], tested: str = "", problem: str = ""
) -> TemplatePage:
    values = {
        "edition": edition_of(_told(_typed_before(visit))),
        "problem_said": problem,
        "shown": _shown(visit),
        "typed": typed,
        "roles": ROLES,
        "wrong": dict.fromkeys([*asdict(typed), "whole"], "") | wrong,
        "tested": tested,
    }
    status = 409 if problem else 400 if wrong else 200
    return TemplatePage(template="settings/openid.html", title="OpenID Connect", values=values, status=status)


def _shown(visit: PortalVisit) -> OpenIdShown | None:
    return None if visit.admin.openid.offered() is None else visit.admin.openid.show(visit.actor)


def _typed_before(visit: PortalVisit) -> ProviderTyped:
    settings = visit.admin.openid.offered()
    if settings is None:
        return ProviderTyped(address=visit.arrival.url)
    return ProviderTyped(
        issuer=settings.issuer,
        client_id=settings.client_id,
        address=settings.address,
        name=settings.name,
        claim=settings.claim,
        scope=settings.scope,
        roles="\n".join(f"{value}={role}" for value, roles in settings.roles.items() for role in roles),
    )


def _told(typed: ProviderTyped) -> dict[str, str]:
    return {
        "Issuer": typed.issuer,
        "Client id": typed.client_id,
        "Address of this service": typed.address.rstrip("/"),
        "Called": typed.name or called(typed.issuer),
        "Claim": typed.claim,
        "Scope": typed.scope,
        "Roles": typed.roles,
    }


def save(visit: PortalVisit) -> PageAnswer:
    """Keep it, once the provider was found to fit."""
    visit.actor.needs(SERVICE_WRITE)
    typed = ProviderTyped(**{name: visit.form.get(name, "").strip() for name in asdict(ProviderTyped())})
    secret = visit.form.get("secret", "").strip()
    if problem := overtaken(visit, _told(_typed_before(visit)), _told(typed)):
        return _page(visit, typed, {}, problem=problem)
    roles, bad = _roles(typed.roles)
    if bad:
        return _page(visit, typed, {"roles": f"{bad[:80]!r} is not VALUE=ROLE."})
    settings = OpenIdSettings(
        issuer=typed.issuer,
        client_id=typed.client_id,
        address=typed.address.rstrip("/"),
        claim=typed.claim,
        roles=roles,
        name=typed.name or called(typed.issuer),
        scope=typed.scope,
    )
    try:
        visit.admin.openid.set(visit.actor, settings, client_secret=secret or None)
    except AdminError as error:
        if error.code == "permission-denied":
            raise
        return _page(visit, typed, {_field(error): said(error)})
    return Redirect(to=OPENID, done="Saved. Now sign in with it, in another browser.")


def _roles(text: str) -> tuple[dict[str, tuple[str, ...]], str]:
    """Value of the claim → roles; and the first line that is no such pair."""
    roles: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        # A distinguished name holds the sign too, a role does not.
        value, separator, named = line.strip().rpartition("=")
        if line.strip() and (not separator or not value.strip()):
            return roles, line.strip()
        if line.strip():
            roles[value.strip()] = (*roles.get(value.strip(), ()), named.strip())
    return roles, ""


def _field(error: AdminError) -> str:
    """Which field it is about, by what the verb calls it."""
    words = {
        "role": "roles",
        "The scope": "scope",
        "The client id": "client_id",
        "The claim": "claim",
        "The name": "name",
        "address of this service": "address",
        "in the clear; give the address": "address",
        "issuer": "issuer",
    }
    if error.code in ("openid-unreachable", "openid-issuer"):
        return "issuer"
    return next((field for word, field in words.items() if word in error.message), "whole")


def test(visit: PortalVisit) -> PageAnswer:
    """Ask the provider what it says of itself."""
    typed = _typed_before(visit)
    try:
        metadata = visit.admin.openid.test(visit.actor)
    except AdminError as error:
        if error.code == "permission-denied":
            raise
        return _page(visit, typed, {"whole": said(error)})
    return _page(visit, typed, {}, f"{metadata.issuer} describes itself as needed, and publishes its keys.")


def leaving(visit: PortalVisit) -> PageAnswer:
    """Whether nobody is to sign in that way any more."""
    visit.actor.needs(SERVICE_WRITE)
    return _leaving(visit, "")


def _leaving(visit: PortalVisit, wrong: str) -> TemplatePage:
    values = {"shown": visit.admin.openid.show(visit.actor), "wrong": wrong}
    status = 400 if wrong else 200
    return TemplatePage(
        template="settings/openid_remove.html", title="Remove OpenID Connect", values=values, status=status
    )


def remove(visit: PortalVisit) -> PageAnswer:
    """Accounts that it made stay, without a way to sign in."""
    try:
        visit.admin.openid.remove(visit.actor)
    except AdminError as error:
        if error.code != "last-administrator":
            raise
        return _leaving(visit, said(error))
    return Redirect(to=ADMINISTRATORS, done="Nobody signs in with OpenID Connect any more.")
