"""Verbs on the key that credentials are stored under: which it is, another one, and a way out when it is lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from provisor.admin.actor import KEY_WRITE, SERVICE_READ, Actor
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.storage import key_rotation
from provisor.storage.key_file import KeyRing, load_key
from provisor.storage.key_rotation import Rotation
from provisor.storage.secrets import SecretError

__all__ = ["KeyState", "Keys", "Rotation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyState:
    """Which key credentials are stored under; nothing of the key itself.

    `key_id` None: there is no file, or none that can be used, which `problem` tells. `lost` are credentials that the
    file does not open: whose and which.
    """

    path: Path
    key_id: str | None
    rotating: bool
    stored: int
    lost: Sequence[tuple[str, str]]
    problem: str


@dataclass(frozen=True, slots=True)
class Keys:
    """The key of stored credentials."""

    context: Context

    def state(self, actor: Actor) -> KeyState:
        """Which key there is, and whether it opens everything that is stored."""
        connection = self.context.read(actor, SERVICE_READ)
        path, ids, problem = self.context.key_file, tuple[str, ...](), ""
        try:
            ids = KeyRing(path).ids if path.exists() else ()
        except SecretError as error:
            problem = str(error)
        kept = key_rotation.kept(connection, self.context.tenant)
        return KeyState(
            path=path,
            key_id=ids[-1] if ids else None,
            rotating=len(ids) > 1,
            stored=len(kept),
            lost=[(owner, name) for key_id, owner, name in kept if key_id not in ids],
            problem=problem,
        )

    def rotate(self, actor: Actor) -> Rotation:
        """Store every credential under a new key, and forget the old one; goes on with a rotation that was cut short.

        Processes that run meanwhile go on: they read the key file again when they need it.
        """
        self.context.needs(actor, KEY_WRITE, "Rotate the key of credentials")
        path = self.context.key().path
        try:
            *_, done = key_rotation.rotation(self.context.database, self.context.tenant, path)
        except (SecretError, OSError) as error:
            said = str(error)
            if isinstance(error, OSError):
                said = f"The key file {path} cannot be replaced: {error.strerror}. Its folder must be writable for it."
            raise AdminError("secret-key", said, "Nothing is lost. Mend it, and rotate again.") from error
        with self.context.change(actor, KEY_WRITE, "Rotate the key of credentials") as change:
            change.target, change.detail = done.key_id, {"moved": done.moved}
        return done

    def reset(self, actor: Actor) -> list[tuple[str, str]]:
        """Forget every credential that the key file does not open; returns whose and which they were."""
        with self.context.change(actor, KEY_WRITE, "Forget credentials of a lost key") as change:
            try:
                ring = load_key(self.context.key_file)
            except SecretError as error:
                raise AdminError("secret-key", str(error)) from error
            gone = key_rotation.reset(change.connection, self.context.tenant, ring)
            change.target, change.detail = ring.newest.id, {"forgotten": [f"{name} of {owner}" for owner, name in gone]}
            return gone
