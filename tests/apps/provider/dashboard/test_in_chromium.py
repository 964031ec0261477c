"""The dashboard in a real browser, by keyboard alone, at two widths, in a server process of its own."""

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from provisor.provider.dashboard.accounts import create_account
from provisor.provider.store.ad_connector import import_file
from provisor.provider.store.tables import now_microseconds, open_target, the_tenant
from provisor.provider.store.tokens import DAY, create_token
from support.chromium import becomes_true, needs_chromium

PASSWORD = "correct horse battery"
LONGEST_WALK = 80  # presses of Tab to anything on a page
HOSTILE = "<script>document.title='hacked'</script>"

pytestmark = [pytest.mark.slow, needs_chromium]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The address of a running server with an account, people of both sources, a refused request and an old token."""
    folder = tmp_path_factory.mktemp("dashboard")
    database = open_target(f"sqlite:///{folder / 'target.sqlite'}")
    tenant, now = the_tenant(database), now_microseconds()
    (folder / "users.csv").write_text(f"userPrincipalName\n{HOSTILE}\n")
    (folder / "groups.csv").write_text("displayName\nField Staff\n")
    with database.transaction() as connection:
        create_account(connection, tenant, email="admin@example.org", password=PASSWORD, role="full-admin", now=now)
        _, token = create_token(connection, tenant, kind="other", label="Old", now=now - 200 * DAY)
        for name in ("users.csv", "groups.csv"):
            import_file(connection, tenant, folder / name, now)
    database.close()
    child = subprocess.Popen(
        [sys.executable, "-c", "from provisor.provider.commands.serve import app; app()", "serve", "--port", "0"],
        env={**os.environ, "PROVISOR_TARGET_DATABASE_URL": f"sqlite:///{folder / 'target.sqlite'}"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        url = child.stdout.readline().split()[-1]
        ana = ask(f"{url}/Users", token, {"userName": HOSTILE, "displayName": "Ana", "active": False})[1]
        ask(f"{url}/Users", token, {"userName": "a-long-name-" * 12, "displayName": "Display name " * 8})
        ask(f"{url}/Groups", token, {"displayName": "Field Staff", "members": [{"value": ana["id"]}]})
        assert ask(f"{url}/Users", token, {})[0] == 400
        yield url
    finally:
        child.terminate()
        child.wait(20)
        child.stdout.close()


def ask(url, token, body=None):
    """A SCIM request, as a client makes it."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/scim+json"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers)) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.fixture
