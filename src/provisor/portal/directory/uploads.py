"""CSV files between their upload and the end of their import: kept for one browser, looked over, imported beside the
pages, and gone after an hour at most.

An import writes page by page, each page whole or not at all. If the service stops in the middle, what came in stays,
and the files are gone with it: uploading the same files again changes nothing of what came in already.
"""

import logging
import secrets
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock, Thread, Timer
from time import monotonic
from typing import Final, Literal, TypeAlias
from weakref import WeakKeyDictionary, finalize

from provisor.admin.actor import Actor
from provisor.admin.bundle import Admin
from provisor.admin.errors import AdminError
from provisor.admin.imports import CsvImport, ImportProgress, ImportSummary
from provisor.directory.files import FileKind

KEPT_SECONDS: Final = 3600.0
MOST_AT_ONCE: Final = 10  # uploads of all browsers together
FILES: Final[Mapping[FileKind, str]] = {"user": "users.csv", "group": "groups.csv", "member": "members.csv"}
WAITED_SECONDS: Final = 1.5  # small files are looked over within it

logger = logging.getLogger("provisor.portal")

UploadState: TypeAlias = Literal["previewing", "previewed", "importing", "imported", "failed"]


@dataclass(slots=True, kw_only=True)
class KeptUpload:
    """Files of one browser with what is known of them. `rows` and `part` say how far the work of the moment is."""

    id: str
    session: str
    folder: Path
    order: CsvImport
    names: Mapping[FileKind, str]  # as the browser called the files
    state: UploadState = "previewing"
    rows: int = 0
    part: float = 0.0
    summary: ImportSummary | None = None
    error: AdminError | None = None
    work: Thread | None = field(default=None, repr=False)

    @property
    def busy(self) -> bool:
        """Whether rows are being read."""
        return self.state in ("previewing", "importing")


class Uploads:
    """Those of one service."""

    def __init__(self, admin: Admin) -> None:
        self._imports = admin.imports
        self._lock = Lock()
        self.kept: dict[str, KeptUpload] = {}
        self.folder = Path(tempfile.mkdtemp(prefix="provisor-import-"))  # readable by its owner alone
        finalize(self, shutil.rmtree, self.folder, ignore_errors=True)  # with the process, too

    def keep(self, session: str, files: Mapping[FileKind, tuple[str, Path]], order: CsvImport) -> KeptUpload:
        """Take files over. Raises AdminError when too many are kept already."""
        name = secrets.token_urlsafe(24)
        with self._lock:
            if len(self.kept) >= MOST_AT_ONCE:
                raise AdminError("too-many-uploads", "Too many files wait for their import.", "Try again later.")
            folder = self.folder / name
            folder.mkdir(mode=0o700)
            here = {kind: folder / FILES[kind] for kind in files}
            given = replace(order, users=here.get("user"), groups=here.get("group"), members=here.get("member"))
            names = {kind: called for kind, (called, _) in files.items()}
            made = KeptUpload(id=name, session=session, folder=folder, order=given, names=names)
            self.kept[name] = made
        for kind, (_, path) in files.items():
            shutil.move(path, here[kind])
        timer = Timer(KEPT_SECONDS, self.forget, [name])
        timer.daemon = True
        timer.start()
        return made

    def find(self, session: str, name: str) -> KeptUpload:
        """What this browser uploaded under this name. Raises AdminError."""
        with self._lock:
            found = self.kept.get(name)
        if found is None or found.session != session:
            raise AdminError(
                "not-found", "These files are not here any more.", "Files are kept for an hour: upload them again."
            )
        return found

    def preview(self, kept: KeptUpload, actor: Actor, order: CsvImport) -> None:
        """Find out what an import would do, beside the pages."""
        self._begin(kept, actor, replace(order, dry_run=True), "previewing", "previewed")

    def carry_out(self, kept: KeptUpload, actor: Actor) -> None:
        """Import what was looked over, beside the pages; the files go with it."""
        self._begin(kept, actor, replace(kept.order, dry_run=False), "importing", "imported")

    def forget(self, name: str) -> None:
        """Delete the files; one that is being read goes when it has been."""
        with self._lock:
            found = self.kept.pop(name, None)
        if found is not None and not found.busy:
            shutil.rmtree(found.folder, ignore_errors=True)

    def _begin(self, kept: KeptUpload, actor: Actor, order: CsvImport, during: UploadState, after: UploadState) -> None:
        with self._lock:
            ready = kept.state == "previewed" if during == "importing" else not kept.busy
            if kept.work is not None and not ready:
                return  # sent twice
            kept.order, kept.state = order, during
            kept.rows, kept.part, kept.summary, kept.error = 0, 0.0, None, None
            kept.work = Thread(target=self._work, args=(kept, actor, after), name="import", daemon=True)
            kept.work.start()
        kept.work.join(WAITED_SECONDS)

    def _work(self, kept: KeptUpload, actor: Actor, after: UploadState) -> None:
        try:
            kept.summary = self._imports.csv(actor, kept.order, report=_reporter(kept))
        except AdminError as error:
            kept.error = error
        except Exception:  # at the edge of a thread: the page has to say that it ended
            logger.exception("An import failed")
            kept.error = AdminError("import-failed", "An error occurred on the server; its log says more.")
        state: UploadState = after if kept.error is None else "failed"
        with self._lock:
            kept.state = state
            gone = state == "imported" or kept.id not in self.kept
        if gone:
            shutil.rmtree(kept.folder, ignore_errors=True)


def _reporter(kept: KeptUpload) -> Callable[[ImportProgress], None]:
    """Notes how far an import is, of all its files together."""
    sizes = {path.name: path.stat().st_size for path in kept.folder.iterdir()}
    whole, read, rows = sum(sizes.values()) or 1, dict[str, int](), dict[str, int]()
    last = monotonic()

    def report(progress: ImportProgress) -> None:
        nonlocal last
        read[progress.file], rows[progress.file] = progress.read_bytes, progress.rows
        if monotonic() - last > 0.1 or progress.read_bytes >= progress.size_bytes:
            last = monotonic()
            kept.rows, kept.part = sum(rows.values()), min(1.0, sum(read.values()) / whole)

    return report


_UPLOADS: Final[WeakKeyDictionary[Admin, Uploads]] = WeakKeyDictionary()
_MAKING: Final = Lock()


def uploads_of(admin: Admin) -> Uploads:
    """The uploads of this service, made when the first is asked for."""
    with _MAKING:
        found = _UPLOADS.get(admin)
        if found is None:
            found = _UPLOADS[admin] = Uploads(admin)
        return found
