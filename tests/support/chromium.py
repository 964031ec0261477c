"""Chromium for tests that look at pages as people do."""

import os
import shutil

import pytest

CHROMIUM = shutil.which("chromium")
REQUIRED = os.environ.get("PROVISOR_TEST_SERVICES") == "required"

needs_chromium = pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="chromium is not installed")
