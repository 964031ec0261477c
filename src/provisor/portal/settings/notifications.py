"""Notifications: the mail server with a letter to try it, webhooks with a test, and what became of their messages."""

from dataclasses import dataclass, replace
from typing import Final, Literal

from provisor.admin.actor import NOTIFICATION_WRITE
from provisor.admin.errors import AdminError
from provisor.admin.mail import MailServer
from provisor.admin.webhooks import Webhook
from provisor.portal.editions import edition_of, overtaken
from provisor.portal.errors import said
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage

NOTIFICATIONS: Final = "/settings/notifications"
_MESSAGES: Final = 30
_PROTECTIONS: Final[dict[str, Literal["starttls", "implicit", "none"]]] = {
    "starttls": "starttls",
    "implicit": "implicit",
    "none": "none",
}
_PORTS: Final = {"starttls": 587, "implicit": 465, "none": 25}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailTyped:
    """What the form of the mail server holds, but for the password."""

    host: str = ""
    port: str = ""
    protection: str = "starttls"
    sender: str = ""
    user: str = ""
    ca_file: str = ""
    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownWebhook:
    """A webhook by its host: with many services the path of the address is the whole secret."""

    webhook: Webhook
    host: str
    state: str


def show(visit: PortalVisit) -> PageAnswer:
    """Everything about notices."""
    return _page(visit, {})


def _page(visit: PortalVisit, said_of: dict[str, str], *, to: str = "", url: str = "") -> TemplatePage:
    mail = visit.admin.mail.show(visit.actor, limit=_MESSAGES)
    hooks = [_shown(one) for one in visit.admin.webhooks.all(visit.actor)]
    values = {
        "server": mail.server,
        "letters": mail.letters,
        "hooks": hooks,
        "hosts": {one.webhook.id: one.host for one in hooks},
        "deliveries": visit.admin.webhooks.deliveries(visit.actor, limit=_MESSAGES),
        "wrong": {"test": "", "hook": "", "url": ""} | said_of,
        "to": to,
        "url": url,
    }
    return TemplatePage(
        template="settings/notifications.html",
        title="Notifications",
        values=values,
        status=400 if said_of else 200,
    )


def _shown(webhook: Webhook) -> ShownWebhook:
    state = "works" if webhook.failing_since is None else "fails"
    host = webhook.url.partition("://")[2].partition("/")[0].partition("?")[0].rpartition("@")[2]
    return ShownWebhook(webhook=webhook, host=host, state="switched off" if webhook.disabled_at is not None else state)


# Mail


def edit_mail(visit: PortalVisit) -> PageAnswer:
    """The form of the mail server."""
    visit.actor.needs(NOTIFICATION_WRITE)
    return _mail(visit, _stored_mail(visit), {})


def _stored_mail(visit: PortalVisit) -> MailTyped:
    """What is set; an empty host where nothing is."""
    server = visit.admin.mail.show(visit.actor, limit=1).server
    if server is None:
        return MailTyped()
    return MailTyped(
        host=server.host,
        port=str(server.port),
        protection=server.protection,
        sender=server.sender,
        user=server.user or "",
        ca_file=server.ca_file or "",
        to="\n".join(server.to),
    )


def _told(typed: MailTyped) -> dict[str, str]:
    return {
        "Server": typed.host,
        "TLS": typed.protection,
        "Port": typed.port,
        "From": typed.sender,
        "Signs in as": typed.user,
        "CA file": typed.ca_file,
        "Told of all else": "\n".join(typed.to.split()),
    }


def _mail(visit: PortalVisit, typed: MailTyped, wrong: dict[str, str], status: int = 200) -> TemplatePage:
    stored = _stored_mail(visit)
    values = {
        "typed": typed,
        "is_set": bool(stored.host),
        "edition": edition_of(_told(stored)),
        "ports": _PORTS,
        "wrong": dict.fromkeys(("host", "port", "sender", "password", "to", "ca_file", "whole"), "") | wrong,
    }
    return TemplatePage(template="settings/mail.html", title="Mail server", values=values, status=status)


