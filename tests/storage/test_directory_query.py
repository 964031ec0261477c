"""Filters, searches, orders and pages of users and groups: every operator on every property, and no neighbour missed."""

import shutil
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisor.database import open_database
from provisor.directory.query import (
    FILTERED,
    ORDERED,
    AllHold,
    AnyHolds,
    ObjectQuery,
    PropertyContains,
    PropertyEndsWith,
    PropertyEquals,
    PropertyIn,
    PropertyStartsWith,
    Related,
    Unless,
    searching,
    unanswerable,
)
from provisor.scim.values import fold
from provisor.storage import directory_query, members, objects, tenants
from provisor.storage import directory_verbs as verbs

PEOPLE = [
    {"userPrincipalName": "anna@fjord.example", "displayName": "Anna Øverås", "givenName": "Anna", "surname": "Øverås",
     "mail": "Anna.Overas@fjord.example", "mailNickname": "anna", "employeeId": "0001", "department": "Sales",
     "jobTitle": "Lead", "userType": "Member", "accountEnabled": True, "onPremisesSyncEnabled": True},
    {"userPrincipalName": "bo@fjord.example", "displayName": "Bo Berg", "givenName": "Bo", "surname": "Berg",
     "mail": "bo@fjord.example", "mailNickname": "bo", "employeeId": "0002", "department": "Sales",
     "jobTitle": "Consultant", "userType": "Guest", "accountEnabled": False},
    {"userPrincipalName": "misaki@fjord.example", "displayName": "美咲 王", "givenName": "美咲", "surname": "王",
     "department": "Engineering"},
    {"userPrincipalName": "ivan@fjord.example", "displayName": "Иван Петров", "givenName": "Иван", "surname": "Петров",
     "mail": "IVAN@FJORD.EXAMPLE", "mailNickname": "ivan_100%", "department": "Engineering", "jobTitle": "Lead"},
    {"userPrincipalName": "nameless@fjord.example"},
]  # fmt: skip
TEXTS = [name for name, asked in FILTERED["user"].items() if asked == "text"]


@pytest.fixture
def people(database, tenant, now):
    """Five people by the first part of their names, and one who is in the recycle bin."""
    found = {}
    with database.transaction() as connection:
        for attributes in PEOPLE:
            item = verbs.create(connection, tenant, "user", attributes, now=now)
            found[item.name.split("@")[0]] = item
        gone = verbs.create(connection, tenant, "user", {**PEOPLE[0], "userPrincipalName": "gone@x.example"}, now=now)
        verbs.delete(connection, tenant, gone, now=now)
    return found


@pytest.fixture
def ask(database, tenant, people):
    """The first parts of the names of who is found, in order."""

    def asked(condition=None, *, kind="user", limit=100, **order):
        query = ObjectQuery(condition=condition, **order)
        assert unanswerable(kind, query) is None
        page = directory_query.page(database.reader(), tenant, kind, query, limit=limit)
        number = directory_query.number_of(database.reader(), tenant, kind, condition)
        assert number == len(page.objects) or page.next is not None
        return [item.name.split("@")[0] for item in page.objects]

    return asked


def holds(condition, item):
    """What the condition says of an object: what storage must answer, without a database."""
    match condition:
        case AllHold():
            return all(holds(part, item) for part in condition.conditions)
        case AnyHolds():
            return any(holds(part, item) for part in condition.conditions)
        case Unless():
            return not holds(condition.condition, item)
        case PropertyEquals():
            return value_of(item, condition.property) == compared(condition.value)
        case PropertyIn():
            return value_of(item, condition.property) in [compared(value) for value in condition.values]
        case PropertyStartsWith():
            return value_of(item, condition.property).startswith(fold(condition.text))
        case PropertyEndsWith():
            return value_of(item, condition.property).endswith(fold(condition.text))
        case PropertyContains():
            return fold(condition.text) in value_of(item, condition.property)


def value_of(item, name):
    if name == "id":
        return item.id
    value = item.attributes.get(name, False if name == "onPremisesSyncEnabled" else "")
    return fold(value) if isinstance(value, str) else value


def compared(value):
    return value if isinstance(value, bool) else fold(value or "")


