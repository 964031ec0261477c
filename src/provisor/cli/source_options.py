"""Options that several kinds of sources share, and how they become parts of a settings document.

Secrets are read from a prompt, standard input or a file, never from an argument.
"""

from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from provisor.terminal import read_secret, secret_text

SourceName = Annotated[str, typer.Argument(metavar="NAME", help="What the source is to be called.")]
Servers = Annotated[
    list[str], typer.Option("--server", metavar="HOST[:PORT]", help="Tried in this order; may be repeated.")
]
SignInAs = Annotated[str, typer.Option("--user", help="Whom to sign in as; the password is asked for.")]
SignInPasswordFile = Annotated[
    str | None, typer.Option(metavar="FILE", help="A file with the password; - reads standard input.")
]
TransportName = Annotated[
    Literal["ldaps", "starttls", "plain"], typer.Option("--tls", help="How TLS begins; plain: to this machine only.")
]
CaFile = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="Who vouches for the server's certificate (PEM).")
]
CertificateNames = Annotated[
    list[str] | None,
    typer.Option("--certificate-name", metavar="NAME", help="A name that the certificate is for; may be repeated."),
]
Containers = Annotated[
    list[str] | None,
    typer.Option("--container", metavar="DN", help="Only who is below one of these; may be repeated."),
]
LeaveOut = Annotated[
    list[str] | None,
    typer.Option(
        "--leave-out",
        metavar="FILTER",
        help="Leave out who meets it: ATTRIBUTE=VALUE, !=VALUE, ^=VALUE (begins so), ATTRIBUTE (has one), !ATTRIBUTE.",
    ),
]
RunInterval = Annotated[int | None, typer.Option(metavar="SECONDS", help="From run to run (1800).")]
Precedence = Annotated[
    int | None,
    typer.Option(metavar="N", help="Where two sources say something of one attribute, the lower wins (100)."),
]
Staging = Annotated[bool, typer.Option("--staging", help="Read it without touching the directory.")]
Threshold = Annotated[
    str | None,
    typer.Option("--deletion-threshold", metavar="N", help="Hold deletions back above N in a run (500), or off."),
]

_OPERATORS: Final = (("!=", "not-equals"), ("^=", "starts-with"), ("=", "equals"))


def server(
    addresses: list[str],
    user: str,
    transport: str,
    ca_file: Path | None,
    certificate_names: list[str] | None,
) -> dict[str, object]:
    """How a directory server is reached."""
    return {
        "addresses": addresses,
        "user": user,
        "transport": transport,
        "caFile": absolute(ca_file),
        "certificateNames": certificate_names or [],
    }


def filters(texts: list[str] | None) -> list[dict[str, str]]:
    """Filters as they are typed, as a document has them."""
    return [_filter(text) for text in texts or ()]


def _filter(text: str) -> dict[str, str]:
    for sign, operator in _OPERATORS:
        attribute, found, value = text.partition(sign)
        if found and not attribute.startswith("!"):
            return {"attribute": attribute, "operator": operator, "value": value}
    if text.startswith("!"):
        return {"attribute": text[1:], "operator": "absent"}
    return {"attribute": text, "operator": "present"}


def absolute(path: Path | None) -> str:
    """A file from the root: a serve may run elsewhere."""
    return "" if path is None else str(path.absolute())


def threshold(text: str | None, default: int | None) -> int | None:
    """A number of deletions, None for any number."""
    if text is None:
        return default
    if text == "off":
        return None
    if not (text.isascii() and text.isdigit()):
        raise typer.BadParameter(f"{text!r} is no number of deletions, and not off.", param_hint="--deletion-threshold")
    return int(text[:12])


def password(file: str | None, user: str) -> dict[str, str]:
    """The password of whom to sign in as."""
    return {"password": read_secret(file, f"Password of {user}")}


def client_secrets(secret_file: str | None, certificate_file: str | None) -> dict[str, str]:
    """What an application signs in with: a secret, or a certificate with its key (PEM)."""
    if secret_file is not None and certificate_file is not None:
        raise typer.BadParameter("A secret and a certificate are given; give one of them.")
    if certificate_file is not None:
        return {"certificate": secret_text(certificate_file)}
    return {"clientSecret": read_secret(secret_file, "Client secret")}
