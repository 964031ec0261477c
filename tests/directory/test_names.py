"""Every name that Entra, its files and Active Directory have for an attribute, and what it means here."""

import pytest

from provisor.directory.attributes import KNOWN, Unreadable, read_text
from provisor.directory.names import Meaning, NotTaken, meaning, names_in_mappings, names_of, plain_name

# name: attribute, text, value
OF_USERS = {
    # Entra's download of users, old and new
    "userPrincipalName": ("userPrincipalName", "a@x", "a@x"),
    "displayName": ("displayName", "Kim", "Kim"),
    "surname": ("surname", "Lee", "Lee"),
    "mail": ("mail", "a@x", "a@x"),
    "givenName": ("givenName", "Kim", "Kim"),
    "id": ("id", "1", "1"),
    "objectId": ("id", "1", "1"),
    "userType": ("userType", "Member", "Member"),
    "jobTitle": ("jobTitle", "Dev", "Dev"),
    "department": ("department", "IT", "IT"),
    "accountEnabled": ("accountEnabled", "True", True),
    "usageLocation": ("usageLocation", "DE", "DE"),
    "streetAddress": ("streetAddress", "Road 1", "Road 1"),
    "state": ("state", "BY", "BY"),
    "country": ("country", "Germany", "Germany"),
    "physicalDeliveryOfficeName": ("officeLocation", "B12", "B12"),
    "officeLocation": ("officeLocation", "B12", "B12"),
    "city": ("city", "Munich", "Munich"),
    "postalCode": ("postalCode", "80331", "80331"),
    "telephoneNumber": ("businessPhones", "+49", ["+49"]),
    "mobile": ("mobilePhone", "+49", "+49"),
    "mobilePhone": ("mobilePhone", "+49", "+49"),
    "alternateEmailAddress": ("otherMails", "b@x", ["b@x"]),
    "ageGroup": ("ageGroup", "Adult", "Adult"),
    "consentProvidedForMinor": ("consentProvidedForMinor", "Granted", "Granted"),
    "legalAgeGroupClassification": ("legalAgeGroupClassification", "Adult", "Adult"),
    "companyName": ("companyName", "Fjord", "Fjord"),
    "creationType": ("creationType", "Invitation", "Invitation"),
    "invitationState": ("externalUserState", "Accepted", "Accepted"),
    # Entra's bulk create file
    "Name [displayName] Required": ("displayName", "Kim", "Kim"),
    "User name [userPrincipalName] Required": ("userPrincipalName", "a@x", "a@x"),
    "Block sign in (Yes/No) [accountEnabled] Required": ("accountEnabled", "Yes", False),
    "Block sign in [accountEnabled] Required": ("accountEnabled", "no", True),
    "Anmelden blockieren (Ja/Nein) [accountEnabled] Erforderlich": ("accountEnabled", "No", True),
    "Account enabled [accountEnabled]": ("accountEnabled", "false", False),
    "First name [givenName]": ("givenName", "Kim", "Kim"),
    "Office [physicalDeliveryOfficeName]": ("officeLocation", "B12", "B12"),
    "Office phone [telephoneNumber]": ("businessPhones", "+49", ["+49"]),
    "Mobile phone [mobile]": ("mobilePhone", "+49", "+49"),
    "ZIP or postal code [postalCode]": ("postalCode", "80331", "80331"),
    # what mappings and the older Graph call it
    "facsimileTelephoneNumber": ("faxNumber", "+49", "+49"),
    "immutableId": ("onPremisesImmutableId", "abc==", "abc=="),
    "dirSyncEnabled": ("onPremisesSyncEnabled", "true", True),
    "lastDirSyncTime": ("onPremisesLastSyncDateTime", "2026-01-01", "2026-01-01"),
    "businessPhone": ("businessPhones", "+49", ["+49"]),
    "businessPhones": ("businessPhones", "+49", ["+49"]),
    "sourceAnchor": ("onPremisesImmutableId", "abc==", "abc=="),
    "onPremisesExtensionAttributes.extensionAttribute5": ("extensionAttribute5", "x", "x"),
    # Active Directory
    "extensionAttribute15": ("extensionAttribute15", "NoSync", "NoSync"),
    "mailNickname": ("mailNickname", "kim", "kim"),
    "preferredLanguage": ("preferredLanguage", "de", "de"),
    "sAMAccountName": ("onPremisesSamAccountName", "kim", "kim"),
    "objectSid": ("onPremisesSecurityIdentifier", "S-1", "S-1"),
    "distinguishedName": ("onPremisesDistinguishedName", "CN=Kim", "CN=Kim"),
    "sn": ("surname", "Lee", "Lee"),
    "title": ("jobTitle", "Dev", "Dev"),
    "company": ("companyName", "Fjord", "Fjord"),
    "l": ("city", "Munich", "Munich"),
    "st": ("state", "BY", "BY"),
    "c": ("country", "DE", "DE"),
    "co": ("country", "Germany", "Germany"),
    "employeeID": ("employeeId", "7", "7"),
    "msExchUsageLocation": ("usageLocation", "DE", "DE"),
    "userAccountControl": ("accountEnabled", "66050", False),
    "manager": ("manager", "b@x", "b@x"),
    "objectGUID": ("objectGUID", "x", "x"),
    "proxyAddresses": ("proxyAddresses", "SMTP:a@x", ["SMTP:a@x"]),
}
OF_GROUPS = {
    "id": ("id", "1", "1"),
    "objectId": ("id", "1", "1"),
    "displayName": ("displayName", "Sales", "Sales"),
    "description": ("description", "They sell", "They sell"),
    "mail": ("mail", "s@x", "s@x"),
    "securityEnabled": ("securityEnabled", "True", True),
    "mailEnabled": ("mailEnabled", "False", False),
    "isAssignableToRole": ("isAssignableToRole", "False", False),
    "onPremisesSyncEnabled": ("onPremisesSyncEnabled", "True", True),
    "sAMAccountName": ("onPremisesSamAccountName", "sales", "sales"),
    "objectSid": ("onPremisesSecurityIdentifier", "S-1", "S-1"),
}
TABLE = [("user", name, *row) for name, row in OF_USERS.items()] + [
    ("group", name, *row) for name, row in OF_GROUPS.items()
]


