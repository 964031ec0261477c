"""How one user or group, or a page of them, is printed. Shared by `user`, `group` and `member`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from provisor.terminal import piped, print_json, print_table, say

if TYPE_CHECKING:
    from provisor.admin.directory import Shown
    from provisor.admin.provenance import SourceOfObject
    from provisor.directory.objects import DirectoryObject


LONGEST_IN_A_LIST = 60  # characters


def print_one(shown: "Shown", *, as_json: bool, done: str = "") -> None:
    """One object: one line saying what was done, or all attributes when nothing was."""
    document = shown.to_json()
    if as_json:
        print_json(document)
    elif done:
        say(f"{done} {shown.object.name} ({shown.object.id}).")
    else:
        document.pop("sources", None)
        rows = [(name, _text(value)) for name, value in document.items()]
        for one in shown.sources:
            rows += [(f"From {one.name}", _place(one)), (f"Said by {one.name}", ", ".join(one.masters) or "nothing")]
        if shown.restorable_until is not None:
            rows.append(
                ("State", f"in the recycle bin; can be restored until {shown.restorable_until:%Y-%m-%d %H:%M} UTC")
            )
        print_table(("Attribute", "Value"), rows)


def _place(one: "SourceOfObject") -> str:
    """How a source knows an object, and when it was last seen with it."""
    from provisor.rules.source_settings import KIND_NAMES

    state = "last read" if one.here else "not there since"
    seen = "not read through yet" if one.seen is None else f"{state} {one.seen:%Y-%m-%d %H:%M} UTC"
    return f"{KIND_NAMES[one.kind]}, as {one.anchor}; {seen}"


def print_deleted(shown: "Shown", *, as_json: bool) -> None:
    """What was moved to the recycle bin, and which import would restore it."""
    print_one(shown, as_json=as_json, done="Deleted")
    if shown.comes_back_from is not None and not as_json:
        say(
            f"It came from the files of the source {shown.comes_back_from}: the next import of one that still has "
            f"{shown.object.name} restores it. Remove the row there too."
        )


def print_page(objects: "Sequence[DirectoryObject]", *, limit: int, as_json: bool, mixed: bool = False) -> None:
    """A page of objects; a full page says how to see the next one. `mixed`: of both kinds, so each says which it is."""
    if as_json:
        print_json([{"id": item.id, **_said_to_be(item, mixed=mixed), **item.attributes} for item in objects])
        return
    if not objects:
        say("There are none.")
        return
    kinds = {item.kind for item in objects}
    title = "displayName or description" if len(kinds) > 1 else _TITLES[objects[0].kind]
    print_table(
        ("Name", title, *(["Kind"] if mixed else []), "State", "Id"),
        [
            (
                _line(item.name) if piped() else _excerpt(item.name),
                _excerpt(item.attributes.get(_TITLES[item.kind])),
                *([item.kind] if mixed else []),
                _state(item),
                item.id,
            )
            for item in objects
        ],
    )
    if len(objects) == limit:
        say(f"There may be more: --after {objects[-1].id}")


# A group's name is its displayName; its description says more than the same name twice.
_TITLES = {"user": "displayName", "group": "description"}


def _said_to_be(item: "DirectoryObject", *, mixed: bool) -> dict[str, str]:
    return {"@odata.type": f"#microsoft.graph.{item.kind}"} if mixed else {}


def _name(name: str) -> str:
    """In full when another program reads it, as it may pass it to the next command."""
    return _line(name) if piped() else _excerpt(name)


def _state(item: "DirectoryObject") -> str:
    if not item.alive:
        return "deleted"
    return "" if item.enabled else "disabled" if item.kind == "user" else "not for security"


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
