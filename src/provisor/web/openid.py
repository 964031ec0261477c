"""Signing in at another's page: OpenID Connect's authorization code flow with PKCE, as values.

Sources: OpenID Connect Core 1.0 sections 3.1.2 and 3.1.3, Discovery 1.0 section 4.3, RFC 7636, RFC 9207. An attempt is
stored nowhere: state, nonce and code verifier are HMACs under the secret of the browser's cookie, so that an answer is
good for the browser that asked and for some minutes, and for none once it has signed in, as its cookie is another one
then. No network: who calls carries the requests. Authlib is imported only here, and only when a token is read.
Order: the provider, the attempt, its answer, the token.
"""

import base64
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode, urlsplit

import msgspec

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

SKEW_SECONDS: Final = 120  # by which a provider's clock may differ from ours
ATTEMPT_SECONDS: Final = 600  # how long somebody may take at the provider's page
# Signatures that only the holder of a private key can make. Never `none`, never HMAC: its key would be public.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_PUBLIC: Final = ("RSA", "EC", "OKP")  # kinds of keys that anybody may know; others are passed over
_STATE: Final = re.compile(r"((\d{1,12})-[A-Za-z0-9_-]{16})\.([0-9a-f]{64})")
_WORD: Final = re.compile(r"[a-z_]{1,60}")
_LONGEST_CODE: Final = 4_096
_LONGEST_HEADER: Final = 8_192  # some providers send their certificates along


class OpenIdRefused(Exception):
    """A provider or an answer that cannot be believed: a stable code, a sentence, and what to do."""

    def __init__(self, code: str, message: str, hint: str = "Begin again at the sign-in page.") -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who we are at the provider: as it was registered there."""

    issuer: str
    client_id: str
    redirect_uri: str
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderMetadata:
    """Where the provider takes what, of its discovery document."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    secret_in_header: bool  # how it wants the client secret: in the header, else in the body
    names_itself: bool  # RFC 9207: its answers always have `iss`


class _Description(msgspec.Struct):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    response_types_supported: tuple[str, ...] = ()
    code_challenge_methods_supported: tuple[str, ...] | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class _Keys(msgspec.Struct):
    keys: list[dict[str, Any]]


class _CodeAnswer(msgspec.Struct):
    id_token: str
    access_token: str | None = None


def discovery_address(issuer: str) -> str:
    """Where a provider describes itself."""
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration"


def read_metadata(document: bytes, issuer: str) -> ProviderMetadata:
    """The discovery document of this very issuer. Raises OpenIdRefused when it is another's, or lacks what we need."""
    try:
        read = msgspec.json.decode(document, type=_Description)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _unusable(issuer, "it is no discovery document of OpenID Connect") from None
    if read.issuer != issuer:
        # Discovery 1.0 section 4.3: exactly. Else another provider could answer for this one.
        raise OpenIdRefused(
            "openid-issuer",
            f"The provider at {issuer} calls itself {shown(read.issuer)}.",
            "Set the issuer exactly as the provider spells it, with or without the slash at its end.",
        )
    if read.response_types_supported and "code" not in read.response_types_supported:
        raise _unusable(issuer, "it does not offer the authorization code flow")
    methods = read.code_challenge_methods_supported
    if methods is not None and "S256" not in methods:
        raise _unusable(issuer, "it does not offer PKCE with S256")
    return ProviderMetadata(
        issuer=read.issuer,
        authorization_endpoint=read.authorization_endpoint,
        token_endpoint=read.token_endpoint,
        jwks_uri=read.jwks_uri,
        secret_in_header="client_secret_post" not in read.token_endpoint_auth_methods_supported
        or "client_secret_basic" in read.token_endpoint_auth_methods_supported,
        names_itself=read.authorization_response_iss_parameter_supported,
    )


def _unusable(issuer: str, why: str) -> OpenIdRefused:
    return OpenIdRefused(
        "openid-provider", f"The provider at {issuer} cannot be used: {why}.", "Ask whoever runs the provider."
    )