@pytest.mark.parametrize("operator", [PropertyStartsWith, PropertyEndsWith, PropertyContains, PropertyEquals])
@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize(
    "text", ["Anna", "ØVER", "example", "王", "и", "_100%", "", "%", "sales", "\U0010ffff", "bo@fjord.example"]
)
def test_every_operator_answers_for_every_text_property(ask, people, name, operator, text):
    condition = operator(name, text)

    assert sorted(ask(condition)) == sorted(who for who, item in people.items() if holds(condition, item))
    assert sorted(ask(Unless(condition))) == sorted(who for who, item in people.items() if not holds(condition, item))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (PropertyEquals("mail", None), ["misaki", "nameless"]),
        (Unless(PropertyEquals("mail", None)), ["anna", "bo", "ivan"]),
        (PropertyEquals("accountEnabled", False), ["bo"]),
        (PropertyEquals("accountEnabled", None), []),
        (PropertyEquals("onPremisesSyncEnabled", True), ["anna"]),
        (PropertyEquals("onPremisesSyncEnabled", None), ["bo", "ivan", "misaki", "nameless"]),
        (PropertyIn("userPrincipalName", ("BO@fjord.example", "anna@FJORD.example", "x")), ["anna", "bo"]),
        (PropertyIn("mail", ()), []),
        (PropertyIn("employeeId", ("0001", None)), ["anna", "ivan", "misaki", "nameless"]),
        (AllHold(()), ["anna", "bo", "ivan", "misaki", "nameless"]),
        (AnyHolds(()), []),
        (AllHold((PropertyEquals("department", "SALES"), Unless(PropertyEquals("givenName", "bo")))), ["anna"]),
        (AnyHolds((PropertyStartsWith("surname", "пет"), PropertyContains("mail", "bo@"))), ["bo", "ivan"]),
        (searching("user", "anna"), ["anna"]),
        (searching("user", "fjord berg"), ["bo"]),
        (searching("user", "咲"), ["misaki"]),
        (searching("user", "gone"), []),
    ],
)
def test_conditions_find_whom_they_mean(ask, condition, expected):
    assert sorted(ask(condition)) == expected


def test_who_has_an_id_is_found_by_it_in_any_case(ask, people):
    assert ask(PropertyIn("id", (people["bo"].id.upper(), "another"))) == ["bo"]


