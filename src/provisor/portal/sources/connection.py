"""The first pages of the wizard: which kind of source, and how it is reached; *Test* tries it, each check shown.

Passwords and other secrets are never sent back to a browser: what was typed waits for the session that typed it. The
same form changes the connection of a source that is there. Order: the kinds, the form, testing, saving.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from provisor.admin.actor import SOURCE_WRITE
from provisor.admin.errors import AdminError
from provisor.admin.source_runs import SourceCheck
from provisor.admin.source_settings import SECRETS, document_of
from provisor.portal.editions import edition_of, overtaken
from provisor.portal.errors import said, status_of
from provisor.portal.provisioning.trying import TypedSecrets
from provisor.portal.sources.fields import BEGINNINGS, FIELDS, beside, texts, typed_document
from provisor.portal.sources.frame import LIST, STEPS, SourceFrame, source_frame
from provisor.portal.visits import PortalVisit
from provisor.rules.source_settings import CONNECTED_KINDS, KIND_NAMES, ConnectedKind
from provisor.scim.values import Json
from provisor.web.answers import PageAnswer, Redirect, TemplatePage, not_here

ADDING: Final = f"{LIST}/new"
KINDS: Final[Mapping[ConnectedKind, tuple[str, str]]] = {
    "active-directory": (
        "People and groups of a domain on premises, as Entra Connect reads them: changes within seconds, and on request"
        " attributes such as objectGUID.",
        "You need a service account of the domain, the names of its domain controllers, and who vouches for their"
        " certificates.",
    ),
    "ldap": (
        "A directory that speaks LDAP and is no Active Directory, such as OpenLDAP or 389 Directory Server.",
        "You need an account that may read, and the base below which people and groups are.",
    ),
    "entra": (
        "A tenant whose people live in Entra already: Provisor mirrors it through Microsoft Graph, with assignments.",
        "You need an app registration in the tenant, with a client secret or a certificate.",
    ),
    "csv": (
        "Files that something else writes, such as a personnel system: read whole each time, and whoever is not in them"
        " any more is gone.",
        "You need their full paths on the machine that runs Provisor. To read files once, use Import instead.",
    ),
}
_SECRET_WORDS: Final = {
    "password": "Password",
    "clientSecret": "Client secret",
    "certificate": "Certificate with its key (PEM)",
}
_TYPED: Final = TypedSecrets()


@dataclass(slots=True, kw_only=True)
class _ConnectionForm:
    """One request with the form: what was typed, and what is to be said of it."""

    visit: PortalVisit
    kind: ConnectedKind
    frame: SourceFrame | None
    stored: dict[str, str]
    typed: dict[str, str]
    secrets: dict[str, str]
    wrong: dict[str, str] = field(default_factory=dict)
    problem: str = ""
    problem_title: str = "Nothing was saved"
    checks: Sequence[SourceCheck] | None = None

    @property
    def action(self) -> str:
        return f"{ADDING}/{self.kind}" if self.frame is None else f"{self.frame.address}/connection"

    @property
    def before(self) -> dict[str, Json]:
        return dict(BEGINNINGS[self.kind]) if self.frame is None else document_of(self.frame.shown.source.settings)

    @property
    def key(self) -> str:
        """What secrets are held under while the form is open."""
        return f"new {self.kind}" if self.frame is None else self.frame.id

    def hold(self, secrets: Mapping[str, str]) -> None:
        _TYPED.hold(self.visit.signed_in.session.hash, self.key, secrets, now=self.visit.admin.now())

    def refused(self, error: AdminError) -> None:
        """Take what a verb refused to the fields that it is about."""
        if status_of(error) != 400:
            raise error
        fields = [*self.typed, *SECRETS[self.kind], "name"]
        if error.code == "name-taken" or error.code.startswith("name-"):
            self.wrong["name"] = said(error)
        elif error.code in ("no-credentials", "secret-needed-again") and SECRETS[self.kind]:
            self.wrong[SECRETS[self.kind][0]] = said(error)
        else:
            wrong, self.problem = beside(error, fields)
            self.wrong.update(wrong)


# The kinds


def kinds(visit: PortalVisit) -> PageAnswer:
    """Which kind, for whom, and what it takes."""
    visit.actor.needs(SOURCE_WRITE)
    offered = [(kind, KIND_NAMES[kind], *KINDS[kind]) for kind in CONNECTED_KINDS]
    values = {"offered": offered, "adding": ADDING}
    return TemplatePage(template="sources/kinds.html", title="Add a source", values=values)


# The form


def show_new(visit: PortalVisit) -> PageAnswer:
    """Empty, but for what is usual."""
    visit.actor.needs(SOURCE_WRITE)
    return _opened(visit, _kind(visit), None)


def show(visit: PortalVisit) -> PageAnswer:
    """As it is saved."""
    frame = source_frame(visit, SOURCE_WRITE)
    return _opened(visit, frame.kind, frame)


def _opened(visit: PortalVisit, kind: ConnectedKind | None, frame: SourceFrame | None) -> PageAnswer:
    if kind is None:
        return not_here("Such a kind of source")
    form = _read(visit, kind, frame, {})
    form.hold({})
    form.secrets = {}
    return _page(form)


def _kind(visit: PortalVisit) -> ConnectedKind | None:
    return next((kind for kind in CONNECTED_KINDS if kind == visit.names["kind"]), None)


def _read(
    visit: PortalVisit, kind: ConnectedKind, frame: SourceFrame | None, given: Mapping[str, str]
) -> _ConnectionForm:
    """The form as it came; what did not come with it is as it is saved."""
    before = BEGINNINGS[kind] if frame is None else document_of(frame.shown.source.settings)
    stored = texts(kind, before) | ({"name": ""} if frame is None else {})
    form = _ConnectionForm(
        visit=visit,
        kind=kind,
        frame=frame,
        stored=stored,
        typed={name: given.get(name, text) for name, text in stored.items()},
        secrets={},
    )
    held = _TYPED.held(visit.signed_in.session.hash, form.key, now=visit.admin.now())
    newly = {name: given.get(name, "").strip() for name in SECRETS[kind]}
    newly = {name: text for name, text in newly.items() if text}
    form.secrets = newly or dict(held)
    return form


def _page(form: _ConnectionForm, status: int = 200) -> TemplatePage:
    frame, stored = form.frame, () if form.frame is None else form.frame.shown.secrets
    if status != 200 or form.checks is not None:
        form.hold(form.secrets)
    fields = FIELDS[form.kind]
    values = {
        "source": frame,
        "part": "connection",
        "steps": STEPS[form.kind],
        "kind": form.kind,
        "kind_name": KIND_NAMES[form.kind],
        "action": form.action,
        "fields": [one for one in fields if not one.more],
        "more": [one for one in fields if one.more],
        "more_wrong": any(one.name in form.wrong for one in fields if one.more),
        "typed": form.typed,
        "wrong": form.wrong,
        "secrets": [(name, _SECRET_WORDS[name], name in form.secrets, name in stored) for name in SECRETS[form.kind]],
        "edition": edition_of(_labelled(form.kind, form.stored)),
        "problem_said": form.problem or ("Mend what is said beside the fields." if form.wrong else ""),
        "problem_title": form.problem_title,
        "checks": form.checks,
        "well": form.checks is not None and all(one.well for one in form.checks),
    }
    title = f"Add a source: {KIND_NAMES[form.kind]}" if frame is None else "Connection"
    return TemplatePage(template="sources/connection.html", title=title, values=values, status=status)


def _labelled(kind: ConnectedKind, found: Mapping[str, str]) -> dict[str, str]:
    return {one.label: found[one.name] for one in FIELDS[kind]}


# What is done with it


def send_new(visit: PortalVisit) -> PageAnswer:
    """Test what is typed, or add the source, paused."""
    visit.actor.needs(SOURCE_WRITE)
    kind = _kind(visit)
    if kind is None:
        return not_here("Such a kind of source")
    form = _read(visit, kind, None, visit.form)
    document = typed_document(kind, form.before, form.typed, form.wrong)
    if visit.form.get("do") == "test":
        return _test(form, document)
    if form.wrong:
        return _page(form, 400)
    try:
        made = visit.admin.sources.settings.add(
            visit.actor, form.typed["name"].strip(), document, given_secrets=form.secrets
        )
    except AdminError as error:
        form.refused(error)
        return _page(form, 400)
    form.hold({})
    frame = SourceFrame(shown=made)
    return Redirect(to=frame.after("connection"), done=f"{frame.name} was added. It is paused until you start it.")


def send(visit: PortalVisit) -> PageAnswer:
    """Test what is typed, or save it."""
    frame = source_frame(visit, SOURCE_WRITE)
    form = _read(visit, frame.kind, frame, visit.form)
    document = typed_document(frame.kind, form.before, form.typed, form.wrong)
    if visit.form.get("do") == "test":
        return _test(form, document)
    if form.wrong:
        return _page(form, 400)
    form.problem = overtaken(visit, _labelled(frame.kind, form.stored), _labelled(frame.kind, form.typed))
    if form.problem:
        return _page(form, 409)
    try:
        changed = visit.admin.sources.settings.change(
            visit.actor, frame.id, document=document, given_secrets=form.secrets
        )
    except AdminError as error:
        form.refused(error)
        return _page(form, 400)
    form.hold({})
    if frame.setting_up:
        return Redirect(to=frame.after("connection"))
    follows = " Everything is read once more, and then it holds." if changed.full_read_follows else ""
    return Redirect(to=form.action, done=f"The connection was saved.{follows}")


def _test(form: _ConnectionForm, document: Mapping[str, Json]) -> TemplatePage:
    form.problem_title = "Nothing was tested"
    if form.wrong:
        return _page(form, 400)
    visit, frame = form.visit, form.frame
    runs = visit.admin.sources.runs
    try:
        if frame is not None and not form.secrets and document == form.before:
            form.checks = list(runs.test(visit.actor, frame.id))
        else:
            form.checks = list(runs.test_unsaved(visit.actor, document, form.secrets))
    except AdminError as error:
        form.refused(error)
        if error.code == "no-credentials":
            again = frame is not None and bool(frame.shown.secrets)
            form.wrong[SECRETS[form.kind][0]] = (
                "Type it again to test other settings than those that are saved." if again else "Type it to test."
            )
        return _page(form, 400)
    return _page(form)  # it was tested, as was asked
