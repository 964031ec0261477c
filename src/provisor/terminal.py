"""Output to a terminal, for every skin that has one: help, tables, JSON, a progress bar, prompts for secrets, errors.

Must not: know a verb or a table of ours. Rich is imported by what draws with it, so that `--help` stays quick.
Text from a directory or a target is printed as plain text: markup in it has no effect, control characters are escaped.
"""

import codecs
import getpass
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from rich.console import Console

_FEW_LETTERS: Final = 12  # a narrower column cannot be read
_ID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_LARGEST_SECRET_BYTES = 65_536
# What JSON leaves as it is but a terminal may obey; half a surrogate pair cannot be written at all.
_UNSHOWN_IN_JSON: Final = re.compile("[\x7f-\x9f\ud800-\udfff]")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for another program.")]


class Noun(TyperGroup):
    """A command with commands of its own, each listed with its whole first sentence, which typer cuts off."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The commands and what each is for, on as many lines as that takes."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, command.get_short_help_str(sys.maxsize)) for name, command in commands if command is not None]
            )


def noun(help_text: str, group: type[TyperGroup] = Noun) -> typer.Typer:
    """A noun with its verbs. Its help has no markup, which would take the [attribute] of an example for a tag."""
    return typer.Typer(
        cls=group,
        help=help_text,
        no_args_is_help=group is Noun,
        add_completion=False,
        rich_markup_mode=None,
    )


class Shows(Protocol):
    """What a progress bar needs to know; engine.progress.Progress is one, a file being imported another."""

    @property
    def phase(self) -> str:
        """What is being done."""

    @property
    def completed_objects(self) -> int:
        """How many objects are done."""

    @property
    def all_objects(self) -> int:
        """How many there are."""

    @property
    def seconds_left(self) -> float | None:
        """An estimate; None until there is enough to go by."""


def say(text: str = "") -> None:
    """One line on standard output."""
    typer.echo(_clean(text))


def print_json(value: object) -> None:
    """A value for another program, indented for human readers."""
    typer.echo(json_text(value))


def print_json_line(value: object) -> None:
    """A value for another program, on one line."""
    typer.echo(json_text(value, indent=None))


def json_text(value: object, *, indent: int | None = 2) -> str:
    """JSON with control characters written as escapes; other characters stay as they are."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return _UNSHOWN_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table, as wide as the terminal; when piped, as wide as its text, so that every row of a list is one line.

    On a terminal cells wrap but ids do not: people copy them. Where ids leave no room for the rest, every row becomes a
    table of its own with one title and cell per line.
    """
    cells = [["" if cell is None else _clean(str(cell)) for cell in row] for row in rows]
    if piped():
        one_line = len(columns) > 2  # of two columns, the second is text that `show` prints as it is
        _draw(
            columns, [[" ".join(cell.splitlines()) for cell in row] for row in cells] if one_line else cells, (), None
        )
        return
    room = _console().width
    floors = [
        max(_least(row[at], column) for row in [*cells, [""] * len(columns)]) for at, column in enumerate(columns)
    ]
    if any(columns) and sum(floors) + _between(len(columns)) > room:
        for row in cells:
            print_table(("", ""), zip(columns, row, strict=True))
        return
    _draw(columns, cells, floors, room)


def piped() -> bool:
    """Whether another program reads what is printed."""
    return not sys.stdout.isatty()


def warn(text: str) -> None:
    """One line on standard error, for the person, not for a program reading the output."""
    typer.echo(_clean(text), err=True)


def complain(message: str, hint: str = "") -> None:
    """One red line on standard error, with what to do about it below."""
    typer.echo(_clean(message) if colourless() else typer.style(_clean(message), fg="red"), err=True)
    if hint:
        warn(hint)


def colourless() -> bool:
    """Whether the user has switched colours off (https://no-color.org)."""
    return bool(os.environ.get("NO_COLOR"))


def read_secret(file: str | None, prompt: str) -> str:
    """A secret from a file, from standard input (`-`), or typed without echo; not from an argument."""
    if file is not None:
        return _secret_in(file).strip()
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"There is no terminal to ask for the {prompt}; name a file, or - for standard input.")
    return _typed(prompt).strip()


def read_new_secret(file: str | None, prompt: str) -> str:
    """A new secret: from a file, from standard input (`-`, or piped in), or typed twice without echo."""
    if file is not None or not sys.stdin.isatty():
        secret = _secret_in("-" if file is None else file)
        if secret != secret.strip():
            raise typer.BadParameter("The secret begins or ends with a blank; remove it.")
        return secret
    while (secret := _typed(prompt)) != _typed("Once more"):
        complain("The two entries differ.", "Try again.")
    return secret


def _typed(prompt: str) -> str:
    # typer's own prompt writes to standard output, which another program may read, and makes an exit with 1 of Ctrl-C.
    return getpass.getpass(f"{prompt}: ")


def secret_text(file: str) -> str:
    """A secret of several lines, such as a certificate with its key, in a file or standard input (`-`)."""
    return _secret_in(file, _text_in)


