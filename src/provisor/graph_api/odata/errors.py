"""Refusals in Graph's shape: code, message, innerError (spec/graph-synchronization-api.md section 10).

Graph's codes are what clients switch on; beside them innerError holds our own code and what to do about it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from provisor.admin.errors import AdminError

# code of ours: status and Graph's code; any other is 400 Request_BadRequest.
BY_CODE: Final[Mapping[str, tuple[int, str]]] = {
    "not-found": (404, "Request_ResourceNotFound"),
    "permission-denied": (403, "Authorization_RequestDenied"),
    "name-taken": (409, "Request_MultipleObjectsWithSameKeyValue"),
    "job-busy": (409, "Request_Conflict"),
    "job-restarted": (409, "Request_Conflict"),
    "job-not-paused": (409, "Request_Conflict"),
    "plan-over": (409, "Request_Conflict"),
    "unsupported-query": (400, "Request_UnsupportedQuery"),
    "too-many-requests": (429, "TooManyRequests"),
    "database": (503, "serviceNotAvailable"),
    "bulk-upload-unsupported": (400, "notSupported"),
    "changed-meanwhile": (412, "Request_PreconditionFailed"),
    "sync-state-expired": (410, "syncStateNotFound"),
}


@dataclass(slots=True)
class GraphError(Exception):
    """A request that is refused. `code` is Graph's; `reason` is ours, `hint` what to do; `places` are JSON pointers
    into the body, each with what is wrong there."""

    status: int
    code: str
    message: str
    hint: str = ""
    reason: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    places: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return self.message


def bad_request(message: str, hint: str = "") -> GraphError:
    """400: something in the request itself."""
    return GraphError(400, "Request_BadRequest", message, hint)


def unsupported_query(message: str, hint: str = "") -> GraphError:
    """400: a query option, or a use of one, that this resource does not offer."""
    return GraphError(400, "Request_UnsupportedQuery", message, hint)


def not_found(what: str) -> GraphError:
    """404; `what` is the path or the id."""
    return GraphError(404, "Request_ResourceNotFound", f"Resource '{what}' does not exist.")


def refusal_of(error: AdminError) -> GraphError:
    """What a verb refused, as Graph says it."""
    status, code = BY_CODE.get(error.code, (400, "Request_BadRequest"))
    headers = {"Retry-After": "10"} if status in (429, 503) else {}
    return GraphError(status, code, error.message, error.hint, error.code, headers, error.places)
