"""What our script does in a real browser, and that nothing needs it."""

import pytest

from support.chromium import becomes_true, needs_chromium
from support.page_examiner import PageExaminer
from support.script_site import ScriptSite

pytestmark = [pytest.mark.slow, needs_chromium, pytest.mark.timeout(240)]

NEW_YORK = "America/New_York"


@pytest.fixture
def site():
    site = ScriptSite()
    yield site
    site.close()


@pytest.fixture
def window(chromium, site):
    """Opens windows; whatever a browser complained of fails the test."""
    contexts, examiners = [], []

    def opened(path="/", **given):
        context = chromium.new_context(**({"timezone_id": "UTC"} | given))
        page = context.new_page()
        contexts.append(context)
        examiners.append(PageExaminer(page, site.url))
        page.goto(f"{site.url}{path}")
        return page

    yield opened
    complaints = [one for examiner in examiners for one in examiner.complaints()]
    for context in contexts:
        context.close()
    assert complaints == []


def stays(page):
    """Marks a document: the mark is gone once another one was loaded."""
    page.evaluate("window.marked = true")
    return lambda: page.evaluate("window.marked === true")


def until(page, happened):
    """Wait for something that happens beside the browser."""
    for _ in range(400):
        if happened():
            return
        page.wait_for_timeout(50)
    raise AssertionError("It never happened.")


# Times


def test_times_are_shown_in_the_readers_zone_and_say_which(window):
    page = window(timezone_id=NEW_YORK)

    becomes_true(page, "document.querySelector('[data-zone]').textContent !== 'UTC'")

    assert page.inner_text("#times") == "2026-03-01 03:30:05 EST, 2026-03-01 03:30:05, 2026-03-01 03:30, never (EST)"
    assert page.locator("time").first.get_attribute("title") == "2026-03-01 08:30:05 UTC"


def test_times_in_a_part_that_moves_are_too(window, site):
    page = window("/moving", timezone_id=NEW_YORK)
    site.text = "moved"

    page.wait_for_selector("text=moved")

    assert "2026-03-01 03:30" in page.inner_text("#part")


# From page to page


def test_a_link_brings_another_page_without_a_load_and_the_reader_to_its_beginning(window):
    page = window()
    same = stays(page)

    page.click("#on")
    page.wait_for_selector("h1:text('Second')")

    becomes_true(page, "document.activeElement.id === 'main'")
    assert page.title() == "Second · Scripts"
    assert page.url.endswith("/second")
    assert same()


def test_the_way_back_leads_back_and_no_page_is_left_in_the_browser(window):
    page = window()
    page.click("#on")
    page.wait_for_selector("h1:text('Second')")

    page.go_back()

    page.wait_for_selector("h1:text('First')")
    assert page.title() == "First · Scripts"
    page.go_forward()
    page.wait_for_selector("h1:text('Second')")
    kept = page.evaluate("JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage)])")
    assert "Here one is" not in kept
    assert "<" not in kept


def test_a_form_is_sent_without_a_load_and_says_what_was_done_once(window):
    page = window()
    same = stays(page)

    page.click("text=Save")

    page.wait_for_selector("[role=status]:text('Saved it.')")
    assert page.url.endswith("/second")
    assert same()
    page.reload()
    assert page.locator("[role=status]").count() == 0


def test_a_search_replaces_its_part_while_one_types_and_keeps_the_focus(window):
    page = window()

    page.locator("#q").press_sequentially("ab")

    page.wait_for_selector("#found:text('Found ab.')")
    assert page.evaluate("document.activeElement.id") == "q"
    assert page.url.endswith("/?q=ab")


def test_whoever_is_signed_out_meanwhile_is_led_to_the_way_in(window, site):
    page = window()
    site.over = True

    page.locator("#q").press_sequentially("a")

    page.wait_for_url("**/sign-in")
    page.wait_for_selector("h1:text('Sign in')")


