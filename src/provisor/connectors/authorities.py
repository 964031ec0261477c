"""The certificate authorities that this machine trusts, as OpenSSL and so every other program in Python finds them.

Both the file and the folder of OpenSSL count, each of the system's or as SSL_CERT_FILE and SSL_CERT_DIR name it. The
library's own search leaves out the system's once one variable is set. Order: the authorities, their files.
"""

import re
import ssl
from contextlib import suppress
from pathlib import Path
from typing import Final

from provisor.connectors.reqwest import Certificate, Client, ReqwestError

_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"
_END: Final = b"-----END CERTIFICATE-----"
_HASHED: Final = re.compile(r"[0-9a-f]{8}\.\d+")  # what OpenSSL looks for in a folder


def authorities() -> list[Certificate]:
    """Every authority once; what cannot be read is left out, as OpenSSL leaves it out."""
    found = dict.fromkeys(pem for file in _files() for pem in _certificates(file))
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
    """Whether the library takes them: it reads them when a client is made, and refuses all for one."""
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
        parts = file.read_bytes().split(_BEGIN)[1:]
    except OSError:
        return []
    return [_BEGIN + part.partition(_END)[0] + _END for part in parts]
