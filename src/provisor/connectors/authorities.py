"""The certificate authorities that this machine trusts, as OpenSSL, and thus every other Python program, finds them.

Both the file and the folder of OpenSSL count, each of the system's or as SSL_CERT_FILE and SSL_CERT_DIR name it. The
library's own search leaves out the system's once one variable is set. Order: the authorities, their files, why a
certificate is not trusted.
"""

import re
import ssl
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from provisor.connectors.reqwest import Certificate, Client, ReqwestError

_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"
_END: Final = b"-----END CERTIFICATE-----"
_HASHED: Final = re.compile(r"[0-9a-f]{8}\.\d+")  # what OpenSSL looks for in a folder


class Distrust(NamedTuple):
    """Why a server's certificate is not trusted, and what to do."""

    why: str
    way_out: str = "install one that matches the host"


# The library's words, which may be nested in other words of its own; tests/contract/test_connections.py checks each.
_REFUSED: Final = re.compile(r"InvalidCertificate\((?:Other\(OtherError\()?(\w+?)(?:Context\b|\b)")
_NO_NAMES: Final = "presented: []"
_UNVOUCHED: Final = Distrust(
    "nobody whom this machine trusts vouches for it",
    "name the file of its authority in SSL_CERT_FILE, or install another certificate",
)
_DISTRUST: Final = {
    "UnknownIssuer": _UNVOUCHED,
    "BadSignature": _UNVOUCHED,
    "NotValidForName": Distrust("it is for another name"),
    "Expired": Distrust("it has expired", "install a new one"),
    "NotValidYet": Distrust("it is not valid yet", "check the clocks of both machines, or install another certificate"),
    "Revoked": Distrust("it was revoked", "install a new one"),
    "CaUsedAsEndEntity": Distrust(
        "it is the certificate of an authority (CA:TRUE), used by a server",
        "make one for the server with basicConstraints=CA:FALSE",
    ),
    "InvalidPurpose": Distrust("its extendedKeyUsage allows no server", "make one with serverAuth"),
    "UnsupportedCriticalExtension": Distrust(
        "it has a critical extension that is not known here", "make one without that extension"
    ),
    "UnsupportedSignatureAlgorithm": Distrust(
        "it is signed by an algorithm that is not taken here", "make one that is signed with SHA-256"
    ),
    "UnsupportedCertVersion": Distrust("it is of version 1 of X.509", "make one of version 3, with a subjectAltName"),
}


def authorities() -> list[Certificate]:
    """Every authority once; those that cannot be read are left out, as OpenSSL does."""
    return _usable_ones(dict.fromkeys(pem for file in _files() for pem in _certificates(file)))


def authorities_of(file: Path) -> list[Certificate]:
    """Those of one file alone, without what is none. Raises OSError."""
    return _usable_ones(_split(file.read_bytes()))


def _usable_ones(found: Iterable[bytes]) -> list[Certificate]:
    certificates = [one for pem in found if (one := _read(pem)) is not None]
    if _usable(certificates):
        return certificates
    return [one for one in certificates if _usable([one])]


def _read(pem: bytes) -> Certificate | None:
    try:
        return Certificate.from_pem(pem)
    except ValueError:
        return None


def _usable(certificates: list[Certificate]) -> bool:
    """Whether the library accepts them: it reads them when a client is made, and one bad certificate refuses all."""
    try:
        Client(tls_certs_only=certificates)
    except ReqwestError:
        return False
    return True


def _files() -> list[Path]:
    paths = ssl.get_default_verify_paths()
    files = [] if paths.cafile is None else [Path(paths.cafile)]
    with suppress(OSError):
        folder = [] if paths.capath is None else list(Path(paths.capath).iterdir())
        files += [file for file in folder if _HASHED.fullmatch(file.name)]
    return files


def _certificates(file: Path) -> list[bytes]:
    try:
        return _split(file.read_bytes())
    except OSError:
        return []


def _split(text: bytes) -> list[bytes]:
    return [_BEGIN + part.partition(_END)[0] + _END for part in text.split(_BEGIN)[1:]]


def distrust(said: str) -> Distrust | None:
    """What the library's error says of a certificate; None when it is about something else."""
    refused = _REFUSED.search(said)
    if refused is None:
        return None
    if refused[1] == "NotValidForName" and _NO_NAMES in said:
        return Distrust(
            "it has no subjectAltName, and its CN does not count", "make one with the host in its subjectAltName"
        )
    return _DISTRUST.get(refused[1], Distrust(refused[1]))
