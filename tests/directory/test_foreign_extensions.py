"""Directory extensions of another tenant, by their full names."""

import pytest

from provisor.directory.extensions import ExtensionProperty
from provisor.directory.foreign_extensions import extensions_read, foreign_extension, is_foreign
from provisor.directory.objects import Refusal

APP = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
OWN = "11111111-2222-4333-8444-555555555555"
GUID = f"extension_{APP}_objectGUID"


def mapping(kind, *attributes, **more):
    """An object mapping that reads these expressions."""
    rows = [{"source": {"expression": each, "name": each}, "targetAttributeName": "x"} for each in attributes]
    return {"sourceObjectName": kind, "attributeMappings": rows, **more}


def schema(*mappings, listed=()):
    objects = [{"name": "User", "attributes": list(listed)}]
    return {"synchronizationRules": [{"objectMappings": list(mappings)}], "directories": [{"objects": objects}]}


def test_a_full_name_says_whose_it_is_and_what():
    found = foreign_extension(GUID, ["user"], data_type="Binary")

    assert found == ExtensionProperty(
        name=GUID, attribute="objectGUID", data_type="Binary", targets=("User",),
        app_id="0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", synced=True,
    )  # fmt: skip


def test_an_attribute_may_have_underscores():
    assert foreign_extension(f"extension_{APP}_a_b_1", ["group"]).attribute == "a_b_1"


@pytest.mark.parametrize(
    "name",
    ["", "objectGUID", "extension_objectGUID", f"extension_{APP}_", f"extension_{APP[1:]}_x", f"Extension_{APP}_x",
     f"extension_{APP}_1x", f"extension_{APP}_ä", f"extension_{APP}_x y", f" extension_{APP}_x", f"extension_{APP}_{'x' * 129}"],
)  # fmt: skip
def test_what_is_no_full_name_is_refused(name):
    assert isinstance(foreign_extension(name, ["user"]), Refusal)


@pytest.mark.parametrize(("data_type", "several"), [("Float", False), ("", False), ("Boolean", True)])
def test_a_type_that_no_extension_has_is_refused(data_type, several):
    assert isinstance(foreign_extension(GUID, ["user"], data_type=data_type, multi_valued=several), Refusal)


def test_an_extension_of_nobody_is_refused():
    assert isinstance(foreign_extension(GUID, []), Refusal)


@pytest.mark.parametrize(
    ("name", "foreign"),
    [(GUID, True), (f"extension_{OWN.replace('-', '')}_objectGUID", False),
     (f"extension_{OWN.replace('-', '').upper()}_objectGUID", False), ("objectGUID", False)],
)  # fmt: skip
def test_a_name_of_another_application_is_foreign(name, foreign):
    assert is_foreign(name, OWN) is foreign


# A saved schema


def test_a_schema_names_what_its_mappings_and_filters_read():
    badge, rank, scope = (f"extension_{APP}_{each}" for each in ("badge", "rank", "scope"))
    scoped = {"groups": [{"clauses": [{"sourceOperandName": scope}]}]}
    document = schema(
        mapping("User", f"[{GUID}]", f'Join(" ", [{badge}], [surname])', scope=scoped),
        mapping("Group", f"[{GUID}]"),
        listed=[
            {"name": GUID, "type": "Binary"},
            {"name": rank, "type": "Integer"},
            {"name": badge, "type": "String", "multivalued": True},
        ],
    )

    found = {one.name: (one.data_type, one.multi_valued, one.targets) for one in extensions_read(document)}

    assert found == {
        badge: ("String", True, ("User",)),
        GUID: ("Binary", False, ("User", "Group")),
        scope: ("String", False, ("User",)),
    }


@pytest.mark.parametrize("type_", [None, 7, "Reference", "Float"])
def test_a_type_that_is_none_here_is_text(type_):
    [found] = extensions_read(schema(mapping("User", f"[{GUID}]"), listed=[{"name": GUID, "type": type_}]))

    assert found.data_type == "String"


def test_several_values_of_a_type_that_has_one_are_one_text():
    [found] = extensions_read(
        schema(mapping("User", f"[{GUID}]"), listed=[{"name": GUID, "type": "Boolean", "multivalued": True}])
    )

    assert (found.data_type, found.multi_valued) == ("String", False)


@pytest.mark.parametrize(
    "document",
    [None, [], "x", {}, {"synchronizationRules": {}}, {"synchronizationRules": [None, {"objectMappings": 7}]},
     schema({"sourceObjectName": None, "x": GUID}), schema({"sourceObjectName": "Device", "x": GUID}),
     schema(mapping("User", f"[{GUID[:-10]}]")), {"directories": [{"objects": [{"attributes": [{"name": GUID}]}]}]}],
    ids=lambda document: str(document)[:40],
)  # fmt: skip
def test_what_is_odd_or_reads_no_extension_names_none(document):
    assert extensions_read(document) == ()
