"""CSV files into the directory: choose files, see what would change, import, read the report."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from typing import Final

from provisor.admin.actor import DIRECTORY_WRITE
from provisor.admin.errors import AdminError
from provisor.admin.imports import CsvImport, ImportSummary
from provisor.admin.logs import harmless
from provisor.directory.files import FileKind
from provisor.portal.directory.uploads import FILES, KeptUpload, Uploads, uploads_of
from provisor.portal.errors import said
from provisor.portal.visits import PortalVisit
from provisor.web.answers import Download, PageAnswer, Redirect, TemplatePage
from provisor.web.live import LiveTopic

_SHOWN_ROWS: Final = 50
_REFRESH_SECONDS: Final = 2
_FIELDS: Final[tuple[tuple[FileKind, str], ...]] = (("user", "users"), ("group", "groups"), ("member", "members"))
_TITLES: Final = {
    "previewing": "Looking at the files",
    "previewed": "Preview of the import",
    "importing": "Importing",
    "imported": "Imported",
    "failed": "Not imported",
}


def show(visit: PortalVisit) -> PageAnswer:
    """Which files, and how they are to be read."""
    visit.actor.needs(DIRECTORY_WRITE)
    return _form(visit, {})


def _form(visit: PortalVisit, wrong: dict[str, str], status: int = 200) -> TemplatePage:
    return TemplatePage(
        template="directory/import.html",
        title="Import from CSV",
        values={
            "typed": {"source": "csv", "anchor": "", "group_anchor": "", "members_of": "", "allow_deletes": ""}
            | {name: visit.form[name] for name in visit.form if name != "form_token"},
            "complete": visit.form.get("complete") == "yes",
            "wrong": dict.fromkeys(("files", "source", "anchor", "group_anchor", "members_of", "allow_deletes"), "")
            | wrong,
            "sources": [one for one in visit.admin.imports.sources(visit.actor) if one.kind == "csv"],
        },
        status=status,
    )


def upload(visit: PortalVisit) -> PageAnswer:
    """Keep the files, and look what importing them would do."""
    visit.actor.needs(DIRECTORY_WRITE)
    files = {
        kind: (visit.arrival.uploads[field].name, visit.arrival.uploads[field].file)
        for kind, field in _FIELDS
        if field in visit.arrival.uploads
    }
    allowed, wrong = _number(visit.form.get("allow_deletes", ""))
    problems = {"allow_deletes": wrong} if wrong else {}
    if not files:
        problems["files"] = "No file was chosen. Choose a file of users, groups or members."
    members_of = visit.form.get("members_of", "").strip() or None
    if members_of is not None and "member" not in files:
        problems["members_of"] = "This is about a file of members. Choose one, or leave this empty."
    complete = visit.form.get("complete") == "yes"
    if allowed is not None and not complete:
        problems["allow_deletes"] = (
            "Nothing is deleted unless the files are complete. Tick the box, or leave this empty."
        )
    if problems:
        return _form(visit, problems, 400)
    order = CsvImport(
        members_of=members_of,
        source=visit.form.get("source", "").strip() or "csv",
        complete=complete,
        allow_deletes=allowed,
        user_anchor=visit.form.get("anchor", "").strip() or None if "user" in files else None,
        group_anchor=visit.form.get("group_anchor", "").strip() or None if "group" in files else None,
    )
    uploads = uploads_of(visit.admin)
    kept = uploads.keep(_session(visit), files, order)
    uploads.preview(kept, visit.actor, kept.order)
    return Redirect(to=f"/import/{kept.id}")


def _number(text: str) -> tuple[int | None, str]:
    if not text.strip():
        return None, ""
    if text.strip().isascii() and text.strip().isdigit() and len(text.strip()) <= 9:
        return int(text), ""
    return None, "Write a whole number, such as 25."


def look(visit: PortalVisit) -> PageAnswer:
    """How far the work is, or what it would do, or did."""
    kept = _kept(visit)
    return TemplatePage(
        template="directory/imported.html",
        title=_TITLES[kept.state],
        values={
            **_told(kept),
            "kept": kept,
            "action": f"/import/{kept.id}",
            "unscripted_refresh_seconds": _REFRESH_SECONDS if kept.busy else 0,
        },
    )


def progress(visit: PortalVisit) -> LiveTopic:
    """What moves while rows are read. The name in the address is known to one browser alone."""
    kept = _kept(visit)

    def page() -> TemplatePage:
        return TemplatePage(template="directory/import_progress.html", title="", values=_told(kept))

    return LiveTopic(key=f"import {kept.id}", look=page)


def _told(kept: KeptUpload) -> dict[str, object]:
    summary = kept.summary
    return {
        "state": kept.state,
        "title": _TITLES[kept.state],
        "address": f"/import/{kept.id}",
        "rows": kept.rows,
        "part": round(kept.part * 100),
        "files": [(FILES[kind], name) for kind, name in kept.names.items()],
        "summary": summary,
        "counts": [] if summary is None else _counts(summary),
        "shown_rows": _SHOWN_ROWS,
        "problem": "" if kept.error is None else said(kept.error),
        "leaving": None if summary is None or summary.stopped is None else said(_stopped(summary)),
        "order": kept.order,
    }


def _counts(summary: ImportSummary) -> list[tuple[str, object]]:
    return [("Users", summary.users), ("Groups", summary.groups), ("Memberships", summary.memberships)]


def _stopped(summary: ImportSummary) -> AdminError:
    stopped = summary.stopped
    return AdminError("", "") if stopped is None else AdminError(stopped.code, stopped.message, stopped.hint)


def preview_again(visit: PortalVisit) -> PageAnswer:
    """The same files once more, with so many deletions allowed if a number came with the form."""
    kept = _kept(visit)
    if "allow_deletes" not in visit.form:
        _uploads(visit).preview(kept, visit.actor, kept.order)
        return Redirect(to=f"/import/{kept.id}")
    allowed, wrong = _number(visit.form["allow_deletes"])
    if wrong or allowed is None:
        return Redirect(to=f"/import/{kept.id}", done=wrong or "Write how many deletions are right.")
    _uploads(visit).preview(kept, visit.actor, replace(kept.order, complete=True, allow_deletes=allowed))
    return Redirect(to=f"/import/{kept.id}")


def carry_out(visit: PortalVisit) -> PageAnswer:
    """Import what was looked over."""
    kept = _kept(visit)
    _uploads(visit).carry_out(kept, visit.actor)
    return Redirect(to=f"/import/{kept.id}")


def discard(visit: PortalVisit) -> PageAnswer:
    """Delete the files, and import nothing."""
    kept = _kept(visit)
    _uploads(visit).forget(kept.id)
    done = "The files were deleted." if kept.state == "imported" else "The files were deleted; nothing was imported."
    return Redirect(to="/import", done=done)


def refused_rows(visit: PortalVisit) -> PageAnswer:
    """The rows that were refused, or would be, as a file for a spreadsheet."""
    summary = _kept(visit).summary
    if summary is None:
        raise AdminError("not-found", "There is no report yet.", "Wait until the files were read.")
    return Download(name="refused-rows.csv", media_type="text/csv; charset=utf-8", parts=_as_csv(summary))


def _as_csv(summary: ImportSummary) -> Iterator[bytes]:
    yield "\ufefffile,row,reason\r\n".encode()
    for note in summary.refused:
        line = StringIO()
        csv.writer(line).writerow([note.file, note.row, harmless(note.reason)])
        yield line.getvalue().encode()


def _uploads(visit: PortalVisit) -> Uploads:
    return uploads_of(visit.admin)


def _session(visit: PortalVisit) -> str:
    return visit.signed_in.session.hash


def _kept(visit: PortalVisit) -> KeptUpload:
    visit.actor.needs(DIRECTORY_WRITE)
    return _uploads(visit).find(_session(visit), visit.names["upload"])
