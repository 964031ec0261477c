"""A piece of the schema of Active Directory for a domain in memory: some classes, and attributes of each syntax."""

NOT_REPLICATED, CONSTRUCTED = 0x1, 0x4
TEXT, NAME, BOOLEAN, NUMBER, OCTETS, TIME, LARGE, SID = (
    "2.5.5.12", "2.5.5.1", "2.5.5.8", "2.5.5.9", "2.5.5.10", "2.5.5.11", "2.5.5.16", "2.5.5.17",
)  # fmt: skip
# name: syntax, single-valued, systemFlags
ATTRIBUTES = {
    "accountExpires": (LARGE, True, 0),
    "badPwdCount": (NUMBER, True, NOT_REPLICATED),
    "carLicense": (TEXT, False, 0),
    "description": (TEXT, False, 0),
    "division": (TEXT, True, 0),
    "employeeType": (TEXT, True, 0),
    "groupType": (NUMBER, True, 0),
    "manager": (NAME, True, 0),
    "member": (NAME, False, 0),
    "memberOf": (NAME, False, NOT_REPLICATED),
    "msDS-preferredDataLocation": (TEXT, True, 0),
    "objectGUID": (OCTETS, True, NOT_REPLICATED),
    "objectSid": (SID, True, 0),
    "showInAddressBook": (NAME, False, 0),
    "showInAdvancedViewOnly": (BOOLEAN, True, 0),
    "someNumbers": (NUMBER, False, 0),
    "thumbnailPhoto": (OCTETS, True, 0),
    "tokenGroups": (SID, False, CONSTRUCTED),
    "unicodePwd": (OCTETS, True, 0),
    "whenChanged": (TIME, True, NOT_REPLICATED),
}
# name: above it, beside it, what its objects must and may have
CLASSES = {
    "top": (
        "top",
        [],
        ["objectGUID", "showInAdvancedViewOnly", "description", "memberOf", "whenChanged"],
    ),
    "person": ("top", [], []),
    "organizationalPerson": ("person", [], ["manager"]),
    "securityPrincipal": ("top", [], ["objectSid", "tokenGroups"]),
    "mailRecipient": ("top", [], ["showInAddressBook"]),
    "user": (
        "organizationalPerson",
        ["securityPrincipal", "mailRecipient"],
        ["division", "employeeType", "accountExpires", "badPwdCount", "thumbnailPhoto", "unicodePwd", "someNumbers"],
    ),
    "inetOrgPerson": ("user", [], ["carLicense"]),
    "group": ("top", ["securityPrincipal"], ["groupType", "member"]),
    "device": ("top", [], ["msDS-preferredDataLocation"]),
}


def put_schema(directory):
    """Put it where a domain's schema is; returns its container."""
    schema = directory.container("CN=Schema", under=directory.configuration, kind="dMD")
    for name, (syntax, single, flags) in ATTRIBUTES.items():
        directory.add(
            f"CN=Attribute {name}", under=schema, objectClass=["top", "attributeSchema"], lDAPDisplayName=name,
            attributeSyntax=syntax, isSingleValued=str(single).upper(), systemFlags=flags, oMSyntax=1,
        )  # fmt: skip
    for name, (above, beside, held) in CLASSES.items():
        directory.add(
            f"CN=Class {name}", under=schema, objectClass=["top", "classSchema"], lDAPDisplayName=name,
            subClassOf=above, systemAuxiliaryClass=beside, systemMayContain=held[1:], mayContain=held[:1],
        )  # fmt: skip
    return schema
