"""How a skin reaches the verbs: the settings of this process, and the bundle, made when the first verb is called."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from provisor.admin.actor import LOCAL_OPERATOR, Actor

if TYPE_CHECKING:  # making the bundle costs imports that `--help` must not pay for
    from provisor.admin.bundle import Admin
    from provisor.admin.health import Pulse
    from provisor.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where and how a service answers over HTTP; the files are PEM, and without them it is not encrypted."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None
    trust_proxy: bool = False  # X-Forwarded-Proto, -Host and -For are believed
    requests_per_second: float = 200.0  # of one caller


@dataclass(slots=True, kw_only=True)
class Session:
    """One process of a skin. `build` is wiring's, `site` what answers over HTTP; skins never import them."""

    settings: Settings
    build: Callable[[Settings], Admin]
    site: Callable[[Admin, Actor, Pulse, Listening], AbstractContextManager[str]]
    acting_as: str = ""  # the name of an account; empty: the local operator, who may everything
    _actor: Actor | None = field(default=None, repr=False)
    _admin: Admin | None = field(default=None, repr=False)

    @property
    def admin(self) -> Admin:
        """The verbs; the first call opens the database."""
        if self._admin is None:
            self._admin = self.build(self.settings)
        return self._admin

    @property
    def actor(self) -> Actor:
        """Who calls the verbs. Raises AdminError where there is no such account, or it may not sign in."""
        if not self.acting_as:
            return LOCAL_OPERATOR
        if self._actor is None:
            self._actor = self.admin.authentication.acting_as(self.acting_as)
        return self._actor
