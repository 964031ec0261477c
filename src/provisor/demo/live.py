"""The service beside the demo, as a child process, and one change in the domain that it carries to the target.

Nothing waits for an interval: the domain is asked every second whether something has changed.
"""

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from provisor.admin.errors import AdminError
from provisor.admin.session import Session
from provisor.demo.casting import Person
from provisor.demo.from_domain import SOURCE, FromDomain
from provisor.demo.umbrella import PROVISOR, START_SECONDS, GeneratedToken, end, environment
from provisor.demo.verifier import account
from provisor.terminal import say

ARRIVES_SECONDS = 60
LOOK_SECONDS = 0.05


@dataclass(slots=True)
class RunningService:
    """`provisor serve` in the demo's folder. Use it as a context manager."""

    session: Session
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "RunningService":
        try:
            self._start()
        except BaseException:  # Ctrl-C while it starts: nobody else would end it
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        end(self.process)

    def _start(self) -> None:
        told, actor = self.session.admin.sources.told, self.session.actor
        before = told.status(actor, SOURCE).shown.source.runs
        with (self.folder / "serve.log").open("wb") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                [*PROVISOR, "serve"],
                env=environment(self.folder),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # we handle Ctrl-C
            )
        deadline = time.monotonic() + START_SECONDS
        while True:  # a source that is started is read at once; then it is asked what has changed
            now = told.status(actor, SOURCE)
            if now.served and now.running is None and now.shown.source.runs > before:
                return
            if self.process.poll() is not None or time.monotonic() > deadline:
                log_file = self.folder / "serve.log"
                raise AdminError("demo-service", "The service did not start.", f"Its log {log_file} says why.")
            time.sleep(LOOK_SECONDS)


def change_in_domain(
    session: Session, origin: FromDomain, reader: GeneratedToken, folder: Path, person: Person
) -> tuple[dict[str, str], float]:
    """Change somebody in the domain while the service runs: the change, and after how many seconds the target had it.

    Raises AdminError when it does not within a minute.
    """
    say()
    say("While the service runs: a change in Active Directory")
    session.admin.sources.settings.start(session.actor, SOURCE)
    name, value = person.name, f"{person.display_name} (changed in AD)"
    change = {"do": "set", "person": name, "attribute": "displayName", "value": value}
    with RunningService(session, folder):
        began = time.monotonic()
        origin.change(change)
        say(f"  displayName of {name} is {value!r} in the domain")
        while (held := account(reader.url, reader.secret, name)) is None or held["displayName"] != value:
            if time.monotonic() > began + ARRIVES_SECONDS:
                log = folder / "serve.log"
                raise AdminError(
                    "demo-service", "A change in the domain did not arrive.", f"The log {log} may say why."
                )
            time.sleep(LOOK_SECONDS)
        seconds = time.monotonic() - began
    say(f"  and at the target after {seconds:.1f} s, without anybody having run anything.")
    return change, seconds
