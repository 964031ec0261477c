"""Where a page of a log begins, as a link's token holds it."""

from typing import cast

from provisor.admin.logs import TimePlace
from provisor.scim.values import Json


def time_place(end: TimePlace) -> Json:
    """For the token."""
    return [end.at, end.id]


def read_time_place(place: Json) -> TimePlace | None:
    """From the token, which nobody else can have written; None: the first page."""
    if place is None:
        return None
    at, key = cast("tuple[int, str]", place)
    return TimePlace(at, key)
