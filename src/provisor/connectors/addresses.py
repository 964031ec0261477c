"""Where requests may go: HTTPS anywhere, plain HTTP to this machine only, and never to another host than configured.

Rules: spec/provisioning-service.md section 14, spec/scim-wire.md section 13. Order: the judgement, then its details.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from provisor.engine.ports import Secret

_PORTS = {"http": 80, "https": 443}


def problem_with_address(base_url: str) -> str | None:
    """Why no request may be sent to this tenant URL (its flags taken off), in one sentence; None when all is well."""
    shown = base_url.partition("?")[0].rpartition("@")[2]  # what else it holds may be a secret
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return f'The tenant URL "{shown}" is not an address; it looks like https://api.example.com/scim.'
    if parts.scheme not in _PORTS or not host:
        return f'The tenant URL "{shown}" is not an HTTPS address; it looks like https://api.example.com/scim.'
    if parts.username is not None or parts.password is not None:
        return f"The tenant URL for {host} holds a user name or password; remove it, the secret token is enough."
    if parts.query or parts.fragment:
        return f"The tenant URL for {host} ends in a query or fragment that is no flag of ours; remove it."
    if not base_url.isascii() or any(character <= " " for character in base_url):
        return f'The tenant URL "{shown}" holds a blank or a letter outside ASCII; write it percent-encoded.'
    if port == 0:
        return f'The tenant URL "{shown}" names port 0; name the port that the application listens on.'
    if parts.scheme == "http" and not is_loopback(host):
        return f"Plain HTTP to {host} would show the secret token to the network; use https:// in the tenant URL."
    return None


def problem_with_token(token: Secret) -> str | None:
    """Why this secret token cannot be sent, without showing it; None when all is well."""
    text = token.reveal()
    if not text.strip():
        return "The secret token is blank; paste the token that the application generated."
    if any(not "!" <= character <= "~" for character in text):
        return "The secret token holds a blank, a line break or a letter outside ASCII; paste it again without them."
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


def host_of(url: str) -> str:
    """The host and port of a URL for a message."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or url
    except ValueError:
        return url


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
