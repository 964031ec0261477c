"""The errors of SCIM as one exception with a ready body (RFC 7644 section 3.12, table 9).

Pure. Every detail is a sentence for an administrator that names the attribute and the value. Order: the exception,
then one constructor per kind of error.
"""

import json

from provisor.scim.values import Json, Resource

_dumps = json.JSONEncoder(ensure_ascii=False, default=repr).encode

ERROR_URN = "urn:ietf:params:scim:api:messages:2.0:Error"
_SHOWN_CHARACTERS = 80  # enough to recognise a value in a log line, too few to flood it


class ScimError(Exception):
    """A refusal that is answered to the client as it stands."""

    def __init__(self, status: int, scim_type: str | None, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.scim_type = scim_type
        self.detail = detail

    def __repr__(self) -> str:
        return f"ScimError({self.status}, {self.scim_type!r}, {self.detail!r})"

    def body(self) -> Resource:
        """The error message to answer with; `status` is text, as the RFC has it."""
        body: Resource = {"schemas": [ERROR_URN], "status": str(self.status)}
        if self.scim_type is not None:
            body["scimType"] = self.scim_type
        body["detail"] = self.detail
        return body


def shown(value: Json) -> str:
    """A value as it may appear inside a sentence: as JSON, in one line, cut short."""
    # Cut before quoting too: a text of megabytes need not be copied to show its beginning.
    text = f'"{value[:_SHOWN_CHARACTERS]}"' if isinstance(value, str) else _dumps(value)
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 1]}…"


def invalid_filter(detail: str) -> ScimError:
    """The filter cannot be read, or the attribute does not allow the comparison."""
    return ScimError(400, "invalidFilter", detail)


def invalid_path(detail: str) -> ScimError:
    """The path of a PATCH cannot be read, or names nothing this resource type has."""
    return ScimError(400, "invalidPath", detail)


def invalid_value(detail: str) -> ScimError:
    """A value is missing or does not fit its attribute."""
    return ScimError(400, "invalidValue", detail)


def invalid_syntax(detail: str) -> ScimError:
    """The body does not have the structure of the message it should be."""
    return ScimError(400, "invalidSyntax", detail)


def no_target(detail: str) -> ScimError:
    """The path of a PATCH selected nothing to act on."""
    return ScimError(400, "noTarget", detail)


def mutability(detail: str) -> ScimError:
    """The attribute may not be changed in this way."""
    return ScimError(400, "mutability", detail)


def too_many(detail: str) -> ScimError:
    """The query has more results than the server is willing to give."""
    return ScimError(400, "tooMany", detail)


def uniqueness(detail: str) -> ScimError:
    """Another resource already has this value."""
    return ScimError(409, "uniqueness", detail)


def not_found(kind: str, identifier: str) -> ScimError:
    """No such resource; without `noTarget`, which belongs to PATCH."""
    return ScimError(404, None, f"{kind} {shown(identifier)} not found.")


def unauthorized(detail: str) -> ScimError:
    """The token is missing, wrong, expired or revoked."""
    return ScimError(401, None, detail)


def forbidden(detail: str) -> ScimError:
    """The request is understood but not allowed, such as a group beyond the capacity."""
    return ScimError(403, None, detail)


def precondition_failed(detail: str) -> ScimError:
    """The resource is no longer the version the client knows."""
    return ScimError(412, None, detail)


def too_large(detail: str) -> ScimError:
    """The request is larger than the server accepts."""
    return ScimError(413, None, detail)


def not_implemented(detail: str) -> ScimError:
    """The feature is not offered."""
    return ScimError(501, None, detail)
