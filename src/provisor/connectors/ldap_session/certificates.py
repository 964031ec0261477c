"""Whom a directory server's certificate must name, and why one is not trusted.

Python's ssl checks the chain; the names are compared here, because there may be several, and because the certificates
of domain controllers may name them in the subject alone. Rules: RFC 6125 section 6.4.
"""

import ssl
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Any


class WrongName(Exception):
    """A trusted certificate is for another name; the message says for which."""


def trusting(ca_file: str) -> ssl.SSLContext:
    """A context that trusts the authorities of a PEM file, or those of this machine when none is named.

    Raises OSError (ssl.SSLError is one) when the file cannot be read. Names are left to `check_names`.
    """
    context = ssl.create_default_context(cafile=ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    return context


def check_names(certificate: Mapping[str, Any], wanted: Sequence[str]) -> None:
    """Raise WrongName unless a checked certificate (ssl's getpeercert) is for one of these names or addresses."""
    named = list(_names(certificate))
    if not any(_is_for(name, one) for name in named for one in wanted):
        shown = ", ".join(named[:5]) or "nobody"
        hint = "name the server so, or give that as a certificate name"
        raise WrongName(f"its certificate is for {shown}, not for {' or '.join(wanted)}; {hint}")


def _names(certificate: Mapping[str, Any]) -> Iterator[str]:
    alternatives = [value for kind, value in certificate.get("subjectAltName", ()) if kind in ("DNS", "IP Address")]
    if alternatives:
        yield from alternatives
        return
    # Microsoft's own requirements for LDAP over TLS let the name stand in the subject alone (RFC 6125 section 6.4.4).
    for part in certificate.get("subject", ()):
        yield from (value for kind, value in part if kind == "commonName")


def _is_for(name: str, wanted: str) -> bool:
    try:
        return ip_address(name) == ip_address(wanted)
    except ValueError:
        pass
    name, wanted = name.rstrip(".").lower(), wanted.rstrip(".").lower()
    if name.startswith("*."):
        host, dot, rest = wanted.partition(".")
        return bool(host and dot) and rest == name[2:]
    return name == wanted
