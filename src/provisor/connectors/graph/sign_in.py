"""Access tokens of Microsoft Entra for an application: OAuth 2.0 client credentials with a secret or a certificate.

A certificate signs an assertion with PS256, and names itself by its SHA-256 thumbprint (learn.microsoft.com:
*Microsoft identity platform application authentication certificate credentials*). A token is kept until shortly before
it ends. No token, secret or key reaches a message. Order: the tokens, the credential.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Final, TypeAlias, assert_never
from urllib.parse import quote, urlencode
from uuid import uuid4

import msgspec

from provisor.connectors.addresses import host_of, problem_with_token
from provisor.connectors.capture import in_one_line
from provisor.connectors.graph.wire import Wire, WireAnswer
from provisor.connectors.oauth import kept_seconds
from provisor.connectors.replies import UNSAID_PAUSE, pause_until
from provisor.engine.ports import Malformed, Rejected, Secret, Throttled, Unauthorized, Unreachable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate

SECRET: Final = "clientSecret"  # noqa: S105 - the name of it
CERTIFICATE: Final = "certificate"
_ASSERTION_LIVES: Final = timedelta(minutes=10)  # the longest that is recommended
_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LONGEST_REASON: Final = 300
# What the platform's numbers mean to whoever registered the application.
_MEANINGS: Final = {
    7000215: "the client secret is wrong; save its value, which is not its id",
    7000222: "the client secret has expired; make a new one in the application's registration, and save it here",
    700016: "the tenant knows no application with this client id; check both ids",
    90002: "there is no such tenant in this cloud; check the tenant and the cloud",
    900023: "there is no such tenant in this cloud; check the tenant and the cloud",
    700027: "the certificate is not among those of the application's registration; upload it there",
    700024: "the clock of this machine is wrong, or that of the sign-in",
    700023: "the assertion is for another sign-in; check the cloud",
    7000112: "the application is disabled in the tenant; enable it there",
    7000216: "the application has no credential like this; check its registration",
}


class _Token(msgspec.Struct):
    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - a kind
    expires_in: float | str | None = None


class _TokenRefused(msgspec.Struct):
    error: str = ""
    error_description: str = ""
    error_codes: list[int] = []


class ClientCertificate:
    """What an application proves itself by: a private key, and the certificate of it that the tenant knows."""

    __slots__ = ("_key", "_thumbprint")

    def __init__(self, pem: Secret) -> None:
        """Raises ValueError, as a sentence that shows nothing of it, for a PEM without a key and its certificate."""
        self._key, certificate = _key_and_certificate(pem)
        self._thumbprint = _thumbprint(certificate)

    def assertion(self, endpoint: str, client: str, now: datetime) -> str:
        """What the sign-in at this address is shown."""
        from joserfc import jwt
        from joserfc.jwk import RSAKey

        header = {"alg": "PS256", "typ": "JWT", "x5t#S256": self._thumbprint}
        at, end = int(now.timestamp()), int((now + _ASSERTION_LIVES).timestamp())
        claims: dict[str, object] = {
            "aud": endpoint, "iss": client, "sub": client, "jti": str(uuid4()), "nbf": at, "iat": at, "exp": end,
        }  # fmt: skip
        return jwt.encode(header, claims, RSAKey.import_key(_pem(self._key)), algorithms=["PS256"])


ClientProof: TypeAlias = Secret | ClientCertificate


def proof_of(secrets: Mapping[str, Secret]) -> ClientProof:
    """The certificate, or else the client secret. Raises ValueError, as a sentence, where neither can be used."""
    if CERTIFICATE in secrets:
        return ClientCertificate(secrets[CERTIFICATE])
    if SECRET in secrets:
        return secrets[SECRET]
    raise ValueError("There is no client secret and no certificate to sign in with; save one of them.")


class SignIn:
    """The tokens of one application in one tenant."""

    def __init__(
        self,
        wire: Wire,
        *,
        login: str,
        tenant: str,
        client: str,
        scope: str,
        proof: ClientProof,
        clock: Callable[[], datetime],
        elapsed: Callable[[], float] = monotonic,
    ) -> None:
        self._wire = wire
        self._endpoint = f"{login}/{quote(tenant.strip(), safe='')}/oauth2/v2.0/token"
        self._client = client.strip()
        self._scope = scope
        self._proof = proof
        self._clock = clock
        self._elapsed = elapsed
        self._token: Secret | None = None
        self._until = 0.0

    def token(self) -> Secret:
        """The token of the moment. Raises Unauthorized, Throttled, Unreachable, Rejected or Malformed."""
        if self._token is None or self._elapsed() >= self._until:
            answer = self._asked()
            self._token, seconds = self._read(answer)
            self._until = self._elapsed() + seconds
        return self._token

    def reject(self, token: Secret) -> None:
        """This token was refused; the next one is asked for."""
        if token is self._token:
            self._token = None

    def _asked(self) -> WireAnswer:
        form = {"client_id": self._client, "scope": self._scope, "grant_type": "client_credentials"}
        match self._proof:
            case ClientCertificate():
                assertion = self._proof.assertion(self._endpoint, self._client, self._clock())
                form |= {"client_assertion_type": _ASSERTION_TYPE, "client_assertion": assertion}
            case Secret():
                form["client_secret"] = self._proof.reveal()
            case _:
                assert_never(self._proof)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self._wire.send(
            self._endpoint, "give a token", headers, method="POST", body=urlencode(form).encode("utf-8")
        )
        if answer.status != 200:
            raise self._refused(answer)
        return answer

    def _read(self, answer: WireAnswer) -> tuple[Secret, float]:
        host = host_of(self._endpoint)
        try:
            read = msgspec.json.decode(answer.body, type=_Token)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Malformed(f"The sign-in {host} answered without a token; check its address.", status=200) from None
        token = Secret(read.access_token)
        if read.token_type.lower() != "bearer" or problem_with_token(token) is not None:
            raise Malformed(f"The sign-in {host} gave a token that cannot be sent; check its address.", status=200)
        return token, kept_seconds(read.expires_in)

    def _refused(self, answer: WireAnswer) -> Exception:
        host, status = host_of(self._endpoint), answer.status
        if status == 429 or (status == 503 and answer.header("Retry-After") is not None):
            told = pause_until(answer.header("Retry-After"), self._clock())
            until = told or self._clock() + UNSAID_PAUSE
            return Throttled(f"The sign-in {host} is overloaded.", until=until, status=status, told=told is not None)
        if status >= 500:
            return Unreachable(f"The sign-in {host} gave no token: it answered {status}.", sent=False)
        try:
            said = msgspec.json.decode(answer.body, type=_TokenRefused)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            said = _TokenRefused()
        if not said.error:
            return Rejected(
                f"The sign-in {host} gave no token: it answered {status}; check its address.", status=status
            )
        meaning = next((_MEANINGS[code] for code in said.error_codes if code in _MEANINGS), "")
        reason = meaning or self._without_secrets(said.error_description or said.error)
        number = f"AADSTS{said.error_codes[0]}" if said.error_codes else in_one_line(said.error)[:40]
        return Unauthorized(f"The sign-in {host} refused the application ({number}): {reason}.")

    def _without_secrets(self, text: str) -> str:
        """The reason in one line, before what only Microsoft's support can read."""
        if isinstance(self._proof, Secret):
            text = text.replace(self._proof.reveal(), "•••")
        return in_one_line(text.partition("Trace ID")[0])[:_LONGEST_REASON].strip().rstrip(".")


def _key_and_certificate(pem: Secret) -> tuple[RSAPrivateKey, Certificate]:
    """Of several certificates it is the one of the key."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        raw = pem.reveal().encode()
        key = load_pem_private_key(raw, None)
        certificates = x509.load_pem_x509_certificates(raw)
    except TypeError:
        raise ValueError("The key of the certificate has a pass phrase; save it without one.") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("The certificate is no PEM text with a private key and its certificate.") from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("The key of the certificate is no RSA key, which Microsoft Entra asks for.")
    for certificate in certificates:
        if certificate.public_key() == key.public_key():
            return key, certificate
    raise ValueError("The PEM has no certificate of its private key.")


def _thumbprint(certificate: Certificate) -> str:
    from cryptography.hazmat.primitives.hashes import SHA256

    return base64.urlsafe_b64encode(certificate.fingerprint(SHA256())).rstrip(b"=").decode()


def _pem(key: RSAPrivateKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
