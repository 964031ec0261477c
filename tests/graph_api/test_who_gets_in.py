"""What a service answers to somebody without anything: every page and document beside the routes of the Graph API."""

import http.client
import re
from urllib.parse import urlsplit

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.health import Pulse
from provisor.admin.session import Listening
from provisor.graph_api.routes import ROUTES
from provisor.monitoring.server import PATHS
from provisor.portal.site import RULES
from provisor.site import site
from support.graph_objects import stored

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
WRONG = (
    "grant_type=client_credentials&client_id=deadbeef-0000-4000-8000-000000000000&client_secret=wrong&scope=x/.default"
)
WRITTEN = ("audit_event", "sign_in_failure")  # that somebody tried
# A path, with what anybody is answered; of a page for those who are signed in, where it leads.
PAGES = {
    "GET /": (303, "/sign-in"),
    "GET /sign-in": (200, None),
    "GET /sign-in/link/{code}": (404, None),
    "POST /sign-in/link/{code}": (403, None),
    "POST /sign-in": (403, None),  # without the form's token
    "POST /sign-out": (403, None),
    "GET /sign-in/openid-connect": (403, None),  # as nobody has set it up
    "GET /sign-in/openid-connect/callback": (403, None),
    "GET /set-up/{code}": (404, None),
    "POST /set-up/{code}": (403, None),
    "GET /account": (303, "/sign-in?to=/account"),
    "POST /account/password": (403, None),
    "POST /account/sessions/end-others": (403, None),
    "POST /account/sessions/{session}/end": (403, None),
}
DOCUMENTS = {
    "GET /healthz": 200,
    "GET /healthz/ready": 200,
    "GET /healthz/live": 200,
    "GET /metrics": 200,
    "GET /common/discovery/instance": 200,
    "GET /metadata/endpoints": 200,
    "GET /{tenant}/v2.0/.well-known/openid-configuration": 200,
    "GET /{tenant}/oauth2/v2.0/token": 405,
    "POST /{tenant}/oauth2/v2.0/token": 401,
    "POST /common/oauth2/v2.0/token": 400,
    "POST /deadbeef-0000-4000-8000-000000000000/oauth2/v2.0/token": 400,
    "GET /v1.0/openapi.json": 401,
    "GET /beta/openapi.json": 401,
    "GET /v1.0/$metadata": 401,
    "GET /v1.0": 401,
    "GET /v2.0/users": 404,
    "GET /openapi.json": 404,
    "GET /docs": 404,
}


@pytest.fixture
def ask(admin):
    pulse = Pulse()
    pulse.beat_once()
    admin.users.create(ME, {"userPrincipalName": "secret-name@x.example"})
    with site(admin, ME, pulse, Listening(host="127.0.0.1", port=0)) as url:

        def ask(method, path, body=None):
            connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
            connection.request(method, path, body, FORM if body is not None else {})
            answer = connection.getresponse()
            said = answer.status, answer.getheader("location"), answer.read().decode()
            connection.close()
            return said

        yield ask


def path_of(pattern, admin):
    return re.sub(r"\{\w+\}", lambda found: admin.tenant if found[0] == "{tenant}" else "x" * 40, pattern)


def test_no_page_is_forgotten():
    entering = [rule for rule in RULES if rule.access == "anyone" or rule.path.startswith("/account")]
    entering += [rule for rule in RULES if rule.path in ("/", "/sign-out")]
    assert {f"{rule.method} {rule.path}" for rule in entering} == set(PAGES)  # the rest: apps/portal/test_every_rule.py
    assert {f"GET {path}" for path in PATHS} < set(DOCUMENTS)


def test_a_stranger_is_shown_the_way_in_and_nothing_else(ask, admin):
    before = stored(admin, without=WRITTEN)
    found = {}
    for page in PAGES:
        method, _, pattern = page.partition(" ")
        status, location, text = ask(method, path_of(pattern, admin), "" if method == "POST" else None)
        found[page] = (status, location)
        assert "secret-name" not in text

    assert found == PAGES
    assert stored(admin, without=WRITTEN) == before


def test_documents_that_lead_to_a_token_are_for_everybody_and_the_rest_is_not(ask, admin):
    found = {}
    for document in DOCUMENTS:
        method, _, pattern = document.partition(" ")
        status, _, text = ask(method, path_of(pattern, admin), WRONG if method == "POST" else None)
        found[document] = status
        assert "secret-name" not in text

    assert found == DOCUMENTS


def test_no_route_of_the_api_is_answered_without_a_token(ask):
    statuses = {ask(route.method, f"/beta{route.path.replace('{', '').replace('}', '')}")[0] for route in ROUTES}

    assert statuses == {401}