def _secret_in(file: str, read: Callable[[str], str] | None = None) -> str:
    """The secret in a file; a file that cannot be read or holds no secret is wrong usage."""
    try:
        return (read or secret_line)(file)
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def secret_line(file: str) -> str:
    """The one line of text in a file (`-`: in standard input), whatever program wrote it.

    A byte order mark and trailing line breaks are not part of it. Raises OSError, and ValueError with a sentence that
    shows nothing of what was read.
    """
    lines = _text_in(file).strip("\r\n").splitlines()
    if len(lines) > 1:
        raise ValueError(f"{_named(file)} holds {len(lines)} lines, but a secret is one line; remove the others.")
    return lines[0] if lines else ""


def _text_in(file: str) -> str:
    named = _named(file)
    if file == "-":
        typed = sys.stdin.isatty()
        data = sys.stdin.buffer.readline() if typed else sys.stdin.buffer.read(_LARGEST_SECRET_BYTES + 1)
    else:
        with Path(file).open("rb") as opened:
            data = opened.read(_LARGEST_SECRET_BYTES + 1)
    if len(data) > _LARGEST_SECRET_BYTES:
        raise ValueError(f"{named} holds more than {_LARGEST_SECRET_BYTES:,} bytes, too many for a secret.")
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # what PowerShell's > writes
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:  # without the bytes, which may be most of a secret
        raise ValueError(f"{named} is not UTF-8 text.") from None


def _named(file: str) -> str:
    return "Standard input" if file == "-" else file


def confirmed(name: str) -> bool:
    """Whether the person confirmed what was shown by typing this name."""
    if not sys.stdin.isatty():
        raise typer.BadParameter("There is no terminal to confirm this; add --yes if you mean it.")
    typer.echo(f"Type {_clean(name)} to confirm: ", nl=False, err=True)
    return input().strip() == name.strip()


@contextmanager
def progress_bar(*, quiet: bool = False) -> Iterator[Callable[[Shows], None]]:
    """A progress bar with the time left; yields the function that moves it. Not drawn without a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = _console(stderr=True)
    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[left]}"),
    )
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("starting", total=None, left="")

        def move(progress: Shows) -> None:
            left = progress.seconds_left
            bar.update(
                task,
                description=progress.phase,
                total=progress.all_objects,
                completed=progress.completed_objects,
                left="" if left is None else f"about {duration(left)} left",
            )

        yield move
        if bar.tasks[0].total is None:  # there was nothing to do
            bar.remove_task(task)


def duration(seconds: float) -> str:
    """A time span in plain words."""
    if seconds < 90:
        return f"{max(seconds, 0):.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def counted(number: int, what: str) -> str:
    """How many of something there are: `1 user`, `1,000 users`."""
    return f"{number:,} {what}{'s' * (number != 1)}"


def _console(*, stderr: bool = False, width: int | None = None) -> "Console":
    from rich.console import Console

    # Without a colour system nothing is bold or dim either.
    return Console(stderr=stderr, width=width, color_system=None if colourless() else "auto")


def _draw(columns: Sequence[str], cells: Sequence[Sequence[str]], floors: Sequence[int], room: int | None) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    widths = [
        max(_length(line) for text in (column, *(row[at] for row in cells)) for line in text.split("\n"))
        for at, column in enumerate(columns)
    ]
    room = sum(widths) + _between(len(columns)) if room is None else room
    excess = sum(widths) + _between(len(columns)) - room
    while excess > 0 and widths != list(floors):  # the column with the most to spare shrinks first
        at = max(range(len(widths)), key=lambda at: widths[at] - floors[at])
        others = [width - floor for width, floor in zip(widths, floors, strict=True)]
        spare = max(1, others[at] - sorted(others)[-2]) if len(others) > 1 else others[at]
        widths[at] -= min(excess, spare)
        excess = sum(widths) + _between(len(columns)) - room
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_header=any(columns))
    for column, width in zip(columns, widths, strict=True):
        table.add_column(column, overflow="fold", width=max(width, 1))
    # An id longer than the terminal overflows it; the cells beside it wrap.
    console = _console(width=max(room, sum(widths) + _between(len(columns))))
    beyond = console.width - room
    for row in cells:
        texts = [Text(cell) for cell in row]
        if beyond and not _ID.search(row[-1]):
            texts[-1] = Text("\n").join(texts[-1].wrap(console, max(widths[-1] - beyond, 1)))
        table.add_row(*texts)
    with console.capture() as drawn:
        console.print(table)
    typer.echo("\n".join(line.rstrip() for line in drawn.get().split("\n")), nl=False)


def _least(text: str, title: str) -> int:
    """How narrow this cell allows its column to become: as its longest id, or a few letters."""
    ids = max((_length(word) for word in text.split() if _ID.search(word)), default=0)
    few = min(_FEW_LETTERS, max(map(_length, text.split("\n"))))
    return max(ids, few, min(_FEW_LETTERS, _length(title)))


def _between(columns: int) -> int:
    """What stands between and around the columns of a table."""
    return 3 * columns - 1


def _length(text: str) -> int:
    """How many terminal columns a line takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _clean(text: str) -> str:
    """Control characters (including terminal escapes) made visible; line breaks and other scripts stay."""
    return "".join(
        letter if (letter >= " " and not _unshown(letter)) or letter in "\n\t" else "\N{REPLACEMENT CHARACTER}"
        for letter in text
    )


def _unshown(letter: str) -> bool:
    # DEL and the C1 controls, some of which start terminal sequences, and bytes of a path that are not text.
    return "\x7f" <= letter <= "\x9f" or "\ud800" <= letter <= "\udfff"
