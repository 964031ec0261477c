"""Administrators: who may sign in with which roles. A set-up link is shown in the answer that made it, and never again.

The roles and what each may are told from the table of admin.roles.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from provisor.admin.accounts import AccountShown
from provisor.admin.actor import ACCOUNT_WRITE
from provisor.admin.errors import AdminError
from provisor.admin.roles import PERMISSIONS, ROLES
from provisor.portal.editions import EDITION, edition_of
from provisor.portal.errors import said
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage

ADMINISTRATORS: Final = "/settings/administrators"
_CHANGED: Final = (
    "Roles or person were changed meanwhile, by somebody else or in another window; the roles are {roles} now. Save"
    " again, and what is ticked here replaces them."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountTyped:
    """What the form of an account, token or client holds."""

    name: str = ""
    roles: Sequence[str] = ()
    person: str = ""


def show(visit: PortalVisit) -> PageAnswer:
    """The accounts, the roles, and how people sign in elsewhere."""
    values = {
        "accounts": visit.admin.accounts.all(visit.actor),
        "roles": ROLES,
        "permissions": PERMISSIONS,
        "provider": visit.browsers.openid.offered(),
    }
    return TemplatePage(template="settings/administrators.html", title="Administrators", values=values)


def begin(visit: PortalVisit) -> PageAnswer:
    """The form of a new account."""
    visit.actor.needs(ACCOUNT_WRITE)
    return _new(AccountTyped(), {})


def _new(typed: AccountTyped, wrong: dict[str, str]) -> TemplatePage:
    values = {"typed": typed, "roles": ROLES, "wrong": beside(wrong)}
    return TemplatePage(
        template="settings/administrator_new.html",
        title="Add administrator",
        values=values,
        status=400 if wrong else 200,
    )


def add(visit: PortalVisit) -> PageAnswer:
    """Make it, and show the link by which its holder chooses a password."""
    typed = account_typed(visit)
    try:
        made = visit.admin.accounts.add(visit.actor, typed.name, typed.roles, person=typed.person or None)
    except AdminError as error:
        return _new(typed, account_wrong(error))
    return _link(visit, made)


def one(visit: PortalVisit) -> PageAnswer:
    """One account."""
    found = visit.admin.accounts.show(visit.actor, visit.names["account"])
    return _one(found, AccountTyped(roles=found.account.roles, person=found.person or ""), {})


def _one(found: AccountShown, typed: AccountTyped, wrong: dict[str, str]) -> TemplatePage:
    return TemplatePage(
        template="settings/administrator.html",
        title=found.account.name,
        values={
            "shown": found,
            "typed": typed,
            "roles": ROLES,
            "edition": _edition(found),
            "wrong": beside(wrong),
        },
        status=400 if wrong else 200,
    )


def save(visit: PortalVisit) -> PageAnswer:
    """Other roles, another person."""
    key, typed = visit.names["account"], account_typed(visit)
    visit.actor.needs(ACCOUNT_WRITE)
    found = visit.admin.accounts.show(visit.actor, key)
    if visit.form.get(EDITION) != _edition(found):
        return _one(found, typed, {"whole": _CHANGED.format(roles=", ".join(found.account.roles) or "none")})
    try:
        visit.admin.accounts.set(visit.actor, key, roles=typed.roles, person=typed.person)
    except AdminError as error:
        wrong = account_wrong(error)
        return _one(visit.admin.accounts.show(visit.actor, key), typed, wrong)
    return Redirect(to=f"{ADMINISTRATORS}/{key}", done="Saved. It holds from the next page on that they open.")


def _edition(found: AccountShown) -> str:
    """What the form is about: another one once somebody changed it."""
    return edition_of({"Roles": "\n".join(found.account.roles), "Person": found.person or ""})


def disable(visit: PortalVisit) -> PageAnswer:
    """They are signed out everywhere, and sign in no more."""
    return _switched(visit, enabled=False)


def enable(visit: PortalVisit) -> PageAnswer:
    """They may sign in again."""
    return _switched(visit, enabled=True)


def _switched(visit: PortalVisit, *, enabled: bool) -> PageAnswer:
    key = visit.names["account"]
    try:
        found = visit.admin.accounts.set(visit.actor, key, enabled=enabled)
    except AdminError as error:
        return _whole_refused(visit, error)
    return Redirect(
        to=f"{ADMINISTRATORS}/{key}", done=f"{found.account.name} was {'enabled' if enabled else 'disabled'}."
    )


def _whole_refused(visit: PortalVisit, error: AdminError) -> TemplatePage:
    if error.code != "last-administrator":
        raise error
    found = visit.admin.accounts.show(visit.actor, visit.names["account"])
    return _one(found, AccountTyped(roles=found.account.roles, person=found.person or ""), {"whole": said(error)})


def reset(visit: PortalVisit) -> PageAnswer:
    """Whether a new set-up link is wanted."""
    return _asked(visit, "settings/reset.html", "New set-up link")


def make_link(visit: PortalVisit) -> PageAnswer:
    """The link by which the holder chooses another password."""
    return _link(visit, visit.admin.accounts.show(visit.actor, visit.names["account"]))


def _link(visit: PortalVisit, shown: AccountShown) -> TemplatePage:
    link = visit.admin.accounts.setup_link(visit.actor, shown.account.id)
    return TemplatePage(
        template="settings/set_up_link.html",
        title="Set-up link",
        values={
            "shown": shown,
            "link": link.address(visit.arrival.url),
            "expires_at": int(link.expires_at.timestamp() * 1_000_000),
        },
    )


def leaving(visit: PortalVisit) -> PageAnswer:
    """Whether an account is to be deleted."""
    return _asked(visit, "settings/administrator_delete.html", "Delete administrator")


def _asked(visit: PortalVisit, template: str, title: str) -> TemplatePage:
    visit.actor.needs(ACCOUNT_WRITE)
    found = visit.admin.accounts.show(visit.actor, visit.names["account"])
    return TemplatePage(template=template, title=title, values={"shown": found})


def delete(visit: PortalVisit) -> PageAnswer:
    """It is gone; what it did stays in the audit log."""
    try:
        gone = visit.admin.accounts.delete(visit.actor, visit.names["account"])
    except AdminError as error:
        return _whole_refused(visit, error)
    return Redirect(to=ADMINISTRATORS, done=f"The account {gone.name} was deleted.")


# What forms of accounts share


def account_typed(visit: PortalVisit) -> AccountTyped:
    """What was typed of an account."""
    return AccountTyped(
        name=visit.form.get("name", "").strip(),
        roles=visit.arrival.chosen("role"),
        person=visit.form.get("person", "").strip(),
    )


def account_wrong(error: AdminError) -> dict[str, str]:
    """What is wrong, by the field that it is about. Raises what no form can mend."""
    if error.code in ("permission-denied", "database") or (error.code == "not-found" and error.about is None):
        raise error
    if error.code == "last-administrator":
        return {"whole": said(error)}
    if error.code in ("not-found", "name-ambiguous") or "person of the directory" in error.message:
        return {"person": said(error)}
    if error.code == "invalid-value":
        return {"expires" if "expire" in error.message else "roles": said(error)}
    return {"name": said(error)}


def beside(wrong: dict[str, str]) -> dict[str, str]:
    """A sentence for every field of an account, empty where nothing is wrong."""
    return {"name": "", "roles": "", "person": "", "expires": "", "whole": ""} | wrong
