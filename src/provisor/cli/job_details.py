"""How objects are listed by name, and failures and skips by their cause: in lines that fit the terminal, or as JSON."""

import shutil
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import typer

from provisor.terminal import counted, json_text, piped, print_json, say

if TYPE_CHECKING:
    from provisor.admin.cycles import Cause, Detail
    from provisor.admin.deletions import HeldDeletion

EACH = 20  # of a kind are listed on a terminal; a thousand creations must not hide the one deletion
WIDEST = 100


def print_details(details: Iterable["Detail"], numbers: Iterable[int]) -> None:
    """Who, and what changes. The caller has limited `details` to EACH of a kind; `numbers` says how many there are."""
    from provisor.engine.detail import lines

    printed = False
    for detail in details:
        printed = True
        for line in lines(detail):
            paragraph(line, indent="  ")
    if printed and any(number > EACH for number in numbers):
        say(f"  At most {EACH} of each kind are listed; --json lists all.")


def print_causes(causes: Sequence["Cause"], verb: str, *, names: bool) -> None:
    """One paragraph per cause: how many, why, who, and what to do."""
    from provisor.engine.detail import named

    for cause in causes:
        who = " and ".join(counted(number, kind) for kind, number in sorted(cause.numbers.items(), reverse=True))
        paragraph(f"{who} {verb}: {cause.reason} ({cause.code})")
        if names and cause.number > 1:
            paragraph(named(cause.names, cause.number), indent="    ")
        if cause.hint:
            paragraph(f"What to do: {cause.hint}", indent="    ")


def causes_json(causes: Sequence["Cause"]) -> list[dict[str, object]]:
    """Causes for another program."""
    return [
        {
            "code": cause.code,
            "number": cause.number,
            "kinds": dict(cause.numbers),
            "reason": cause.reason,
            "hint": cause.hint or None,
            "names": list(cause.names),
        }
        for cause in causes
    ]


def print_json_with(head: Mapping[str, object], name: str, items: Iterable["Detail | HeldDeletion"]) -> None:
    """One JSON object whose last member is a list. The list is streamed: it may have a million items."""
    iterator = iter(items)
    first = next(iterator, None)
    if first is None:
        print_json({**head, name: []})
        return
    text = json_text(head).removesuffix("\n}")
    typer.echo(f'{text},\n  "{name}": [\n{_item(first)}', nl=False)
    for item in iterator:
        typer.echo(f",\n{_item(item)}", nl=False)
    typer.echo("\n  ]\n}")


def _item(detail: "Detail | HeldDeletion") -> str:
    return textwrap.indent(json_text(detail.to_json()), "    ")


def paragraph(text: str, indent: str = "") -> None:
    """Text in lines that do not break within a word, a name or an id; in one line when piped."""
    lead = text[: len(text) - len(text.lstrip())] + indent
    if piped():
        say(lead + text.strip())
        return
    columns = shutil.get_terminal_size().columns
    lines = textwrap.wrap(
        text.strip(),
        width=max(min(columns, WIDEST), 40),
        initial_indent=lead,
        subsequent_indent=lead + "    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in lines:
        say(line)
