"""A small OpenID Connect provider on a real socket: signs with real keys, and lies where a test asks for it.

What it is asked is checked as strictly as a good provider does: redirect URI, PKCE, the client's secret, a code once.
"""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

CLIENT_ID, CLIENT_SECRET = "provisor", "a-client-secret-of-some-length"


class OpenIdProvider:
    """`lie` names one way in which it does not tell the truth; `who` are the claims of whoever signs in there."""

    def __init__(self):
        self.lie = None
        self.who = {"sub": "0001", "preferred_username": "ana@contoso.example", "groups": ["iam-admins", "everybody"]}
        self.kinds = ["client_secret_basic", "client_secret_post"]
        self.names_itself = True
        self.redirect_uris = set()
        self.released = threading.Event()  # ends its silence, where that is its lie
        self.asked = []  # (method, path) of every request
        self.tokens = []  # every ID token that was given
        self.key, self.other_key, self.stranger = _keys()
        self._codes = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.provider = self
        self.issuer = f"http://127.0.0.1:{self._server.server_port}/tenant"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # What it answers

    def description(self):
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": self.kinds,
            "authorization_response_iss_parameter_supported": self.names_itself,
        }
        return document | {
            "description of another issuer": {"issuer": "https://evil.example"},
            "no code flow": {"response_types_supported": ["id_token"]},
            "plain PKCE only": {"code_challenge_methods_supported": ["plain"]},
            "token endpoint in the clear": {"token_endpoint": "http://evil.example/token"},
        }.get(self.lie, {})

    def keys(self):
        public = [self.key.as_dict(private=False), self.other_key.as_dict(private=False)]
        return {"keys": [] if self.lie == "no keys" else public}

    def visited(self, address):
        """What the browser is told after somebody signed in at this address: where to go back to, with a code."""
        parts = urlsplit(address)
        asked = dict(parse_qsl(parts.query, strict_parsing=True))
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{self.issuer}/authorize"
        assert asked["response_type"] == "code" and asked["client_id"] == CLIENT_ID
        assert asked["redirect_uri"] in self.redirect_uris and "openid" in asked["scope"].split()
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.issuer} | {
            "wrong state": {"state": asked["state"][:-1] + ("0" if asked["state"][-1] != "0" else "1")},
            "another's issuer in the answer": {"iss": "https://evil.example"},
            "declined": {"error": "access_denied"},
        }.get(self.lie, {})
        dropped = {"no state": "state", "no issuer in the answer": "iss", "no code": "code", "declined": "code"}
        answer.pop(dropped.get(self.lie), None)
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    def exchanged(self, headers, form):
        """Status and document for a code."""
        kind, _, pair = headers.get("authorization", "").partition(" ")
        if kind == "Basic":
            name, _, secret = (unquote(part) for part in base64.b64decode(pair).decode().partition(":"))
        else:
            name, secret = form.get("client_id"), form.get("client_secret")
        if (name, secret) != (CLIENT_ID, CLIENT_SECRET) or (kind == "Basic") != ("client_secret_basic" in self.kinds):
            return 401, {"error": "invalid_client"}
        asked = self._codes.pop(form["code"], None)
        if asked is None or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if challenge.decode() != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        access = secrets.token_urlsafe(16)
        self.tokens.append(self.id_token(asked["nonce"], access))
        return 200, {"access_token": access, "token_type": "Bearer", "id_token": self.tokens[-1]}

    def id_token(self, nonce, access_token):
        now = int(time.time())
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
            **self.who,
        }
        claims |= {
            "wrong issuer": {"iss": "https://evil.example"},
            "wrong audience": {"aud": "another-client"},
            "several audiences": {"aud": [CLIENT_ID, "another-client"]},
            "another authorised party": {"aud": [CLIENT_ID, "another-client"], "azp": "another-client"},
            "wrong nonce": {"nonce": "of-another-attempt"},
            "expired": {"iat": now - 1000, "exp": now - 300},
            "of the future": {"iat": now + 300},
            "not yet valid": {"nbf": now + 300},
            "expiry that is no number": {"exp": "never"},
            "another access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
        }.get(self.lie, {})
        claims.pop({"no nonce": "nonce", "no expiry": "exp", "no subject": "sub"}.get(self.lie), None)
        return self._signed({"alg": "RS256", "kid": "one", "typ": "JWT"}, json.dumps(claims).encode())

    def _signed(self, header, claims):
        match self.lie:
            case "alg none":
                head = _base64(json.dumps({"alg": "none", "typ": "JWT"}).encode())
                return f"{head}.{_base64(claims)}."
            case "HS256 with the public key":
                return _by_hand({**header, "alg": "HS256"}, claims, self.key.as_pem(private=False))
            case "HS256 with the client's secret":
                return _by_hand({**header, "alg": "HS256"}, claims, CLIENT_SECRET.encode())
            case "a foreign key":
                return jws.serialize_compact(header, claims, self.stranger)
            case "a foreign key in the header":
                header = {**header, "jwk": self.stranger.as_dict(private=False)}
                return jws.serialize_compact(header, claims, self.stranger)
            case "no kid":
                header.pop("kid")
                return jws.serialize_compact(header, claims, self.key)
            case "an unknown kid":
                return jws.serialize_compact({**header, "kid": "three"}, claims, self.key)
            case "the kid of another kind of key":
                return jws.serialize_compact({**header, "kid": "two"}, claims, self.key)
            case "claims changed after signing":
                token = jws.serialize_compact(header, claims, self.key)
                head, _, signature = token.split(".")
                return f"{head}.{_base64(claims.replace(b'everybody', b'emperor'))}.{signature}"
            case "no token at all":
                return "not.a.token"
            case _:
                return jws.serialize_compact(header, claims, self.key)


