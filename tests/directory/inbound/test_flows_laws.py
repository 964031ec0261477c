"""Laws of inbound rules: whatever a source tells, something comes of it that can be kept."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from provisor.directory.attributes import KNOWN, misfit
from provisor.directory.inbound.active_directory import FLOWS
from provisor.directory.inbound.arriving import Arrived, LeftOut
from provisor.directory.inbound.flows import arrived
from provisor.rules.source_settings import AttributeFilter, SourceExtension
from support.inbound_records import APP, DOMAIN, FILES, INETORGPERSON, LDAP, RAW, TENANT

CHOSEN = tuple(
    SourceExtension(attribute=f"x{type_}{several}", type=type_, multi_valued=several)
    for type_ in ("String", "Boolean", "Integer", "LargeInteger", "DateTime", "Binary")
    for several in (False, True)
)
FILTERS = (AttributeFilter(attribute="department", operator="starts-with", value="no"),)
OF_LDAP = {"user_extensions": CHOSEN, "group_extensions": CHOSEN, "filters": FILTERS}
SETTINGS = st.sampled_from(
    [
        msgspec.structs.replace(DOMAIN, **OF_LDAP),
        msgspec.structs.replace(
            DOMAIN, anchor="mS-DS-ConsistencyGuid", sign_in_name="mail", containers=("OU=People,DC=c",)
        ),
        msgspec.structs.replace(LDAP, **OF_LDAP),
        TENANT,
        FILES,
    ]
)
KINDS = st.sampled_from(["user", "group"])
FAMILIAR = sorted(
    {name for kind in ("user", "group") for name in (*KNOWN[kind], *RAW[kind], *INETORGPERSON)}
    | {name for flows in FLOWS.values() for flow in flows for name in flow.sources}
    | {extension.attribute for extension in CHOSEN}
    | {"manager", "objectGUID", "id", "extension_a_b", "msExchRecipientTypeDetails", "isCriticalSystemObject"}
)
TEXTS = st.text(max_size=12) | st.sampled_from(
    ["512", "-2147483646", "TRUE", "20310304100000.0Z", "AQUAAAAAAAUVAAAAqu/O3x7KCmRL2ZxVBAQAAA==", "a\0b", "\ud800",
     "x" * 2000, "anna@contoso.com", "SMTP:a@b.c", " ", "9" * 30, "CN=a\\0ACNF:b,DC=c", "CN=a,OU=People,DC=c"]
)  # fmt: skip
VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | TEXTS
    | st.lists(TEXTS, max_size=4)
    | st.lists(st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2), max_size=2)
)
RECORDS = st.dictionaries(st.sampled_from(FAMILIAR) | st.text(max_size=8), VALUES, max_size=8)
NAMES = {
    "user": {"userPrincipalName": "anna@contoso.com", "mail": ["anna@contoso.com"]},
    "group": {"displayName": "Sales"},
}


def judged(settings, kind, told, *, ordinary):
    base = RAW[kind] | NAMES[kind] if ordinary else {}
    return arrived(settings, kind, {**base, **told}, app_id=APP)


@given(SETTINGS, KINDS, RECORDS, st.booleans())
def test_any_record_arrives_or_is_left_out(settings, kind, told, ordinary):
    assert isinstance(judged(settings, kind, told, ordinary=ordinary), Arrived | LeftOut)


@given(SETTINGS, KINDS, RECORDS, st.booleans())
def test_whatever_comes_of_a_record_can_be_stored(settings, kind, told, ordinary):
    stored = msgspec.json.encode(judged(settings, kind, told, ordinary=ordinary))

    assert b"\\u0000" not in stored


@given(SETTINGS, KINDS, RECORDS)
def test_what_is_given_fits_its_property(settings, kind, told):
    found = judged(settings, kind, told, ordinary=True)

    given = found.given if isinstance(found, Arrived) else {}
    assert not [
        name
        for name, value in given.items()
        if value is None
        or not (
            name.startswith("extension_") or (name in KNOWN[kind] and misfit(name, KNOWN[kind][name], value) is None)
        )
    ]


@given(SETTINGS, KINDS, RECORDS)
def test_the_same_record_gives_the_same(settings, kind, told):
    assert judged(settings, kind, told, ordinary=True) == judged(settings, kind, told, ordinary=True)
