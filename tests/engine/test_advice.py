"""What real applications answer, and what an administrator is told to do about it.

The sentences are those of the threads named beside them. What was sent is written by scim.entra, as in a cycle.
"""

import msgspec
import pytest

from provisor.engine.outcome import failure_from
from provisor.engine.ports import Exchange, Rejected
from provisor.gallery import template
from provisor.scim.entra import Dialect, create_body, members_bodies, patch_body
from provisor.scim.patch.operations import Operation

INCOMPATIBLE = "SystemForCrossDomainIdentityManagementServiceIncompatible"
COMPLIANT, CLASSIC = "?aadOptscim062020", "?AzureAdScimPatch2017"

GENERIC = template("scim")
UMBRELLA = template("ciscoUmbrella")
USER = {"userName": "anna@contoso.com", "title": "Engineer"}
CHANGES = [
    Operation(op="replace", path="active", value=False),
    Operation(op="replace", path="displayName", value="Anna"),
    Operation(op="add", path="title", value="Engineer"),
]

SENT = {
    "user": ("create", create_body(USER, "user", Dialect.COMPLIANT, GENERIC.user_type)),
    "plain user": ("create", create_body(USER, "user", Dialect.COMPLIANT, UMBRELLA.user_type)),
    "classic group": ("create", create_body({"displayName": "A"}, "group", Dialect.CLASSIC, GENERIC.group_type)),
    "group": ("create", create_body({"displayName": "A"}, "group", Dialect.COMPLIANT, GENERIC.group_type)),
    "classic change": ("update", patch_body(CHANGES, Dialect.CLASSIC, GENERIC.user_type)),
    "change": ("update", patch_body(CHANGES, Dialect.COMPLIANT, GENERIC.user_type)),
    "classic members": ("change the members of", members_bodies(["1"], ["2"], Dialect.CLASSIC)[0]),
    "members": ("change the members of", members_bodies(["1"], ["2"], Dialect.COMPLIANT)[0]),
    "deletion": ("delete", None),
    "look-up": ("look up", None),
}

