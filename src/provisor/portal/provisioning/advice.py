"""What to do about something, in the words of the engine but for what only a command line can do."""

from provisor.admin.errors import AdminError
from provisor.portal.errors import said


def advice(hint: str) -> str:
    """The sentences of a hint that hold for whoever reads a page."""
    return said(AdminError("", "", hint))