# What moves


def test_a_part_moves_by_itself_and_keeps_what_the_reader_does_in_it(window, site):
    page = window("/moving")
    same = stays(page)
    page.click("summary")
    page.focus("#inner")

    for word in ("one", "two"):
        site.text = word
        page.wait_for_selector(f"#said:text('{word}')")

    assert page.evaluate("document.activeElement.id") == "inner"
    assert page.locator("#more").get_attribute("open") is not None
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:text('Second')")
    assert same()  # links of a part that moved are as any others


def test_a_page_that_is_left_follows_nothing(window, site):
    page = window("/moving")
    site.text = "moved"
    page.wait_for_selector("text=moved")
    assert site.followed == 1

    page.click("#inner")

    page.wait_for_selector("h1:text('Second')")
    until(page, lambda: site.followed == 0)


def test_many_windows_of_one_browser_move_and_starve_no_other_page(chromium, site):
    context = chromium.new_context()
    pages = [context.new_page() for _ in range(9)]
    for page in pages:
        page.goto(f"{site.url}/moving")

    site.text = "moved everywhere"

    for page in pages:
        page.wait_for_selector("text=moved everywhere", timeout=20_000)
    one_more = context.new_page()
    one_more.goto(f"{site.url}/second", timeout=10_000)
    assert one_more.inner_text("h1") == "Second"
    until(one_more, lambda: site.followed <= 3)  # the others ask now and then
    context.close()


# Copying, ticking, charts


def test_a_button_copies_what_a_field_holds(window):
    page = window(permissions=["clipboard-read", "clipboard-write"])

    page.click("[data-copies]")

    page.wait_for_selector("[data-copies]:text('Copied')")
    assert page.evaluate("navigator.clipboard.readText()") == "copy me"


def test_one_box_ticks_all_of_its_form(window):
    page = window()

    page.check("#all")
    assert [page.is_checked(box) for box in ("#one", "#two")] == [True, True]
    page.uncheck("#all")

    assert [page.is_checked(box) for box in ("#one", "#two")] == [False, False]


def test_charts_are_drawn_and_follow_the_width_and_the_colours_of_the_reader(window):
    page = window("/charts", viewport={"width": 1280, "height": 900}, color_scheme="light")
    page.wait_for_selector("#chart-1 >> xpath=.. >> canvas")
    drawn = "[...document.querySelectorAll('canvas')].map(one => one.toDataURL())"
    light = page.evaluate(drawn)

    page.emulate_media(color_scheme="dark")
    page.wait_for_function("light => document.querySelector('canvas').toDataURL() !== light[0]", arg=light)
    page.set_viewport_size({"width": 390, "height": 844})

    width = "document.querySelector('canvas').getBoundingClientRect().width"
    for _ in range(100):
        if page.evaluate(width) < 390:
            break
        page.wait_for_timeout(50)
    assert page.evaluate(width) < 390
    assert len(set(light)) == len(light) == 2
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_pages_with_charts_and_what_moves_are_sound(chromium, site):
    context = chromium.new_context()
    examiner = PageExaminer(context.new_page(), site.url)

    for path in ("/charts", "/moving", "/"):
        assert examiner.examine(path) == [], path
    context.close()


# Without it


def test_without_a_script_everything_is_there(window):
    page = window(java_script_enabled=False, timezone_id=NEW_YORK)
    assert page.inner_text("#times").startswith("2026-03-01 08:30:05 UTC")
    assert not page.is_visible("[data-copies]")
    assert not page.is_visible("#all")

    page.fill("#q", "ab")
    page.click("#search button")
    assert page.inner_text("#found") == "Found ab."
    page.click("text=Save")

    assert page.inner_text("[role=status]") == "Saved it."
    page.goto(page.url.replace("/second", "/charts"))
    page.click("summary >> nth=0")
    assert page.locator("#chart-1-numbers tbody tr").count() == 20
