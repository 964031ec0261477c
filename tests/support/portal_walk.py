"""Umbrella and the service as processes of their own, and a person who clicks through the pages of both.

`ends(folder)` starts and ends the processes. A `Person` finds everything by role and name, as somebody does who reads
the tutorial, and leaves pictures of what is seen where PROVISOR_SCREENSHOTS names a folder.
"""

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import expect

SECONDS = 60
_PICTURES = os.environ.get("PROVISOR_SCREENSHOTS")


@dataclass(frozen=True)
class Ends:
    """Both ends: `umbrella` is the address of the dashboard, `set_up` the link for the first administrator."""

    umbrella: str
    portal: str
    set_up: str


def environment(folder):
    """That of a command with its data in this folder and no settings of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PROVISOR_")}
    return {**kept, "PROVISOR_DATA": str(folder)}


def run(folder, *arguments, typed=""):
    """A command beside the processes, with what is typed."""
    done = subprocess.run(
        [sys.executable, "-m", "provisor", *arguments],
        env=environment(folder),
        input=typed,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr


@contextmanager
def started(folder, *arguments, until):
    """A process that has printed what `until` describes; gives what was found. It ends with the context."""
    with (folder / f"{arguments[0]}.log").open("w") as errors:
        child = subprocess.Popen(
            [sys.executable, "-m", "provisor", *arguments],
            env=environment(folder),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        try:
            yield next(found[0] for line in child.stdout if (found := re.search(until, line)))
        finally:
            child.terminate()
            child.wait(SECONDS)
            child.stdout.close()


@contextmanager
def ends(folder, *options):
    """Umbrella, started with these options, and the service with its portal."""
    with (
        started(folder, "target", "serve", "--port", "0", *options, until=r"http://127\.0\.0\.1:\d+") as umbrella,
        started(folder, "serve", "--port", "0", until=r"http://127\.0\.0\.1:\d+/set-up/\S+") as set_up,
    ):
        yield Ends(umbrella=umbrella, portal=set_up.partition("/set-up/")[0], set_up=set_up)


class Person:
    """Somebody in a window. What is looked for is waited for, as long as a slow machine takes."""

    def __init__(self, page):
        self.page = page
        page.set_default_timeout(SECONDS * 1000)

    def there(self, role, name, *, within=None, exact=True):
        """Something on the page, by what it is and what it is called."""
        return (within or self.page).get_by_role(role, name=name, exact=exact)

    def click(self, role, name, *, within=None, exact=True):
        self.there(role, name, within=within, exact=exact).first.click()

    def follow(self, link, *, to, within=None):
        """Follow a link, and wait for the page, or the part of one, with this heading."""
        self.click("link", link, within=within)
        self.sees("heading", to)

    def press(self, button, *, to, within=None):
        """Press a button, and wait for the page with this heading."""
        self.click("button", button, within=within)
        self.sees("heading", to)

    def fill(self, label, text, *, within=None):
        (within or self.page).get_by_label(label, exact=True).fill(text)

    def sees(self, role, name, *, within=None, exact=True):
        expect(self.there(role, name, within=within, exact=exact).first).to_be_visible(timeout=SECONDS * 1000)

    def reads(self, text, *, within=None):
        """Wait for a text, or a pattern, on the page."""
        expect(within or self.page.get_by_role("main")).to_contain_text(text, timeout=SECONDS * 1000)

    def comes_to_read(self, text, link):
        """Wait for a text, following a link again and again, as somebody does whose browser runs no scripts."""
        for _ in range(SECONDS):
            if re.search(text, self.page.get_by_role("main").inner_text()):
                return
            self.page.wait_for_timeout(500)
            self.click("link", link)
            self.page.wait_for_load_state()
        raise AssertionError(self.page.get_by_role("main").inner_text())

    def rows(self, table):
        """The cells of a table, row by row, without its heads."""
        body = self.there("region", table).locator("tbody tr")
        return [[" ".join(cell.split()) for cell in row.locator("th, td").all_inner_texts()] for row in body.all()]

    def picture(self, name, *, at=None):
        """A picture of the window, with something scrolled to its upper part."""
        if not _PICTURES:
            return
        if at is None:
            self.page.evaluate("scrollTo(0, 0)")
        else:
            at.evaluate("one => scrollTo(0, one.getBoundingClientRect().top + scrollY - 90)")
        self.page.mouse.move(0, 0)
        self.page.wait_for_timeout(300)
        Path(_PICTURES).mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=Path(_PICTURES) / f"{name}.png")
