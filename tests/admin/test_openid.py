"""Signing in by OpenID Connect against a provider on a real socket: who is believed, and every lie by its name."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.admin.bundle import Admin
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.openid import CALLBACK, OpenIdRefused, OpenIdSettings
from provisor.connectors import openid_provider
from provisor.storage import audit
from provisor.storage.secrets import load_key
from support.openid_provider import CLIENT_ID, CLIENT_SECRET, OpenIdProvider

ADDRESS = "https://provisor.example.com"
COOKIE = "what-this-browser's-cookie-holds"
ADMINS, READERS, GLOBAL = "Application Administrator", "Reports Reader", "Global Administrator"

# How the provider lies, the code of the refusal, and what its sentence says.
LIES = [
    ("wrong state", "openid-state", "no sign-in that this browser began"),
    ("no state", "openid-state", "no sign-in that this browser began"),
    ("another's issuer in the answer", "openid-mixed-up", "https://evil.example"),
    ("no issuer in the answer", "openid-mixed-up", "does not say which provider"),
    ("declined", "openid-declined", "access_denied"),
    ("no code", "openid-answer", "no code"),
    ("tokens elsewhere", "openid-code", "307"),
    ("token endpoint in the clear", "openid-unreachable", "Plain HTTP to evil.example"),
    ("description elsewhere", "openid-unreachable", "307"),
    ("an endless description", "openid-provider", "no discovery document"),
    ("description of another issuer", "openid-issuer", "calls itself https://evil.example"),
    ("wrong issuer", "openid-token", "claim iss is wrong"),
    ("wrong audience", "openid-token", "claim aud is wrong"),
    ("several audiences", "openid-token", "claim azp is missing"),
    ("another authorised party", "openid-token", "claim azp is wrong"),
    ("wrong nonce", "openid-token", "claim nonce is wrong"),
    ("no nonce", "openid-token", "claim nonce is missing"),
    ("expired", "openid-token", "expired"),
    ("no expiry", "openid-token", "claim exp is missing"),
    ("expiry that is no number", "openid-token", "claim exp is wrong"),
    ("of the future", "openid-token", "claim iat is wrong"),
    ("not yet valid", "openid-token", "claim nbf is wrong"),
    ("no subject", "openid-token", "claim sub is missing"),
    ("another access token", "openid-token", "claim at_hash is wrong"),
    ("alg none", "openid-signature", "algorithm that is not allowed"),
    ("HS256 with the public key", "openid-signature", "algorithm that is not allowed"),
    ("HS256 with the client's secret", "openid-signature", "algorithm that is not allowed"),
    ("a foreign key", "openid-signature", "signature is wrong"),
    ("a foreign key in the header", "openid-signature", "signature is wrong"),
    ("no kid", "openid-signature", "none of the provider's keys"),
    ("an unknown kid", "openid-signature", "none of the provider's keys"),
    ("the kid of another kind of key", "openid-signature", ""),
    ("claims changed after signing", "openid-signature", "signature is wrong"),
    ("no token at all", "openid-signature", "cannot be read"),
    ("no keys", "openid-provider", "keys"),
]


@pytest.fixture
def provider():
    with OpenIdProvider() as provider:
        provider.redirect_uris.add(f"{ADDRESS}{CALLBACK}")
        yield provider


@pytest.fixture
def make_admin(database, tenant, tmp_path):
    def make(now=lambda: datetime.now(UTC)):
        return Admin(
            Context(
                database=database,
                tenant=tenant,
                now=now,
                random_bytes=bytes,
                load_key=lambda: load_key(tmp_path / "secret.key"),
                problem_with_credentials=lambda url, token: None,
                connect=lambda job: pytest.fail("nothing here reaches an application"),
            )
        )

    return make


@pytest.fixture
def admin(make_admin):
    return make_admin()


@pytest.fixture
def settings(provider):
    def make(**other):
        given = {
            "issuer": provider.issuer,
            "client_id": CLIENT_ID,
            "address": ADDRESS,
            "claim": "groups",
            "roles": {"iam-admins": (ADMINS,), "auditors": (READERS,)},
            "name": "Contoso",
        }
        return OpenIdSettings(**given | other)

    return make


@pytest.fixture
def set_up(admin, settings):
    admin.openid.set(LOCAL_OPERATOR, settings(), client_secret=CLIENT_SECRET)


@pytest.fixture
def come_back(admin, provider, set_up):
    """What a browser brings back once somebody signed in at the provider."""

    def visit(cookie=COOKIE):
        return dict(parse_qsl(urlsplit(provider.visited(admin.openid.begin(cookie))).query))

    return visit


def refusal(act):
    with pytest.raises(OpenIdRefused) as refused:
        act()
    return refused.value


def test_somebody_with_a_mapped_group_is_vouched_for(admin, provider, come_back):
    vouched = admin.openid.vouched(come_back(), COOKIE)

    assert (vouched.issuer, vouched.subject, vouched.name) == (provider.issuer, "0001", "ana@contoso.example")
    assert vouched.roles == (ADMINS,)


@pytest.mark.parametrize("kind", ["client_secret_basic", "client_secret_post"])
def test_the_client_secret_is_sent_as_the_provider_wants_it(admin, provider, come_back, kind):
    provider.kinds = [kind]

    assert admin.openid.vouched(come_back(), COOKIE).subject == "0001"


@pytest.mark.parametrize(("lie", "code", "words"), LIES, ids=[lie for lie, _, _ in LIES])
def test_a_lie_is_refused_by_name(make_admin, provider, come_back, lie, code, words):
    honest = come_back if lie.startswith(("description", "an endless", "token endpoint")) else None
    given = honest() if honest else None
    provider.lie = lie

    refused = refusal(lambda: make_admin().openid.vouched(given or come_back(), COOKIE))

    assert (refused.code, words in refused.message) == (code, True), refused.message
    assert not any(token in refused.message for token in provider.tokens)


def test_an_answer_that_another_browser_asked_for_is_refused(admin, come_back):
    assert refusal(lambda: admin.openid.vouched(come_back("of-the-attacker"), COOKIE)).code == "openid-state"
    assert refusal(lambda: admin.openid.vouched(come_back(), None)).code == "openid-state"


def test_a_code_is_good_once(admin, come_back):
    answer = come_back()
    admin.openid.vouched(answer, COOKIE)

    again = refusal(lambda: admin.openid.vouched(answer, COOKIE))

    assert (again.code, "invalid_grant" in again.message) == ("openid-code", True)


def test_an_answer_that_took_too_long_is_refused(make_admin, come_back):
    later = make_admin(lambda: datetime.fromtimestamp(datetime.now(UTC).timestamp() + 700, UTC))

    assert refusal(lambda: later.openid.vouched(come_back(), COOKIE)).code == "openid-late"


@pytest.mark.parametrize(("seconds", "fits"), [(-100, True), (100, True), (-200, False)])
def test_clocks_may_differ_by_two_minutes(make_admin, come_back, seconds, fits):
    skewed = make_admin(lambda: datetime.fromtimestamp(datetime.now(UTC).timestamp() + seconds, UTC))

    if fits:
        assert skewed.openid.vouched(come_back(), COOKIE).subject == "0001"
    else:
        assert refusal(lambda: skewed.openid.vouched(come_back(), COOKIE)).code in ("openid-late", "openid-token")


@pytest.mark.parametrize(
    ("claims", "claim", "roles"),
    [
        ({"groups": "auditors"}, "groups", (READERS,)),
        ({"groups": ["auditors", "iam-admins", "auditors"]}, "groups", (READERS, ADMINS)),
        ({"realm_access": {"roles": ["auditors"]}}, "realm_access.roles", (READERS,)),
        ({"https://contoso.example/roles": ["auditors"]}, "https://contoso.example/roles", (READERS,)),
        ({"groups": ["IAM-Admins"]}, "groups", None),
        ({"groups": [["iam-admins"], 1, None]}, "groups", None),
        ({"groups": {"iam-admins": True}}, "groups", None),
        ({"groups": []}, "groups", None),
        ({}, "groups", None),
    ],
)
def test_roles_are_what_the_table_says_of_the_claim(admin, provider, settings, come_back, claims, claim, roles):
    provider.who = {"sub": "7", "email": "bo@contoso.example", **claims}
    admin.openid.set(LOCAL_OPERATOR, settings(claim=claim))

    if roles is None:
        refused = refusal(lambda: admin.openid.vouched(come_back(), COOKIE))
        assert (refused.code, "bo@contoso.example has no role here" in refused.message) == ("openid-no-role", True)
    else:
        assert admin.openid.vouched(come_back(), COOKIE).roles == roles


def test_opening_the_page_asks_the_provider_once_in_a_while(admin, provider, set_up):
    provider.asked.clear()

    addresses = {admin.openid.begin(COOKIE) for _ in range(5)}

    assert len(addresses) == 5
    assert len(provider.asked) == 1


def test_what_the_browser_is_sent_with_is_good_for_nothing_else(admin, provider, set_up):
    [first, second] = [parse_qs(urlsplit(admin.openid.begin(COOKIE)).query) for _ in range(2)]

    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]
    assert COOKIE not in repr(first)
    assert CLIENT_SECRET not in repr(first)


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        ("description of another issuer", "openid-issuer"),
        ("no code flow", "openid-provider"),
        ("plain PKCE only", "openid-provider"),
        ("no keys", "openid-provider"),
        ("description elsewhere", "openid-unreachable"),
        ("an endless description", "openid-provider"),
    ],
)
def test_what_cannot_work_is_not_saved(admin, provider, settings, lie, code):
    provider.lie = lie

    with pytest.raises(AdminError) as refused:
        admin.openid.set(LOCAL_OPERATOR, settings(), client_secret=CLIENT_SECRET)

    assert refused.value.code == code
    assert admin.openid.offered() is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "http://login.contoso.example"},
        {"issuer": "https://login.contoso.example/?tenant=1"},
        {"issuer": "contoso"},
        {"address": "http://provisor.example.com"},
        {"address": "https://provisor.example.com/"},
        {"address": "https://Provisor.example.com"},
        {"address": "https://provisor.example.com:443"},
        {"roles": {"iam-admins": ("Emperor",)}},
        {"address": "https://user:password@provisor.example.com"},
        {"scope": "profile"},
        {"roles": {}},
        {"client_id": " "},
        {"claim": "a\nb"},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_before_anybody_is_asked(admin, provider, settings, wrong):
    with pytest.raises(AdminError) as refused:
        admin.openid.set(LOCAL_OPERATOR, settings(**wrong))

    assert refused.value.code == "invalid-value"
    assert provider.asked == []


def test_a_provider_that_is_not_there_is_not_saved(admin, settings):
    with pytest.raises(AdminError) as refused:
        admin.openid.set(LOCAL_OPERATOR, settings(issuer="http://127.0.0.1:9/none"))

    assert refused.value.code == "openid-unreachable"


def test_the_word_for_the_last_global_administrator_is_kept(admin, settings, set_up):
    for issuer in ("https://other.example", settings().issuer):
        admin.authentication.vouched(issuer, "0001", f"root of {issuer}", [GLOBAL])

    with pytest.raises(AdminError) as refused:
        admin.openid.remove(LOCAL_OPERATOR)

    assert refused.value.code == "last-administrator"
    assert admin.openid.show(LOCAL_OPERATOR).has_secret
    admin.accounts.set_password(LOCAL_OPERATOR, f"root of {settings().issuer}", "correct horse battery")
    admin.openid.remove(LOCAL_OPERATOR)


ELSEWHERE = {
    "a page that is no address": {"authorization_endpoint": "javascript:alert(1)"},
    "a page in the clear": {"authorization_endpoint": "http://evil.example/authorize"},
    "keys on this machine": {"jwks_uri": "http://127.0.0.1:8021/metrics"},
    "tokens on this machine": {"token_endpoint": "https://localhost/"},
    "tokens beside this machine": {"token_endpoint": "https://169.254.169.254/latest"},
}


@pytest.mark.parametrize("places", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_provider_elsewhere_sends_nobody_to_this_machine(places):
    at = "https://login.example.com"
    endpoints = {name: f"{at}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}

    assert openid_provider.problem_with_places(at, endpoints) is None
    assert openid_provider.problem_with_places(at, {**endpoints, **places}) is not None


def test_the_secret_is_kept_apart_and_shown_to_nobody(admin, database, tenant, set_up):
    shown = admin.openid.show(LOCAL_OPERATOR)

    assert shown.has_secret
    assert shown.redirect_uri == f"{ADDRESS}{CALLBACK}"
    stored = database.reader().all("SELECT * FROM setting") + database.reader().all("SELECT * FROM audit_event")
    assert CLIENT_SECRET not in repr((shown, stored))
    assert CLIENT_SECRET.encode() not in database.path.read_bytes()


def test_a_secret_stays_while_the_client_does(admin, settings, provider, set_up):
    admin.openid.set(LOCAL_OPERATOR, settings(name="Contoso Ltd"))
    assert admin.openid.show(LOCAL_OPERATOR).has_secret

    admin.openid.set(LOCAL_OPERATOR, settings(client_id="another"))

    assert not admin.openid.show(LOCAL_OPERATOR).has_secret


def test_it_is_tried_and_removed(admin, provider, database, tenant, set_up):
    assert admin.openid.test(LOCAL_OPERATOR).token_endpoint == f"{provider.issuer}/token"

    admin.openid.remove(LOCAL_OPERATOR)

    with pytest.raises(AdminError) as refused:
        admin.openid.show(LOCAL_OPERATOR)
    assert refused.value.code == "no-openid"
    assert refusal(lambda: admin.openid.begin(COOKIE)).code == "no-openid"
    assert [event.activity for event in audit.newest(database.reader(), tenant)] == [
        "Remove OpenID Connect",
        "Set OpenID Connect",
    ]
