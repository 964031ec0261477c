"""The schema as a file: Graph's synchronizationSchema down, and up into the draft, to be seen before it is saved."""

import json
from typing import Final

from provisor.admin.actor import JOB_WRITE
from provisor.admin.errors import AdminError
from provisor.admin.rules import read_document
from provisor.portal.errors import said
from provisor.portal.mappings.drafting import Desk, back, desk, refusal_status
from provisor.portal.visits import PortalVisit
from provisor.web.answers import Download, PageAnswer, TemplatePage

LONGEST_BYTES: Final = 2 * 1024 * 1024  # templates have 60 kB


def show(visit: PortalVisit) -> PageAnswer:
    """Down and up."""
    return _page(desk(visit))


def _page(here: Desk, problem: str = "", status: int = 200) -> TemplatePage:
    return here.page("schema.html", "Schema", {}, problem=problem, status=status)


def download(visit: PortalVisit) -> PageAnswer:
    """The rules as they are saved; with `?draft` as they are being changed."""
    here = desk(visit)
    draft = "draft" in visit.query
    document = here.draft.document if draft else visit.admin.schemas.export(visit.actor, here.job.id)
    content = json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"
    name = f"{here.job.application.name} schema{' draft' if draft else ''}.json"
    return Download(name=name, media_type="application/json", parts=[content])


def upload(visit: PortalVisit) -> PageAnswer:
    """The rules in a file, into the draft; what cannot be read is refused with every reason."""
    here = desk(visit, JOB_WRITE)
    sent = visit.arrival.uploads.get("file")
    try:
        if sent is None:
            raise AdminError(
                "file-unreadable", "No file was chosen.", "Choose one that was downloaded here, or in Entra."
            )
        if sent.file.stat().st_size > LONGEST_BYTES:
            raise AdminError(
                "file-unreadable", f"{sent.name} is larger than {LONGEST_BYTES // 1024:,} kB.", "Choose a schema file."
            )
        document = read_document(sent.file.read_bytes(), sent.name)
        here.changed(document)
    except AdminError as error:
        return _page(here, said(error), refusal_status(error))
    return back(f"{here.address}/changes", f"{sent.name} is in the draft. Nothing is saved yet.")
