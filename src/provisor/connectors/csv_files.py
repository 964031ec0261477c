"""CSV files as a source: rows in pages, streamed; every bad row is reported and does not stop the others.

Knows nothing of users and groups. Cells are literal text, untouched. UTF-8 with or without a byte order mark, RFC 4180
quoting; rows are numbered as a spreadsheet does, the header being row 1. Entra's bulk templates have a line with their
version above it, and a row of examples below.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TextIO

from provisor.engine.ports import Malformed, Unreachable

PAGE_ROWS = 1_000
PAGE_CHARACTERS = 4_000_000  # a page of huge rows ends early, so that memory stays bounded
LONGEST_ROW_CHARACTERS = 131_072  # also the csv module's limit for one cell
LONGEST_ROW_LINES = 100  # a quote not closed within so many lines is taken as never closed

_UNDECODED = re.compile("[\udc80-\udcff]")  # how surrogateescape marks a byte that is not UTF-8
_NUL = "\0"
_VERSION = re.compile(r"version:v[0-9.]+")
_EXAMPLE = "Example:"  # how the cells of a template's example row begin


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that could not be read. `cells` has what could be read (U+FFFD for bytes that are not text), or None."""

    number: int
    reason: str
    cells: list[str] | None


@dataclass(frozen=True, slots=True)
class RowPage:
    """Up to 1,000 rows in file order: number and cells, as many as the header has; and the bad ones between them."""

    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)


class _TooLong(Exception):
    """A row with more lines or characters than any real row has."""


class CsvFile:
    """One CSV file, opened and its header read. Raises Unreachable or Malformed, naming the file and what is wrong."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name
        self.header_row = 1
        self.examples: list[int] = []  # rows of examples that were skipped
        try:
            self.size_bytes = path.stat().st_size
            self._stream: TextIO = path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
        except OSError as error:
            raise Unreachable(f"{path} cannot be read: {error.strerror}.", sent=False) from error
        self._lines = _Lines(self._stream)
        self._reader = csv.reader(self._lines, strict=True)
        try:
            self.header = self._read_header()
        except BaseException:
            self._stream.close()
            raise

    def __enter__(self) -> "CsvFile":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stream.close()

    @property
    def read_bytes(self) -> int:
        """How much of the file has been read, for a progress bar."""
        return self._stream.buffer.tell()

    def pages(self) -> Iterator[RowPage]:
        """Every row after the header, once, in pages."""
        width = len(self.header)
        number = self.header_row
        page = RowPage()
        for cells, problem in self._records():
            number += 1
            if self._is_example(cells):
                self.examples.append(number)
            elif problem is None and len(cells or ()) == width and self._lines.clean:
                page.rows.append((number, cells or []))
            elif problem is not None or cells:  # an empty line is an empty row of a spreadsheet
                page.bad.append(self._bad(number, cells, problem))
            if len(page.rows) + len(page.bad) >= PAGE_ROWS or self._lines.characters > PAGE_CHARACTERS:
                yield page
                page = RowPage()
                self._lines.characters = 0
        if page.rows or page.bad:
            yield page

    def _records(self) -> Iterator[tuple[list[str] | None, str | None]]:
        """(cells, None) or (None, why not); after a broken row, reading continues with the line below its first."""
        lines = self._lines
        while True:
            lines.begin()
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except _TooLong:
                many = len(lines.taken) > 1
                yield None, "a quote is opened and not closed" if many else "the row is longer than a row can be"
                lines.go_back()
            except csv.Error as error:
                end = "unexpected end" in str(error)
                yield None, "a quote is opened and not closed" if end else "text follows a closing quote"
                lines.go_back()
            else:
                yield cells, None

    def _bad(self, number: int, cells: list[str] | None, problem: str | None) -> BadRow:
        if problem is not None or cells is None:
            return BadRow(number, problem or "the row could not be read", None)
        if len(cells) < len(self.header) and not self._lines.taken[-1].endswith(("\n", "\r")):
            # A truncated file: this cell may be the beginning of anybody's name.
            return BadRow(number, "the file ends in the middle of the row", None)
        if len(cells) != len(self.header):
            reason = f"the row has {len(cells)} cells, the header has {len(self.header)}"
        else:
            at = next(index for index, cell in enumerate(cells) if _UNDECODED.search(cell) or _NUL in cell)
            what = "a NUL character" if _NUL in cells[at] else "bytes that are not UTF-8"
            reason = f"the cell {self.header[at]} has {what}"
        return BadRow(number, reason, [_UNDECODED.sub("\N{REPLACEMENT CHARACTER}", cell) for cell in cells])

    def _is_example(self, cells: list[str] | None) -> bool:
        templated = self.header_row > 1 and cells is not None
        return templated and any(cell.startswith(_EXAMPLE) for cell in cells or ())

    def _read_header(self) -> tuple[str, ...]:
        try:
            self._lines.begin()
            header = next(self._reader, [])
            if header and _VERSION.fullmatch(header[0]) and not any(header[1:]):
                self.header_row = 2
                self._lines.begin()
                header = next(self._reader, [])
        except (csv.Error, _TooLong) as error:
            raise Malformed(f"{self.name} does not begin with a header row of a CSV file.") from error
        if not header:
            raise Malformed(f"{self.name} is empty; its first row must name the columns.")
        if not self._lines.clean:
            raise Malformed(f"{self.name} is not UTF-8 text. Save it as CSV UTF-8.")
        if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
            raise Malformed(f"The columns of {self.name} are not separated by commas. Save it with commas.")
        for index, name in enumerate(header):
            if not name.strip():
                raise Malformed(f"Column {index + 1} of {self.name} has no name in the header row.")
            if name in header[:index]:
                raise Malformed(f"{self.name} has two columns named {name}; keep one of them.")
        return tuple(header)


class _Lines:
    """The lines of a file for csv.reader, remembering those of the current row so that it can be given up."""

    def __init__(self, stream: TextIO) -> None:
        self._read = stream.readline
        self._returned: deque[str] = deque()
        self.taken: list[str] = []
        self.clean = True  # no undecodable byte and no NUL in the current row
        self.characters = 0  # since the page began
        self._row_characters = 0

    def begin(self) -> None:
        """A new row begins."""
        self.taken = []
        self.clean = True
        self._row_characters = 0

    def go_back(self) -> None:
        """The current row is broken: its first line is given up, the others are read again."""
        self._returned.extendleft(reversed(self.taken[1:]))

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else self._read(LONGEST_ROW_CHARACTERS + 1)
        if not line:
            raise StopIteration
        self.taken.append(line)
        self.characters += len(line)
        self._row_characters += len(line)
        if self._row_characters > LONGEST_ROW_CHARACTERS or len(self.taken) > LONGEST_ROW_LINES:
            self._skip_to_end(line)
            raise _TooLong
        if _NUL in line or (not line.isascii() and _UNDECODED.search(line)):
            self.clean = False
        return line

    def _skip_to_end(self, line: str) -> None:
        while line and not line.endswith(("\n", "\r")):
            line = self._read(LONGEST_ROW_CHARACTERS)
