"""The samples printed in RFC 7643 and RFC 7644, each a file named by its section."""

import json
from pathlib import Path

import pytest

from provisor.scim.filter.evaluation import evaluate
from provisor.scim.filter.grammar import parse
from provisor.scim.patch.applying import apply
from provisor.scim.patch.derivation import derive
from provisor.scim.patch.operations import parse_operations
from provisor.scim.schemas.resource_types import ENTERPRISE_URN, GROUP_TYPE, USER_TYPE
from provisor.scim.validate import accept, understand

SAMPLES = Path(__file__).parent / "samples"
PATCHES = sorted(SAMPLES.glob("rfc7644-3.5.2*.json"))
TYPES = {"User": USER_TYPE, "Group": GROUP_TYPE}

user = json.loads((SAMPLES / "rfc7643-8.2-full-user.json").read_text())
enterprise_user = json.loads((SAMPLES / "rfc7643-8.3-enterprise-user.json").read_text())


@pytest.mark.parametrize("path", PATCHES, ids=lambda path: path.stem)
def test_patch_sample_of_rfc7644(path):
    sample = json.loads(path.read_text())

    after = apply(sample["before"], parse_operations(sample["request"]), TYPES[sample["type"]])

    assert after == sample["after"]


@pytest.mark.parametrize("path", PATCHES, ids=lambda path: path.stem)
def test_operations_derived_from_a_sample_lead_to_its_result(path):
    sample = json.loads(path.read_text())
    resource_type = TYPES[sample["type"]]

    operations = derive(sample["before"], sample["after"], resource_type)

    assert not derive(apply(sample["before"], operations, resource_type), sample["after"], resource_type)


def test_full_user_of_rfc7643_8_2_is_stored_as_it_stands_but_for_read_only_attributes():
    stored = accept(user, USER_TYPE)

    assert stored == {name: value for name, value in user.items() if name not in ("id", "meta", "groups")}


def test_full_user_of_rfc7643_8_2_is_understood_as_it_stands():
    assert understand(user, USER_TYPE) == user


def test_enterprise_user_of_rfc7643_8_3_keeps_everything_but_the_name_of_the_manager():
    stored = accept(enterprise_user, USER_TYPE)

    assert stored["schemas"] == enterprise_user["schemas"]
    assert stored[ENTERPRISE_URN]["department"] == "Tour Operations"
    assert stored[ENTERPRISE_URN]["manager"] == {
        "value": "26118915-6090-4610-87e4-49d8ca9f808d",
        "$ref": "../Users/26118915-6090-4610-87e4-49d8ca9f808d",
    }


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ('userName eq "bjensen@example.com"', True),
        ('userName Eq "BJensen@example.com"', True),
        ('name.familyName co "O\'Malley"', False),
        ('name.familyName co "ense"', True),
        ('userName sw "b"', True),
        ('urn:ietf:params:scim:schemas:core:2.0:User:userName sw "B"', True),
        ("title pr", True),
        ('meta.lastModified gt "2011-05-13T04:42:34Z"', False),
        ('meta.lastModified ge "2011-05-13T04:42:34Z"', True),
        ('meta.lastModified lt "2011-05-13T04:42:34.001Z"', True),
        ('meta.lastModified le "2011-05-13T06:42:34+02:00"', True),
        ('title pr and userType eq "Employee"', True),
        ('title pr or userType eq "Intern"', True),
        ('schemas eq "urn:ietf:params:scim:schemas:core:2.0:User"', True),
        ('schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"', False),
        ('userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")', True),
        ('userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")', False),
        ('userType eq "Employee" and (emails.type eq "work")', True),
        ('userType eq "Employee" and emails[type eq "work" and value co "@example.com"]', True),
        ('emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]', True),
        ('emails[type eq "home" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]', False),
    ],
)
def test_filter_sample_of_rfc7644_3_4_2_2(text, matches):
    assert evaluate(parse(text), user, USER_TYPE) is matches
