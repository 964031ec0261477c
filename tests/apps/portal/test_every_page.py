"""Every page of the portal in Chromium: at two widths, dark and light, to keyboard and ear. See example_paths.py."""

import pytest

from apps.portal.example_paths import STATUSES, addresses
from provisor.portal.site import RULES
from support.chromium import needs_chromium
from support.page_examiner import LOOKS, PageExaminer
from support.portal_service import PortalService

pytestmark = [pytest.mark.slow, needs_chromium, pytest.mark.timeout(300)]

PAGES = sorted({rule.path for rule in RULES if rule.method == "GET"})
FOR_STRANGERS = sorted({rule.path for rule in RULES if rule.method == "GET" and rule.access == "anyone"})


@pytest.fixture(scope="module")
def service(tmp_path_factory, migrated_file):
    service = PortalService(tmp_path_factory.mktemp("portal"), migrated_file)
    yield service
    service.close()


@pytest.fixture(scope="module")
def signed_in(chromium, service):
    """A window of a Global Administrator."""
    context = chromium.new_context()
    page = context.new_page()
    service.sign_in(page)
    yield PageExaminer(page, service.url)
    context.close()


@pytest.fixture
def stranger(chromium, service):
    context = chromium.new_context()
    yield PageExaminer(context.new_page(), service.url)
    context.close()


@pytest.fixture
def judged(thorough, path):
    """How a page is looked at: in every way, or in one of them, each page in the next one's turn."""
    return LOOKS if thorough else [LOOKS[PAGES.index(path) % len(LOOKS)]]


@pytest.mark.parametrize("path", [path for path in PAGES if path not in FOR_STRANGERS])
def test_a_page_is_sound(service, signed_in, judged, path):
    for address in addresses(path, service.names):
        assert signed_in.examine(address, status=STATUSES.get(path, 200), judged=judged) == [], address


@pytest.mark.parametrize("path", FOR_STRANGERS)
def test_a_page_of_nobody_is_sound(service, stranger, judged, path):
    for address in addresses(path, service.names):
        assert stranger.examine(address, status=STATUSES.get(path, 200), judged=judged) == [], address


def test_the_page_of_an_address_that_is_none_is_sound(signed_in):
    assert signed_in.examine("/nothing", status=404) == []


def test_the_menu_of_a_narrow_window_opens_without_a_script_and_is_sound(chromium, service):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page = context.new_page()
    service.sign_in(page)

    assert not page.get_by_role("link", name="Users").is_visible()
    page.get_by_role("button", name="Menu").click()

    page.get_by_role("link", name="Account").click()
    page.wait_for_url(f"{service.url}/account")
    context.close()


def test_the_open_menu_of_a_narrow_window_is_sound(service, signed_in):
    page = signed_in.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{service.url}/account")

    page.get_by_role("button", name="Menu").click()

    assert signed_in.look() == []
    page.keyboard.press("Escape")
    assert not page.get_by_role("link", name="Home", exact=True).is_visible()
