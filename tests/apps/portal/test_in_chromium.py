"""The portal in a real browser, in a service process of its own: set-up link, password, another's page, own account."""

import os
import re
import subprocess
import sys

import pytest

from support.chromium import needs_chromium
from support.openid_provider import CLIENT_ID, CLIENT_SECRET, OpenIdProvider

PASSWORD = "correct horse battery"
HOME = re.compile(r"://[^/]+/$")
SHOTS = os.environ.get("PROVISOR_SCREENSHOTS")  # a folder: to look at the pages

pytestmark = [pytest.mark.slow, needs_chromium]


class Service:
    """`provisor serve` in a folder of its own, and commands beside it."""

    def __init__(self, folder):
        settings = {
            "PROVISOR_DATABASE_URL": f"sqlite:///{folder / 'service.sqlite'}",
            "PROVISOR_SECRET_KEY_FILE": str(folder / "secret.key"),
        }
        self._environment = {**os.environ, **settings}
        self._child = subprocess.Popen(
            [sys.executable, "-m", "provisor", "serve", "--port", "0"],
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.first_link = ""
        while not self.first_link:  # nobody has an account yet
            found = re.search(r"http://127\.0\.0\.1:\d+/set-up/\S+", self._child.stdout.readline())
            self.first_link = found[0] if found else ""
        self.url = self.first_link.partition("/set-up/")[0]

    def run(self, *arguments, secret=""):
        done = subprocess.run(
            [sys.executable, "-m", "provisor", *arguments],
            env=self._environment,
            input=secret,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def stop(self):
        self._child.terminate()
        self._child.wait(20)
        self._child.stdout.close()


@pytest.fixture(scope="module")
def provider():
    with OpenIdProvider() as provider:
        yield provider


@pytest.fixture(scope="module")
def service(tmp_path_factory, provider):
    service = Service(tmp_path_factory.mktemp("portal"))
    provider.redirect_uris.add(f"{service.url}/sign-in/openid-connect/callback")
    options = ["--issuer", provider.issuer, "--client-id", CLIENT_ID, "--address", service.url, "--claim", "groups"]
    roles = ["--role", "iam-admins=Application Administrator", "--role", "iam-admins=Plan Approver"]
    service.run(
        "admin", "oidc", "set", *options, *roles, "--name", "Contoso", "--secret-file", "-", secret=CLIENT_SECRET
    )
    yield service
    service.stop()


@pytest.fixture
def link(service, request):
    """A set-up link for an account of its own."""
    name = re.sub(r"\W+", "-", request.node.name) + "@contoso.com"
    said = service.run("admin", "user", "add", name, "--role", "Reports Reader", "--address", service.url)
    return name, re.search(r"http://\S+/set-up/\S+", said)[0]


@pytest.fixture
def page(chromium, service, request):
    """A window of one width and scheme; every complaint of the browser fails the test."""
    width, scheme = request.param
    context = chromium.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
    page = context.new_page()
    complaints = []
    page.on("console", lambda it: complaints.append(it.text) if "the server responded with" not in it.text else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda it: complaints.append(it.url) if it.failure != "net::ERR_ABORTED" else None)
    page.on("response", lambda got: complaints.append(f"{got.status} {got.url}") if got.status >= 500 else None)
    page.goto(service.url)
    yield page
    context.close()
    assert complaints == []


everywhere = pytest.mark.parametrize(
    "page",
    [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")],
    indirect=True,
    ids=["wide-light", "wide-dark", "narrow-light", "narrow-dark"],
)


@pytest.fixture
def seen(page, request):
    """Says that a page is laid out within its window, and keeps a picture where somebody wants to look."""

    def look(name):
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{name} is too wide"
        if SHOTS:
            kind = request.node.callspec.id
            page.screenshot(path=f"{SHOTS}/{name}-{kind}.png", full_page=True)

    return look


@pytest.mark.parametrize("page", [(1280, "light")], indirect=True, ids=["wide-light"])
def test_the_first_start_prints_a_link_by_which_one_gets_in(page, service, seen):
    page.goto(service.first_link)
    seen("first")
    page.fill("#name", "first@contoso.com")
    page.fill("#password", PASSWORD)
    page.fill("#again", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(HOME)

    assert "Global Administrator" in page.inner_text("header")
    page.goto(service.first_link)
    assert "This link is over" in page.inner_text("main")


@everywhere
def test_a_link_leads_to_a_password_an_account_and_out_again(page, service, link, seen):
    name, address = link
    page.goto(address)
    seen("set-up")
    page.fill("#password", "short-but-long")
    page.fill("#again", "something else")
    page.keyboard.press("Enter")
    page.wait_for_selector("#again-wrong")
    seen("set-up-wrong")
    page.fill("#password", PASSWORD)
    page.fill("#again", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(HOME)
    page.goto(f"{service.url}/account")
    seen("account")
    page.click("text=Sign out")
    page.wait_for_url("**/sign-in")

    page.fill("#name", name)
    page.fill("#password", "wrong password")
    page.keyboard.press("Enter")
    page.wait_for_selector("#sign-in-error")
    seen("sign-in-wrong")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")

    page.wait_for_url(HOME)
    assert name in page.inner_text("header")


@everywhere
def test_the_providers_page_leads_back_signed_in(page, service, provider, seen):
    seen("sign-in")

    page.click("text=Sign in with Contoso")

    page.wait_for_url(HOME)
    assert "ana@contoso.example" in page.inner_text("header")
    page.goto(f"{service.url}/account")
    seen("account-of-another")


@everywhere
def test_who_has_no_role_is_told_so(page, provider, seen):
    groups = provider.who["groups"]
    provider.who["groups"] = ["everybody"]
    try:
        page.click("text=Sign in with Contoso")
        page.wait_for_selector("text=has no role here")
    finally:
        provider.who["groups"] = groups

    seen("no-role")


@everywhere
def test_where_else_one_is_signed_in_is_seen_and_ended(page, chromium, service, link, seen):
    name, address = link
    page.goto(address)
    page.fill("#password", PASSWORD)
    page.fill("#again", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(HOME)
    elsewhere = chromium.new_context(user_agent="Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Version/18.0 Safari/605.1")
    other = elsewhere.new_page()
    other.goto(f"{service.url}/sign-in")
    other.fill("#name", name)
    other.fill("#password", PASSWORD)
    other.keyboard.press("Enter")
    other.wait_for_url(HOME)

    page.goto(f"{service.url}/account")
    seen("account-two-sessions")
    page.click("text=End all others")

    page.wait_for_selector("text=Signed out there.")
    other.reload()
    assert other.url == f"{service.url}/sign-in"
    elsewhere.close()
