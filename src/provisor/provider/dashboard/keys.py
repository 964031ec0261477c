"""Pages of the API keys: generate, shown once, acknowledge, refresh, revoke (spec/scim-wire.md section 11.1).

A token is in one answer to a POST: not in an address, a log, a cookie or the store. Until the user
confirms having saved it, the session leads to that question only.
"""

from provisor.provider.dashboard import audit
from provisor.provider.dashboard.accounts import show_token
from provisor.provider.dashboard.page_request import Visit
from provisor.provider.store.tables import TargetError
from provisor.provider.store.tokens import (
    DAY,
    KINDS,
    ROTATE_AFTER,
    Token,
    create_token,
    list_tokens,
    revoke_token,
    rotate_token,
)
from provisor.web.answers import PageAnswer, Redirect, TemplatePage, not_here, refused

KEYS = "/api-keys"
ACKNOWLEDGE = f"{KEYS}/acknowledge"
REVOKED = "The token was revoked: clients that present it are answered 401 from now on."
KIND_NAMES = {"entra": "Microsoft Entra ID", "okta": "Okta", "other": "Another SCIM client"}
EXPIRIES = {"never": None, "90": 90 * DAY, "180": 180 * DAY, "365": 365 * DAY}
OVERLAPS = {"0": 0, "1h": DAY // 24, "24h": DAY, "7d": 7 * DAY}
OVERLAP_NAMES = {"0": "No time: it ends at once", "1h": "1 hour", "24h": "24 hours", "7d": "7 days"}
EXPIRY_NAMES = {"never": "Never", "90": "In 90 days", "180": "In 180 days", "365": "In 365 days"}


def show(visit: Visit) -> PageAnswer:
    """Every kind of client with its tokens."""
    reader = visit.database.reader()
    every = list_tokens(reader, visit.tenant)
    cards = [
        (
            kind,
            KIND_NAMES[kind],
            [token for token in every if token.kind == kind and token.live(visit.now)],
            [token for token in reversed(every) if token.kind == kind and not token.live(visit.now)],
        )
        for kind in KINDS
    ]
    return TemplatePage(
        template="keys.html",
        title="API Keys",
        values={
            "cards": cards,
            "expiries": EXPIRY_NAMES,
            "rotate_after": ROTATE_AFTER,
            "events": audit.list_events(reader, visit.tenant),
            "scim_url": scim_url(visit),
        },
    )


def scim_url(visit: Visit) -> str:
    """What goes into the client's field Tenant URL."""
    return f"{visit.arrival.url}{visit.tenant.base_path}"


def generate(visit: Visit) -> PageAnswer:
    """Create a token and show it, once."""
    kind, label = visit.names["kind"], visit.form.get("label", "").strip()
    expiry = visit.form.get("expiry", "never")
    if kind not in KINDS or expiry not in EXPIRIES:
        return not_here("Such a token")
    lasting = EXPIRIES[expiry]
    try:
        with visit.database.transaction() as connection:
            token, clear = create_token(
                connection,
                visit.tenant,
                kind=kind,
                label=label,
                now=visit.now,
                expires_at=None if lasting is None else visit.now + lasting,
            )
            if not show_token(connection, visit.signed_in, token.id):
                raise _AlreadyShown  # a form sent twice does not create a second token
            deed = f"generated the token “{label}” ({token.id}) for {KIND_NAMES[kind]}"
            audit.record(connection, visit.tenant, actor=visit.account.email, deed=deed, now=visit.now)
    except _AlreadyShown:
        return Redirect(to=ACKNOWLEDGE)
    except TargetError as error:
        return refused("No token was generated", str(error), 400)
    return _shown(visit, token, clear)


class _AlreadyShown(Exception):
    """This session was shown a token that it has not acknowledged."""


def _shown(visit: Visit, token: Token, clear: str) -> TemplatePage:
    values = {"token": token, "clear": clear, "scim_url": scim_url(visit), "kind_name": KIND_NAMES[token.kind]}
    values["banners"] = None  # nothing leads away from the page that shows a token
    return TemplatePage(template="token.html", title="Your new token", values=values)


def ask(visit: Visit, missing: bool = False) -> PageAnswer:
    """The question whether the token was saved, without the token: it was shown once."""
    shown = _pending(visit)
    if shown is None:
        return Redirect(to=KEYS)
    values = {"token": shown, "missing": missing}
    return TemplatePage(
        template="acknowledge.html", title="Did you save the token?", values=values, status=400 if missing else 200
    )


def acknowledge(visit: Visit) -> PageAnswer:
    """Continue once the box is ticked; or give the token up."""
    shown = _pending(visit)
    if shown is None:
        return Redirect(to=KEYS)
    lost = visit.form.get("answer") == "lost"
    if not lost and visit.form.get("saved") != "yes":
        return ask(visit, missing=True)
    with visit.database.transaction() as connection:
        show_token(connection, visit.signed_in, None)
        if lost and shown.live(visit.now):
            revoke_token(connection, visit.tenant, shown.id, visit.now)
            deed = f"revoked the token “{shown.label}” ({shown.id}), which was not saved"
            audit.record(connection, visit.tenant, actor=visit.account.email, deed=deed, now=visit.now)
    return Redirect(to=KEYS, done=REVOKED if lost else "The token is ready to use.")


def _pending(visit: Visit) -> Token | None:
    return _token(visit, visit.signed_in.shown_token)


def _token(visit: Visit, id_: str | None) -> Token | None:
    tokens = list_tokens(visit.database.reader(), visit.tenant)
    return next((token for token in tokens if token.id == id_), None)


def ask_refresh(visit: Visit) -> PageAnswer:
    """What refreshing does, and how long the old token stays valid."""
    token = _token(visit, visit.names["id"])
    if token is None or not token.live(visit.now):
        return not_here("A live token of that id")
    values = {"token": token, "overlaps": OVERLAP_NAMES, "expiries": EXPIRY_NAMES}
    return TemplatePage(template="refresh.html", title=f"Refresh {token.label}", values=values)


def refresh(visit: Visit) -> PageAnswer:
    """Replace an old token with a new one, and show it, once."""
    overlap, expiry = visit.form.get("overlap", "0"), visit.form.get("expiry", "never")
    if overlap not in OVERLAPS or expiry not in EXPIRIES:
        return not_here("Such a choice")
    lasting = EXPIRIES[expiry]
    try:
        with visit.database.transaction() as connection:
            token, clear = rotate_token(
                connection,
                visit.tenant,
                visit.names["id"],
                overlap=OVERLAPS[overlap],
                now=visit.now,
                expires_at=None if lasting is None else visit.now + lasting,
            )
            if not show_token(connection, visit.signed_in, token.id):
                raise _AlreadyShown
            old = "ended at once" if overlap == "0" else f"stays valid for {OVERLAP_NAMES[overlap]}"
            deed = f"refreshed the token “{token.label}” ({visit.names['id']}, now {token.id}): the old one {old}"
            audit.record(connection, visit.tenant, actor=visit.account.email, deed=deed, now=visit.now)
    except _AlreadyShown:
        return Redirect(to=ACKNOWLEDGE)
    except TargetError:
        return not_here("A live token of that id")
    return _shown(visit, token, clear)


def ask_revoke(visit: Visit) -> PageAnswer:
    """What revoking does."""
    token = _token(visit, visit.names["id"])
    if token is None or not token.live(visit.now):
        return not_here("A live token of that id")
    return TemplatePage(template="revoke.html", title=f"Revoke {token.label}", values={"token": token})


def revoke(visit: Visit) -> PageAnswer:
    """End a token at once."""
    try:
        with visit.database.transaction() as connection:
            token = revoke_token(connection, visit.tenant, visit.names["id"], visit.now)
            deed = f"revoked the token “{token.label}” ({token.id})"
            audit.record(connection, visit.tenant, actor=visit.account.email, deed=deed, now=visit.now)
    except TargetError:
        return not_here("A live token of that id")
    return Redirect(to=KEYS, done=REVOKED)
