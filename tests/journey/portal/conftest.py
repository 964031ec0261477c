"""Both ends as processes of their own, in a folder of their own, and a person before a browser."""

from contextlib import contextmanager

import pytest

from support.chromium import chromium
from support.portal_walk import ends
from support.tutorial_walk import Tutorial

__all__ = ["chromium"]

UMBRELLA_RATE = "8"  # requests a second: slow enough to see the progress bar move


@pytest.fixture
def begin(chromium, tmp_path):
    """`with begin() as walk`: nothing is done yet. `scripted`: whether the browser runs scripts."""

    @contextmanager
    def begin(*, scripted=True):
        window = {"viewport": {"width": 1280, "height": 800}, "timezone_id": "UTC"}
        context = chromium.new_context(**window, java_script_enabled=scripted)
        try:
            with ends(tmp_path, "--rate-limit", UMBRELLA_RATE) as both:
                yield Tutorial(context, both, tmp_path, scripted=scripted)
        finally:
            context.close()

    return begin


@pytest.fixture
def provisioned(begin):
    """The walk after the initial cycle: everybody is provisioned, and the overview of the job is open."""
    with begin() as walk:
        walk.everything()
        yield walk