@pytest.mark.parametrize(
    ("kind", "query", "words"),
    [
        ("user", ObjectQuery(condition=PropertyEquals("city", "Oslo")), "filtered by city"),
        ("user", ObjectQuery(condition=PropertyEquals("Mail", "x")), "filtered by Mail"),
        ("group", ObjectQuery(condition=PropertyEquals("department", "x")), "filtered by department"),
        ("user", ObjectQuery(condition=Unless(PropertyContains("accountEnabled", "t"))), "accountEnabled can only"),
        ("user", ObjectQuery(condition=PropertyStartsWith("id", "0")), "id can only"),
        ("user", ObjectQuery(condition=PropertyEquals("accountEnabled", "true")), "compared with 'true'"),
        ("user", ObjectQuery(condition=PropertyEquals("mail", True)), "compared with True"),
        ("user", ObjectQuery(condition=PropertyIn("id", (None,))), "compared with None"),
        ("user", ObjectQuery(order_by="mail"), "ordered by mail"),
        ("group", ObjectQuery(order_by="userPrincipalName"), "ordered by userPrincipalName"),
        ("user", ObjectQuery(condition=PropertyIn("mail", ("x",) * 201)), "too long"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(kind, query, words):
    refusal = unanswerable(kind, query)

    assert refusal.code == "unsupported-query"
    assert words in refusal.message
    assert refusal.hint


def test_a_filter_that_is_too_deep_is_refused():
    condition = PropertyEquals("mail", "x")
    for _ in range(1_000):
        condition = Unless(condition)

    assert "too long" in unanswerable("user", ObjectQuery(condition=condition)).message


@pytest.mark.parametrize("condition", [None, PropertyEquals("department", "Engineering")], ids=["all", "filtered"])
@pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
@pytest.mark.parametrize("order", ORDERED["user"])
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_in_any_order_meet_everybody_once(database, tenant, people, order, descending, condition, limit):
    query = ObjectQuery(condition=condition, order_by=order, descending=descending)

    met, after = [], None
    while True:
        page = directory_query.page(database.reader(), tenant, "user", query, after=after, limit=limit)
        met += page.objects
        after = page.next
        if after is None:
            break

    wanted = [item for item in people.values() if condition is None or holds(condition, item)]
    assert met == sorted(wanted, key=lambda item: (value_of(item, order), item.id), reverse=descending)


@pytest.mark.parametrize("few", [0, 2_000], ids=["among many", "among few"])
@pytest.mark.parametrize("order", ORDERED["user"])
def test_relations_hold_for_whoever_stands_in_them(monkeypatch, database, tenant, people, ask, now, order, few):
    monkeypatch.setattr(directory_query, "FEW", few)
    anna, bo, ivan = (people[name] for name in ("anna", "bo", "ivan"))
    with database.transaction() as connection:
        staff = verbs.create(connection, tenant, "group", {"displayName": "Staff"}, now=now)
        for one in (anna, bo, ivan):
            members.add(connection, tenant, staff.id, one.id)
        members.remove(connection, tenant, staff.id, ivan.id, now=now)
        verbs.set_manager(connection, tenant, bo, anna.id)
    connection = database.reader()

    def found(condition, kind="user"):
        query = ObjectQuery(condition=condition, order_by=order if kind == "user" else "displayName")
        page = directory_query.page(connection, tenant, kind, query)
        assert directory_query.number_of(connection, tenant, kind, condition) == len(page.objects)
        return {item.name.split("@")[0] for item in page.objects}

    inside = Related("in group", staff.id)
    assert found(inside) == {"anna", "bo"}
    assert found(AllHold((inside, searching("user", "berg")))) == {"bo"}
    assert found(Unless(inside)) == {"ivan", "misaki", "nameless"}
    assert found(Related("has member", bo.id), "group") == {"Staff"}
    assert found(Related("has member", ivan.id), "group") == set()
    assert found(Related("managed by", anna.id)) == {"bo"}
    assert found(Related("from source", anna.source)) == set(people)
    assert found(Related("from source", "none")) == set()


def test_a_group_counts_those_who_are_not_in_the_recycle_bin(database, tenant, people, now):
    with database.transaction() as connection:
        staff = verbs.create(connection, tenant, "group", {"displayName": "Staff"}, now=now)
        inner = verbs.create(connection, tenant, "group", {"displayName": "Inner"}, now=now)
        for one in (people["anna"], people["bo"], people["ivan"], inner):
            members.add(connection, tenant, staff.id, one.id)
        verbs.delete(connection, tenant, people["anna"], now=now)
        members.remove(connection, tenant, staff.id, people["ivan"].id, now=now)

    counts = [
        members.count_of_group(database.reader(), tenant, staff.id, kind=kind) for kind in (None, "user", "group")
    ]

    assert counts == [2, 1, 1]


def test_groups_are_found_and_ordered_by_their_display_names(database, tenant, now):
    with database.transaction() as connection:
        for name in ("Sales", "engineering", "Øst"):
            verbs.create(connection, tenant, "group", {"displayName": name}, now=now)

    def names(query):
        return [item.name for item in directory_query.page(database.reader(), tenant, "group", query).objects]

    assert names(ObjectQuery(order_by="displayName")) == ["engineering", "Sales", "Øst"]
    assert names(ObjectQuery(condition=PropertyStartsWith("displayName", "øs"))) == ["Øst"]
    assert names(ObjectQuery(condition=PropertyEquals("securityEnabled", True), order_by="displayName")) == [
        "engineering", "Sales", "Øst",
    ]  # fmt: skip


def test_who_is_restored_is_found_again_and_who_is_renamed_by_the_new_name(database, tenant, people, now, ask):
    with database.transaction() as connection:
        gone = verbs.delete(connection, tenant, people["bo"], now=now)
        back = verbs.restore(connection, tenant, gone)
        verbs.update(connection, tenant, back, {"displayName": "Bo Fjell"})

    assert ask(PropertyContains("displayName", "fjell")) == ["bo"]
    assert ask(PropertyContains("displayName", "berg")) == []


def test_who_an_import_deletes_is_not_found(database, tenant, people, ask):
    with database.transaction() as connection:
        objects.soft_delete(connection, tenant, [people["bo"].id], at=1, change=99)

    assert ask(PropertyEquals("userPrincipalName", "bo@fjord.example")) == []
    assert ask(searching("user", "bo")) == []


ON_TEXT = st.builds(
    lambda operator, name, text: operator(name, text),
    st.sampled_from([PropertyStartsWith, PropertyEndsWith, PropertyContains, PropertyEquals]),
    st.sampled_from(TEXTS),
    st.sampled_from(["", "a", "an", "Example", "王", "Ø", "е", "0", "fjord", "\ud7ff", "\U0010ffff"]),
)
ON_FLAGS = st.builds(
    PropertyEquals, st.sampled_from(["accountEnabled", "onPremisesSyncEnabled"]), st.sampled_from([True, False])
)
CONDITIONS = st.recursive(
    ON_TEXT | ON_FLAGS,
    lambda inner: (
        st.builds(Unless, inner)
        | st.lists(inner, max_size=3).map(lambda some: AllHold(tuple(some)))
        | st.lists(inner, max_size=3).map(lambda some: AnyHolds(tuple(some)))
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def stored(tmp_path_factory, migrated_file):
    """The same five people, for as many questions as a law asks."""
    path = tmp_path_factory.mktemp("query") / "service.db"
    shutil.copy(migrated_file, path)
    database = open_database(f"sqlite:///{path}")
    tenant = tenants.only(database.reader())
    with database.transaction() as connection:
        items = [verbs.create(connection, tenant, "user", one, now=datetime(2026, 3, 1, tzinfo=UTC)) for one in PEOPLE]
    yield database, tenant, items
    database.close()


@settings(max_examples=200)
@given(CONDITIONS)
def test_storage_answers_what_the_condition_says(stored, condition):
    database, tenant, items = stored

    page = directory_query.page(database.reader(), tenant, "user", ObjectQuery(condition=condition))

    assert {item.id for item in page.objects} == {item.id for item in items if holds(condition, item)}
    assert directory_query.number_of(database.reader(), tenant, "user", condition) == len(page.objects)
