"""A directory mirrored from another over Graph: after every run it holds what the other one holds."""

from datetime import UTC, datetime

import pytest

from provisor.rules.source_settings import EntraSettings
from provisor.runner.sourcing.run_source import SourceOrder, run_source
from provisor.storage import connected_sources
from support.mirrored import Mirror, mirror_in
from support.other_tenant import OtherTenant

pytestmark = pytest.mark.slow
COMPARED = ("displayName", "department", "city", "jobTitle", "mail", "extensionAttribute1")


@pytest.fixture(scope="module")
def served(tmp_path_factory, migrated_file):
    made = OtherTenant(tmp_path_factory.mktemp("other"), migrated_file)
    yield made
    made.close()


class TenantMirror:
    """One directory that follows another."""

    def __init__(self, other, mirror: Mirror, **settings):
        self.other, self.mirror, self.settings = other, mirror, settings
        document = EntraSettings(tenant="other", client="reader", **settings)
        with mirror.database.transaction() as connection:
            self.source = connected_sources.add(
                connection, mirror.tenant, "other", document, precedence=100, interval_seconds=1800, staging=False,
                deletion_threshold=500, now=datetime.now(UTC),
            ).id  # fmt: skip

    def run(self, **order):
        connector = self.other.source(**self.settings)
        try:
            return run_source(
                self.mirror.database, self.mirror.tenant, SourceOrder(source=self.source, **order), connector,
                now=lambda: datetime.now(UTC),
            )  # fmt: skip
        finally:
            connector.close()

    def is_equal(self):
        assert self.held() == self.there()
        return True

    def held(self):
        """What the mirror holds, by names."""
        users, groups = self.mirror.alive(), self.mirror.alive("group")
        names = {item.id: name for name, item in {**users, **groups}.items()}
        return {
            **{name: (item.enabled, names.get(item.manager), *(item.attributes.get(each) for each in COMPARED))
               for name, item in users.items()},
            **{name: self.mirror.members(name) for name in groups},
        }  # fmt: skip

    def there(self):
        """What the other one holds, by names."""
        fields = [*COMPARED[:-1], "accountEnabled", "userPrincipalName", "onPremisesExtensionAttributes"]
        found = self.other.ask("GET", f"/users?$select=id,{','.join(fields)}&$top=999")
        told = {}
        for user in found["value"]:
            fifteen = user["onPremisesExtensionAttributes"]
            values = [user[each] for each in COMPARED[:-1]] + [fifteen["extensionAttribute1"]]
            told[short(user)] = (
                user["accountEnabled"],
                short(self.other.find(f"/users/{user['id']}/manager")),
                *values,
            )
        for group in self.other.ask("GET", "/groups?$select=id,displayName&$top=999")["value"]:
            members = self.other.ask(
                "GET", f"/groups/{group['id']}/members?$select=id,userPrincipalName,displayName&$top=999"
            )
            told[group["displayName"]] = {short(each) for each in members["value"]}
        return told


def short(item):
    """The part of a user's name before the @, or the name of a group."""
    return None if item is None else item.get("userPrincipalName", item.get("displayName")).partition("@")[0]


@pytest.fixture
def filled(served, tmp_path):
    """Some people and groups, and a mirror that was never read."""
    served.empty()
    ids = {
        name: served.user(name, department="Sales", mail=f"{name}@contoso.example") for name in ("anna", "bo", "cleo")
    }
    served.ask("PUT", f"/users/{ids['bo']}/manager/$ref", {"@odata.id": served.link(ids["anna"])})
    served.ask(
        "PATCH",
        f"/users/{ids['cleo']}",
        {"accountEnabled": False, "onPremisesExtensionAttributes": {"extensionAttribute1": "x"}},
    )
    ids["sales"] = served.group("sales", ids["anna"], ids["bo"])
    ids["all"] = served.group("all", ids["sales"], ids["cleo"])
    return TenantMirror(served, mirror_in(tmp_path / "mirror.sqlite")), ids


