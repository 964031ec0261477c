"""`provisor demo`: the whole tutorial in a folder of its own, with its outcome verified by reading it back.

Exit codes: 0 verified and nobody failed, 1 otherwise, 2 wrong usage.
"""

import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provisor.admin.errors import AdminError
from provisor.admin.session import Session
from provisor.demo.from_files import OrganisationFiles
from provisor.demo.performing import perform_domain, perform_files
from provisor.demo.report import Report
from provisor.demo.staying import stay
from provisor.demo.umbrella import Umbrella
from provisor.settings import read_settings
from provisor.terminal import print_json_line, say

if TYPE_CHECKING:
    from provisor.testing.samba import SambaDomain

app = typer.Typer(add_completion=False, rich_markup_mode=None)

SAMPLE = ("users.csv", "groups.csv", "members.csv")
REALM = "apporchard.example"  # of the sample


@app.command()
def demo(
    context: typer.Context,
    users: Annotated[Path | None, typer.Option(help="Another organisation's people, instead of the sample.")] = None,
    groups: Annotated[Path | None, typer.Option(help="Its groups, if it has any.")] = None,
    members: Annotated[Path | None, typer.Option(help="Its memberships, if it has any.")] = None,
    active_directory: Annotated[
        bool, typer.Option("--ad", help="With step 2: the sample in an Active Directory of Samba's, and read from it.")
    ] = False,
    leave: Annotated[bool, typer.Option("--exit", help="Exit when done, also on a terminal.")] = False,
    write_files: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Copy the sample organisation's files there, do nothing else.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the outcome as one JSON object on the last line.")
    ] = False,
) -> None:
    """Do the tutorial's steps 3 to 7 with an organisation of 1,000 people, and prove the outcome.

    Example: provisor demo --users users.csv --groups groups.csv --members members.csv --exit
    """
    if write_files is not None:
        if leave or as_json or active_directory or (users, groups, members) != (None, None, None):
            raise typer.BadParameter("--write-files only copies the sample; leave the other options out.")
        _write_files(write_files)
        return
    if users is None and (groups is not None or members is not None):
        raise typer.BadParameter("Groups and memberships need their people: name --users too.")
    if active_directory:
        if users is not None:
            raise typer.BadParameter("--ad fills a domain with the sample; leave --users, --groups and --members out.")
        _refuse_without_samba()
    outer = context.find_object(Session)
    if outer is None:
        raise AdminError("no-session", "This command was called outside of provisor.", "Call it as `provisor demo`.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the child process is ended too
    with ExitStack() as stack:
        found = _organisation(stack, users, groups, members)
        folder = _fresh_folder()
        # The demo ignores PROVISOR_* settings: it must not touch anybody's real database.
        session = Session(settings=read_settings({"PROVISOR_DATA": str(folder)}), build=outer.build, site=outer.site)
        umbrella = stack.enter_context(Umbrella(folder))
        say(f"All files of this demo are in {folder}; the target runs at {umbrella.url}.")
        if active_directory:
            report = _with_domain(session, found, umbrella, folder, leave)
        else:
            report = perform_files(session, found, umbrella, folder)
            if not leave:
                _stay(session, umbrella, folder)
    if as_json:
        print_json_line(report.to_json())
    if not report.succeeded:
        raise typer.Exit(1)


def _with_domain(session: Session, found: OrganisationFiles, umbrella: Umbrella, folder: Path, leave: bool) -> Report:
    """The demo with a domain, which ends with it."""
    from provisor.testing.samba import SambaDomain

    say()
    say("Before the steps: a domain of Active Directory, which Samba makes in some seconds")
    try:
        with SambaDomain(folder / "domain", REALM) as samba:
            report = perform_domain(session, found, samba, umbrella, folder)
            if not leave:
                _stay(session, umbrella, folder, _of_domain(samba))
            return report
    except RuntimeError as error:
        raise AdminError("demo-domain", str(error), f"The logs in {folder / 'domain'} may say more.") from error


def _refuse_without_samba() -> None:
    from provisor.testing.samba import SambaMissing, refuse_without_samba

    try:
        refuse_without_samba()
    except SambaMissing as missing:
        raise AdminError("demo-samba", str(missing), "Without it, `provisor demo` starts from files.") from missing


def _of_domain(samba: "SambaDomain") -> list[str]:
    return [
        "",
        f"The domain {samba.realm} answers at {samba.address}; what is changed there is at the target within seconds:",
        f"  samba-tool user rename connera --surname=Changed --configfile={samba.config}",
    ]


def _stay(session: Session, umbrella: Umbrella, folder: Path, also: Sequence[str] = ()) -> None:
    if sys.stdin.isatty() and sys.stdout.isatty():
        stay(session, umbrella, folder, also)


def _organisation(stack: ExitStack, users: Path | None, groups: Path | None, members: Path | None) -> OrganisationFiles:
    if users is not None:
        for path in (users, groups, members):
            if path is not None and not path.is_file():
                raise typer.BadParameter(f"There is no file {path}.")
        return OrganisationFiles(users=users, groups=groups, members=members)
    sample = stack.enter_context(as_file(files("provisor.demo") / "organisation"))
    return OrganisationFiles(users=sample / "users.csv", groups=sample / "groups.csv", members=sample / "members.csv")


def _write_files(folder: Path) -> None:
    """Copy the sample files; existing files are left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in SAMPLE:
        path = folder / name
        if path.exists():
            raise AdminError("file-exists", f"{path} already exists.", "Choose another folder.")
        path.write_bytes((files("provisor.demo") / "organisation" / name).read_bytes())
    say(f"Wrote {', '.join(SAMPLE)} to {folder}.")


def _fresh_folder() -> Path:
    """A folder that nobody else can read, named after the current time."""
    name = f"provisor-demo-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    parent = Path(tempfile.gettempdir())
    for attempt in range(1, 1000):
        folder = parent / (name if attempt == 1 else f"{name}-{attempt}")
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            continue
        return folder
    raise AdminError("demo-folder", f"There is no free name for a folder in {parent}.", "Remove old demo folders.")
