"""Signing in to a tenant: a secret or a certificate, tokens and their ends, refusals, clouds, certificates of servers.

Source: learn.microsoft.com, *OAuth 2.0 client credentials flow* and *application authentication certificate
credentials*.
"""

import base64
import hashlib
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jwt
from joserfc.jwk import RSAKey

from provisor.connectors.graph.clouds import places_of
from provisor.connectors.graph.sign_in import SignIn
from provisor.connectors.graph.tenant import EntraTenant
from provisor.connectors.graph.wire import Wire
from provisor.engine.ports import Malformed, Rejected, Secret, Throttled, Unauthorized, Unreachable
from provisor.rules.source_settings import EntraSettings
from provisor.testing.certificates import named
from support.certificates import Identity
from support.prepared_answers import Cut, reply
from support.prepared_tenant import CLIENT, NOW, SECRET, TENANT

KEY = rsa.generate_private_key(65537, 2048)
TOKEN = f"/{TENANT}/oauth2/v2.0/token"


def certificate(key):
    builder = x509.CertificateBuilder().subject_name(named("Provisor")).issuer_name(named("Provisor"))
    builder = builder.public_key(key.public_key()).serial_number(7).not_valid_before(datetime(2001, 1, 1, tzinfo=UTC))
    return builder.not_valid_after(datetime(2099, 1, 1, tzinfo=UTC)).sign(KEY, hashes.SHA256())


def private(key, encryption=None):
    how = serialization.NoEncryption() if encryption is None else serialization.BestAvailableEncryption(encryption)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how).decode()


def public(key):
    return certificate(key).public_bytes(serialization.Encoding.PEM).decode()


PEM = private(KEY) + public(KEY)


def read(tenant, **options):
    return list(tenant.source(**options).read(None))


def test_a_secret_is_sent_in_the_form_and_nowhere_else(tenant):
    read(tenant)

    assert tenant.form() == {
        "client_id": CLIENT, "client_secret": SECRET, "grant_type": "client_credentials",
        "scope": f"{tenant.origin}/.default",
    }  # fmt: skip
    assert tenant.server.line(0) == f"POST {TOKEN} HTTP/1.1"
    assert tenant.server.header("authorization", 0) is None
    assert tenant.server.header("authorization", 1) == "Bearer token-1"