# what was sent, status, scimType, what was said, code, what the advice says
ANSWERS = {
    "extra schema named": (
        "classic group", 400, "invalidSyntax",
        "Unknown schema http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group",
        INCOMPATIBLE, COMPLIANT,
    ),
    "extra schema as value": (
        "classic group", 400, "invalidValue",
        "schemas: 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group' is not allowed.",
        INCOMPATIBLE, COMPLIANT,
    ),
    "extra schema not named": (
        "classic group", 400, "invalidSyntax", "The request contains an unsupported schema", INCOMPATIBLE, COMPLIANT,
    ),
    "extra schema, 422": ("classic group", 422, None, "schemas contains an unknown urn", INCOMPATIBLE, COMPLIANT),
    "enterprise schema (imulab/go-scim#60)": (
        "user", 400, "invalidValue",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User is not a supported schema",
        INCOMPATIBLE, "enterprise extension",
    ),
    "enterprise schema not named": ("user", 400, "invalidSyntax", "Invalid schemas", INCOMPATIBLE, "enterprise extension"),
    "enterprise attribute": (
        "change", 400, "invalidPath",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:division is unknown",
        "SchemaAttributeNotFound", "remove its mapping",
    ),
    "a path as a key (scim-for-keycloak#26)": (
        "change", 400, "invalidPath", "Unknown attribute name.givenName", "SchemaAttributeNotFound", CLASSIC,
    ),
    "enterprise attribute in a path": (
        "classic change", 400, "invalidPath",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:division is unknown",
        "SchemaAttributeNotFound", "does not know the attribute",
    ),
    "custom extension not listed": (
        "plain user", 400, "invalidSyntax", "schemas must list every schema extension that is used", INCOMPATIBLE, "custom",
    ),
    "extension path": (
        "change", 400, "invalidPath", "Attribute urn:example:2.0:User:badge is not defined",
        "SchemaAttributeNotFound", "remove its mapping",
    ),
    "boolean as text (scimmyjs/scimmy#86)": (
        "classic change", 400, "invalidValue",
        "Attribute 'active' expected value type 'boolean' but found type 'string' for 'replace' op of operation 1",
        INCOMPATIBLE, "booleans",
    ),
    "boolean as text, otherwise": ("classic change", 400, None, "active: Not a valid boolean.", INCOMPATIBLE, COMPLIANT),
    "no add (getsentry/sentry#84941)": (
        "change", 400, None,
        r'{"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "detail": {"Operations": {"op": ["\"add\" is not a '
        r'valid choice"], "value": ["value must be a boolean or object"]}}}',
        INCOMPATIBLE, "takes no `add`",
    ),
    "capital (thomaspoignant/scim-patch#6)": (
        "classic change", 400, "invalidSyntax", "Operation Replace is not supported", INCOMPATIBLE, COMPLIANT,
    ),
    "capital in a list": (
        "classic change", 400, "invalidValue", '"op" must be one of [add, remove, replace]', INCOMPATIBLE, COMPLIANT,
    ),
    "no path (AzureAD/SCIMReferenceCode#97)": ("change", 400, "invalidSyntax", "path is required", INCOMPATIBLE, CLASSIC),
    "no path, otherwise": ("change", 400, "noTarget", "Operation without path", INCOMPATIBLE, CLASSIC),
    "members by value (MicrosoftDocs/azure-docs#30826)": (
        "classic members", 400, "invalidPath", "remove of members needs a filter in the path", INCOMPATIBLE, COMPLIANT,
    ),
    "members by filter (ssoready/ssoready#228)": (
        "members", 400, "invalidPath", "unsupported filter in path: members[value eq \"2\"]", INCOMPATIBLE, CLASSIC,
    ),
    "no such entry (scim-for-keycloak#73)": (
        "change", 400, "noTarget", "No target found for path-filter 'emails[type eq \"work\"].value'",
        "SchemaAttributeNotFound", "during object creation",
    ),
    "no such entry (scim-patch#176)": (
        "change", 400, "noTarget",
        "Invalid SCIM Patch: Target location is a multi-valued attribute for which a value selection filter (:Ann) has been "
        "supplied and no record match was made",
        "SchemaAttributeNotFound", "during object creation",
    ),
    "unknown attribute (SimpleIdServer#733)": (
        "change", 400, None, "attribute primary is not recognized by the SCIM schema", "SchemaAttributeNotFound", "remove its",
    ),
    "unknown attribute at creation (SimpleIdServer#733)": (
        "user", 400, None, "attribute primary is not recognized by the SCIM schema", "SchemaAttributeNotFound", "remove its",
    ),
    "attribute outside of the schema": (
        "classic group", 400, None, "Property nickName is not part of the schema", "SchemaAttributeNotFound", "remove its",
    ),
    "the attribute schemas": ("user", 400, None, "Attribute 'schemas' has an unknown value", INCOMPATIBLE, "enterprise"),
    "unknown field": ("user", 400, "invalidSyntax", 'Unrecognized field "nickName"', "SchemaAttributeNotFound", "remove its"),
    "user limit (snapotter-hq/SnapOtter#987)": (
        "user", 403, None, "User limit reached (5 max)", "InsufficientRights", "is full",
    ),
    "seats (Kong/insomnia#8890)": (
        "user", 403, None, '{"error": "NEEDS_TO_INCREASE_SEATS", "message": "The owner needs to increase the seats"}',
        "InsufficientRights", "is full",
    ),
    "seats (onyx-dot-app/onyx#8401)": ("user", 402, None, "", "InsufficientRights", "is full"),
    "licence": ("user", 400, None, "No more licenses available", "InsufficientRights", "is full"),
    "group limit of the bundled target": ("group", 403, None, "group limit 200 reached", "InsufficientRights", "is full"),
    "rights": ("user", 403, None, "The token lacks the scope users:write", "InsufficientRights", "Give the token"),
    "taken, 400 (imulab/go-scim#65)": (
        "user", 400, "invalidValue", "value of 'userName' is not unique", "EntryConflict", "rename the other",
    ),
    "taken, 409 without scimType (getsentry/sentry#117860)": (
        "user", 409, None, "User already exists in the database.", "EntryConflict", "rename the other",
    ),
    "taken, 500 (keycloak-scim-server#109)": (
        "user", 500, None, '{"errorMessage": "User exists with same email"}', "EntryConflict", "rename the other",
    ),
    "taken, 500 of a database": (
        "user", 500, None, "duplicate key value violates unique constraint", "EntryConflict", "rename the other",
    ),
    "missing (GluuFederation/oxTrust#260)": (
        "user", 400, "invalidValue", "name.familyName is required", "MandatoryFieldsMissing", "a default",
    ),
    "blank": ("user", 400, None, "emails: This field may not be blank.", "MandatoryFieldsMissing", "a default"),
    "too long": ("change", 400, "invalidValue", "title is too long", "UnprocessableEntity", "Left("),
    "too long, counted": ("user", 422, None, "displayName must be at most 64 characters", "UnprocessableEntity", "Left("),
    "another value": ("change", 400, "invalidValue", "preferredLanguage xx", "UnprocessableEntity", "Compare the value"),
    "a value in an operation": (
        "change", 400, "invalidValue", "operation 1: invalid value Engineer", "UnprocessableEntity", "Compare the value",
    ),
    "domain": ("user", 400, None, "Email domain contoso.com is not verified", "UnprocessableEntity", "domain verified"),
    "read-only name": ("change", 400, None, "userName is readonly", "NotPermitted", "during object creation"),
    "mutability": ("change", 400, "mutability", "", "NotPermitted", "during object creation"),
    "meta": ("user", 400, "mutability", "meta is not accepted", INCOMPATIBLE, "RFC 7644 section 3.3"),
    "filter": ("look-up", 400, "invalidFilter", "Filter by externalId is not supported", INCOMPATIBLE, "match by another"),
    "no PATCH (authentik#13386)": ("change", 405, None, 'Method "PATCH" not allowed.', "MethodNotAllowed", "takes no PATCH"),
    "no PATCH (PennState/SCIMple-Identity#50)": ("change", 501, None, "", "NotImplemented", "takes no PATCH"),
    "no PATCH of members": ("members", 405, None, "", "MethodNotAllowed", "takes no PATCH"),
    "no DELETE": ("deletion", 405, None, "", "MethodNotAllowed", "switch Delete off"),
    "no groups": ("group", 404, None, "Not Found", INCOMPATIBLE, "switch groups off"),
    "no POST": ("user", 405, None, "", "MethodNotAllowed", "check it"),
    "gone": ("change", 404, None, "Resource 17 not found", "InvalidAnchor", "matched again"),
    "too large": ("user", 413, None, "<h1>413 Request Entity Too Large</h1>", "UnprocessableEntity", "client_max_body_size"),
    "content type (pingidentity/scim2#131)": ("change", 415, None, "HTTP Status 415", INCOMPATIBLE, "application/scim+json"),
    "accept": ("user", 406, None, "", INCOMPATIBLE, "application/scim+json"),
    "proxy": ("user", 407, None, "Proxy Authentication Required", "WebExceptionProtocolError", "proxy"),
    "limits": ("user", 429, None, "Too many requests", "TooManyRequests", "limits requests"),
    "broken": ("user", 500, None, "Internal Server Error", "InternalServerError", "The application failed"),
}  # fmt: skip


def failed(sent, status, scim_type, said):
    verb, body = SENT[sent]
    exchange = Exchange(method="", url="", request_body=b"" if body is None else msgspec.json.encode(body))
    error = Rejected("refused", status=status, scim_type=scim_type, detail=said, exchange=exchange)
    return failure_from(error, application="Umbrella", verb=verb, who="anna@contoso.com")


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_an_answer_has_its_code_and_its_advice(answer):
    sent, status, scim_type, said, code, advice = answer

    failure = failed(sent, status, scim_type, said)

    assert failure.code == code
    assert advice in failure.hint


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_what_the_application_said_is_told_unchanged(answer):
    sent, status, scim_type, said, _, _ = answer

    assert said in failed(sent, status, scim_type, said).message


@pytest.mark.parametrize(
    "word", ["schema ", "not ", "path ", "op ", "[a eq ", "members ", "attribute ", '"schemas":[', "is "]
)
def test_an_answer_that_repeats_a_word_for_ever_is_read_no_further_than_its_beginning(word):
    short, long = word * 1_000, word * 100_000

    assert failed("change", 400, None, short).hint == failed("change", 400, None, long).hint