def page(chromium, server, request):
    """A window of one width without scripts of ours to help; every complaint of the browser fails the test."""
    context = chromium.new_context(viewport={"width": request.param, "height": 844})
    page = context.new_page()
    complaints = []
    page.on("console", lambda it: complaints.append(it.text) if "the server responded with" not in it.text else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    # Aborted is what a test does by opening the next page before this one has its icon.
    page.on("requestfailed", lambda it: complaints.append(it.url) if it.failure != "net::ERR_ABORTED" else None)
    page.on("response", lambda got: complaints.append(f"{got.status} {got.url}") if got.status >= 500 else None)
    page.goto(server.removesuffix("/identity/v2/scim"))
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def signed_in(page):
    """A window of an administrator."""
    page.fill("#email", "admin@example.org")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/users-and-groups/users")
    return page


at_both_widths = pytest.mark.parametrize("page", [1280, 390], indirect=True, ids=["wide", "narrow"])


def walk_to(page, words):
    """Press Tab until something with these words has the focus, and can be seen to have it."""
    for _ in range(LONGEST_WALK):
        page.keyboard.press("Tab")
        found = page.evaluate(
            """() => {
                const at = document.activeElement, style = getComputedStyle(at), box = at.getBoundingClientRect();
                const label = at.labels && at.labels.length ? at.labels[0].innerText : "";
                return {words: (label + " " + at.innerText).trim(), outline: style.outlineStyle, width: box.width};
            }"""
        )
        if re.match(words, found["words"]):
            assert found["outline"] == "solid", f"the focus on {words} cannot be seen"
            assert found["width"] > 0
            return
    raise AssertionError(f"Tab never reached {words}")


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@at_both_widths
def test_the_tutorials_way_to_a_token_by_keyboard_alone(page, server):
    becomes_true(page, "document.activeElement.id === 'email'")
    page.keyboard.type("admin@example.org")
    walk_to(page, "Password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/users-and-groups/users")
    assert fits(page)

    walk_to(page, "Skip to content")
    page.keyboard.press("Enter")
    walk_to(page, "Microsoft Entra ID")
    page.keyboard.press("Enter")
    walk_to(page, "API Keys page")
    page.keyboard.press("Enter")
    page.wait_for_url("**/api-keys#entra")
    walk_to(page, "Microsoft Entra ID")
    page.keyboard.press("Enter")
    assert fits(page)
    walk_to(page, "Generate Token")
    page.keyboard.press("Enter")
    page.wait_for_url("**/generate")

    assert fits(page)
    token = page.locator("#token").input_value()
    assert ask(f"{server}/Users", token)[0] == 200
    assert page.locator("#url").input_value() == server
    walk_to(page, "I have copied")
    page.keyboard.press("Space")
    walk_to(page, "Continue")
    page.keyboard.press("Enter")
    page.wait_for_url("**/api-keys")
    assert token not in page.content()


LISTS = (
    "/users-and-groups/users",
    "/users-and-groups/groups",
    "/users-and-groups/users?search=nobody",
    "/warnings",
    "/api-keys",
    "/requests",
    "/requests?status=5",
    "/nothing",
)
LINKS = (
    ("/users-and-groups/users?source=scim", "tbody a"),
    ("/users-and-groups/users?source=ad-connector", "tbody a"),
    ("/users-and-groups/groups", "tbody a"),
    ("/requests?status=4", "tbody a"),
    ("/requests?method=POST&status=2", "tbody a"),
    ("/api-keys", "text=Refresh Old"),
    ("/api-keys", "text=Revoke Old"),
)


def every_page(page, lists=LISTS, links=LINKS):
    """Open every page of the site, each as it looks with all its cards open."""
    base = page.url.removesuffix("/users-and-groups/users")
    seen = list(lists)
    for list_, link in links:
        page.goto(base + list_)
        seen.append(page.locator(link).first.get_attribute("href"))
    for path in seen:
        page.goto(base + path)
        page.evaluate("for (const card of document.querySelectorAll('details')) card.open = true")
        yield path


def reached_by_tab(page):
    """What Tab reaches on a page, and whether each can be seen to have the focus."""
    page.evaluate("document.activeElement.blur(); window.reached = new Map()")
    for _ in range(LONGEST_WALK):
        page.keyboard.press("Tab")
        if not page.evaluate(
            """() => {
                const at = document.activeElement;
                if (at === document.body || window.reached.has(at)) return false;
                return window.reached.set(at, getComputedStyle(at).outlineStyle) && true;
            }"""
        ):
            break
    return page.evaluate(
        """() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
            .filter(one => one.checkVisibility() && window.reached.get(one) !== "solid")
            .map(one => one.outerHTML.slice(0, 90))"""
    )


@at_both_widths
def test_every_page_is_sound_in_both_colour_schemes(signed_in):
    for path in every_page(signed_in):
        assert signed_in.evaluate(UNSOUND) == [], path
        for scheme in ("dark", "light"):
            signed_in.emulate_media(color_scheme=scheme)
            assert signed_in.evaluate(FAINT) == [], (scheme, path)
        assert signed_in.title() != "hacked", path  # by the name of a user on it


@pytest.mark.parametrize("page", [1280], indirect=True, ids=["wide"])
def test_everything_is_reached_by_keyboard_alone(signed_in):
    lists = ("/users-and-groups/users", "/warnings", "/api-keys", "/requests")
    for path in every_page(signed_in, lists, LINKS[-1:]):
        assert reached_by_tab(signed_in) == [], path


# What a person without eyes, or with a phone, would stumble over.
UNSOUND = """() => {
    const wrong = [], all = query => [...document.querySelectorAll(query)];
    const say = (what, one) => wrong.push(`${what}: ${one.outerHTML.slice(0, 90)}`);
    if (document.documentElement.scrollWidth > window.innerWidth) wrong.push("the page is wider than the window");
    for (const one of all(".scrolls")) if (one.scrollWidth > one.clientWidth) say("cut off", one);
    if (all("h1").length !== 1) wrong.push("not one h1");
    let level = 0;
    for (const one of all("h1, h2, h3")) {
        const own = Number(one.tagName[1]);
        if (own > level + 1) say("a heading skips a level", one);
        level = own;
    }
    for (const one of all("input:not([type=hidden]), select, textarea"))
        if (!one.labels.length || !one.labels[0].innerText.trim()) say("no label", one);
    for (const one of all("a, button, summary")) if (!one.textContent.trim()) say("no words", one);
    for (const one of all("th")) if (!one.scope || !one.textContent.trim()) say("no scope", one);
    for (const one of all("table")) if (!one.tHead || one.getAttribute("role") !== "table") say("no head", one);
    for (const one of all("img")) if (!one.hasAttribute("alt")) say("no alt", one);
    for (const one of all("nav, section, [role=region]"))
        if (!one.ariaLabel && !document.getElementById(one.getAttribute("aria-labelledby"))) say("no name", one);
    for (const one of all("[id]")) if (all(`[id="${one.id}"]`).length > 1) say("an id twice", one);
    for (const query of ["main", "header", "title", "html[lang]"])
        if (all(query).length !== 1) wrong.push(`not one ${query}`);
    return wrong;
}"""

# Contrast of every text with its ground: WCAG AA asks for 4.5 to 1.
FAINT = """() => {
    const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => {
        const [x, y, z] = [r, g, b].map(c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const ground = element => {
        for (let at = element; at; at = at.parentElement) {
            const found = numbers(getComputedStyle(at).backgroundColor);
            if (found.length === 3 || found[3] === 1) return found;
        }
        return [255, 255, 255];
    };
    const faint = [];
    for (const element of document.querySelectorAll("body *")) {
        const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
        if (!own || !element.checkVisibility()) continue;
        const [a, b] = [light(numbers(getComputedStyle(element).color)), light(ground(element))];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) faint.push(`${element.tagName} ${element.className} ${element.innerText.slice(0, 30)} ${ratio.toFixed(2)}`);
    }
    return faint;
}"""
