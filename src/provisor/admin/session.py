"""How a skin gets at the verbs: the settings of this process, and the bundle, made when the first verb is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from provisor.admin.actor import LOCAL_OPERATOR, Actor

if TYPE_CHECKING:  # making the bundle costs imports that `--help` must not pay
    from provisor.admin.bundle import Admin
    from provisor.settings import Settings


@dataclass(slots=True, kw_only=True)
class Session:
    """One process of a skin. `build` is wiring's; skins never import it."""

    settings: Settings
    build: Callable[[Settings], Admin]
    actor: Actor = LOCAL_OPERATOR
    _admin: Admin | None = field(default=None, repr=False)

    @property
    def admin(self) -> Admin:
        """The verbs; the first call opens the database."""
        if self._admin is None:
            self._admin = self.build(self.settings)
        return self._admin
