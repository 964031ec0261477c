"""One request, already read and checked: what a handler is given. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from provisor.admin.actor import Actor
from provisor.admin.bundle import Admin
from provisor.graph_api.odata.errors import GraphError
from provisor.graph_api.odata.options import QueryOptions, without
from provisor.graph_api.odata.tokens import DELTA_SECONDS, SKIP_SECONDS, Seal
from provisor.scim.values import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphRequest:
    """A request of somebody who is signed in. `names` are the parameters of the path, decoded; an alternate key such as
    `servicePrincipals(appId='…')` is the text `appId=…`.
    """

    admin: Admin
    actor: Actor
    version: str  # v1.0 or beta
    root: str  # scheme and host as this client knows them
    path: str  # below the version, as the client wrote it
    route: str  # the pattern that it fits
    permission: str  # what the route asks for
    names: Mapping[str, str]
    query: str
    options: QueryOptions
    body: Any  # of the route's type; None where it takes none
    headers: Mapping[str, str]  # names in lower case
    seal: Seal
    now: datetime

    @property
    def base(self) -> str:
        """The address of the version, as this client knows it."""
        return f"{self.root}/{self.version}"

    @property
    def beta(self) -> bool:
        """Whether beta's older names are shown too (section 13)."""
        return self.version == "beta"

    def metadata(self, context: str) -> str:
        """What `@odata.context` says."""
        return f"{self.base}/$metadata#{context}"

    def next_link(self, place: Json) -> str:
        """The link to the page that begins at this place: the same query, and a token that fits it only."""
        return self._link("$skiptoken", self.seal.close(self._purpose("skip"), place))

    def place(self) -> Json:
        """Where the page begins; None: at the start. Raises GraphError for a token that is not of this query."""
        if self.options.skip_token is None:
            return None
        return self.seal.open(self._purpose("skip"), self.options.skip_token, seconds=SKIP_SECONDS)

    def delta_link(self, place: Json) -> str:
        """The link that tells what changed since this place. Its query is in the token alone."""
        return f"{self.base}{self.path}?$deltatoken={self.seal.close(f'delta {self.route}', place)}"

    def delta_place(self) -> Json:
        """What a delta link held; None without one. Raises GraphError 400, or 410 after seven days."""
        if self.options.delta_token is None:
            return None
        return self.seal.open(f"delta {self.route}", self.options.delta_token, seconds=DELTA_SECONDS)

    def if_match(self, etag: str) -> None:
        """Raise GraphError 412 where the client demands another version of the object."""
        wanted = self.headers.get("if-match", "*")
        if wanted != "*" and etag not in [one.strip() for one in wanted.split(",")]:
            raise GraphError(
                412,
                "Request_PreconditionFailed",
                f"The object has the etag {etag}, and the request demands {wanted[:200]}.",
                "Read it again, and decide anew.",
            )

    def _link(self, option: str, token: str) -> str:
        kept = without(self.query, "$skiptoken", "$deltatoken")
        return f"{self.base}{self.path}?{kept}{'&' if kept else ''}{option}={quote(token, safe='')}"

    def _purpose(self, kind: str) -> str:
        """What a token is for: this route, with these names in it, and this query."""
        named = sorted(self.names.items())
        asked = sorted(without(self.query, "$skiptoken", "$deltatoken", "$count").split("&"))
        return f"{kind} {self.route} {sha256(repr((named, asked)).encode()).hexdigest()}"
