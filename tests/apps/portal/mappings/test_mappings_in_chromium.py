"""The mappings in a real browser: completion at the cursor, results while typing, clauses that come without a reload."""

import os
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest

from support.chromium import CHROMIUM, needs_chromium

PASSWORD = "correct horse battery"
APP = "Cisco Umbrella User Management"

pytestmark = [pytest.mark.slow, needs_chromium]


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A service with one application and two people; its address, the mappings' address, and a set-up link."""
    folder = tmp_path_factory.mktemp("mappings")
    environment = {
        **os.environ,
        "PROVISOR_DATABASE_URL": f"sqlite:///{folder / 'service.sqlite'}",
        "PROVISOR_SECRET_KEY_FILE": str(folder / "secret.key"),
    }

    def run(*arguments):
        command = [sys.executable, "-m", "provisor", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    child = subprocess.Popen(
        [sys.executable, "-m", "provisor", "serve", "--port", "0"], env=environment, stdout=subprocess.PIPE, text=True
    )
    url = None
    while url is None:
        url = re.search(r"http://127\.0\.0\.1:\d+", child.stdout.readline())
    run("user", "create", "userPrincipalName=anna@contoso.com", "givenName=Anna", "surname=Ek", "department=Sales")
    run("user", "create", "userPrincipalName=bo@contoso.com", "givenName=Bo", "department=Research")
    run("app", "add", APP)
    run("job", "create", APP)
    job = re.search(r"ciscoUmbrella\.\S+", run("job", "list"))[0].strip()
    application = job.rpartition(".")[2]
    said = run("admin", "user", "add", "ana@contoso.com", "--role", "Application Administrator", "--address", url[0])
    link = re.search(r"/set-up/\S+", said)[0]
    room = f"{url[0]}/applications/{application}/provisioning/{job}/mappings"
    yield SimpleNamespace(url=url[0], room=room, link=link)
    child.terminate()
    child.wait(20)
    child.stdout.close()


@pytest.fixture(scope="module")
def page(service):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(service.url + service.link)
        page.fill("#password", PASSWORD)
        page.fill("#again", PASSWORD)
        page.click("button.primary")
        page.wait_for_load_state()
        yield page
        browser.close()


def test_an_expression_is_completed_and_its_result_follows_what_is_typed(page, service):
    page.goto(f"{service.room}/users/rows/7")
    page.fill("#person", "anna@contoso.com")
    page.fill("#expression", "")
    page.locator("#expression").press_sequentially("ToUpp")
    page.wait_for_selector("#offered [role=option]")
    page.keyboard.press("Enter")
    page.locator("#expression").press_sequentially("[givenN")
    page.keyboard.press("Tab")
    page.keyboard.type(")")

    page.wait_for_selector(".outcome:has-text('ANNA')")
    assert page.input_value("#expression") == "ToUpper([givenName])"
    page.locator("#expression").press_sequentially(" x")
    page.wait_for_selector(".mistake mark:has-text('x')")


def test_within_a_text_nothing_is_offered(page, service):
    page.goto(f"{service.room}/users/rows/7")
    page.fill("#expression", "")
    page.locator("#expression").press_sequentially('Join("ToUpp')

    assert page.locator("#offered").count() == 0


def test_clauses_come_without_a_reload_and_are_counted_while_they_are_typed(page, service):
    page.goto(f"{service.room}/users/scope")
    page.evaluate("window.same = true")
    page.click("text=Add scoping filter")
    page.wait_for_selector("#attribute-1-1:focus")
    page.keyboard.type("department")
    page.fill("#value-1-1", "Sales")
    page.wait_for_selector(".in-and-out .tile:first-child b:text-is('1')")
    page.click("#add-clause-1")
    page.wait_for_selector("#attribute-1-2:focus")
    page.keyboard.type("proxyAddresses")
    page.wait_for_selector("#wrong-1-2:has-text('several values')")

    assert page.evaluate("window.same")
    assert page.input_value("#value-1-1") == "Sales"
