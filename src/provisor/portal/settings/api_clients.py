"""API clients: tokens and OAuth 2.0 clients of programs. A secret is in the answer that made it, and never again."""

from datetime import timedelta
from typing import Final, get_args

from provisor.admin.actor import ACCOUNT_WRITE
from provisor.admin.errors import AdminError
from provisor.admin.machines import MachineKind, MachineMade, Machines
from provisor.admin.roles import ROLES
from provisor.portal.settings.administrators import AccountTyped, account_typed, account_wrong, beside
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage

API_CLIENTS: Final = "/settings/api-clients"
_LIVES: Final = {"": "Never", "30": "After 30 days", "90": "After 90 days", "180": "After 180 days", "365": "In a year"}
_NAMES: Final = {"token": "token", "client": "OAuth client"}


def show(visit: PortalVisit) -> PageAnswer:
    """All of them, without their secrets."""
    values = {"machines": {kind: _machines(visit, kind).all(visit.actor) for kind in _NAMES}}
    return TemplatePage(template="settings/api_clients.html", title="API clients", values=values)


def begin(visit: PortalVisit) -> PageAnswer:
    """The form of a new one."""
    visit.actor.needs(ACCOUNT_WRITE)
    return _new(_kind(visit), AccountTyped(), "90", {})


def _new(kind: MachineKind, typed: AccountTyped, life: str, wrong: dict[str, str]) -> TemplatePage:
    values = {"kind": kind, "typed": typed, "life": life, "lives": _LIVES, "roles": ROLES, "wrong": beside(wrong)}
    return TemplatePage(
        template="settings/api_client_new.html",
        title=f"New {_NAMES[kind]}",
        values=values,
        status=400 if wrong else 200,
    )


def create(visit: PortalVisit) -> PageAnswer:
    """Make it, and show its secret."""
    kind, typed, life = _kind(visit), account_typed(visit), visit.form.get("expires", "")
    try:
        made = _machines(visit, kind).create(
            visit.actor,
            typed.name,
            typed.roles,
            lifetime=timedelta(days=int(life)) if life in _LIVES and life else None,
            person=typed.person or None,
        )
    except AdminError as error:
        return _new(kind, typed, life, account_wrong(error))
    return _secret(visit, made)


def _secret(visit: PortalVisit, made: MachineMade) -> TemplatePage:
    values = {"machine": made.account, "secrets": made.to_json(), "address": visit.arrival.url, "tenant": made.tenant}
    return TemplatePage(template="settings/api_client_secret.html", title="Keep this now", values=values)


def renewing(visit: PortalVisit) -> PageAnswer:
    """Whether it is to have another secret."""
    return _asked(visit, "settings/api_client_rotate.html", "Another secret")


def rotate(visit: PortalVisit) -> PageAnswer:
    """The former secret is good for nothing from now on."""
    return _secret(visit, _machines(visit, _kind(visit)).rotate(visit.actor, visit.names["account"]))


def leaving(visit: PortalVisit) -> PageAnswer:
    """Whether it is to be revoked."""
    return _asked(visit, "settings/api_client_revoke.html", "Revoke")


def _asked(visit: PortalVisit, template: str, title: str) -> TemplatePage:
    visit.actor.needs(ACCOUNT_WRITE)
    kind, wanted = _kind(visit), visit.names["account"]
    found = next((one for one in _machines(visit, kind).all(visit.actor) if one.account.id == wanted), None)
    if found is None:
        raise AdminError("not-found", f"There is no such {_NAMES[kind]}.", "It may have been revoked since.")
    return TemplatePage(template=template, title=title, values={"kind": kind, "shown": found})


def revoke(visit: PortalVisit) -> PageAnswer:
    """It is good for nothing from the next request on."""
    kind = _kind(visit)
    gone = _machines(visit, kind).revoke(visit.actor, visit.names["account"])
    return Redirect(to=API_CLIENTS, done=f"The {_NAMES[kind]} {gone.name} was revoked.")


def _machines(visit: PortalVisit, kind: MachineKind | str) -> Machines:
    return {str(name): group for name, group in visit.admin.machines.items()}[kind]


def _kind(visit: PortalVisit) -> MachineKind:
    kinds: tuple[MachineKind, ...] = get_args(MachineKind)
    for kind in kinds:
        if kind == visit.names["kind"]:
            return kind
    raise AdminError("not-found", "There is no such kind of API client.", "There are tokens and clients.")