def test_a_certificate_signs_an_assertion_of_ten_minutes_that_names_it(tenant):
    read(
        tenant,
        secrets={
            "certificate": Secret(public(rsa.generate_private_key(65537, 2048)) + PEM),
            "clientSecret": Secret("x"),
        },
    )

    form = tenant.form()
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert "client_secret" not in form
    token = jwt.decode(form["client_assertion"], RSAKey.import_key(private(KEY)), algorithms=["PS256"])
    der = certificate(KEY).public_bytes(serialization.Encoding.DER)
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()
    assert token.header == {"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint}
    now = int(NOW.timestamp())
    assert token.claims.pop("jti")
    assert token.claims == {
        "aud": f"{tenant.origin}{TOKEN}", "iss": CLIENT, "sub": CLIENT, "nbf": now, "iat": now, "exp": now + 600,
    }  # fmt: skip


def test_every_assertion_has_an_id_of_its_own(tenant):
    source = tenant.source(secrets={"certificate": Secret(PEM)})
    tenant.on("/v1.0/users/delta", reply(401))
    with pytest.raises(Unauthorized):
        list(source.read(None))

    first, second = (
        jwt.decode(
            tenant.form(number)["client_assertion"], RSAKey.import_key(private(KEY)), algorithms=["PS256"]
        ).claims["jti"]
        for number in (0, 1)
    )

    assert first != second


@pytest.mark.parametrize(
    ("pem", "why"),
    [("", "no PEM"), ("x", "no PEM"), (public(KEY), "no PEM"), (private(KEY), "no certificate|no PEM"),
     (private(KEY, b"pass") + public(KEY), "pass phrase"),
     (private(KEY) + public(rsa.generate_private_key(65537, 2048)), "no certificate of its private key"),
     (private(ec.generate_private_key(ec.SECP256R1())) + public(KEY), "no RSA key")],
    ids=["nothing", "text", "no key", "no certificate", "pass phrase", "of another key", "no RSA"],
)  # fmt: skip
def test_a_certificate_that_signs_nothing_is_refused_with_a_reason_and_without_showing_it(tenant, pem, why):
    with pytest.raises(ValueError, match=why) as raised:
        tenant.source(secrets={"certificate": Secret(pem)})

    assert "BEGIN" not in str(raised.value)


def test_a_source_without_a_secret_is_none(tenant):
    with pytest.raises(ValueError, match="save one of them"):
        tenant.source(secrets={})


# Tokens


def test_a_token_is_asked_for_once_for_a_whole_read(tenant):
    read(tenant)

    assert tenant.tokens == 1


def test_a_token_that_was_revoked_is_renewed_once(tenant):
    first = tenant.answers["/v1.0/users/delta"][0]
    tenant.on("/v1.0/users/delta", reply(401), first)

    read(tenant)

    assert tenant.tokens == 2
    assert [tenant.server.header("authorization", at) for at in (1, 3, 4)] == [
        "Bearer token-1",
        "Bearer token-2",
        "Bearer token-2",
    ]


def test_a_token_is_renewed_before_it_ends(tenant):
    now = [0.0]
    sign_in = SignIn(
        Wire(), login=tenant.origin, tenant=TENANT, client=CLIENT, scope="x/.default",
        proof=Secret(SECRET), clock=lambda: NOW, elapsed=lambda: now[0],
    )  # fmt: skip

    def at(seconds):
        now[0] = seconds
        return sign_in.token().reveal()

    assert [at(0), at(3_538), at(3_540), at(7_000)] == ["token-1", "token-1", "token-2", "token-2"]


@pytest.mark.parametrize(
    ("number", "why"),
    [(7000215, "client secret is wrong"), (7000222, "expired"), (700016, "no application"), (90002, "no such tenant"),
     (700027, "upload it"), (700024, "clock"), (50034, "Something else")],
)  # fmt: skip
def test_a_refusal_says_what_to_do(tenant, number, why):
    said = f"AADSTS{number}: Something else about {SECRET}. Trace ID: 1 Correlation ID: 2 Timestamp: 3"
    tenant.on(TOKEN, reply(401, {"error": "invalid_client", "error_description": said, "error_codes": [number]}))

    with pytest.raises(Unauthorized, match=why) as raised:
        read(tenant)

    assert f"AADSTS{number}" in str(raised.value)
    assert SECRET not in str(raised.value)
    assert "Trace" not in str(raised.value)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (reply(404, b"<html>Not found</html>"), Rejected),
        (reply(400, b"<html>"), Rejected),
        (reply(302, Location="https://evil.example"), Rejected),
        (reply(500), Unreachable),
        (reply(503), Unreachable),
        (reply(503, Retry_After="300"), Throttled),
        (reply(429, {"error": "temporarily_unavailable"}), Throttled),
        (reply(200, b"<html>"), Malformed),
        (reply(200, {}), Malformed),
        (reply(200, {"access_token": ""}), Malformed),
        (reply(200, {"access_token": "a b"}), Malformed),
        (reply(200, {"access_token": "a", "token_type": "mac"}), Malformed),
        (None, Unreachable),
        (Cut(b"220 mail.example ESMTP\r\n"), Unreachable),
    ],
    ids=["not found", "bad page", "moved", "broken", "down", "down for long", "busy", "no JSON", "no token", "empty token",
         "odd token", "another type", "closed", "no HTTP"],
)  # fmt: skip
def test_a_sign_in_that_answers_something_else_is_no_token(tenant, answer, expected):
    tenant.on(TOKEN, answer)

    with pytest.raises(expected) as raised:
        read(tenant)

    assert type(raised.value) is expected
    assert SECRET not in str(raised.value)
    assert tenant.paths() == []