@pytest.mark.parametrize(("kind", "name", "attribute", "text", "value"), TABLE, ids=[f"{r[0]}-{r[1]}" for r in TABLE])
def test_a_name_means_its_attribute_and_its_text_is_read_so(kind, name, attribute, text, value):
    found = meaning(kind, name)

    assert isinstance(found, Meaning)
    assert found.attribute == attribute
    assert read_text(name, found.reading, text) == value


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *(("user", name) for name in ("createdDateTime", "directorySynced", "identityIssuer", "passwordProfile",
                                      "Initial password [passwordProfile] Required", "authenticationPhoneNumber",
                                      "authenticationAlternativePhoneNumber", "authenticationEmail", "objectClass",
                                      "whenChanged", "uSNChanged", "DN", "memberOf", "objectType",
                                      "thumbnailPhoto", "pwdLastSet")),
        *(("group", name) for name in ("groupType", "membershipType", "source", "createdDateTime", "member")),
    ],
)  # fmt: skip
def test_bookkeeping_of_the_file_is_known_and_not_taken(kind, name):
    assert isinstance(meaning(kind, name), NotTaken)


@pytest.mark.parametrize("name", ["shoeSize", "Mobile", "mobile ", "badge [colour]", "[mobile]", ""])
def test_what_nobody_calls_an_attribute_means_nothing(name):
    assert meaning("user", name) is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Block sign in (Yes/No) [accountEnabled] Required", "True"),
        ("Account enabled [accountEnabled]", "Yes"),
        ("userAccountControl", "-2"),
        ("userAccountControl", "NORMAL_ACCOUNT"),
    ],
)
def test_whether_somebody_may_sign_in_is_never_guessed(name, text):
    found = meaning("user", name)

    assert isinstance(found, Meaning)
    assert isinstance(read_text(name, found.reading, text), Unreadable)


@pytest.mark.parametrize("kind", ["user", "group"])
def test_every_name_offered_has_a_meaning(kind):
    assert all(isinstance(meaning(kind, name), Meaning) for name in names_of(kind))


@pytest.mark.parametrize("kind", ["user", "group"])
def test_mappings_have_names_for_attributes_that_exist_and_files_know_them_too(kind):
    for attribute, name in names_in_mappings(kind).items():
        assert attribute in KNOWN[kind]
        assert meaning(kind, name) == Meaning(attribute, KNOWN[kind][attribute])


def test_a_header_of_the_bulk_create_file_has_a_plain_name():
    assert plain_name("Member object ID or user principal name [memberObjectIdOrUpn] Required") == "memberObjectIdOrUpn"
