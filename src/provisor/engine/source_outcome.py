"""What kept a source from being read, as a failure for an administrator: who, what, and what to do.

Pure. Codes are ours (kebab-case), listed in reference/errors.md: Entra Connect's are of another program's event log.
"""

from typing import Final

from provisor.engine.ports import ConnectorError, Malformed, Rejected, Throttled, Unauthorized, Unreachable
from provisor.engine.sources import CursorLost
from provisor.rules.failure import Failure, Retry

UNAUTHORIZED = "source-unauthorized"
UNREACHABLE = "source-unreachable"


def source_failure(error: ConnectorError, source: str) -> Failure:
    """The failure of a read, a test or any other question to the source of this name."""
    match error:
        case Unauthorized():
            return _failure(
                UNAUTHORIZED,
                f"The source {source} does not let us sign in: {error}",
                f"Give the password again with `provisor source set {source} --ask password` (the secret of a tenant: "
                "clientSecret). Look at the account, too: it may be locked or expired.",
            )
        case Throttled():
            return _failure("source-throttled", f"The source {source} asks to wait: {error}", _NOTHING)
        case Unreachable():
            hint = (
                "Check that the server is up and reachable from here, and its certificate; or that the files are there"
                " and may be read."
            )
            return _failure(UNREACHABLE, f"The source {source} gave no answer: {error}", hint)
        case CursorLost():
            return _failure("source-cursor-lost", f"The source {source} cannot go on: {error}", _NOTHING)
        case Malformed():
            hint = "Check that the address is that of such a source."
            return _failure("source-malformed", f"The source {source} gave an answer that says nothing: {error}", hint)
        case Rejected():
            said = error.detail or error.message
            hint = "Give the account the right to do this, or correct the settings of the source."
            return _failure("source-refused", f"The source {source} refused: {said}", hint)
        case _:
            return _failure("InternalError", f"The source {source} could not be read: {error}", "Report this as a bug.")


_NOTHING: Final = "Nothing needs to be done unless this goes on: it is tried again."


def _failure(code: str, message: str, hint: str) -> Failure:
    message = message if message.endswith((".", "!", "?")) else message + "."
    return Failure(code=code, message=message, hint=hint, retry=Retry.LATER)
