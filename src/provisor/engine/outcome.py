"""The outcome of a request, in Entra's words: turns a ConnectorError into a Failure.

Pure. Codes: spec/provisioning-service.md section 10; reference/errors.md lists them. A message says who, what and
which value; the hint says what to do. Order: failures of objects, what stops a cycle, the words of statuses.
"""

from typing import Literal, TypeAlias

from provisor.engine.advice import SERVICE_INCOMPATIBLE, Verb, advice_for
from provisor.engine.ports import ConnectorError, Malformed, Rejected, Throttled, Unauthorized, Unreachable
from provisor.rules.failure import Failure, Retry

__all__ = ["Blame", "Failure", "RequestPurpose", "Retry", "Verb", "blame", "cycle_failure", "failure_from"]

RequestPurpose: TypeAlias = Literal["probe", "filter", "object"]
Blame: TypeAlias = Literal["job", "object", "unsure"]

# Status -> code and what to do, if the target gave no scimType that says more.
_BY_STATUS: dict[int, tuple[str, str]] = {
    200: (SERVICE_INCOMPATIBLE, "Ask the maker of the application why it answers like this."),
    400: ("UnprocessableEntity", "Compare the value with what the application accepts, and change it or its mapping."),
    401: ("Unauthorized", "Generate a new token at the application and save it in the credentials of the job."),
    403: ("InsufficientRights", "Give the token the right to do this, or free a place when the application is full."),
    404: ("InvalidAnchor", "The object is gone from the application. It is matched again in the next cycle."),
    405: ("MethodNotAllowed", "The application does not offer this operation; switch it off in the object actions."),
    408: ("Timeout", "The application was too slow. Nothing needs to be done unless this goes on."),
    409: ("EntryConflict", "Delete or rename the other object, or change the matching attribute, then retry."),
    412: (
        "Conflict",
        "Somebody else changed the object at the same time. Nothing needs to be done unless this goes on.",
    ),
    413: ("UnprocessableEntity", "The request is too large for the application; shorten the value."),
    422: ("UnprocessableEntity", "Compare the value with what the application accepts, and change it or its mapping."),
    429: ("TooManyRequests", "The application limits requests. Nothing needs to be done unless this goes on."),
    501: ("NotImplemented", "The application does not offer this operation; switch it off in the object actions."),
}
_BY_SCIM_TYPE: dict[str, tuple[str, str]] = {
    "uniqueness": _BY_STATUS[409],
    "mutability": ("NotPermitted", "The attribute cannot be changed there: map it only during object creation."),
    "invalidpath": ("SchemaAttributeNotFound", "The application does not know the attribute: remove its mapping."),
    "notarget": ("SchemaAttributeNotFound", "The application does not know the attribute: remove its mapping."),
    "sensitive": _BY_STATUS[403],
    "toomany": (
        "SystemForCrossDomainIdentityManagementMultipleEntriesInResponse",
        "Match by an attribute that is unique at the application.",
    ),
}
_SERVER_ERROR = ("InternalServerError", "The application failed. Nothing needs to be done unless this goes on.")
_UNEXPECTED = ("UnprocessableEntity", "Ask the maker of the application what this answer means.")


def failure_from(error: ConnectorError, *, application: str, verb: Verb, who: str) -> Failure:
    """The failure of one object: `application` could not or would not `verb` `who`."""
    match error:
        case Unauthorized():
            return _failure("Unauthorized", f"{application} refused to {verb} {who}: {error}", _BY_STATUS[401][1])
        case Throttled():
            message = f"{application} asked to wait before it would {verb} {who}: {error}"
            return _failure("TooManyRequests", message, _BY_STATUS[429][1], Retry.NOW)
        case Unreachable():
            code = "Timeout" if error.sent else "WebExceptionProtocolError"
            message = f"{application} gave no answer when asked to {verb} {who}: {error}"
            hint = "Check that the application is up and reachable from here."
            return _failure(code, message, _BY_STATUS[408][1] if error.timed_out else hint)
        case Malformed():
            message = f"{application} answered something that is not SCIM when asked to {verb} {who}: {error}"
            return _failure(SERVICE_INCOMPATIBLE, message, "Check the tenant URL; ask the maker of the application.")
        case Rejected():
            return _rejected(error, application, verb, who)
        case _:
            return _failure("InternalError", f"It was not possible to {verb} {who}: {error}", "Report this as a bug.")


def _rejected(error: Rejected, application: str, verb: Verb, who: str) -> Failure:
    code, hint = (
        _BY_SCIM_TYPE.get((error.scim_type or "").lower())
        or _BY_STATUS.get(error.status)
        or (_SERVER_ERROR if error.status >= 500 else _UNEXPECTED)
    )
    advice = advice_for(error, verb)
    if advice is not None:
        code, hint = advice.code or code, advice.hint
    said = error.detail or error.message or f"status {error.status}, without a reason"
    said = said if said.endswith((".", "!", "?")) else said + "."
    return _failure(code, f"{application} refused to {verb} {who}: {said}", hint)


def _failure(code: str, message: str, hint: str, retry: Retry = Retry.LATER) -> Failure:
    message = message if message.endswith((".", "!", "?")) else message + "."
    return Failure(code=code, message=message, hint=hint, retry=retry)


def blame(error: ConnectorError, where: RequestPurpose) -> Blame:
    """Whose fault an error is: the job's, and the cycle stops with its cursor kept; one object's; or unclear.

    The job is to blame for the credential, the network, and any refusal of the probe. A time-out is unclear: the target
    may hang on one object. So is an answer to a filter that is not a list, although SCIM has an empty one (404
    included, spec/scim-wire.md section 6): a firewall may dislike one name. When it is unclear, the runner asks the
    target something else (runner.asking.timeouts).
    """
    match error:
        case Unauthorized():
            return "job"
        case Unreachable():
            return "unsure" if error.timed_out and where != "probe" else "job"
        case Malformed():
            return "job" if where == "probe" else "unsure" if where == "filter" else "object"
        case Rejected():
            doubtful = where == "filter" and error.status == 404
            return "job" if where == "probe" else "unsure" if doubtful else "object"
        case Throttled():
            return "object"
        case _:
            return "job"


def cycle_failure(error: ConnectorError, *, application: str, address: str) -> Failure:
    """The sentence for the job when the job is to blame. The address comes without its query, hence without secrets."""
    where = f"{application} at {address}"
    match error:
        case Unauthorized(exchange=None):  # from where tokens come; the application was not asked
            return _failure("Unauthorized", f"{where} cannot be signed in to: {error}", _BY_STATUS[401][1])
        case Unauthorized():
            message = f"{where} refused the credentials (status 401)."
            return _failure("Unauthorized", message, _BY_STATUS[401][1])
        case Unreachable():
            code = "Timeout" if error.sent else "WebExceptionProtocolError"
            hint = "Check that the application is up and reachable from here; the cycle goes on where it stopped."
            return _failure(code, f"{where} cannot be reached: {error}", hint)
        case Throttled():
            hint = "The application limits requests; the cycle goes on where it stopped."
            return _failure("TooManyRequests", f"{where} accepts no requests for now: {error}", hint)
        case Rejected(status=404) | Malformed():
            hint = "Check the tenant URL: a SCIM service answers a filter with a list, even when nobody matches."
            return _failure(SERVICE_INCOMPATIBLE, f"{where} does not answer as a SCIM service: {error}", hint)
        case Rejected():
            rejected = _rejected(error, where, "look up", "anybody")
            return _failure(rejected.code, rejected.message, rejected.hint)
        case _:
            return _failure("InternalError", f"{where} could not be used: {error}", "Report this as a bug.")
