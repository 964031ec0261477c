"""A source of Active Directory into the directory: what comes, changes, leaves and returns."""

from provisor.engine.sources import RecordGone, SourcePage
from provisor.storage import directory_verbs, objects
from provisor.testing.memory_source import MemorySource
from support.mirrored import DOMAIN, PEOPLE, anchor_of


def test_people_come_with_their_attributes_and_the_object_guid_as_immutable_id(mirror, domain):
    anna = domain.person("anna", department="Sales")

    run = mirror.run(mirror.connect(), domain)

    item = mirror.alive()["anna"]
    assert run.state == "succeeded"
    assert item.attributes["department"] == "Sales"
    assert item.attributes["onPremisesImmutableId"] == anna
    assert item.attributes["onPremisesSyncEnabled"] is True


def test_a_run_without_news_gives_out_no_change_number(mirror, domain):
    domain.person("anna")
    domain.group("sales", "anna")
    source = mirror.connect()
    mirror.run(source, domain)
    before = mirror.everything()
    number = mirror.database.reader().one("SELECT number FROM feed")

    again = mirror.run(source, domain)
    full = mirror.run(source, domain, full=True)

    assert (again.kind, full.kind) == ("delta", "full")
    assert mirror.everything() == before
    assert mirror.database.reader().one("SELECT number FROM feed") == number


def test_a_delta_changes_only_who_changed(mirror, domain):
    domain.person("anna")
    domain.person("bo")
    source = mirror.connect()
    mirror.run(source, domain)
    domain.person("bo", title="Chief")

    run = mirror.run(source, domain)

    assert run.counters == {"read": 1, "changed": 1, "updated": 1}
    assert mirror.alive()["bo"].attributes["jobTitle"] == "Chief"


def test_a_group_has_its_members_whatever_the_order_they_come_in(mirror, domain):
    domain.group("aaa", "anna", "bo")
    domain.person("anna")
    domain.person("bo")

    mirror.run(mirror.connect(), domain)

    assert mirror.members("aaa") == {"anna", "bo"}


def test_a_member_who_is_not_there_yet_is_added_in_the_run_that_brings_him(mirror, domain):
    domain.group("sales", "anna", "later")
    domain.person("anna")
    source = mirror.connect()
    mirror.run(source, domain)
    assert mirror.members("sales") == {"anna"}
    domain.person("later")

    mirror.run(source, domain)

    assert mirror.members("sales") == {"anna", "later"}


def test_a_manager_who_is_not_there_yet_is_set_in_the_run_that_brings_him(mirror, domain):
    domain.person("anna", manager="zoe")
    source = mirror.connect()
    mirror.run(source, domain)
    assert mirror.manager("anna") is None
    domain.person("zoe")

    mirror.run(source, domain)

    assert mirror.manager("anna") == "zoe"


def test_groups_are_members_of_groups(mirror, domain):
    domain.person("anna")
    domain.group("all", "sales")
    domain.group("sales", "anna")

    mirror.run(mirror.connect(), domain)

    assert mirror.members("all") == {"sales"}


def test_a_member_who_went_is_removed(mirror, domain):
    domain.person("anna")
    domain.person("bo")
    domain.group("sales", "anna", "bo")
    source = mirror.connect()
    mirror.run(source, domain)
    domain.group("sales", "anna")

    run = mirror.run(source, domain)

    assert mirror.members("sales") == {"anna"}
    assert run.counters["members removed"] == 1


def test_who_is_deleted_goes_into_the_recycle_bin_and_comes_back_as_the_same_object(mirror, domain):
    domain.person("anna")
    domain.group("sales", "anna")
    source = mirror.connect()
    mirror.run(source, domain)
    before = mirror.alive()["anna"].id
    domain.remove("anna")
    mirror.run(source, domain)
    assert mirror.deleted() == {"anna"}
    domain.person("anna")
    domain.group("sales", "anna")

    mirror.run(source, domain)

    assert mirror.alive()["anna"].id == before
    assert mirror.members("sales") == {"anna"}


