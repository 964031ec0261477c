"""The keys that credentials are stored under: Graph's (spec/graph-synchronization-api.md section 6), which are secret,
and what each takes. Order: the names, the ways to sign in, the checks.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from provisor.admin.errors import AdminError
from provisor.scim.entra import bearer_token
from provisor.scim.nearest import did_you_mean
from provisor.storage.credentials_stamp import REFRESH_TOKEN as REFRESH_TOKEN

BASE_ADDRESS: Final = "BaseAddress"
SECRET_TOKEN: Final = "SecretToken"  # noqa: S105 - a name, not a secret
TOKEN_EXPIRATION: Final = "TokenExpiration"  # noqa: S105 - a name, not a secret
TOKEN_ENDPOINT: Final = "Oauth2TokenExchangeUri"  # noqa: S105 - a name, not a secret
CLIENT_IDS: Final = ("Oauth2ClientId", "ClientIdentifier")
CLIENT_SECRETS: Final = ("Oauth2ClientSecret", "ClientSecret")

SIGN_IN: Final = (BASE_ADDRESS, SECRET_TOKEN, TOKEN_ENDPOINT, *CLIENT_IDS, *CLIENT_SECRETS, REFRESH_TOKEN)

SYNC_ALL: Final = "SyncAll"
SKIP_OUT_OF_SCOPE: Final = "SkipOutOfScopeDeletions"
NOTIFICATION_SETTINGS: Final = "SyncNotificationSettings"
SETTINGS: Final = frozenset({SYNC_ALL, SKIP_OUT_OF_SCOPE, NOTIFICATION_SETTINGS})  # of the job, and no secrets

# Never shown again, and never typed into a command line.
WRITE_ONLY: Final = frozenset(
    {
        *("Password", SECRET_TOKEN, "AppKey", "ConsumerKey", "ConsumerSecret", "TokenKey", "Oauth2AccessToken"),
        *(REFRESH_TOKEN, "Oauth2AuthorizationCode", "SyncAgentCompatibilityKey", "ConnectionString"),
        *CLIENT_SECRETS,
    }
)
# Those of them that are sent somewhere; the others are kept for whoever reads them through the API.
SENT_SECRETS: Final = frozenset({SECRET_TOKEN, *CLIENT_SECRETS, REFRESH_TOKEN})
PUBLIC: Final = frozenset(
    {
        *("UserName", BASE_ADDRESS, "SingleSignOnType", "Sandbox", "Url", "Domain", TOKEN_EXPIRATION),
        *("Oauth2AccessTokenCreationTime", "InstanceName", "CompanyId", "UpdateKeyOnSoftDelete"),
        *("SynchronizationSchedule", "SystemOfRecord", "SandboxName", "EnforceDomain", "Oauth2RedirectUri"),
        *("ApplicationTemplateIdentifier", TOKEN_ENDPOINT, "Oauth2AuthorizationUri", "AuthenticationType", "Server"),
        *("PerformInboundEntitlementGrants", "HardDeletesEnabled", "SyncAgentADContainer", "ValidateDomain"),
        *("TestReferences", *CLIENT_IDS),
    }
)
# Kept where the tenant URL of jobs was removed: their links are by the ids of that one. None of Graph's, never shown.
FORMER_ADDRESS: Final = "formerBaseAddress"
# The keys of a set in the order in which it was put: Terraform reads them as a list. Neither Graph's nor shown.
ORDER: Final = "orderOfKeys"
KEPT: Final = "*"  # a value that stands for what is stored
STORED: Final = WRITE_ONLY | PUBLIC
ALL: Final = STORED | SETTINGS
_LONGEST: Final = 8_000


@dataclass(frozen=True, slots=True)
class ByToken:
    """An application is signed in to with the bearer token under this key."""

    token: str = SECRET_TOKEN


@dataclass(frozen=True, slots=True)
class ByClient:
    """An application is signed in to with OAuth 2.0 client credentials under these keys."""

    client_id: str
    client_secret: str


@dataclass(frozen=True, slots=True)
class ByRefresh:
    """An application is signed in to with a refresh token of this client, under these keys; None for no secret."""

    client_id: str
    client_secret: str | None


def sign_in(stored: Collection[str]) -> ByToken | ByClient | ByRefresh | None:
    """How to sign in with what is stored; None when something is missing."""
    if SECRET_TOKEN in stored:
        return ByToken()
    client_id = next((name for name in CLIENT_IDS if name in stored), None)
    client_secret = next((name for name in CLIENT_SECRETS if name in stored), None)
    if TOKEN_ENDPOINT not in stored or client_id is None:
        return None
    if REFRESH_TOKEN in stored:
        return ByRefresh(client_id, client_secret)
    return None if client_secret is None else ByClient(client_id, client_secret)


def known(name: str) -> str:
    """The key as Graph spells it. Raises AdminError for a name that it does not have, with the nearest."""
    if name in ALL:
        return name
    raise AdminError(
        "unknown-credential",
        f"There is no credential {name[:80]!r}.",
        f"{did_you_mean(name, ALL)}Names are Graph's, in their exact case.",
    )


def accepted_value(name: str, value: str) -> str:
    """The value as it is stored. Raises AdminError, without showing the value, for one that the key does not take."""
    text = bearer_token(value) if name == SECRET_TOKEN else value.strip()
    if name in (BASE_ADDRESS, SECRET_TOKEN):  # who makes requests with them says what is wrong with them
        if not text and name == SECRET_TOKEN:
            raise AdminError("blank-token", "The secret token is blank.", "Copy the token that the application showed.")
        return text
    if not text:
        raise AdminError("invalid-value", f"{name} is blank.", f"Remove it with --remove {name} if it is not needed.")
    if len(text) > _LONGEST or not text.isprintable():
        raise AdminError(
            "invalid-value",
            f"{name} is longer than {_LONGEST:,} characters, or holds a line break or control character.",
            "Give the value alone.",
        )
    return _READ.get(name, str)(text)


def _expiry(text: str) -> str:
    """A date, whichever of ISO's forms it has; a moment counts as its day."""
    try:
        return (datetime.fromisoformat(text).date() if "T" in text else date.fromisoformat(text)).isoformat()
    except ValueError:
        raise AdminError(
            "invalid-value", f"{text[:40]!r} is no date.", "Write when the credential expires as 2027-06-30."
        ) from None


def _endpoint(text: str) -> str:
    from provisor.connectors.posting import problem_with_post_address  # costs an import that most commands need not pay

    problem = problem_with_post_address(text, "the token endpoint")
    if problem is not None:
        raise AdminError("invalid-credentials", problem, "Copy it from the application's documentation.")
    return text


def _yes_or_no(text: str) -> str:
    if text.lower() not in ("true", "false"):
        raise AdminError("invalid-value", f"{text[:40]!r} is neither true nor false.", "Write true or false.")
    return text.lower()


_READ: Final[Mapping[str, Callable[[str], str]]] = {
    TOKEN_EXPIRATION: _expiry,
    TOKEN_ENDPOINT: _endpoint,
    SYNC_ALL: _yes_or_no,
    SKIP_OUT_OF_SCOPE: _yes_or_no,
}