@pytest.mark.parametrize(
    "answer", [reply(429, {"error": "x"}, Retry_After="2"), reply(503), None], ids=["429", "503", "closed"]
)
def test_a_sign_in_that_is_busy_is_asked_again(tenant, answer):
    tenant.on(TOKEN, answer, reply(200, {"access_token": "late"}))

    read(tenant)

    assert tenant.server.header("authorization", 2) == "Bearer late"


# Where


@pytest.mark.parametrize(
    ("cloud", "graph", "login"),
    [("global", "https://graph.microsoft.com", "https://login.microsoftonline.com"),
     ("us-government", "https://graph.microsoft.us", "https://login.microsoftonline.us"),
     ("us-government-dod", "https://dod-graph.microsoft.us", "https://login.microsoftonline.us"),
     ("china", "https://microsoftgraph.chinacloudapi.cn", "https://login.partner.microsoftonline.cn")],
)  # fmt: skip
def test_every_cloud_has_its_own_addresses(cloud, graph, login):
    assert places_of(EntraSettings(tenant=TENANT, client=CLIENT, cloud=cloud)) == (graph, login)


@pytest.mark.parametrize(
    "graph", ["https://provisor.example/", "https://provisor.example/v1.0", "https://provisor.example/v1.0/"]
)
def test_an_address_of_ones_own_is_taken_with_or_without_its_version(graph):
    settings = EntraSettings(tenant=TENANT, client=CLIENT, graph=graph, login="https://provisor.example/")

    assert places_of(settings) == ("https://provisor.example", "https://provisor.example")


@pytest.mark.parametrize(
    "address", ["http://graph.example", "https://me:pw@graph.example", "ftp://graph.example", "https://"]
)
@pytest.mark.parametrize("which", ["graph", "login"])
def test_no_secret_is_sent_where_others_could_read_it(address, which):
    with pytest.raises(ValueError, match="address"):
        EntraTenant(EntraSettings(tenant=TENANT, client=CLIENT, **{which: address}), {"clientSecret": Secret("x")})


def test_a_tenant_cannot_lead_to_another_path(tenant):
    tenant.on("/", reply(404))

    with pytest.raises(Rejected):
        list(tenant.source(tenant="../evil?x=").read(None))

    assert tenant.server.line(0) == "POST /..%2Fevil%3Fx%3D/oauth2/v2.0/token HTTP/1.1"


def test_nobody_is_believed_without_a_certificate_that_is_trusted(secure_origin, tenant):
    origin, root = secure_origin

    with pytest.raises(Unreachable, match="certificate is not trusted"):
        list(tenant.source(graph=origin, login=origin).read(None))
    with pytest.raises(Rejected):  # it is believed, and holds nothing
        list(tenant.source(graph=origin, login=origin, ca_file=str(root)).read(None))


@pytest.mark.parametrize(
    "text",
    [None, "", "x", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----"],
    ids=["none", "empty", "text", "bad"],
)
def test_a_file_without_authorities_is_named(tenant, tmp_path, text):
    file = tmp_path / "ca.pem"
    if text is not None:
        file.write_text(text)

    with pytest.raises(Unreachable, match=r"ca\.pem"):
        read(tenant, ca_file=str(file))


@pytest.fixture
def secure_origin(tmp_path):
    """A server behind TLS that answers 404, and the file of its authority."""
    import asyncio
    from contextlib import asynccontextmanager

    from support.beside import beside

    identity = Identity(tmp_path / "ca")
    found = []

    async def answer(reader, writer):
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(reply(404))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    @asynccontextmanager
    async def made():
        listener = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=identity.context())
        found.append(f"https://localhost:{listener.sockets[0].getsockname()[1]}")
        yield
        listener.close()

    with beside(made):
        yield found[0], identity.root
