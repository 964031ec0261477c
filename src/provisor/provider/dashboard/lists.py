"""Pages that show what is stored: users and groups, one of them, warnings and steps, the request inspector."""

from urllib.parse import urlencode

from provisor.provider.dashboard import audit, requests_seen
from provisor.provider.dashboard.detail import read_detail, read_links
from provisor.provider.dashboard.identities import SOURCES, STATES, IdentityQuery, count_identities, list_identities
from provisor.provider.dashboard.keys import KIND_NAMES, scim_url
from provisor.provider.dashboard.page_request import Visit
from provisor.provider.dashboard.warnings import Attention, list_pairs, list_steps, read_attention, repointed
from provisor.provider.model.profiles import ResourceKind
from provisor.provider.store.tables import SHORT_BASE_PATH, store_setting
from provisor.provider.store.tokens import KINDS, list_tokens
from provisor.provider.watch import inspector
from provisor.web.answers import PageAnswer, Redirect, TemplatePage, not_here

TABS: dict[str, ResourceKind] = {"users": "User", "groups": "Group"}
KEPT_CHOICES = (inspector.KEPT, 100, 0)
REFRESH_SECONDS = 3  # of the live view
_LONGEST_FILTER = 200


def users_and_groups(visit: Visit) -> PageAnswer:
    """A tab: the list of one kind, filtered, a page of it."""
    tab = visit.names["tab"]
    if tab not in TABS:
        return not_here(f"The tab {tab!r}")
    asked = visit.query
    wanted = IdentityQuery(
        kind=TABS[tab],
        search=asked.get("search", "").strip()[:_LONGEST_FILTER],
        source=asked.get("source", "") if asked.get("source") in SOURCES else "",
        state=asked.get("state", "") if asked.get("state") in STATES else "",
        after=asked.get("after", ""),
        before=asked.get("before", ""),
    )
    reader = visit.database.reader()
    tokens = list_tokens(reader, visit.tenant)
    live = {kind: sum(token.kind == kind and token.live(visit.now) for token in tokens) for kind in KINDS}
    old = {kind: sum(token.kind == kind and token.old(visit.now) for token in tokens) for kind in KINDS}
    kept = {"search": wanted.search, "source": wanted.source, "state": wanted.state}
    return TemplatePage(
        template="users_and_groups.html",
        title=tab.capitalize(),
        values={
            "tab": tab,
            "listed": list_identities(reader, visit.tenant, wanted),
            "wanted": wanted,
            "counts": {name: count_identities(reader, visit.tenant, kind) for name, kind in TABS.items()},
            "sources": SOURCES,
            "filters": urlencode({name: value for name, value in kept.items() if value}),
            "live_tokens": live,
            "old_tokens": old,
            "kind_names": KIND_NAMES,
            "scim_url": scim_url(visit),
        },
    )


def identity(visit: Visit) -> PageAnswer:
    """One user or group."""
    tab = visit.names["tab"]
    if tab not in TABS:
        return not_here(f"The tab {tab!r}")
    reader = visit.database.reader()
    detail = read_detail(reader, visit.tenant, TABS[tab], visit.names["id"])
    if detail is None:
        return not_here(f"A {TABS[tab].lower()} of that id")
    return TemplatePage(
        template="identity.html",
        title=detail.name,
        values={
            "tab": tab,
            "detail": detail,
            "links": read_links(reader, detail, visit.query.get("after", "")),
            "first": not visit.query.get("after"),
            "sources": SOURCES,
        },
    )


def warnings(visit: Visit) -> PageAnswer:
    """What to know before trusting the policies, and the order of steps."""
    reader = visit.database.reader()
    attention = banners(visit)
    return TemplatePage(
        template="warnings.html",
        title="Before you import",
        values={
            "attention": attention,
            "users": list_pairs(reader, visit.tenant, "User") if attention.users_twice else [],
            "groups": list_pairs(reader, visit.tenant, "Group"),
            "steps": list_steps(reader, visit.tenant, attention),
        },
    )


def mark_repointed(visit: Visit) -> PageAnswer:
    """Remember that a group's policies name the new group."""
    with visit.database.transaction() as connection:
        name = repointed(connection, visit.tenant, visit.names["id"], visit.now)
        if name is not None:
            deed = f"re-pointed the policies of the group “{name}”"
            audit.record(connection, visit.tenant, actor=visit.account.email, deed=deed, now=visit.now)
    if name is None:
        return not_here("A group of that id")
    return Redirect(to="/warnings", done="Noted: the policies of that group name the new group.")


def banners(visit: Visit) -> Attention:
    """What the banners on every page of somebody signed in say."""
    return read_attention(visit.database.reader(), visit.tenant, visit.twins, visit.now)


def requests(visit: Visit) -> PageAnswer:
    """The request inspector's list."""
    asked = visit.query
    filters = {name: asked.get(name, "")[:_LONGEST_FILTER].strip() for name in ("method", "status", "text", "token")}
    sought = requests_seen.Sought(
        **filters, before=_whole_number(asked.get("before")), after=_whole_number(asked.get("after"))
    )
    reader = visit.database.reader()
    live = asked.get("live") == "1" and sought.before is None and sought.after is None
    return TemplatePage(
        template="requests.html",
        title="Requests",
        values={
            "scim_url": scim_url(visit),
            "bases": (visit.tenant.base_path, SHORT_BASE_PATH),
            "found": requests_seen.list_requests(reader, visit.tenant, sought),
            "sought": sought,
            "filters": urlencode({name: value for name, value in filters.items() if value}),
            "live": live,
            "refresh_seconds": REFRESH_SECONDS if live else None,
            "methods": requests_seen.METHODS,
            "statuses": requests_seen.STATUSES,
            "tokens": list_tokens(reader, visit.tenant),
            "kept": inspector.kept(reader, visit.tenant.number),
            "choices": KEPT_CHOICES,
        },
    )


def request(visit: Visit) -> PageAnswer:
    """One request with what was sent and answered."""
    number = _whole_number(visit.names["number"])
    found = None if number is None else requests_seen.read_request(visit.database.reader(), visit.tenant, number)
    if found is None:
        return not_here("That request (the log keeps the newest ones only)")
    shown, bodies = found
    kind = next((kind for kind in TABS.values() if kind == shown.kind), None)
    about = (
        None
        if kind is None or shown.object_id is None
        else read_detail(visit.database.reader(), visit.tenant, kind, shown.object_id)
    )
    return TemplatePage(
        template="request.html",
        title=f"{shown.method} {shown.path}",
        values={"request": shown, "bodies": bodies, "about": about},
    )


def keep(visit: Visit) -> PageAnswer:
    """Choose how many requests keep their bodies."""
    number = _whole_number(visit.form.get("kept"))
    if number not in KEPT_CHOICES:
        return not_here("Such a choice")
    with visit.database.transaction() as connection:
        store_setting(connection, visit.tenant, inspector.SETTING, str(number))
        if number == 0:
            connection.execute("DELETE FROM exchange WHERE tenant = ?", (visit.tenant.number,))
        deed = f"set the request inspector to keep the bodies of {number} requests"
        audit.record(connection, visit.tenant, actor=visit.account.email, deed=deed, now=visit.now)
    return Redirect(to="/requests", done="Saved. It takes effect within seconds.")


def _whole_number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 18 else None
