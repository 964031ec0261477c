"""The verbs that users and groups share: create, show, list, set, delete, restore, purge."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provisor.cli.objects import print_deleted, print_one, print_page
from provisor.cli.options import After, AttributeArguments, Deleted, Limit, Search, pairs, session
from provisor.terminal import AsJson

if TYPE_CHECKING:
    from provisor.admin.bundle import Admin
    from provisor.admin.directory import Objects


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What the help says about one noun."""

    noun: str
    named_by: str
    example: str
    attributes_of_new: str
    attributes_to_set: str
    search: str


def add_verbs(app: typer.Typer, objects: "Callable[[Admin], Objects]", words: Words) -> None:
    """Give a noun its verbs; `objects` picks that noun's from the bundle."""
    _add_those_that_show(app, objects, words)
    _add_those_that_change(app, objects, words)


VerbOf = Callable[[str, str, str], Callable[[Callable[..., None]], Callable[..., None]]]


def _verb(app: typer.Typer, noun: str) -> VerbOf:
    return lambda name, text, example: app.command(name, help=f"{text}\n\nExample: provisor {noun} {name} {example}")


def _argument(words: Words) -> Any:
    return typer.Argument(metavar=words.noun.upper(), help=f"A {words.noun}, by {words.named_by} or id.")


def _add_those_that_show(app: typer.Typer, objects: "Callable[[Admin], Objects]", words: Words) -> None:
    noun, verb = words.noun, _verb(app, words.noun)
    Name = Annotated[str, _argument(words)]

    @verb("show", f"Show a {noun} with all attributes.", words.example)
    def show(context: typer.Context, name: Name, deleted: Deleted = False, as_json: AsJson = False) -> None:
        opened = session(context)
        print_one(objects(opened.admin).show(opened.actor, name, deleted=deleted), as_json=as_json)

    @verb("list", f"List {noun}s, oldest first.", f"--search {words.search}")
    def list_page(
        context: typer.Context,
        search: Search = "",
        deleted: Deleted = False,
        limit: Limit = 100,
        after: After = "",
        as_json: AsJson = False,
    ) -> None:
        opened = session(context)
        page = objects(opened.admin).page(opened.actor, after=after, limit=limit, search=search, deleted=deleted)
        print_page(page, limit=limit, as_json=as_json)


def _add_those_that_change(app: typer.Typer, objects: "Callable[[Admin], Objects]", words: Words) -> None:
    noun, verb = words.noun, _verb(app, words.noun)
    Name = Annotated[str, _argument(words)]

    @verb("create", f"Create a {noun} by hand.", words.attributes_of_new)
    def create(context: typer.Context, attributes: AttributeArguments, as_json: AsJson = False) -> None:
        opened = session(context)
        print_one(objects(opened.admin).create(opened.actor, pairs(attributes)), as_json=as_json, done="Created")

    @verb("set", "Change attributes; an empty value clears one.", f"{words.example} {words.attributes_to_set}")
    def set_attributes(
        context: typer.Context, name: Name, attributes: AttributeArguments, as_json: AsJson = False
    ) -> None:
        opened = session(context)
        shown = objects(opened.admin).set(opened.actor, name, pairs(attributes))
        print_one(shown, as_json=as_json, done="Changed")

    @verb(
        "delete",
        f"Move a {noun} to the recycle bin; it can be restored for 30 days.\n\n"
        "An import restores it too if its row is still in the source's file: remove the row there first.",
        words.example,
    )
    def delete(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
        opened = session(context)
        print_deleted(objects(opened.admin).delete(opened.actor, name), as_json=as_json)

    @verb("restore", f"Restore a deleted {noun} from the recycle bin.", words.example)
    def restore(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
        opened = session(context)
        print_one(objects(opened.admin).restore(opened.actor, name), as_json=as_json, done="Restored")

    @verb("purge", f"Delete a {noun} for good, from the recycle bin or directly. This cannot be undone.", words.example)
    def purge(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
        opened = session(context)
        print_one(objects(opened.admin).purge(opened.actor, name), as_json=as_json, done="Deleted for good")
