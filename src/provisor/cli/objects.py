"""How one user or group, and a page of them, are printed. Shared by `user`, `group` and `member`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from provisor.terminal import piped, print_json, print_table, say

if TYPE_CHECKING:
    from provisor.admin.directory import Shown
    from provisor.directory.objects import DirectoryObject


LONGEST_IN_A_LIST = 60  # characters


def print_one(shown: "Shown", *, as_json: bool, done: str = "") -> None:
    """One object: what was done in a line, or everything it holds when nothing was."""
    document = shown.to_json()
    if as_json:
        print_json(document)
    elif done:
        say(f"{done} {shown.object.name} ({shown.object.id}).")
    else:
        rows = [(name, _text(value)) for name, value in document.items()]
        if shown.restorable_until is not None:
            rows.append(
                ("State", f"in the recycle bin; can be restored until {shown.restorable_until:%Y-%m-%d %H:%M} UTC")
            )
        print_table(("Attribute", "Value"), rows)


def print_deleted(shown: "Shown", *, as_json: bool) -> None:
    """What went into the recycle bin, and what will bring it back without anybody's asking."""
    print_one(shown, as_json=as_json, done="Deleted")
    if shown.comes_back_from is not None and not as_json:
        say(
            f"It came from the files of the source {shown.comes_back_from}: the next import of one that still has "
            f"{shown.object.name} restores it. Take the row out there too."
        )


def print_page(objects: "Sequence[DirectoryObject]", *, limit: int, as_json: bool) -> None:
    """A page of objects; says how to see the next one when this one is full."""
    if as_json:
        print_json([{"id": item.id, **item.attributes} for item in objects])
        return
    if not objects:
        say("There are none.")
        return
    # A group's name is its displayName; what it is for says more than saying that twice.
    title = "displayName" if objects[0].kind == "user" else "description"
    print_table(
        ("Name", title, "State", "Id"),
        [
            (
                _line(item.name) if piped() else _excerpt(item.name),
                _excerpt(item.attributes.get(title)),
                _state(item),
                item.id,
            )
            for item in objects
        ],
    )
    if len(objects) == limit:
        say(f"There may be more: --after {objects[-1].id}")


def _name(name: str) -> str:
    """Whole where another program reads it, which may give it to the next command."""
    return _line(name) if piped() else _excerpt(name)


def _state(item: "DirectoryObject") -> str:
    return "deleted" if not item.alive else "" if item.enabled else "disabled"


def _excerpt(value: object) -> str:
    """A value in one row of a list; `show` has it whole."""
    text = "" if value is None else _line(str(value))
    return text if len(text) <= LONGEST_IN_A_LIST else f"{text[: LONGEST_IN_A_LIST - 1]}…"


def _line(text: str) -> str:
    return text.replace("\n", " ").replace("\r", " ")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(str(part) for part in value) if isinstance(value, list) else str(value)
