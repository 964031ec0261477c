"""Where requests may go: HTTPS anywhere, plain HTTP to this machine only, and to no other host than the configured one.

Rules: spec/provisioning-service.md section 14, spec/scim-wire.md section 13. Order: the judgement, then its details.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from provisor.engine.ports import Secret
from provisor.scim.entra import FLAGS

_PORTS = {"http": 80, "https": 443}
# What a SCIM client appends to the tenant URL itself (RFC 7644 section 3.2), so the URL must not contain it.
_ENDPOINTS = frozenset(
    {"users", "groups", "me", "bulk", "schemas", "resourcetypes", "serviceproviderconfig", ".search"}
)
_WITH_IDS = frozenset({"Users", "Groups", "Schemas", "ResourceTypes"})  # in this spelling also before another part
_LONGEST_ADDRESS = 2_000
_LONGEST_TOKEN = 8_000  # a head of 8 KiB is what most servers take


def problem_with_address(base_url: str) -> str | None:
    """Why no request may be sent to this tenant URL (its flags taken off), in one sentence; None when all is well."""
    shown = base_url.partition("?")[0].partition("#")[0].rpartition("@")[2][:200]  # the rest of it may be a secret
    if not base_url.strip():
        return "The tenant URL is blank; it looks like https://api.example.com/scim."
    if len(base_url) > _LONGEST_ADDRESS:
        return f'The tenant URL "{shown}…" is longer than {_LONGEST_ADDRESS:,} characters; copy the address alone.'
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return f'The tenant URL "{shown}" is not an address; it looks like https://api.example.com/scim.'
    if parts.scheme not in _PORTS or not host:
        return f'The tenant URL "{shown}" is not an HTTPS address; it looks like https://api.example.com/scim.'
    if parts.username is not None or parts.password is not None:
        return f"The tenant URL for {host} holds a user name or password; remove it, the secret token is enough."
    if parts.query or "#" in base_url:
        return (
            f"The tenant URL for {host} ends in a query or fragment that is not our flag; remove it. The flags are"
            f" {' and '.join(FLAGS)}, one of them, without a value."
        )
    if not base_url.isascii() or not base_url.isprintable() or " " in base_url:
        return f'The tenant URL "{shown}" holds a blank or a letter outside ASCII; write it percent-encoded.'
    if any(character in base_url for character in "<>{}\\\"'"):
        return f'The tenant URL "{shown}" holds < > {{ }} \\ or a quotation mark; put the address itself there.'
    if host in _PORTS:
        return f'The tenant URL "{shown}" holds {host}:// twice; write it once.'
    if port == 0:
        return f'The tenant URL "{shown}" names port 0; name the port that the application listens on.'
    if parts.scheme == "http" and not is_loopback(host):
        return f"Plain HTTP to {host} would show the secret token to the network; use https:// in the tenant URL."
    return _problem_with_path(base_url, shown)


def _problem_with_path(base_url: str, shown: str) -> str | None:
    """The address of one endpoint given as that of the application: every request would miss."""
    scheme, _, rest = base_url.partition("://")
    host, *path = rest.split("/")
    for at, part in enumerate(path):
        last = not any(path[at + 1 :])
        if part.lower() in _ENDPOINTS and (last or part in _WITH_IDS):
            right = "/".join([host, *path[:at]]).rstrip("/")
            return f'The tenant URL "{shown}" names {part}, which is appended to it; write {scheme}://{right}.'
    return None


def problem_with_token(token: Secret) -> str | None:
    """Why this secret token cannot be sent, without showing it; None when all is well."""
    text = token.reveal()
    if not text.strip():
        return "The secret token is blank; paste the token that the application generated."
    if any(not "!" <= character <= "~" for character in text):
        return (
            "The secret token holds a blank, a line break or a letter outside ASCII; give the token alone, without what"
            " stands around it (a file of JSON holds more than the token)."
        )
    if len(text) > _LONGEST_TOKEN:
        return f"The secret token is longer than {_LONGEST_TOKEN:,} characters; paste the token alone."
    if text[0] in "{[\"'" and text[-1] in "}]\"'":
        return "The secret token is in brackets or quotation marks, as in JSON; paste what is between them."
    if "://" in text:
        return "The secret token is an address; the address goes into the tenant URL, the token here."
    return None


def is_loopback(host: str) -> bool:
    """Whether a host of a URL is this machine, judged by the text alone: no name is looked up."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def same_origin(first: str, second: str) -> bool:
    """Whether two URLs have the same scheme, host and port."""
    try:
        return _origin(first) == _origin(second)
    except ValueError:
        return False


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, as one text."""
    try:
        scheme, host, port = _origin(url)
    except ValueError:
        return url
    return f"{scheme}://{host}:{port}"


def host_of(url: str) -> str:
    """The host and port of a URL for a message."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or url
    except ValueError:
        return url


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