@cache
def _keys():
    """Its own two and a stranger's: the same of every provider, as making them took longer than all that they sign."""
    return (
        RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}),
        ECKey.generate_key("P-256", {"kid": "two", "use": "sig"}),
        RSAKey.generate_key(2048, {"kid": "one"}),
    )


class _Handler(BaseHTTPRequestHandler):
    """The provider on its socket."""

    @property
    def provider(self):
        return self.server.provider

    def do_GET(self):
        path = self.path.removeprefix("/tenant")
        self.provider.asked.append(("GET", path))
        match path.partition("?")[0], self.provider.lie:
            case "/.well-known/openid-configuration", "description elsewhere":
                self.elsewhere()
            case "/.well-known/openid-configuration", "silence":
                self.provider.released.wait()
                self.say(200, self.provider.description())
            case "/.well-known/openid-configuration", "an endless description":
                self.endless()
            case "/.well-known/openid-configuration", _:
                self.say(200, self.provider.description())
            case "/authorize", _:
                self.back(self.provider.visited(f"{self.provider.issuer}{path}"))
            case "/keys", _:
                self.say(200, self.provider.keys())
            case _:
                self.say(404, {})

    def do_POST(self):
        self.provider.asked.append(("POST", self.path.removeprefix("/tenant")))
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        if self.provider.lie == "tokens elsewhere":
            return self.elsewhere()
        form = {name: values[0] for name, values in parse_qs(body, strict_parsing=True).items()}
        return self.say(*self.provider.exchanged({k.lower(): v for k, v in self.headers.items()}, form))

    def say(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def back(self, address):
        self.send_response(302)
        self.send_header("Location", address)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def elsewhere(self):
        self.send_response(307)
        self.send_header("Location", "https://evil.example/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def endless(self):
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b" " * 65_536)
        except OSError:
            pass

    def log_message(self, *_):
        pass


def _by_hand(header, claims, key):
    """A token under a key that no careful library would take for this."""
    signed = f"{_base64(json.dumps(header).encode())}.{_base64(claims)}"
    return f"{signed}.{_base64(hmac.new(key, signed.encode(), 'sha256').digest())}"


def _base64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
