"""Arguments and options that several nouns share, and how commands reach the verbs."""

from typing import Annotated

import typer

from provisor.admin.errors import AdminError
from provisor.admin.session import Session

Limit = Annotated[int, typer.Option("--limit", min=1, help="The most to show.")]
After = Annotated[str, typer.Option("--after", metavar="ID", help="Show those after this id.")]
Search = Annotated[str, typer.Option("--search", help="Only those whose name contains this text, ignoring case.")]
Deleted = Annotated[bool, typer.Option("--deleted", help="Look in the recycle bin.")]
User = Annotated[str, typer.Argument(metavar="USER", help="A user, by userPrincipalName or id.")]
Group = Annotated[str, typer.Argument(metavar="GROUP", help="A group, by displayName or id.")]
MemberArgument = Annotated[
    str, typer.Argument(metavar="MEMBER", help="A user by userPrincipalName or id, or a group by displayName or id.")
]
ApplicationArgument = Annotated[str, typer.Argument(metavar="APP", help="An application, by name or id.")]
JobArgument = Annotated[str, typer.Argument(metavar="JOB", help="A job, by its id or the name of its application.")]
SourceArgument = Annotated[str, typer.Argument(metavar="SOURCE", help="A source, by name or id.")]
Details = Annotated[bool, typer.Option("--details", help="List by name what is done, some of every sort.")]
AttributeArguments = Annotated[
    list[str],
    typer.Argument(metavar="NAME=VALUE", help="Attributes under their Graph names; an empty value clears one."),
]


def session(context: typer.Context) -> Session:
    """The session that main created for this process."""
    found = context.find_object(Session)
    if found is None:
        raise AdminError("no-session", "This command was called outside of provisor.", "Call it as `provisor …`.")
    return found


def pairs(attributes: list[str]) -> dict[str, str]:
    """NAME=VALUE arguments as a mapping, split at the first `=`."""
    given = {}
    for attribute in attributes:
        attribute.encode()  # bytes that are not text are wrong usage; main says so
        name, separator, value = attribute.partition("=")
        if not separator or not name:
            raise typer.BadParameter(f"{attribute!r} is not NAME=VALUE.")
        given[name] = value
    return given
