"""The command `provisor`: mounts the nouns and turns every failure into one line and an exit code.

A noun's module is imported when its command is called, so that
`provisor --help` answers in under 0.3 s. Exit codes: 0 done, 1 failed, 2 wrong usage,
which a file that is named and cannot be opened is too, 3 done, but some rows of a file were refused.
"""

import errno
import os
import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import typer
from typer.core import TyperCommand
from typer.main import get_command

from provisor.admin.errors import AdminError
from provisor.admin.session import Session
from provisor.scim.nearest import nearest
from provisor.settings import Settings, misspelt_setting, read_settings
from provisor.terminal import Noun, colourless, complain, say

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from provisor.admin.actor import Actor
    from provisor.admin.bundle import Admin
    from provisor.admin.health import Pulse
    from provisor.admin.session import Listening

# noun: module, attribute, what it is for
NOUNS: Final = {
    "import": ("provisor.cli.importing", "app", "Bring people, groups and memberships into the directory."),
    "source": (
        "provisor.cli.source",
        "app",
        "Where people and groups come from on a schedule: Active Directory, LDAP, Microsoft Entra, CSV files.",
    ),
    "user": ("provisor.cli.user", "app", "People of the directory."),
    "group": ("provisor.cli.group", "app", "Groups of the directory."),
    "member": ("provisor.cli.member", "app", "Who is in which group."),
    "app": ("provisor.cli.application", "app", "Applications: add from the gallery, assign people and groups."),
    "job": ("provisor.cli.job", "app", "Provisioning jobs: credentials, plan, run, start, pause, status."),
    "schema": ("provisor.cli.schema", "app", "A job's mappings and scoping filters as a file."),
    "log": ("provisor.cli.log", "app", "The provisioning log: what was done to whom, and why."),
    "audit": ("provisor.cli.audit", "app", "Who changed what, and who was refused it."),
    "retention": ("provisor.cli.retention", "app", "How long the logs and the history of jobs are kept."),
    "serve": (
        "provisor.cli.serve",
        "app",
        "Run all started jobs; with --port, answer at the portal and the Graph-shaped API.",
    ),
    "backup": ("provisor.cli.backup", "app", "Copy the service's database while it is in use."),
    "restore": ("provisor.cli.backup", "restore_app", "Put a backup in the place of the service's database."),
    "expression": ("provisor.cli.expression", "app", "Try the expressions of attribute mappings."),
    "clock": ("provisor.cli.clock", "app", "Whether the clock may be believed where things are deleted for their age."),
    "mail": ("provisor.cli.mail", "app", "The mail server: who is told when a job is in trouble."),
    "webhook": ("provisor.cli.webhook", "app", "Webhooks: other programs that are told of the same."),
    "admin": (
        "provisor.cli.administration",
        "app",
        "The installation itself: who may sign in, and the key of stored credentials.",
    ),
    "target": ("provisor.provider.commands.serve", "app", "Cisco Umbrella User Management, the bundled application."),
    "demo": ("provisor.demo.commands", "app", "The whole tutorial, end to end, in a folder of its own."),
}
INTERRUPTED = 130  # what shells report for a command ended by Ctrl-C
ROOM = "The output is incomplete. Make room on that disk and run the command again."
EPILOG = "Every command has --help with an example. Start with: provisor demo"


