"""What a verb refused, as a page says it: the sentence and what to do, without what only a command line can do."""

import re
from collections.abc import Mapping
from typing import Final

from provisor.admin.errors import AdminError
from provisor.web.answers import TemplatePage, refused

_STATUS: Final[Mapping[str, int]] = {"not-found": 404, "permission-denied": 403, "name-ambiguous": 409}
_TITLES: Final[Mapping[int, str]] = {403: "Not allowed", 404: "Not found"}
_OF_THE_COMMAND_LINE: Final = re.compile(r"`provisor |\s--[a-z]")
_SENTENCES: Final = re.compile(r"(?<=[.!?]) +(?=[A-Z`\"'])")


def said(error: AdminError) -> str:
    """What went wrong and what to do."""
    return f"{error.message} {advice(error.hint)}".strip()


def advice(text: str) -> str:
    """What to do, without sentences about the command line, where whoever reads a page is not."""
    return " ".join(one for one in _SENTENCES.split(text) if not _OF_THE_COMMAND_LINE.search(one))


def status_of(error: AdminError) -> int:
    """The HTTP status of a page that says it."""
    return _STATUS.get(error.code, 400)


def error_page(error: AdminError) -> TemplatePage:
    """A page of its own, for what no form can say beside its fields."""
    status = status_of(error)
    return refused(_TITLES.get(status, "Not done"), said(error), status)
