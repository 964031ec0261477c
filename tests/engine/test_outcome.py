"""From a connector's error to a failure in Entra's words (spec/provisioning-service.md section 10)."""

from datetime import UTC, datetime

import pytest

from provisor.engine.outcome import Retry, blame, cycle_failure, failure_from
from provisor.engine.ports import Malformed, Rejected, Throttled, Unauthorized, Unreachable

SOON = datetime(2031, 3, 4, tzinfo=UTC)
INCOMPATIBLE = "SystemForCrossDomainIdentityManagementServiceIncompatible"

CODES = {
    400: "UnprocessableEntity",
    403: "InsufficientRights",
    404: "InvalidAnchor",
    405: "MethodNotAllowed",
    408: "Timeout",
    409: "EntryConflict",
    412: "Conflict",
    413: "UnprocessableEntity",
    418: "UnprocessableEntity",
    422: "UnprocessableEntity",
    429: "TooManyRequests",
    500: "InternalServerError",
    501: "NotImplemented",
    502: "InternalServerError",
    599: "InternalServerError",
}
SCIM_TYPES = {
    "uniqueness": "EntryConflict",
    "invalidValue": "UnprocessableEntity",
    "invalidPath": "SchemaAttributeNotFound",
    "noTarget": "SchemaAttributeNotFound",
    "mutability": "NotPermitted",
    "sensitive": "InsufficientRights",
    "tooMany": "SystemForCrossDomainIdentityManagementMultipleEntriesInResponse",
    "somethingElse": "UnprocessableEntity",
}
OTHERS = {
    "no answer": (Unreachable("no answer in 60 s"), "Timeout"),
    "no connection": (Unreachable("connection refused", sent=False), "WebExceptionProtocolError"),
    "bad token": (Unauthorized("401"), "Unauthorized"),
    "throttled": (Throttled("slow down", until=SOON), "TooManyRequests"),
    "no SCIM": (Malformed("no id in the answer"), INCOMPATIBLE),
}


def failed(error, verb="create"):
    return failure_from(error, application="Umbrella", verb=verb, who="anna@contoso.com")


@pytest.mark.parametrize(("status", "code"), CODES.items(), ids=CODES.keys())
def test_section_10_a_status_has_a_code(status, code):
    assert failed(Rejected("refused", status=status), verb="update").code == code


@pytest.mark.parametrize(("scim_type", "code"), SCIM_TYPES.items(), ids=SCIM_TYPES.keys())
def test_section_10_a_scim_type_says_more_than_status_400(scim_type, code):
    assert failed(Rejected("refused", status=400, scim_type=scim_type)).code == code


@pytest.mark.parametrize(("error", "code"), OTHERS.values(), ids=OTHERS.keys())
def test_section_10_every_kind_of_error_has_a_code(error, code):
    assert failed(error).code == code


def test_a_failure_says_who_what_which_value_and_what_to_do():
    failure = failed(Rejected("409", status=409, scim_type="uniqueness", detail="userName is already taken."))

    assert failure.message == "Umbrella refused to create anna@contoso.com: userName is already taken."
    assert failure.hint.startswith("Delete or rename the other object")
    assert failure.retry is Retry.LATER


def test_a_throttled_operation_is_tried_again_in_the_same_cycle():
    assert failed(Throttled("slow down", until=SOON)).retry is Retry.NOW


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 412, 422, 500, 501])
def test_everything_else_is_tried_again_next_cycle(status):
    assert failed(Rejected("no", status=status)).retry is Retry.LATER


def test_a_refusal_without_reason_still_makes_a_sentence():
    assert failed(Rejected("", status=403)).message.endswith("status 403, without a reason.")


JOB, OBJECT, UNSURE = "job", "object", "unsure"
BLAMED = {
    "401 anywhere": (Unauthorized("401"), {"probe": JOB, "filter": JOB, "object": JOB}),
    "unreachable": (Unreachable("down"), {"probe": JOB, "filter": JOB, "object": JOB}),
    "timed out": (Unreachable("60 s", timed_out=True), {"probe": JOB, "filter": UNSURE, "object": UNSURE}),
    "throttled": (Throttled("wait", until=SOON), {"probe": OBJECT, "filter": OBJECT, "object": OBJECT}),
    "not SCIM": (Malformed("html"), {"probe": JOB, "filter": UNSURE, "object": OBJECT}),
    "404": (Rejected("none", status=404), {"probe": JOB, "filter": UNSURE, "object": OBJECT}),
    "400": (Rejected("bad", status=400), {"probe": JOB, "filter": OBJECT, "object": OBJECT}),
    "500": (Rejected("broken", status=500), {"probe": JOB, "filter": OBJECT, "object": OBJECT}),
}


@pytest.mark.parametrize(("error", "blamed"), BLAMED.values(), ids=BLAMED.keys())
def test_an_error_is_the_jobs_or_one_objects_or_nobody_can_say(error, blamed):
    assert {where: blame(error, where) for where in blamed} == blamed


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Unauthorized("401"), "Unauthorized"),
        (Unreachable("refused", sent=False), "WebExceptionProtocolError"),
        (Unreachable("silence"), "Timeout"),
        (Rejected("none", status=404), INCOMPATIBLE),
        (Malformed("html"), INCOMPATIBLE),
        (Rejected("no", status=403), "InsufficientRights"),
        (Throttled("wait", until=SOON), "TooManyRequests"),
    ],
    ids=["401", "no connection", "no answer", "404", "html", "403", "throttled"],
)
def test_a_stopped_cycle_has_one_sentence_with_the_address(error, code):
    failure = cycle_failure(error, application="Umbrella", address="https://api.example/scim")

    assert failure.code == code
    assert "https://api.example/scim" in failure.message
    assert failure.hint
