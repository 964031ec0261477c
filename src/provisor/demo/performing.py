"""The whole demo, from an organisation in files or in a domain to a verified outcome."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from provisor.admin.session import Session
from provisor.demo.domain import SampleDomain
from provisor.demo.from_domain import FromDomain
from provisor.demo.from_files import FromFiles, OrganisationFiles
from provisor.demo.live import change_in_domain
from provisor.demo.report import Report
from provisor.demo.steps import Play
from provisor.demo.umbrella import GeneratedToken, Umbrella
from provisor.demo.verifier import native_object_ids, verify
from provisor.terminal import complain, counted, say

if TYPE_CHECKING:
    from provisor.testing.samba import SambaDomain

SHOWN_DIFFERENCES = 20


def perform_files(session: Session, files: OrganisationFiles, umbrella: Umbrella, folder: Path) -> Report:
    """Import files, do the steps, verify."""
    began = time.monotonic()
    play = Play(session, FromFiles(session, files), umbrella)
    play.perform()
    reader = umbrella.generate_token("verifier")
    differences = _differences(play, files, reader, folder)
    return _told(_report(play, differences, began))


def perform_domain(
    session: Session, files: OrganisationFiles, samba: "SambaDomain", umbrella: Umbrella, folder: Path
) -> Report:
    """Fill a domain that does not answer yet, do the steps with it as a source, change somebody there, verify."""
    began = time.monotonic()
    domain = _filled(samba, files, folder)
    given = OrganisationFiles(users=folder / "users.csv", groups=files.groups, members=files.members)
    origin = FromDomain(session, domain)
    play = Play(session, origin, umbrella)
    play.perform()
    reader = umbrella.generate_token("verifier")
    change, seconds = change_in_domain(session, origin, reader, folder, play.untouched())
    play.changes.append(change)
    differences = _differences(play, given, reader, folder)
    known, wrong = _native_ids(domain, reader)
    seen = {"nativeObjectIds": known, "secondsToTarget": round(seconds, 3)}
    return _told(_report(play, [*differences, *wrong], began, seen), known)


def _filled(samba: "SambaDomain", files: OrganisationFiles, folder: Path) -> SampleDomain:
    domain = SampleDomain(samba)
    memberships = domain.fill(files, folder / "users.csv")
    samba.start()
    say(
        f"{samba.realm} holds {counted(len(domain.people), 'user')}, {counted(len(domain.groups), 'group')} and "
        f"{counted(memberships, 'membership')}, and gave everybody an objectGUID."
    )
    return domain


def _differences(play: Play, files: OrganisationFiles, reader: GeneratedToken, folder: Path) -> list[str]:
    changes = folder / "changes.json"
    play.write_changes(changes)
    return verify(
        url=reader.url,
        token=reader.secret,
        users=files.users,
        groups=files.groups,
        members=files.members,
        changes=changes,
    )


def _native_ids(domain: SampleDomain, reader: GeneratedToken) -> tuple[int, list[str]]:
    """How many accounts have the objectGUID that the domain tells now, and a sentence for each that has not."""
    held, wrong = native_object_ids(reader.url, reader.secret), list[str]()
    guids = domain.object_guids(held)
    for name, value in held.items():
        if value is None or value != guids.get(name):
            wrong.append(f"{name!r}: nativeObjectId is not the objectGUID in the domain.")
    return len(held) - len(wrong), wrong


def _report(play: Play, differences: Sequence[str], began: float, domain: Mapping[str, object] | None = None) -> Report:
    return Report(
        cycles=play.cycles,
        refused=play.origin.refused,
        skipped=play.skipped(),
        differences=differences,
        seconds=time.monotonic() - began,
        domain=domain,
    )


def _told(report: Report, native_ids: int | None = None) -> Report:
    say()
    report.show()
    if native_ids is not None:
        say(f"Of {counted(native_ids, 'account')} nativeObjectId is the 16 bytes of objectGUID in the domain.")
    if report.verified:
        say(
            f"Verified: read back over HTTP, the target holds exactly what the directory says ({report.seconds:.1f} s)."
        )
        return report
    complain(f"Not verified: {len(report.differences)} differences.")
    for difference in report.differences[:SHOWN_DIFFERENCES]:
        complain(f"  {difference}")
    return report
