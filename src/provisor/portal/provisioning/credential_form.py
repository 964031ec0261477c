"""The fields of *Admin Credentials*, and what they mean: Graph's keys and values, to be saved or tested.

A secret that is left empty stays as it is. Another way to sign in takes the place of the one before. Order: the fields,
what they show, what is to be saved, what is to be tested.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from provisor.admin import credential_keys as keys
from provisor.admin.credential_keys import ByClient, ByRefresh, sign_in
from provisor.admin.errors import AdminError

Way = Literal["token", "client", "refresh"]
WAYS: Final = (
    ("token", "Secret token"),
    ("client", "OAuth 2.0 client credentials"),
    ("refresh", "OAuth 2.0 refresh token"),
)
URL, EXPIRATION, ENDPOINT, CLIENT = "tenant_url", "token_expiration", "token_endpoint", "client_id"
TOKEN, CLIENT_SECRET, REFRESH = "secret_token", "client_secret", "refresh_token"
SECRET_FIELDS: Final = (TOKEN, CLIENT_SECRET, REFRESH)
_OF_WAY: Final[Mapping[Way, tuple[str, ...]]] = {
    "token": (TOKEN,),
    "client": (ENDPOINT, CLIENT, CLIENT_SECRET),
    "refresh": (ENDPOINT, CLIENT, CLIENT_SECRET, REFRESH),
}
_CALLED: Final[Mapping[str, str]] = {
    URL: "the Tenant URL",
    TOKEN: "the Secret Token",
    ENDPOINT: "the token endpoint",
    CLIENT: "the client identifier",
    CLIENT_SECRET: "the client secret",
    REFRESH: "the refresh token",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCredentials:
    """What is stored: texts of what is public, and which secrets there are."""

    shown: Mapping[str, str | None]

    @property
    def way(self) -> Way:
        """How the application is signed in to."""
        match sign_in(self.shown):
            case ByClient():
                return "client"
            case ByRefresh():
                return "refresh"
            case _:
                return "token"

    @property
    def way_is_complete(self) -> bool:
        """Whether a job can sign in with it."""
        return keys.BASE_ADDRESS in self.shown and sign_in(self.shown) is not None

    @property
    def key_of(self) -> Mapping[str, str]:
        """The key of Graph's for each field; of two spellings the one that is stored."""
        return {
            URL: keys.BASE_ADDRESS,
            TOKEN: keys.SECRET_TOKEN,
            EXPIRATION: keys.TOKEN_EXPIRATION,
            ENDPOINT: keys.TOKEN_ENDPOINT,
            REFRESH: keys.REFRESH_TOKEN,
            CLIENT: self._spelled(keys.CLIENT_IDS),
            CLIENT_SECRET: self._spelled(keys.CLIENT_SECRETS),
        }

    def _spelled(self, names: Collection[str]) -> str:
        return next((name for name in names if name in self.shown), next(iter(names)))

    def has(self, name: str) -> bool:
        """Whether the field has a stored value."""
        return self.key_of[name] in self.shown

    def typed(self) -> dict[str, str]:
        """The fields as they are before anybody types."""
        public = {name: self.shown.get(self.key_of[name]) or "" for name in (URL, EXPIRATION, ENDPOINT, CLIENT)}
        return {**public, **dict.fromkeys(SECRET_FIELDS, ""), "way": self.way}


@dataclass(slots=True, kw_only=True)
class CredentialForm:
    """What was typed, beside what is stored; `wrong` is said beside fields."""

    stored: StoredCredentials
    typed: Mapping[str, str]
    wrong: dict[str, str] = field(default_factory=dict)

    @property
    def way(self) -> Way:
        """The chosen one."""
        return next((way for way in _OF_WAY if way == self.typed.get("way")), self.stored.way)

    def wanted(self) -> dict[str, str | None]:
        """What is to be kept (None: removed), by key; empty where all stays. Fills `wrong` in."""
        stored, found = self.stored, dict[str, str | None]()
        for name in (URL, *_OF_WAY[self.way], EXPIRATION):
            text = self.typed.get(name, "").strip()
            if name in SECRET_FIELDS:
                if text:
                    found[stored.key_of[name]] = text
            elif text != (stored.shown.get(stored.key_of[name]) or ""):
                found[stored.key_of[name]] = text or None
        gone = {name for way in _OF_WAY.values() for name in way} - {*_OF_WAY[self.way]}
        if self.way != stored.way:
            found |= {stored.key_of[name]: None for name in sorted(gone) if stored.has(name)}
        if found:
            self._ask_for_the_rest()
        return found

    def _ask_for_the_rest(self) -> None:
        """Something is typed: whatever signing in needs must be there, typed now or stored."""
        for name in (URL, *_OF_WAY[self.way]):
            kept = name in SECRET_FIELDS and self.stored.has(name)
            optional = name == CLIENT_SECRET and self.way == "refresh"
            if not (self.typed.get(name, "").strip() or kept or optional):
                self.wrong.setdefault(name, f"Type {_CALLED[name]}, as the application showed it.")

    def unsaved(self) -> dict[str, str] | None:
        """What is to be tested: all of it as it is typed, or None for what is stored. Fills `wrong` in.

        A stored secret is not put together with other values: it is sent to the address that it was saved for alone.
        """
        if not self.wanted() and not self.wrong:
            if self.stored.has(URL):
                return None
            self._ask_for_the_rest()
        for name in _OF_WAY[self.way]:
            if name in SECRET_FIELDS and not self.typed.get(name, "").strip() and self.stored.has(name):
                said = f"Type {_CALLED[name]} again to test it with other values: a stored one is not sent with them."
                self.wrong.setdefault(name, said)
        names = (URL, *_OF_WAY[self.way])
        return {self.stored.key_of[name]: text for name in names if (text := self.typed.get(name, "").strip())}

    def refused(self, error: AdminError, sentence: str) -> bool:
        """Say beside its field what a verb refused; whether there is one for it."""
        beside = self._beside(error)
        if beside is None:
            return False
        self.wrong[beside] = sentence
        return True

    def _beside(self, error: AdminError) -> str | None:
        if error.code == "links-of-another-address":
            return "links"
        if error.code in ("blank-token", "secret-needed-again"):
            return next((name for name in SECRET_FIELDS if self.stored.key_of[name] in error.message), TOKEN)
        if "is no date" in error.message:
            return EXPIRATION
        if "token endpoint" in error.message:
            return ENDPOINT
        if error.code == "invalid-credentials":
            return TOKEN if "secret token" in error.message.lower() else URL
        return next((name for name, key in self.stored.key_of.items() if key in error.message), None)