def save_mail(visit: PortalVisit) -> PageAnswer:
    """Keep the server; an empty password leaves the one that was given before."""
    visit.actor.needs(NOTIFICATION_WRITE)
    form = visit.form
    names = ("host", "port", "protection", "sender", "user", "ca_file", "to")
    typed = MailTyped(**{name: form.get(name, "").strip() for name in names})
    protection = _PROTECTIONS.get(typed.protection, "starttls")
    port = typed.port or str(_PORTS[protection])
    if whole := overtaken(visit, _told(_stored_mail(visit)), _told(replace(typed, port=port))):
        return _mail(visit, typed, {"whole": whole}, 409)
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) <= 65_535):
        return _mail(visit, typed, {"port": "A port is a number from 1 to 65535."}, 400)
    server = MailServer(
        host=typed.host,
        port=int(port),
        protection=protection,
        sender=typed.sender,
        user=typed.user or None,
        ca_file=typed.ca_file or None,
        to=tuple(typed.to.split()),
    )
    password = form.get("password", "") or None
    try:
        visit.admin.mail.set(visit.actor, server, password=password if typed.user else None)
    except AdminError as error:
        if error.code == "permission-denied":
            raise
        return _mail(visit, typed, {_field(error, typed): said(error)}, 400)
    return Redirect(to=NOTIFICATIONS, done=f"Letters go through {server.host}. Try it with a letter.")


def _field(error: AdminError, typed: MailTyped) -> str:
    """Which field it is about: an address that is quoted, or what the verb calls it."""
    if error.code == "secret-needed-again" or "password" in error.message:
        return "password"
    if repr(typed.sender[:80]) in error.message:
        return "sender"
    if any(repr(one[:80]) in error.message for one in typed.to.split()):
        return "to"
    words = {"CA": "ca_file", "certificate": "ca_file", "port": "port", "host": "host"}
    return next((field for word, field in words.items() if word in error.message), "whole")


def test_mail(visit: PortalVisit) -> PageAnswer:
    """Send a letter now, and say what the server said."""
    to = visit.form.get("to", "").strip()
    try:
        visit.admin.mail.test(visit.actor, to)
    except AdminError as error:
        if error.code == "permission-denied":
            raise
        return _page(visit, {"test": said(error)}, to=to)
    return Redirect(to=NOTIFICATIONS, done=f"The mail server took a letter for {to}.")


def leaving_mail(visit: PortalVisit) -> PageAnswer:
    """Whether no more letters are to be sent."""
    visit.actor.needs(NOTIFICATION_WRITE)
    server = visit.admin.mail.show(visit.actor, limit=1).server
    return TemplatePage(template="settings/mail_remove.html", title="Remove the mail server", values={"server": server})


def remove_mail(visit: PortalVisit) -> PageAnswer:
    """Nobody is told by mail."""
    visit.admin.mail.remove(visit.actor)
    return Redirect(to=NOTIFICATIONS, done="The mail server was removed. Nobody is told by mail any more.")


# Webhooks


def add_webhook(visit: PortalVisit) -> PageAnswer:
    """Tell this address from now on, and show what it checks our signature with."""
    url = visit.form.get("url", "").strip()
    try:
        added = visit.admin.webhooks.add(visit.actor, url)
    except AdminError as error:
        if error.code == "permission-denied":
            raise
        return _page(visit, {"url": said(error)}, url=url)
    values = {"shown": _shown(added.webhook), "secret": added.secret.reveal()}
    return TemplatePage(template="settings/webhook_secret.html", title="Keep this now", values=values)


def test_webhook(visit: PortalVisit) -> PageAnswer:
    """Tell it of a test now; one that was switched off is switched on when it answers."""
    try:
        found = visit.admin.webhooks.test(visit.actor, visit.names["webhook"])
    except AdminError as error:
        if error.code in ("permission-denied", "not-found"):
            raise
        return _page(visit, {"hook": said(error)})
    return Redirect(to=NOTIFICATIONS, done=f"{_shown(found).host} took the test.")


def leaving_webhook(visit: PortalVisit) -> PageAnswer:
    """Whether it is to be told no more."""
    visit.actor.needs(NOTIFICATION_WRITE)
    wanted = visit.names["webhook"]
    found = next((one for one in visit.admin.webhooks.all(visit.actor) if one.id == wanted), None)
    if found is None:
        raise AdminError("not-found", "There is no such webhook.", "It may have been deleted since.")
    values = {"shown": _shown(found)}
    return TemplatePage(template="settings/webhook_delete.html", title="Delete webhook", values=values)


def delete_webhook(visit: PortalVisit) -> PageAnswer:
    """It is told of nothing more."""
    visit.admin.webhooks.delete(visit.actor, visit.names["webhook"])
    return Redirect(to=NOTIFICATIONS, done="The webhook was deleted.")