def test_a_full_run_mirrors_everybody(filled):
    mirror, _ = filled

    run = mirror.run()

    assert (run.state, run.kind) == ("succeeded", "full")
    assert mirror.is_equal()


CHANGES = {
    "a value": lambda other, ids: other.ask("PATCH", f"/users/{ids['anna']}", {"city": "Oslo", "department": None}),
    "disabled": lambda other, ids: other.ask("PATCH", f"/users/{ids['anna']}", {"accountEnabled": False}),
    "a name": lambda other, ids: other.ask("PATCH", f"/users/{ids['bo']}", {"userPrincipalName": "bob@contoso.example"}),
    "a manager": lambda other, ids: other.ask("PUT", f"/users/{ids['cleo']}/manager/$ref", {"@odata.id": other.link(ids["bo"])}),
    "no manager": lambda other, ids: other.ask("DELETE", f"/users/{ids['bo']}/manager/$ref"),
    "deleted": lambda other, ids: other.ask("DELETE", f"/users/{ids['bo']}"),
    "a group deleted": lambda other, ids: other.ask("DELETE", f"/groups/{ids['sales']}"),
    "somebody new": lambda other, ids: other.user("dora"),
    "a group new": lambda other, ids: other.group("new", ids["anna"]),
    "a member": lambda other, ids: other.ask("POST", f"/groups/{ids['sales']}/members/$ref", {"@odata.id": other.link(ids["cleo"])}),
    "no member": lambda other, ids: other.ask("DELETE", f"/groups/{ids['sales']}/members/{ids['anna']}/$ref"),
    "an extension attribute": lambda other, ids: other.ask(
        "PATCH", f"/users/{ids['cleo']}", {"onPremisesExtensionAttributes": {"extensionAttribute1": None}}
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_mirrored_by_the_next_run(filled, change):
    mirror, ids = filled
    mirror.run()

    CHANGES[change](mirror.other, ids)
    run = mirror.run()

    assert (run.state, run.kind) == ("succeeded", "delta")
    assert mirror.is_equal()


def test_who_is_restored_is_the_same_again_with_groups_and_manager(filled):
    mirror, ids = filled
    mirror.run()
    before = mirror.mirror.alive()["bo"].id
    mirror.other.ask("DELETE", f"/users/{ids['bo']}")
    mirror.run()

    mirror.other.ask("POST", f"/directory/deletedItems/{ids['bo']}/restore")
    mirror.run()

    assert mirror.mirror.alive()["bo"].id == before
    assert mirror.is_equal()


def test_a_run_stopped_after_every_page_comes_to_the_same(filled):
    mirror, _ = filled

    for _ in range(6):
        mirror.run(stop=lambda: True)
    mirror.run()

    assert mirror.is_equal()


def test_a_lost_cursor_is_healed_within_the_run_and_removes_nobody(filled):
    mirror, ids = filled
    mirror.run()
    with mirror.mirror.database.transaction() as connection:
        connection.execute("UPDATE connected_source SET cursor = replace(cursor, 'deltatoken=', 'deltatoken=x')")
    mirror.other.ask("DELETE", f"/users/{ids['bo']}")
    mirror.other.user("dora")

    run = mirror.run()

    assert run.counters["cursor lost"] == 1
    assert mirror.is_equal()


def test_other_attributes_are_read_whole_by_themselves(filled):
    mirror, ids = filled
    mirror.run()
    mirror.other.ask("PATCH", f"/users/{ids['anna']}", {"ageGroup": "adult"})
    mirror.settings = {"user_attributes": ("ageGroup",)}

    run = mirror.run()

    assert run.counters["cursor lost"] == 1
    assert mirror.mirror.alive()["anna"].attributes["ageGroup"] == "adult"


def test_a_tenant_that_is_down_removes_nobody(filled):
    mirror, _ = filled
    mirror.run()
    before = mirror.held()
    url, mirror.other.url = mirror.other.url, "http://127.0.0.1:9"
    try:
        run = mirror.run()
    finally:
        mirror.other.url = url

    assert (run.state, run.error.code) == ("failed", "source-unreachable")
    assert mirror.held() == before