def test_a_group_that_is_deleted_is_deleted_for_good_and_comes_back_as_a_new_one_with_its_members(mirror, domain):
    domain.person("anna")
    domain.group("sales", "anna")
    source = mirror.connect()
    mirror.run(source, domain)
    before = mirror.alive("group")["sales"].id
    domain.remove("sales")
    mirror.run(source, domain)
    assert mirror.alive("group") == {}
    assert mirror.deleted("group") == set()
    domain.group("sales", "anna")

    mirror.run(source, domain)

    assert mirror.alive("group")["sales"].id != before
    assert mirror.members("sales") == {"anna"}


def test_a_disabled_account_arrives_disabled(mirror, domain):
    domain.person("anna")
    source = mirror.connect()
    mirror.run(source, domain)
    domain.person("anna", disabled=True)

    mirror.run(source, domain)

    assert mirror.alive()["anna"].enabled is False


def test_a_rename_is_the_same_person(mirror, domain):
    domain.person("anna")
    source = mirror.connect()
    mirror.run(source, domain)
    before = mirror.alive()["anna"].id
    domain.source.put("user", anchor_of("anna"), {"userPrincipalName": ["ann@contoso.example"]})

    mirror.run(source, domain)

    assert {name: item.id for name, item in mirror.alive().items()} == {"ann": before}


def test_who_moves_out_of_the_chosen_containers_leaves_and_returns(mirror, domain):
    domain.person("anna")
    source = mirror.connect(containers=(PEOPLE,))
    mirror.run(source, domain)
    domain.person("anna", below=f"OU=Gone,{DOMAIN}")
    mirror.run(source, domain)
    assert mirror.deleted() == {"anna"}
    domain.person("anna")

    mirror.run(source, domain)

    assert set(mirror.alive()) == {"anna"}


def test_a_container_that_is_renamed_takes_its_people_along(mirror, domain):
    domain.container("people", called=PEOPLE)
    domain.person("anna")
    source = mirror.connect()
    mirror.run(source, domain)
    domain.container("people", called=f"OU=Staff,{DOMAIN}")

    mirror.run(source, domain)

    assert mirror.alive()["anna"].attributes["onPremisesDistinguishedName"] == f"CN=anna,OU=Staff,{DOMAIN}"


def test_who_left_does_not_come_back_with_his_renamed_container(mirror, domain):
    domain.container("people", called=PEOPLE)
    domain.person("anna")
    domain.person("bo")
    source = mirror.connect()
    mirror.run(source, domain)
    domain.remove("anna")
    mirror.run(source, domain)
    domain.container("people", called=f"OU=Staff,{DOMAIN}")

    mirror.run(source, domain)

    assert mirror.deleted() == {"anna"}


def test_containers_within_one_another_that_are_renamed_at_once_take_their_people_along(mirror, domain):
    domain.container("people", called=PEOPLE)
    domain.container("sales", called=f"OU=Sales,{PEOPLE}")
    domain.person("anna", below=f"OU=Sales,{PEOPLE}")
    source = mirror.connect()
    mirror.run(source, domain)
    domain.container("people", called=f"OU=Staff,{DOMAIN}")
    domain.container("sales", called=f"OU=Sellers,OU=Staff,{DOMAIN}")

    mirror.run(source, domain)

    name = mirror.alive()["anna"].attributes["onPremisesDistinguishedName"]
    assert name == f"CN=anna,OU=Sellers,OU=Staff,{DOMAIN}"


def test_containers_that_swap_their_names_take_their_people_along(mirror, domain):
    for name in ("Sales", "Works"):
        domain.container(name, called=f"OU={name},{DOMAIN}")
        domain.person(name.lower(), below=f"OU={name},{DOMAIN}")
    source = mirror.connect()
    mirror.run(source, domain)
    domain.container("Sales", called=f"OU=Works,{DOMAIN}")
    domain.container("Works", called=f"OU=Sales,{DOMAIN}")

    mirror.run(source, domain)

    names = {name: item.attributes["onPremisesDistinguishedName"] for name, item in mirror.alive().items()}
    assert names == {"sales": f"CN=sales,OU=Works,{DOMAIN}", "works": f"CN=works,OU=Sales,{DOMAIN}"}


