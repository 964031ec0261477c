"""The application of the demo: Cisco Umbrella User Management as a child process, on its own port.

Driven as a person would drive it, by its own commands; nothing of it is imported. Its token is held in memory, handed
on as a value, and never printed.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from provisor.admin.errors import AdminError

START_SECONDS = 30
STOP_SECONDS = 10
PROVISOR = (sys.executable, "-m", "provisor")


@dataclass(frozen=True, slots=True)
class GeneratedToken:
    """What *Generate Token* shows once."""

    url: str
    secret: str = field(repr=False)


@dataclass(slots=True)
class Umbrella:
    """A running target in the demo's folder. Use it as a context manager, so that it does not outlive the demo."""

    folder: Path
    url: str = ""
    process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Umbrella":
        ready = self.folder / "target.url"
        try:
            self._start(ready)
        except BaseException:  # Ctrl-C while the target starts: nobody else would end it
            self.__exit__()
            raise
        return self

    def _start(self, ready: Path) -> None:
        with (self.folder / "target.log").open("wb") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own program with our own arguments
                [*PROVISOR, "target", "serve", "--port", "0", "--ready-file", str(ready)],
                env=environment(self.folder),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # we handle Ctrl-C: the target ends after us, not with us
            )
        deadline = time.monotonic() + START_SECONDS
        while not (ready.exists() and (found := ready.read_text(encoding="utf-8").strip())):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AdminError(
                    "demo-target", "The target did not start.", f"Its log {self.folder / 'target.log'} says why."
                )
            time.sleep(0.02)
        self.url = found

    def __exit__(self, *_: object) -> None:
        end(self.process)

    def generate_token(self, label: str) -> GeneratedToken:
        """A new token, as `provisor target token create` prints it once."""
        made = subprocess.run(  # noqa: S603 - our own program with our own arguments
            [*PROVISOR, "target", "token", "create", "--label", label, "--url", self.url, "--json"],
            env=environment(self.folder),
            capture_output=True,
            check=False,
        )
        if made.returncode:
            raise AdminError("demo-target", "The target made no token.", made.stderr.decode(errors="replace").strip())
        shown = json.loads(made.stdout)
        return GeneratedToken(shown["url"], shown["token"])


def environment(folder: Path) -> dict[str, str]:
    """Our environment without the settings of Provisor, and with the folder of this demo."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PROVISOR_")}
    return {**kept, "PROVISOR_DATA": str(folder)}


def end(process: subprocess.Popen[bytes] | None) -> None:
    """End a child, if it runs: politely, and after ten seconds by force."""
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
