"""The core User schema and the enterprise extension, complete (RFC 7643 sections 4.1, 4.3, 8.7.1).

Pure data. Descriptions are ours, everything else is the RFC's, except where a comment says otherwise.
"""

from provisor.scim.schemas.schema import Attribute, AttributeType, Mutability, Schema

USER_URN = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE_URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def text(name: str, description: str, *, mutability: Mutability = "readWrite") -> Attribute:
    """A plain single-valued string, by far the most common attribute."""
    return Attribute(name=name, description=description, mutability=mutability)


def _listed(
    name: str,
    description: str,
    *,
    types: tuple[str, ...] = (),
    value: AttributeType = "string",
    reference_types: tuple[str, ...] = (),
) -> Attribute:
    """A multi-valued attribute with the usual four sub-attributes (RFC 7643 section 2.4)."""
    return Attribute(
        name=name,
        type="complex",
        multi_valued=True,
        description=description,
        sub_attributes=(
            Attribute(
                name="value",
                type=value,
                description="The value itself.",
                # Binary values and addresses of pictures differ when a single letter's case does.
                case_exact=value in ("binary", "reference"),
                reference_types=reference_types,
            ),
            text("display", "A name to show for this value."),
            Attribute(name="type", description="What this value is for.", canonical_values=types),
            Attribute(name="primary", type="boolean", description="Whether this is the preferred value."),
        ),
    )


_NAME = Attribute(
    name="name",
    type="complex",
    description="The parts of the person's name.",
    sub_attributes=(
        text("formatted", "The full name, ready to show."),
        text("familyName", "The family name, or last name."),
        text("givenName", "The given name, or first name."),
        text("middleName", "The middle names."),
        text("honorificPrefix", "A title before the name, such as Dr."),
        text("honorificSuffix", "A suffix after the name, such as III."),
    ),
)

_ADDRESSES = Attribute(
    name="addresses",
    type="complex",
    multi_valued=True,
    description="Postal addresses.",
    sub_attributes=(
        text("formatted", "The full address, ready to print on an envelope."),
        text("streetAddress", "Street, house number, post box; may hold several lines."),
        text("locality", "City or place."),
        text("region", "State or region."),
        text("postalCode", "Postal code."),
        text("country", "Country, as an ISO 3166-1 alpha-2 code."),
        Attribute(name="type", description="What this address is for.", canonical_values=("work", "home", "other")),
        # In the table of RFC 7643 section 2.4, in the samples of section 8.2, missing only from the listing of 8.7.1.
        Attribute(name="primary", type="boolean", description="Whether this is the preferred address."),
    ),
)

_GROUPS = Attribute(
    name="groups",
    type="complex",
    multi_valued=True,
    description="The groups this person belongs to; changed through the groups.",
    mutability="readOnly",
    sub_attributes=(
        # The listing says caseExact false, but these values are ids, which are caseExact (RFC 7643 section 3.1).
        Attribute(name="value", description="The id of the group.", case_exact=True, mutability="readOnly"),
        Attribute(
            name="$ref",
            type="reference",
            description="The address of the group.",
            case_exact=True,
            mutability="readOnly",
            reference_types=("User", "Group"),
        ),
        text("display", "The name of the group.", mutability="readOnly"),
        Attribute(
            name="type",
            description="Whether the membership is direct.",
            mutability="readOnly",
            canonical_values=("direct", "indirect"),
        ),
    ),
)

USER = Schema(
    id=USER_URN,
    name="User",
    description="User Account",
    attributes=(
        Attribute(
            name="userName",
            description="The name the person signs in with; unique, compared without regard to case.",
            required=True,
            uniqueness="server",
        ),
        _NAME,
        text("displayName", "The name to show for the person."),
        text("nickName", "The casual way to address the person."),
        Attribute(
            name="profileUrl",
            type="reference",
            description="The address of a page about the person.",
            case_exact=True,
            reference_types=("external",),
        ),
        text("title", "The person's title, such as Vice President."),
        text("userType", "The relation to the organisation, such as Contractor or Employee."),
        text("preferredLanguage", "The preferred languages, as in the HTTP header Accept-Language."),
        text("locale", "The person's locale, for currency, dates and numbers."),
        text("timezone", "The person's time zone, as in the IANA database."),
        Attribute(name="active", type="boolean", description="Whether the person may use the application."),
        Attribute(
            name="password",
            description="A clear-text password to set; never returned.",
            mutability="writeOnly",
            returned="never",
        ),
        _listed("emails", "E-mail addresses.", types=("work", "home", "other")),
        _listed("phoneNumbers", "Telephone numbers.", types=("work", "home", "mobile", "fax", "pager", "other")),
        _listed(
            "ims",
            "Instant messaging addresses.",
            types=("aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"),
        ),
        _listed(
            "photos",
            "Addresses of pictures of the person.",
            types=("photo", "thumbnail"),
            value="reference",
            reference_types=("external",),
        ),
        _ADDRESSES,
        _GROUPS,
        _listed("entitlements", "Things the person has a right to."),
        _listed("roles", "Roles of the person, such as Student or Faculty."),
        _listed("x509Certificates", "Certificates issued to the person.", value="binary"),
    ),
)

ENTERPRISE_USER = Schema(
    id=ENTERPRISE_URN,
    name="EnterpriseUser",
    description="Enterprise User",
    attributes=(
        text("employeeNumber", "The identifier the organisation gave the person."),
        text("costCenter", "The name of a cost centre."),
        text("organization", "The name of an organisation."),
        text("division", "The name of a division."),
        text("department", "The name of a department."),
        Attribute(
            name="manager",
            type="complex",
            description="The person's manager.",
            sub_attributes=(
                # An id, hence caseExact; see groups above.
                Attribute(name="value", description="The id of the manager.", case_exact=True),
                Attribute(
                    name="$ref",
                    type="reference",
                    description="The address of the manager.",
                    case_exact=True,
                    reference_types=("User",),
                ),
                text("displayName", "The name of the manager.", mutability="readOnly"),
            ),
        ),
    ),
)
