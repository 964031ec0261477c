"""A request for a page as a value: its form, and the files that came with it. Bounded in bytes, fields and files.

A form that is too long, or none, is empty, and then its token does not fit either.
"""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from provisor.web.answers import Upload

MAX_FORM_BYTES: Final = 16 * 1024
MAX_LONG_FORM_BYTES: Final = 2 * 1024 * 1024
MAX_UPLOAD_BYTES: Final = 256 * 1024 * 1024
_MAX_FIELDS: Final = 20
_MAX_LONG_FIELDS: Final = 5_000
_MAX_FILES: Final = 5
_MULTIPART: Final = "multipart/form-data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What a browser sent with a form."""

    fields: Sequence[tuple[str, str]] = ()
    uploads: Mapping[str, Upload] = field(default_factory=dict)


@asynccontextmanager
async def sent_with(request: Request, *, long: bool, files: bool) -> AsyncIterator[Sent]:
    """The form of a request; its files lie in a folder of their own for the block."""
    if not request.headers.get("content-type", "").lower().startswith(_MULTIPART):
        limit, most = (MAX_LONG_FORM_BYTES, _MAX_LONG_FIELDS) if long else (MAX_FORM_BYTES, _MAX_FIELDS)
        yield Sent(fields=await _fields(request, limit, most))
    elif not files or int(request.headers.get("content-length") or MAX_UPLOAD_BYTES + 1) > MAX_UPLOAD_BYTES:
        yield Sent()
    else:
        with _folder() as folder:
            yield await _parts(request, folder)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="provisor-upload-"))  # readable by its owner alone
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _fields(request: Request, limit: int, most: int) -> list[tuple[str, str]]:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > limit:
            return []
    try:
        found = parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=most)
    except ValueError:
        return []
    return [(_storable(name), _storable(value)) for name, value in found]


async def _parts(request: Request, folder: Path) -> Sent:
    fields: list[tuple[str, str]] = []
    uploads: dict[str, Upload] = {}
    try:
        form = await request.form(max_files=_MAX_FILES, max_fields=_MAX_LONG_FIELDS)
    except HTTPException:  # not what it says it is
        return Sent()
    async with form_closed(request):
        for name, value in form.multi_items():
            if not isinstance(value, UploadFile):
                fields.append((_storable(name), _storable(value)))
            elif value.filename:
                file = folder / f"{len(uploads)}"
                with file.open("wb") as kept:
                    while piece := await value.read(1 << 20):
                        kept.write(piece)
                uploads[name] = Upload(name=_storable(value.filename)[:254], file=file)
    return Sent(fields=fields, uploads=uploads)


@asynccontextmanager
async def form_closed(request: Request) -> AsyncIterator[None]:
    """End the temporary files of a form with the block."""
    try:
        yield
    finally:
        await request.close()


def storable(given: Mapping[str, str]) -> Mapping[str, str]:
    """Values that a database accepts: PostgreSQL allows no NUL in a text."""
    return {name: _storable(value) for name, value in given.items()}


def _storable(value: str) -> str:
    return value.replace("\x00", "\ufffd")
