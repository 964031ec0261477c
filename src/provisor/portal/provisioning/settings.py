"""The page *Provisioning* of a job: mode, admin credentials, notification, mappings, settings, status; one form.

It is saved as a whole or not at all: everything is checked before the first verb saves. Should one refuse all the
same, as when somebody else changed the job meanwhile, the page says what was saved by then. Order: the page, testing,
saving.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from provisor.admin.actor import JOB_CREDENTIALS, JOB_WRITE, NOTIFICATION_READ
from provisor.admin.errors import AdminError
from provisor.portal.editions import EDITION, edition_of
from provisor.portal.errors import said, status_of
from provisor.portal.frames import JobFrame, job_frame
from provisor.portal.provisioning.credential_form import SECRET_FIELDS, WAYS, CredentialForm, StoredCredentials
from provisor.portal.provisioning.settings_form import TICKS, UNITS, Piece, SettingsForm, together, typed_now
from provisor.portal.provisioning.trying import CHECKS, SECRETS
from provisor.portal.provisioning.words import listed
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage
from provisor.web.live import LiveTopic

INITIAL = (
    "This operation starts the initial synchronization cycle of all users and groups defined in Scope."
    " It takes longer than those that follow."
)


@dataclass(slots=True, kw_only=True)
class _Sent:
    """One request with the form: what was typed, and what is to be said of it."""

    visit: PortalVisit
    frame: JobFrame
    credentials: CredentialForm
    settings: SettingsForm
    edition: str  # of what is saved: another one after every change
    problem: str = ""
    problem_title: str = "Nothing was saved"
    test: dict[str, Any] = field(default_factory=dict)

    @property
    def wrong(self) -> dict[str, str]:
        return {**self.credentials.wrong, **self.settings.wrong}


# The page


def show(visit: PortalVisit) -> PageAnswer:
    """As it is saved."""
    frame = job_frame(visit)
    SECRETS.hold(visit.signed_in.session.hash, frame.id, {}, now=visit.admin.now())
    return _page(_read(visit, frame, {}))


def _read(visit: PortalVisit, frame: JobFrame, given: Mapping[str, str]) -> _Sent:
    """The form as it came; what did not come with it is as it is saved."""
    stored = StoredCredentials(shown=visit.admin.credentials.show(visit.actor, frame.id))
    now = typed_now(frame.shown, visit.admin.jobs.in_force(visit.actor, frame.id))
    secrets = SECRETS.held(visit.signed_in.session.hash, frame.id, now=visit.admin.now())
    typed = {**stored.typed(), **now, **given}
    if given:
        typed |= {name: given.get(name, "") for name in TICKS}
    typed |= {name: typed[name].strip() or secrets.get(name, "") for name in SECRET_FIELDS}
    return _Sent(
        visit=visit,
        frame=frame,
        credentials=CredentialForm(stored=stored, typed=typed),
        settings=SettingsForm(now=now, typed=typed),
        edition=edition_of({**stored.typed(), **now}),
    )


def _page(sent: _Sent, status: int = 200) -> TemplatePage:
    visit, frame, actor = sent.visit, sent.frame, sent.visit.actor
    may_see_mail = actor.may(NOTIFICATION_READ)
    typed = sent.settings.typed
    if status != 200 or sent.test:
        held = {name: typed[name] for name in SECRET_FIELDS if typed[name]}
        SECRETS.hold(visit.signed_in.session.hash, frame.id, held, now=visit.admin.now())
    values = {
        "job": frame,
        "part": "settings",
        "edition": sent.edition,
        "typed": {**typed, **dict.fromkeys(SECRET_FIELDS, "")},
        "kept": {name: bool(typed[name]) for name in SECRET_FIELDS},
        "has": {name: sent.credentials.stored.has(name) for name in SECRET_FIELDS},
        "wrong": sent.wrong,
        "ways": WAYS,
        "units": UNITS,
        "mail_missing": may_see_mail and visit.admin.mail.show(actor, limit=1).server is None,
        "mappings": _mappings(visit, frame),
        "initial": frame.shown.job.watermark is None,
        "problem_said": sent.problem or ("Mend what is said beside the fields." if sent.wrong else ""),
        "problem_title": sent.problem_title,
        "test": sent.test,
        "checks": CHECKS.made(frame.id),
    }
    return TemplatePage(
        template="provisioning/settings.html", title="Provisioning settings", values=values, status=status
    )


def _mappings(visit: PortalVisit, frame: JobFrame) -> list[tuple[Literal["users", "groups"], str, bool]]:
    """The mappings of users and groups by the names that the rules give them, and whether each is enabled."""
    document, _ = visit.admin.schemas.current(visit.actor, frame.id)
    rules = document.get("synchronizationRules") if isinstance(document, dict) else None
    found: list[tuple[Literal["users", "groups"], str, bool]] = []
    for rule in rules if isinstance(rules, list) else []:
        mappings = rule.get("objectMappings") if isinstance(rule, dict) else None
        for one in mappings if isinstance(mappings, list) else []:
            if isinstance(one, dict):
                kind: Literal["users", "groups"] = "groups" if one.get("sourceObjectName") == "Group" else "users"
                name = one.get("name") or f"Synchronize Microsoft Entra {kind} to {frame.application.name}"
                found.append((kind, str(name), one.get("enabled") is not False))
    return found


def checks_topic(visit: PortalVisit) -> LiveTopic:
    """The checks of a test that is under way."""
    frame = job_frame(visit)

    def look() -> TemplatePage:
        return TemplatePage(template="provisioning/checks.html", title="", values={"checks": CHECKS.made(frame.id)})

    return LiveTopic(key=f"checks of {frame.id}", look=look)


# Testing


def send(visit: PortalVisit) -> PageAnswer:
    """Test what is typed, or save it."""
    frame = job_frame(visit, JOB_CREDENTIALS if visit.form.get("do") == "test" else JOB_WRITE)
    sent = _read(visit, frame, visit.form)
    return _test(sent) if visit.form.get("do") == "test" else _save(sent)


def _test(sent: _Sent) -> TemplatePage:
    visit, job = sent.visit, sent.frame.id
    unsaved = sent.credentials.unsaved()
    if sent.wrong:
        sent.problem_title = "Nothing was tested"
        return _page(sent, 400)
    made: list[Any] = []

    def report(check: Any) -> None:
        made.append(check)
        CHECKS.note(job, check)

    try:
        CHECKS.begin(job)
        try:
            visit.admin.cycles.test_connection(visit.actor, job, unsaved, report=report)
        finally:
            CHECKS.end(job)
    except AdminError as error:
        if status_of(error) != 400:
            raise
        if error.code != "connection-failed" and sent.credentials.refused(error, said(error)):
            sent.problem_title = "Nothing was tested"
            return _page(sent, 400)
        lines = error.message.split("\n")
        answered = next((line for line in lines if line.startswith("It answered: ")), "")
        sent.test = {
            "connected": False,
            "checks": made,
            "said": said(AdminError(error.code, lines[0], error.hint)),
            "answered": answered.removeprefix("It answered: "),
        }
        return _page(sent)  # it was tested, as was asked; the application failed
    sent.test = {"connected": True, "checks": made, "said": "", "answered": "", "saved": unsaved is None}
    return _page(sent)


# Saving


def _save(sent: _Sent) -> PageAnswer:
    wanted = sent.credentials.wanted()
    pieces = _checked(sent)
    on, was_on = sent.settings.typed["status"] == "on", sent.frame.on
    if on and not was_on and not (sent.credentials.stored.way_is_complete or wanted):
        sent.settings.wrong["status"] = "It has nothing to sign in with: type the admin credentials first."
    if sent.visit.form.get(EDITION) != sent.edition and (wanted or pieces or sent.settings.behaviour or on != was_on):
        sent.problem = _changed_meanwhile(sent, wanted, pieces, turned=None if on == was_on else on)
        return _page(sent, 409)
    if sent.wrong or sent.problem:
        return _page(sent, 400)
    done: list[str] = []
    try:
        _carry_out(sent, wanted, pieces, done, turned=None if on == was_on else on)
    except AdminError as error:
        if status_of(error) not in (400, 409) and not done:
            raise
        beside = not done and sent.credentials.refused(error, said(error))
        sent.problem = "" if beside else said(error)
        if done:
            sent.problem_title = f"Only a part was saved: {listed(done)}"
        return _page(sent, 400)
    SECRETS.hold(sent.visit.signed_in.session.hash, sent.frame.id, {}, now=sent.visit.admin.now())
    return _saved(sent, done, turned=None if on == was_on else on)


def _changed_meanwhile(
    sent: _Sent, wanted: Mapping[str, str | None], pieces: list[Piece], *, turned: bool | None
) -> str:
    """What is said of a form that shows what is not saved any more: it would undo what somebody else did."""
    would = ["admin credentials"] if wanted else []
    would += dict.fromkeys(piece.words for piece in pieces)
    would += ["behaviour"] if sent.settings.behaviour else []
    would += [] if turned is None else [f"Provisioning Status, to {'On' if turned else 'Off'}"]
    return (
        "These settings were changed meanwhile, by somebody else or in another window. Yours are still in the fields."
        f" Save again, and they replace what is saved now: {listed(would)}."
    )


def _checked(sent: _Sent) -> list[Piece]:
    """Every setting that differs, each asked about by itself, so that a refusal is said beside its field."""
    visit, job, behaviour = sent.visit, sent.frame.id, sent.settings.behaviour
    check = visit.admin.jobs.check_settings
    pieces = sent.settings.pieces()
    for piece in pieces:
        try:
            check(visit.actor, job, interval_seconds=piece.interval_seconds, behaviour=behaviour, **piece.given)
        except AdminError as error:
            if status_of(error) not in (400, 409) and piece.name != "capacity_first":
                raise
            sent.settings.wrong[piece.name] = said(error)
    if not sent.settings.wrong and (pieces or behaviour):
        interval, given = together(pieces)
        try:
            check(visit.actor, job, interval_seconds=interval, behaviour=behaviour, **given)
        except AdminError as error:
            if status_of(error) != 400:
                raise
            sent.settings.wrong["behaviour"] = said(error)
    return pieces


def _carry_out(
    sent: _Sent, wanted: Mapping[str, str | None], pieces: list[Piece], done: list[str], *, turned: bool | None
) -> None:
    """Save what differs; `done` says what was, by the time one refuses."""
    admin, actor, job = sent.visit.admin, sent.visit.actor, sent.frame.id
    if wanted:
        chosen = sent.settings.typed.get("links")
        links: Literal["keep", "forget"] | None = (
            "keep" if chosen == "keep" else "forget" if chosen == "forget" else None
        )
        admin.credentials.save(actor, job, wanted, links=links)
        done.append("admin credentials")
    if pieces or sent.settings.behaviour:
        interval, given = together(pieces)
        admin.jobs.settings(actor, job, interval_seconds=interval, behaviour=sent.settings.behaviour, **given)
        behaviour = ["behaviour"] if sent.settings.behaviour else []
        done.extend(dict.fromkeys([*(piece.words for piece in pieces), *behaviour]))
    if turned is not None:
        (admin.jobs.start if turned else admin.jobs.pause)(actor, job)
        done.append(f"Provisioning Status is {'On' if turned else 'Off'}")


def _saved(sent: _Sent, done: list[str], *, turned: bool | None) -> Redirect:
    address = sent.frame.address
    if not done:
        return Redirect(to=f"{address}/settings", done="Nothing differs from what is saved.")
    words = f"Saved: {listed(done)}."
    if turned:
        goes_on = "It goes on where it was."
        words = f"{words} {INITIAL if sent.frame.shown.job.watermark is None else goes_on}"
        return Redirect(to=address, done=words)
    return Redirect(to=f"{address}/settings", done=words)
