"""Retention, the key that credentials are stored under, and *About*: how the service is, and what it is made of."""

import sys
from importlib.metadata import version
from typing import Final

from provisor.admin.actor import DIRECTORY_READ, KEY_WRITE, NOTIFICATION_READ, SERVICE_WRITE
from provisor.admin.errors import AdminError
from provisor.admin.retentions import FEWEST, FOR_EVER, LONGEST
from provisor.portal.editions import edition_of, overtaken
from provisor.portal.errors import said
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage

RETENTION: Final = "/settings/retention"
KEYS: Final = "/settings/keys"
_KEPT: Final = {
    "log_days": "Provisioning log",
    "audit_days": "Audit log",
    "cycles": "Cycles of a job",
    "rule_sets": "Rule sets of a job",
}


def retention(visit: PortalVisit) -> PageAnswer:
    """How long things are kept."""
    return _retention(visit, _stored(visit), {})


def _retention(visit: PortalVisit, typed: dict[str, str], wrong: dict[str, str], problem: str = "") -> TemplatePage:
    values = {
        "typed": typed,
        "wrong": dict.fromkeys(_KEPT, "") | wrong,
        "edition": edition_of(_told(_stored(visit))),
        "problem_said": problem,
        "fewest": FEWEST,
        "longest": LONGEST,
    }
    status = 409 if problem else 400 if wrong else 200
    return TemplatePage(template="settings/retention.html", title="Retention", values=values, status=status)


def _stored(visit: PortalVisit) -> dict[str, str]:
    kept = visit.admin.retentions.show(visit.actor)
    return {name: str(getattr(kept, name)) for name in _KEPT}


def _told(typed: dict[str, str]) -> dict[str, str]:
    return {label: typed[name] for name, label in _KEPT.items()}


def save_retention(visit: PortalVisit) -> PageAnswer:
    """Keep for so long from now on."""
    visit.actor.needs(SERVICE_WRITE)
    typed = {name: visit.form.get(name, "").strip() for name in _KEPT}
    if problem := overtaken(visit, _told(_stored(visit)), _told(typed)):
        return _retention(visit, typed, {}, problem)
    wrong = {
        name: "This is a whole number; 0 keeps for ever."
        for name, text in typed.items()
        if not (text.isascii() and text.isdigit()) or len(text) > len(str(LONGEST))
    }
    if wrong:
        return _retention(visit, typed, wrong)
    asked = {name: int(text) for name, text in typed.items()}
    try:
        visit.admin.retentions.set(
            visit.actor,
            log_days=asked["log_days"],
            audit_days=asked["audit_days"],
            cycles=asked["cycles"],
            rule_sets=asked["rule_sets"],
        )
    except AdminError as error:
        if error.code != "invalid-value":
            raise
        wrong = {name: said(error) for name, number in asked.items() if _is_outside(name, number)}
        return _retention(visit, typed, wrong)
    return Redirect(to=RETENTION, done="Saved. What is older goes within an hour.")


def _is_outside(name: str, number: int) -> bool:
    return number != FOR_EVER and not FEWEST.get(name, 1) <= number <= LONGEST


def keys(visit: PortalVisit) -> PageAnswer:
    """Which key there is, and whether it opens everything."""
    return _keys(visit, "")


def _keys(visit: PortalVisit, wrong: str) -> TemplatePage:
    values = {"state": visit.admin.keys.state(visit.actor), "wrong": wrong}
    return TemplatePage(template="settings/keys.html", title="Keys", values=values, status=400 if wrong else 200)


def renewing(visit: PortalVisit) -> PageAnswer:
    """Whether everything is to be stored under another key."""
    return _asked(visit, "settings/key_rotate.html", "Rotate the key")


def rotate(visit: PortalVisit) -> PageAnswer:
    """Store everything under a new key, and forget the old one."""
    try:
        done = visit.admin.keys.rotate(visit.actor)
    except AdminError as error:
        return _refused(visit, error)
    moved = f"{done.moved} secret{'' if done.moved == 1 else 's'} moved to the new key {done.key_id}."
    return Redirect(to=KEYS, done=f"{moved} Back up the key file now.")


def forgetting(visit: PortalVisit) -> PageAnswer:
    """Whether what the file does not open is to be forgotten."""
    return _asked(visit, "settings/key_forget.html", "Forget credentials of a lost key")


def forget(visit: PortalVisit) -> PageAnswer:
    """Forget every credential that the key file does not open."""
    try:
        gone = visit.admin.keys.reset(visit.actor)
    except AdminError as error:
        return _refused(visit, error)
    return Redirect(to=KEYS, done=f"{len(gone)} forgotten. Enter them again.")


def _asked(visit: PortalVisit, template: str, title: str) -> TemplatePage:
    visit.actor.needs(KEY_WRITE)
    return TemplatePage(template=template, title=title, values={"state": visit.admin.keys.state(visit.actor)})


def _refused(visit: PortalVisit, error: AdminError) -> TemplatePage:
    if error.code != "secret-key":
        raise error
    return _keys(visit, said(error))


def about(visit: PortalVisit) -> PageAnswer:
    """Version, health, places, what is set."""
    admin, actor = visit.admin, visit.actor
    values = {
        "version": version("provisor"),
        "python": sys.version.split()[0],
        "health": admin.health.look(actor),
        "places": admin.health.places(actor),
        "doubt": admin.clock.doubt(actor) if actor.may(DIRECTORY_READ) else None,
        "key": admin.keys.state(actor),
        "kept": admin.retentions.show(actor),
        "provider": admin.openid.offered(),
        "mail": admin.mail.show(actor, limit=1).server if actor.may(NOTIFICATION_READ) else None,
        "receivers": admin.logs.receivers(actor),
    }
    return TemplatePage(template="settings/about.html", title="About", values=values)


def believe(visit: PortalVisit) -> PageAnswer:
    """The clock is right: objects may be deleted because of their age again."""
    visit.admin.clock.believe(visit.actor)
    return Redirect(to="/settings/about", done="The clock is trusted again.")