def test_a_rehired_person_with_a_new_account_takes_the_name_of_the_old_one_in_one_run(mirror, domain):
    domain.person("anna")
    source = mirror.connect()
    mirror.run(source, domain)
    first = mirror.alive()["anna"].id
    domain.remove("anna")
    domain.source.put(
        "user",
        anchor_of("again"),
        {**domain.source.records[anchor_of("anna")].values, "objectGUID": [anchor_of("again")]},
    )

    mirror.run(source, domain)

    assert mirror.alive()["anna"].id != first
    assert mirror.deleted() == {"anna"}


def test_names_that_are_swapped_are_swapped_in_one_run(mirror, domain):
    anna, bo = domain.person("anna"), domain.person("bo")
    source = mirror.connect()
    mirror.run(source, domain)
    ids = {name: item.id for name, item in mirror.alive().items()}
    domain.source.put("user", anna, {"userPrincipalName": ["bo@contoso.example"]})
    domain.source.put("user", bo, {"userPrincipalName": ["anna@contoso.example"]})

    mirror.run(source, domain)

    assert {name: item.id for name, item in mirror.alive().items()} == {"anna": ids["bo"], "bo": ids["anna"]}


def test_a_person_whose_new_name_is_taken_is_still_disabled(mirror, domain):
    anna = domain.person("anna")
    domain.person("bo")
    source = mirror.connect()
    mirror.run(source, domain)
    domain.source.put("user", anna, {"userPrincipalName": ["bo@contoso.example"], "userAccountControl": ["514"]})

    mirror.run(source, domain)

    assert mirror.alive()["anna"].enabled is False
    assert mirror.reasons(source) == {anna: "name-taken"}


def test_a_name_that_becomes_free_is_given_in_the_next_run(mirror, domain):
    domain.person("anna")
    source = mirror.connect()
    mirror.run(source, domain)
    bo = domain.person("bo")
    domain.source.put("user", bo, {"userPrincipalName": ["anna@contoso.example"]})
    mirror.run(source, domain)
    assert mirror.reasons(source) == {bo: "name-taken"}
    domain.remove("anna")

    mirror.run(source, domain)

    assert mirror.alive()["anna"].attributes["onPremisesImmutableId"] == bo


def test_a_source_anchor_that_changes_is_refused_and_all_else_is_taken_over(mirror, domain):
    anna = domain.person("anna", **{"mS-DS-ConsistencyGuid": anchor_of("first")})
    source = mirror.connect(anchor="mS-DS-ConsistencyGuid")
    mirror.run(source, domain)
    domain.person("anna", disabled=True, **{"mS-DS-ConsistencyGuid": anchor_of("second")})

    mirror.run(source, domain)

    item = mirror.alive()["anna"]
    assert (item.enabled, item.attributes["onPremisesImmutableId"]) == (False, anchor_of("first"))
    assert mirror.reasons(source) == {anna: "source-anchor-changed"}


def test_a_group_with_too_many_members_is_left_out_until_it_shrinks(mirror, domain, monkeypatch):
    monkeypatch.setattr("provisor.directory.inbound.exclusions.MOST_MEMBERS", 2)
    for name in ("anna", "bo"):
        domain.person(name)
    domain.group("sales", "anna", "bo")
    source = mirror.connect()
    mirror.run(source, domain)
    assert mirror.alive("group") == {}
    domain.group("sales", "anna")

    mirror.run(source, domain)

    assert mirror.members("sales") == {"anna"}


def test_an_extension_that_files_bring_is_registered(mirror, tmp_path):
    from provisor.connectors.csv_source import CsvSource
    from provisor.rules.source_settings import CsvSettings
    from provisor.storage import extensions

    file = tmp_path / "users.csv"
    file.write_text("userPrincipalName,badge\nanna@x.example,17\n")
    settings = CsvSettings(users=str(file))
    source = mirror.connect_as("files", settings)

    mirror.run_with(source, CsvSource(settings))

    (name,) = [one for one in mirror.alive()["anna"].attributes if one.startswith("extension_")]
    assert extensions.registered(mirror.database.reader(), mirror.tenant)[name].synced


class EndsOfTombstones(MemorySource):
    """Tells that somebody who was deleted cannot come back any more, as a tenant does after 30 days."""

    def __init__(self, anchor):
        super().__init__()
        self.anchor = anchor

    def read(self, cursor):
        yield SourcePage(told=[RecordGone(anchor=self.anchor, for_good=True)], cursor=cursor, last=True, full=False)


