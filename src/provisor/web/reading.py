"""A request for a page as a value: its form, and the files that came with it. Bounded in bytes, fields and files.

What is no form is an empty one, whose token does not fit either.
"""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
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
_TOO_MUCH: Final = ("Too many", "Part exceeded")  # what Starlette says of it
_PIECE_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SentForm:
    """What a browser sent with a form; nothing of it is kept when it is too large."""

    too_large: bool = False
    fields: Sequence[tuple[str, str]] = ()
    uploads: Mapping[str, Upload] = field(default_factory=dict)


@asynccontextmanager
async def sent_with(request: Request, *, long: bool, files: bool) -> AsyncIterator[SentForm]:
    """The form of a request; its files lie in a folder of their own for the block."""
    limit, most = (MAX_LONG_FORM_BYTES, _MAX_LONG_FIELDS) if long else (MAX_FORM_BYTES, _MAX_FIELDS)
    if not request.headers.get("content-type", "").lower().startswith(_MULTIPART):
        yield await _fields(request, limit, most)
        return
    length = request.headers.get("content-length", "")  # browsers say it of every form
    if not files or not length.isdecimal():
        yield SentForm()
    elif int(length) > MAX_UPLOAD_BYTES:
        yield SentForm(too_large=True)
    else:
        with _folder() as folder:
            yield await _parts(request, folder, limit, most)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="provisor-upload-"))  # readable by its owner alone
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _fields(request: Request, limit: int, most: int) -> SentForm:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > limit:
            return SentForm(too_large=True)
    try:
        found = parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=most)
    except ValueError:
        return SentForm(too_large=True)
    return SentForm(fields=[(_storable(name), _storable(value)) for name, value in found])


async def _parts(request: Request, folder: Path, limit: int, most: int) -> SentForm:
    fields: list[tuple[str, str]] = []
    uploads: dict[str, Upload] = {}
    try:
        form = await request.form(max_files=_MAX_FILES, max_fields=most, max_part_size=limit)
    except HTTPException as error:  # too much of something, or not what it says it is
        return SentForm(too_large=error.detail.startswith(_TOO_MUCH))
    async with form_closed(request):
        for number, (name, value) in enumerate(form.multi_items()):
            if not isinstance(value, UploadFile):
                fields.append((_storable(name), _storable(value)))
            elif value.filename:
                file = folder / str(number)  # what a browser calls it is nothing that a path is made of
                await run_in_threadpool(_keep, value.file, file)
                uploads[_storable(name)] = Upload(name=_storable(value.filename)[:254], file=file)
    return SentForm(fields=fields, uploads=uploads)


def _keep(source: BinaryIO, file: Path) -> None:
    with file.open("wb") as kept:
        shutil.copyfileobj(source, kept, _PIECE_BYTES)


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
