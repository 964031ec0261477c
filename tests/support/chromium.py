"""Chromium for tests that look at pages as people do."""

import os
import shutil

import pytest

# The shell without a user interface takes half the time, and draws the same.
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
REQUIRED = os.environ.get("PROVISOR_TEST_SERVICES") == "required"

needs_chromium = pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="chromium is not installed")


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


def becomes_true(page, expression):
    """Wait for what a page says to become true. (Playwright's own waiting evaluates texts, which the pages forbid.)"""
    for _ in range(400):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never became true: {expression}")