def test_who_was_restored_by_hand_stays_when_the_source_forgets_him(mirror, domain):
    anchor = domain.person("anna")
    source = mirror.connect()
    mirror.run(source, domain)
    anna = mirror.alive()["anna"].id
    domain.remove("anna")
    mirror.run(source, domain)
    with mirror.database.transaction() as connection:
        [item] = objects.by_ids(connection, mirror.tenant, [anna])
        directory_verbs.restore(connection, mirror.tenant, item)

    mirror.run_with(source, EndsOfTombstones(anchor))

    assert mirror.alive()["anna"].id == anna


def test_who_lies_in_the_recycle_bin_is_purged_when_the_source_forgets_him(mirror, domain):
    anchor = domain.person("anna")
    source = mirror.connect()
    mirror.run(source, domain)
    domain.remove("anna")
    mirror.run(source, domain)

    mirror.run_with(source, EndsOfTombstones(anchor))

    assert (mirror.alive(), mirror.deleted()) == ({}, set())


def test_who_returns_to_the_only_group_that_is_taken_returns(mirror, domain):
    for name in ("anna", "bo"):
        domain.person(name)
    domain.group("pilot", "anna", "bo")
    source = mirror.connect(group=f"CN=pilot,OU=Groups,{DOMAIN}")
    mirror.run(source, domain)
    domain.group("pilot", "bo")
    mirror.run(source, domain)
    assert mirror.deleted() == {"anna"}
    domain.group("pilot", "anna", "bo")

    mirror.run(source, domain)

    assert set(mirror.alive()) == {"anna", "bo"}


def test_who_is_in_a_container_that_returns_to_the_chosen_ones_returns(mirror, domain):
    domain.container("people", called=PEOPLE)
    domain.person("anna")
    source = mirror.connect(containers=(PEOPLE,))
    mirror.run(source, domain)
    domain.container("people", called=f"OU=Staff,{DOMAIN}")
    mirror.run(source, domain)
    assert mirror.deleted() == {"anna"}
    domain.container("people", called=PEOPLE)

    mirror.run(source, domain)

    assert set(mirror.alive()) == {"anna"}


def test_who_is_left_out_and_was_restored_by_hand_is_not_deleted_by_every_full_read(mirror, domain):
    from provisor.storage import directory_verbs, objects

    domain.person("anna")
    source = mirror.connect(containers=(PEOPLE,))
    mirror.run(source, domain)
    domain.person("anna", below=f"OU=Gone,{DOMAIN}")
    mirror.run(source, domain)
    with mirror.database.transaction() as connection:
        (item,) = objects.by_name(connection, mirror.tenant, "user", "anna@contoso.example", deleted=True)
        directory_verbs.restore(connection, mirror.tenant, item)

    mirror.run(source, domain, full=True)

    assert set(mirror.alive()) == {"anna"}


def test_whom_a_wider_choice_of_containers_takes_in_returns(mirror, domain):
    from msgspec.structs import replace as changed

    from provisor.storage import connected_sources, source_records

    domain.person("anna")
    source = mirror.connect(containers=(PEOPLE,))
    mirror.run(source, domain)
    domain.person("anna", below=f"OU=Gone,{DOMAIN}")
    mirror.run(source, domain)
    with mirror.database.transaction() as connection:
        settings = changed(mirror.source(source).settings, containers=())
        connected_sources.change(connection, source, settings=settings)
        source_records.mark_all(connection, source)

    mirror.run(source, domain)

    assert set(mirror.alive()) == {"anna"}


def test_a_group_in_a_container_that_returns_to_the_chosen_ones_returns_with_its_members(mirror, domain):
    groups = f"OU=Groups,{DOMAIN}"
    domain.container("groups", called=groups)
    domain.person("anna")
    domain.group("sales", "anna")
    source = mirror.connect(containers=(PEOPLE, groups))
    mirror.run(source, domain)
    domain.container("groups", called=f"OU=Teams,{DOMAIN}")
    mirror.run(source, domain)
    assert mirror.alive("group") == {}
    domain.container("groups", called=groups)

    mirror.run(source, domain)

    assert mirror.members("sales") == {"anna"}
