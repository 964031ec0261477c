"""What tests of several applications meet: a browser."""

from support.chromium import chromium

__all__ = ["chromium"]
