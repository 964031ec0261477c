"""The dashboard in a real browser, by keyboard alone, at two widths, in a server process of its own."""

import os
import re
import shutil
import subprocess

import pytest

CHROMIUM = shutil.which("chromium")
REQUIRED = os.environ.get("PROVISOR_TEST_SERVICES") == "required"
PASSWORD = "correct horse battery"
LONGEST_WALK = 60  # presses of Tab to anything on a page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="chromium is not installed"),
]


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    assert CHROMIUM, "chromium must be installed: apt-get install chromium fonts-liberation"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
        )
        yield browser
        browser.close()


@pytest.fixture
def server(serve):
    """A running server with an account and something to look at."""
    process = serve()
    made = subprocess.run(
        process.command("account", "create", "admin@example.org"),
        env=process.environment,
        input=PASSWORD,
        text=True,
        capture_output=True,
    )
    assert made.returncode == 0, made.stderr
    client = process.client()
    ana = client.user("<script>document.title='hacked'</script>", displayName="Ana", active=False)
    client.group("Field Staff", members=[ana["id"]])
    return process


@pytest.fixture
def page(chromium, server, request):
    """A window of one width without scripts of ours to help; every complaint of the browser fails the test."""
    context = chromium.new_context(viewport={"width": request.param, "height": 844})
    page = context.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    # Aborted is what a test does by opening the next page before this one has its icon.
    page.on("requestfailed", lambda it: complaints.append(it.url) if it.failure != "net::ERR_ABORTED" else None)
    page.on("response", lambda got: complaints.append(f"{got.status} {got.url}") if got.status >= 400 else None)
    page.goto(server.url.removesuffix("/identity/v2/scim"))
    yield page
    context.close()
    assert complaints == []


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
    page.wait_for_function("document.activeElement.id === 'email'")
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
    assert server.client_of(token).get("/Users").status == 200
    assert page.locator("#url").input_value() == server.url
    walk_to(page, "I have copied")
    page.keyboard.press("Space")
    walk_to(page, "Continue")
    page.keyboard.press("Enter")
    page.wait_for_url("**/api-keys?done=generated")
    assert token not in page.content()


@at_both_widths
def test_a_page_fits_the_window_and_runs_nothing(page, server):
    page.fill("#email", "admin@example.org")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/users-and-groups/users")
    base = page.url.removesuffix("/users-and-groups/users")

    for path in ("/users-and-groups/users", "/users-and-groups/groups", "/warnings", "/api-keys", "/requests"):
        page.goto(base + path)
        assert fits(page), path
        assert "hacked" not in page.title()
    page.goto(f"{base}/requests?method=POST")
    page.click("tbody a")
    assert fits(page)
    page.goto(f"{base}/users-and-groups/users")
    page.click("tbody a")
    assert fits(page)
    assert page.locator("h1").inner_text() == "<script>document.title='hacked'</script>"
    assert page.locator("text=This user is disabled").count() == 1


@at_both_widths
def test_words_can_be_told_from_what_they_stand_on(page):
    """Contrast of every text with its ground, in both colour schemes: WCAG AA asks for 4.5 to 1."""
    page.fill("#email", "admin@example.org")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/users-and-groups/users")
    base = page.url.removesuffix("/users-and-groups/users")

    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for path in ("/users-and-groups/users", "/warnings", "/api-keys", "/requests"):
            page.goto(base + path)
            assert page.evaluate(FAINT) == [], (scheme, path)


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