def authorization_address(client: Client, metadata: ProviderMetadata, secret: str, now_seconds: int) -> str:
    """Where the browser goes to sign in. `secret` is what its cookie holds."""
    attempt = f"{now_seconds}-{secrets.token_urlsafe(12)}"
    challenge = sha256(_derived(client, secret, "verifier", attempt).encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uri,
        "scope": client.scope,
        "state": f"{attempt}.{_derived(client, secret, 'state', attempt)}",
        "nonce": _derived(client, secret, "nonce", attempt),
        "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    joint = "&" if urlsplit(metadata.authorization_endpoint).query else "?"
    return f"{metadata.authorization_endpoint}{joint}{urlencode(asked)}"


def _derived(client: Client, secret: str, what: str, attempt: str) -> str:
    """What only this browser's attempt at this provider has; a valid verifier of RFC 7636 section 4.1, too."""
    text = "\0".join(("openid", what, client.issuer, client.client_id, attempt))
    return hmac.new(secret.encode(), text.encode(), sha256).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer that belongs to an attempt of this browser."""

    code: str
    verifier: str
    nonce: str


def read_answer(client: Client, query: Mapping[str, str], secret: str | None, now_seconds: int) -> Answered:
    """What the browser brought back. Raises OpenIdRefused before anything in it is used."""
    found = _STATE.fullmatch(query.get("state", ""))
    if found is None or secret is None:
        raise OpenIdRefused("openid-state", "This answer belongs to no sign-in that this browser began.")
    attempt, began, given = found.groups()
    if not hmac.compare_digest(_derived(client, secret, "state", attempt), given):
        raise OpenIdRefused("openid-state", "This answer belongs to no sign-in that this browser began.")
    if not -SKEW_SECONDS <= now_seconds - int(began) <= ATTEMPT_SECONDS:
        raise OpenIdRefused("openid-late", f"Signing in took longer than {ATTEMPT_SECONDS // 60} minutes.")
    if "iss" in query and query["iss"] != client.issuer:
        raise OpenIdRefused(
            "openid-mixed-up", f"The answer is from another provider: {shown(query['iss'])}, not {client.issuer}."
        )
    if "error" in query:
        word = query["error"] if _WORD.fullmatch(query["error"]) else "an unknown error"
        raise OpenIdRefused("openid-declined", f"The provider did not sign you in ({word}).")
    code = query.get("code", "")
    if not code or len(code) > _LONGEST_CODE:
        raise OpenIdRefused("openid-answer", "The provider's answer holds no code.")
    return Answered(
        code=code,
        verifier=_derived(client, secret, "verifier", attempt),
        nonce=_derived(client, secret, "nonce", attempt),
    )


def check_names_itself(client: Client, metadata: ProviderMetadata, query: Mapping[str, str]) -> None:
    """RFC 9207 section 2.4: a provider that says it names itself, does. Raises OpenIdRefused."""
    if metadata.names_itself and "iss" not in query:
        raise OpenIdRefused(
            "openid-mixed-up", f"The answer does not say which provider it is from, as {client.issuer} always does."
        )


def token_request(
    client: Client, metadata: ProviderMetadata, answered: Answered, client_secret: str | None
) -> tuple[bytes, Mapping[str, str]]:
    """Body and headers of the request that turns a code into tokens (RFC 6749 section 4.1.3)."""
    form = {
        "grant_type": "authorization_code",
        "code": answered.code,
        "redirect_uri": client.redirect_uri,
        "code_verifier": answered.verifier,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    if client_secret is not None and metadata.secret_in_header:
        pair = f"{quote(client.client_id, safe='')}:{quote(client_secret, safe='')}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    else:
        form |= {"client_id": client.client_id}
        form |= {} if client_secret is None else {"client_secret": client_secret}
    return urlencode(form).encode(), headers


def read_token_answer(status: int, body: bytes) -> tuple[str, str | None]:
    """ID token and access token. Raises OpenIdRefused with the provider's own word, never with a token."""
    if status != 200:
        try:
            word = msgspec.json.decode(body).get("error")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, AttributeError):
            word = None
        said = f", {word}" if isinstance(word, str) and _WORD.fullmatch(word) else ""
        raise OpenIdRefused("openid-code", f"The provider did not accept the code (status {status}{said}).")
    try:
        read = msgspec.json.decode(body, type=_CodeAnswer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise OpenIdRefused("openid-answer", "The provider's answer to the code holds no ID token.") from None
    return read.id_token, read.access_token


def read_claims(
    client: Client, keys: bytes, id_token: str, access_token: str | None, *, nonce: str, now_seconds: int
) -> Mapping[str, Any]:
    """The claims of an ID token, all checks of Core 1.0 section 3.1.3.7 passed. Raises OpenIdRefused.

    `keys` is the provider's JSON Web Key Set.
    """
    from authlib.oidc.core import CodeIDToken
    from joserfc import errors, jws, jwt

    key_set = _key_set(client.issuer, keys)
    try:
        # RFC 7515 section 4: parameters of a header that we do not know are passed over, `crit` is not.
        registry = jws.JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
        registry.max_header_length = _LONGEST_HEADER
        token = jwt.decode(id_token, key_set, algorithms=list(ALGORITHMS), registry=registry)
    except (errors.JoseError, ValueError, TypeError, KeyError) as error:
        raise OpenIdRefused("openid-signature", f"The provider's token is not believed: {_why(error)}.") from None
    claims = CodeIDToken(
        token.claims,
        token.header,
        options={
            "iss": {"essential": True, "value": client.issuer},
            "aud": {"essential": True, "value": client.client_id},
            "nonce": {"essential": True, "value": nonce},
        },
        params={"nonce": nonce, "client_id": client.client_id, "access_token": access_token},
    )
    try:
        claims.validate(now=now_seconds, leeway=SKEW_SECONDS)
    except (errors.JoseError, ValueError, TypeError) as error:
        raise OpenIdRefused("openid-token", f"The provider's token is not believed: {_why(error)}.") from None
    return dict(claims)


def check_keys(issuer: str, keys: bytes) -> None:
    """Raises OpenIdRefused unless these are keys that a token could be signed with."""
    if not _key_set(issuer, keys).keys:
        raise _unusable(issuer, "it publishes no key")


def _key_set(issuer: str, keys: bytes) -> "KeySet":
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    try:
        public = [key for key in msgspec.json.decode(keys, type=_Keys).keys if key.get("kty") in _PUBLIC]
        return KeySet.import_key_set({"keys": public})
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, JoseError, ValueError, TypeError, KeyError):
        raise _unusable(issuer, "its keys cannot be read") from None


def _why(error: Exception) -> str:
    """Which check failed; the libraries' own words may quote the token."""
    claim = getattr(error, "claim", None)
    match type(error).__name__:
        case "BadSignatureError":
            return "its signature is wrong"
        case "UnsupportedAlgorithmError" | "ConflictAlgorithmError":
            return "it is signed with an algorithm that is not allowed"
        case "InvalidKeyIdError":
            return "none of the provider's keys is the one it names"
        case "ExpiredTokenError":
            return "it has expired"
        case "InvalidClaimError" | "MissingClaimError" if isinstance(claim, str):
            return (
                f"its claim {claim} is missing" if "Missing" in type(error).__name__ else f"its claim {claim} is wrong"
            )
        case _:
            return f"it cannot be read ({type(error).__name__})"


def values_of(claims: Mapping[str, Any], name: str) -> Sequence[str]:
    """The texts of a claim: one, or a list; one with dots is looked for in objects within objects, too."""
    found: Any = claims.get(name)
    if found is None:
        found = claims
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else None
    if isinstance(found, str):
        return (found,)
    return tuple(each for each in found if isinstance(each, str)) if isinstance(found, list) else ()


def shown(text: str) -> str:
    """What somebody else wrote, short and without characters that do something."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text[:120])