class Nouns(Noun):
    """The top group: knows every noun's name, and imports the one that is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The nouns, in the order of the tutorial."""
        return list(NOUNS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A name with its one-line help: enough to list it."""
        if cmd_name not in NOUNS:
            return None
        return TyperCommand(cmd_name, help=NOUNS[cmd_name][2], callback=None)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        """The command itself."""
        meant = None if args[0] in NOUNS else nearest(args[0], NOUNS)
        if meant is not None and not args[0].startswith("-"):
            ctx.fail(f"No such command {args[0]!r}. Did you mean {meant!r}?")
        name, _, rest = super().resolve_command(ctx, args)
        if name is None:
            return name, None, rest
        return name, command_of(name), rest


@cache
def command_of(noun: str) -> Any:
    """A noun's own commands; its module is imported now."""
    module, attribute, _ = NOUNS[noun]
    return get_command(getattr(import_module(module), attribute))


def build(settings: Settings) -> "Admin":
    """Wiring's bundle, imported when a verb is first called; what it does is traced where somebody asked for that."""
    from provisor.wiring import build as wire

    if any(name.startswith("OTEL_") for name in os.environ):
        from provisor.runner.tracing import begin

        if why_not := begin(os.environ):
            complain(why_not)
    return wire(settings)


def site(admin: "Admin", actor: "Actor", pulse: "Pulse", listening: "Listening") -> "AbstractContextManager[str]":
    """What answers over HTTP, imported by a service alone."""
    from provisor.site import site as opened

    return opened(admin, actor, pulse, listening)


@cache
def root() -> Nouns:
    """The command line as a value."""
    # Help is not drawn with rich, which costs 0.2 s of imports and cuts off long names.
    app = typer.Typer(cls=Nouns, no_args_is_help=True, add_completion=False, epilog=EPILOG, rich_markup_mode=None)
    app.callback(invoke_without_command=True)(_options)
    group = get_command(app)
    if not isinstance(group, Nouns):
        raise TypeError("typer made a group of another class.")
    return group


def main(arguments: list[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    sys.exit(guarded(lambda: run(arguments)))


def run(arguments: list[str] | None = None) -> None:
    """Run one command; raises SystemExit with its code, or what the command raised."""
    misspelt = misspelt_setting(os.environ)
    if misspelt is not None:
        raise AdminError("unknown-setting", f"{misspelt[0]} has no effect.", f"Write {misspelt[1]}.")
    session = Session(settings=read_settings(os.environ), build=build, site=site)
    colour = False if colourless() else None  # None: whatever the terminal can do
    try:
        root().main(args=arguments, prog_name="provisor", obj=session, color=colour)
    except AdminError as error:
        if error.about is None:
            raise
        raise session.admin.nearest.hinted(session.actor, error) from error


def guarded(command: Callable[[], None]) -> int:
    """Run a command at the edge of the process: every failure is one red line and a hint, never a traceback."""
    try:
        command()
    except SystemExit as leaving:
        if leaving.code == INTERRUPTED:  # click turns Ctrl-C into a silent exit of its own
            complain("Stopped.")
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except AdminError as error:
        complain(error.message, error.hint)
        return 1
    except BrokenPipeError:  # the reader of our output is gone, as with `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except UnicodeEncodeError:  # an argument that the shell passed as raw bytes, or a value made from one
        complain("An argument is not UTF-8 text.", "Type it again, or set the terminal to UTF-8.")
        return 2
    except KeyboardInterrupt:
        complain("Stopped.")
        return INTERRUPTED
    except OSError as error:
        if "--traceback" in sys.argv:
            raise
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        where = f"{error.filename}: " if error.filename is not None else "The output: " * full
        complain(
            f"{where}{error.strerror or error}.", ROOM if full else "`provisor --traceback …` shows where it happened."
        )
        return 1
    except Exception as error:
        if "--traceback" in sys.argv:
            raise
        complain(f"{type(error).__name__}: {error}", "`provisor --traceback …` shows where it happened.")
        return 1
    return 0


_WITHOUT_ACCOUNTS = ("target", "demo")  # a role that holds nothing back must not seem to


def _options(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and exit."),
    traceback: bool = typer.Option(False, "--traceback", help="Show the traceback of a failure."),
    acting_as: str = typer.Option("", "--as", metavar="NAME", help="Act as this account, with its roles alone."),
) -> None:
    """Provisor keeps the people and groups of a directory provisioned in the applications they use."""
    opened = context.find_object(Session)
    if acting_as and context.invoked_subcommand in _WITHOUT_ACCOUNTS:
        raise AdminError(
            "invalid-value",
            f"--as names an account of the service, and `provisor {context.invoked_subcommand}` knows none of those.",
            "Leave --as out: whoever may write the file may do this.",
        )
    if acting_as and opened is not None:
        opened.acting_as = acting_as
    if version:
        from importlib.metadata import version as installed

        say(installed("provisor"))
        raise typer.Exit
