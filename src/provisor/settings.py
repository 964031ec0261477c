"""Where Provisor keeps its things: four environment variables read once into one frozen value.

Documented in reference/settings.md. Must not: open or create anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DATABASE_URL = "PROVISOR_DATABASE_URL"
TARGET_DATABASE_URL = "PROVISOR_TARGET_DATABASE_URL"
SECRET_KEY_FILE = "PROVISOR_SECRET_KEY_FILE"  # noqa: S105 - the name of a setting, not a secret
DATA = "PROVISOR_DATA"

DEFAULT_FOLDER = "provisor-data"
DATABASE_FILE = "provisor.sqlite"
TARGET_DATABASE_FILE = "target.sqlite"
KEY_FILE = "secret.key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything an operator can set. Paths are absolute, so a later change of folder does no harm."""

    folder: Path
    database_url: str
    target_database_url: str
    secret_key_file: Path


def misspelt_setting(environment: Mapping[str, str]) -> tuple[str, str] | None:
    """A variable that is clearly a misspelling of ours, and the right name: it would otherwise be silently ignored."""
    known = (DATABASE_URL, TARGET_DATABASE_URL, SECRET_KEY_FILE, DATA)
    ours = sorted(name for name in environment.keys() - set(known) if name.upper().startswith("PROVISOR_"))
    if not ours:
        return None
    from provisor.scim.nearest import misspelt  # an import that hardly any command needs

    return next(((name, meant) for name in ours if (meant := misspelt(name, known)) is not None), None)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Settings from environment variables; an empty value counts as unset."""
    folder = Path(environment.get(DATA) or DEFAULT_FOLDER).absolute()
    return Settings(
        folder=folder,
        database_url=environment.get(DATABASE_URL) or f"sqlite:///{folder / DATABASE_FILE}",
        target_database_url=environment.get(TARGET_DATABASE_URL) or f"sqlite:///{folder / TARGET_DATABASE_FILE}",
        secret_key_file=Path(environment.get(SECRET_KEY_FILE) or folder / KEY_FILE).absolute(),
    )
