"""What must be said when another address is saved: which secrets go there, and whose accounts are there.

A secret is sent only to the address it was given for: whoever may name another must know the secret. A link holds the
id of an account, which at another application is a stranger's (explanation/settled-cases.md section *Another address*).
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from provisor.admin import credential_keys as keys
from provisor.admin.errors import AdminError
from provisor.scim.entra import tenant_url

LinksAfterwards: TypeAlias = Literal["keep", "forget"]
"""Keep them: the same application answers at another address. Forget them: it is another one."""

_PORTS = {"http": 80, "https": 443}
ADDRESSES = (keys.BASE_ADDRESS, keys.TOKEN_ENDPOINT)
_SENT_TO = {keys.BASE_ADDRESS: keys.SENT_SECRETS, keys.TOKEN_ENDPOINT: keys.SENT_SECRETS - {keys.SECRET_TOKEN}}


def place(address: str) -> str:
    """What two spellings of one tenant URL have in common: flags, letter case and usual ports make no other place."""
    whole = tenant_url(address)[0]
    return f"{_server(whole)}{urlsplit(whole).path.rstrip('/')}"


def refuse_known_secrets(before: Mapping[str, str], wanted: Mapping[str, str | None], stored: frozenset[str]) -> None:
    """Raise AdminError where a secret that was stored for one server would be sent to another, now or once another is
    named in the place of one that is removed.

    `before` are the addresses as they were, by key; `stored` are the keys that were stored.
    """
    for name in ADDRESSES:
        old, new = before.get(name), wanted.get(name)
        if old is None or name not in wanted:
            continue
        if new is None:
            _refuse_to_forget_whose(name, old, (stored & _SENT_TO[name]) - wanted.keys())
            continue
        if _server(old) == _server(new):
            continue
        missing = sorted((stored & keys.SENT_SECRETS) - wanted.keys())
        if missing:
            raise AdminError(
                "secret-needed-again",
                f"{missing[0]} was given for {_server(old)} and would be sent to {_server(new)}.",
                f"Give {' and '.join(missing)} again together with the new {name}, or remove what is not needed there.",
            )


def _refuse_to_forget_whose(name: str, old: str, left: frozenset[str]) -> None:
    if left:
        first = min(left)
        raise AdminError(
            "secret-needed-again",
            f"{first} was given for {_server(old)}; without {name} nobody would know where it may be sent.",
            f"Remove {' and '.join(sorted(left))} too, or save another {name} in its place.",
        )


def refuse_strange_accounts(old: str, new: str, linked: int) -> None:
    """Raise AdminError for linked accounts of which nobody has said whether they are at the new address too."""
    if not linked:
        return
    raise AdminError(
        "links-of-another-address",
        f"{_whose(linked)} linked by the ids of {place(old)}; at {place(new)} these ids may be strangers'.",
        "If the same application answers there, say --links keep. If it is another one, say --links forget: everybody"
        " is matched anew there, and the accounts at the former address stay as they are. Over the API, send"
        ' "linksAfterwards": "keep" or "forget" beside the secrets.',
    )


def _whose(linked: int) -> str:
    return "1 account is" if linked == 1 else f"{linked:,} accounts and groups are"


def _server(address: str) -> str:
    parts = urlsplit(address.strip())
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    try:
        port = parts.port
    except ValueError:
        port = None  # such an address is refused by who makes requests with it
    return f"{scheme}://{host}" if port in (None, _PORTS.get(scheme)) else f"{scheme}://{host}:{port}"
