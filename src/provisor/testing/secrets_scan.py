"""A scan for secrets in clear: files, logs, databases, and the command lines and environments of processes.

Says where one was found, not what it was. Order: a find, the scan, files, processes, forms of a secret.
"""

import base64
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

CHUNK_BYTES = 1 << 20
SHORTEST_SECRET_CHARACTERS = 8  # shorter ones are found in any file by accident


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """A secret in clear: which one (by the name the caller gave it), where, and in which form."""

    secret: str
    place: str
    form: str


def find_secrets(
    secrets: Mapping[str, str],
    paths: Iterable[Path] = (),
    pids: Iterable[int] = (),
    *,
    except_paths: Collection[Path] = (),
) -> list[Leak]:
    """Every place where one of the named secrets stands in clear; empty when all is well.

    Folders are read with everything below them, databases and their journals like any file. Processes are read with
    their descendants: command line and environment. Raises ValueError for a secret too short to be looked for.
    """
    short = [name for name, secret in secrets.items() if len(secret) < SHORTEST_SECRET_CHARACTERS]
    if short:
        raise ValueError(f"Too short to be looked for: {', '.join(short)}.")
    wanted = [(name, form, text) for name, secret in secrets.items() for form, text in _forms(secret).items()]
    excepted = {path.resolve() for path in except_paths}
    places = [
        *((str(file), file) for path in paths for file in _files(path) if file.resolve() not in excepted),
        *((str(file), file) for pid in sorted(_with_descendants(set(pids))) for file in _process_files(pid)),
    ]
    return [
        Leak(secret=name, place=place, form=form)
        for place, file in places
        for name, form in sorted(_found_in(file, wanted))
    ]


def _found_in(file: Path, wanted: list[tuple[str, str, bytes]]) -> set[tuple[str, str]]:
    """Names and forms found in one file, read in pieces that overlap by the longest secret."""
    overlap = max((len(text) for _, _, text in wanted), default=1) - 1
    found: set[tuple[str, str]] = set()
    try:
        with file.open("rb") as stream:
            kept = b""
            while piece := stream.read(CHUNK_BYTES):
                window = kept + piece
                found |= {(name, form) for name, form, text in wanted if text in window}
                kept = window[-overlap:] if overlap else b""
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        pass  # a journal was removed or a process ended meanwhile, or it is another user's
    return found


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(one for one in path.rglob("*") if one.is_file())
    elif path.is_file():
        yield path


def _process_files(pid: int) -> tuple[Path, Path]:
    return Path(f"/proc/{pid}/cmdline"), Path(f"/proc/{pid}/environ")


def _with_descendants(pids: set[int]) -> set[int]:
    """The processes and all their children; parents are read from /proc once."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # The command name in parentheses may hold blanks; the parent is the second field after it.
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
    known = set(pids)
    while fresh := {pid for pid, parent in parents.items() if parent in known} - known:
        known |= fresh
    return known


def _forms(secret: str) -> dict[str, bytes]:
    """How a secret may stand in a file: as it is, wide, percent-encoded, or inside base64 at any of three offsets."""
    plain = secret.encode()
    forms = {"plain": plain, "utf-16": secret.encode("utf-16-le"), "percent": quote(secret, safe="").encode()}
    for shift in range(3):
        # Letters at the edges depend on the neighbours, so only those made of the secret alone are looked for.
        encoded = base64.b64encode(b"\0" * shift + plain)
        first = (0, 2, 3)[shift]
        forms[f"base64+{shift}"] = encoded[first : (shift + len(plain)) * 8 // 6]
    if forms["percent"] == plain:
        del forms["percent"]
    return forms
