"""Users and groups by Microsoft's client library for Python, unchanged: delta loops, pages, errors, being told to wait."""

import asyncio
from uuid import UUID

import pytest

pytest.importorskip("msgraph")

from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.groups.delta.delta_request_builder import DeltaRequestBuilder as GroupsDelta
from msgraph.generated.models.extension_property import ExtensionProperty
from msgraph.generated.models.group import Group
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.reference_create import ReferenceCreate
from msgraph.generated.models.user import User
from msgraph.generated.models.user_collection_response import UserCollectionResponse
from msgraph.generated.users.delta.delta_request_builder import DeltaRequestBuilder as UsersDelta
from msgraph.generated.users.users_request_builder import UsersRequestBuilder
from msgraph_core.tasks.page_iterator import PageIterator

from provisor.admin.actor import LOCAL_OPERATOR

# The library warns of itself.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def asking(builder, **parameters):
    """The configuration of a request with these query parameters."""
    kind = next(value for name, value in vars(builder).items() if name.endswith("GetQueryParameters"))
    return RequestConfiguration(query_parameters=kind(**parameters))


def a_user(name, **more):
    return User(display_name=name, user_principal_name=f"{name}@x.example", mail_nickname=name, account_enabled=True,
                additional_data={"passwordProfile": {"password": "Never kept 1"}}, **more)  # fmt: skip


def a_group(name, **more):
    return Group(display_name=name, mail_nickname=name, mail_enabled=False, security_enabled=True, **more)


def reference(key):
    return ReferenceCreate(odata_id=f"https://graph.microsoft.com/v1.0/directoryObjects/{key}")


async def round_from(builder, page):
    """Everything of a round whose first page was answered, by its links, and the link to the next round."""
    told = list(page.value)
    while page.odata_next_link:
        page = await builder.with_url(page.odata_next_link).get()
        told += page.value
    return told, page.odata_delta_link


async def next_round(builder, link):
    return await round_from(builder, await builder.with_url(link).get())


# Deltas


def test_users_that_are_new_changed_deleted_and_restored_are_told_round_by_round(client, service):
    chosen = asking(UsersDelta, select=["displayName", "department"])

    async def steps():
        anna = await client.users.post(a_user("anna", department="Sales"))
        bo = await client.users.post(a_user("bo"))
        delta = client.users.delta
        rounds = [await round_from(delta, await delta.get(chosen))]
        await client.users.by_user_id(anna.id).patch(User(department="Research"))
        await client.users.by_user_id(bo.id).delete()
        rounds.append(await next_round(delta, rounds[-1][1]))
        await client.directory.deleted_items.by_directory_object_id(bo.id).restore.post()
        rounds.append(await next_round(delta, rounds[-1][1]))
        await client.users.by_user_id(bo.id).delete()
        await client.directory.deleted_items.by_directory_object_id(bo.id).delete()
        rounds.append(await next_round(delta, rounds[-1][1]))
        rounds.append(await next_round(delta, rounds[-1][1]))
        return anna.id, bo.id, [told for told, _ in rounds]

    anna, bo, (first, second, third, fourth, fifth) = asyncio.run(steps())

    assert {(one.id, one.display_name, one.department) for one in first} == {(anna, "anna", "Sales"), (bo, "bo", None)}
    told = {one.id: one for one in second}
    assert (told[anna].department, told[bo].additional_data["@removed"]) == ("Research", {"reason": "changed"})
    assert [(one.id, one.display_name, one.additional_data) for one in third] == [(bo, "bo", {})]
    assert [(one.id, one.additional_data) for one in fourth] == [(bo, {"@removed": {"reason": "deleted"}})]
    assert fifth == []


def test_members_that_come_and_go_are_told_with_their_group(client, service):
    chosen = asking(GroupsDelta, select=["displayName", "members"])

    async def steps():
        anna, bo = [(await client.users.post(a_user(name))).id for name in ("anna", "bo")]
        bound = [f"https://graph.microsoft.com/v1.0/directoryObjects/{anna}"]
        sales = (await client.groups.post(a_group("Sales", additional_data={"members@odata.bind": bound}))).id
        delta, members = client.groups.delta, client.groups.by_group_id(sales).members
        rounds = [await round_from(delta, await delta.get(chosen))]
        await members.ref.post(reference(bo))
        await members.by_directory_object_id(anna).ref.delete()
        rounds.append(await next_round(delta, rounds[-1][1]))
        await client.groups.by_group_id(sales).delete()
        rounds.append(await next_round(delta, rounds[-1][1]))
        return anna, bo, sales, [told for told, _ in rounds]

    anna, bo, sales, ((first,), (second,), (third,)) = asyncio.run(steps())

    person = {"@odata.type": "#microsoft.graph.user"}
    assert (first.id, first.display_name) == (sales, "Sales")
    assert first.additional_data["members@delta"] == [{**person, "id": UUID(anna)}]  # as the library reads every GUID
    by_id = {str(one["id"]): one.get("@removed") for one in second.additional_data["members@delta"]}
    assert (second.id, by_id) == (sales, {anna: {"reason": "deleted"}, bo: None})
    assert (third.id, third.additional_data) == (sales, {"@removed": {"reason": "changed"}})


def test_a_first_round_of_many_comes_in_pages(client, service):
    for number in range(230):
        service.admin.users.create(LOCAL_OPERATOR, {"userPrincipalName": f"p{number}@x.example"})

    async def steps():
        delta = client.users.delta
        first = await delta.get()
        return len(first.value), await round_from(delta, first)

    first, (told, link) = asyncio.run(steps())

    assert first < 230
    assert len({one.id for one in told}) == 230
    assert "$deltatoken=" in link


@pytest.mark.parametrize("noun", ["users", "groups"])
def test_a_link_that_is_too_old_is_a_typed_error_and_a_new_round_tells_everything(client, service, noun):
    async def steps():
        await client.users.post(a_user("anna"))
        await client.groups.post(a_group("Sales"))
        delta = getattr(client, noun).delta
        _, link = await round_from(delta, await delta.get())
        service.later(days=8)
        with pytest.raises(ODataError) as refused:
            await delta.with_url(link).get()
        again, _ = await round_from(delta, await delta.get())
        return refused.value, again

    refused, again = asyncio.run(steps())

    assert (refused.response_status_code, refused.error.code) == (410, "syncStateNotFound")
    assert f"/v1.0/{noun}/delta" in refused.response_headers["location"]
    assert [one.display_name for one in again] == [{"users": "anna", "groups": "Sales"}[noun]]


# Pages


def test_the_librarys_page_iterator_meets_everybody_once(client, service):
    names = {f"p{number}@x.example" for number in range(25)}
    for name in names:
        service.person(name)

    async def met(stop_at=None):
        found = []

        def meet(one):
            found.append(one.user_principal_name)
            return len(found) != stop_at

        first = await client.users.get(asking(UsersRequestBuilder, top=7))
        await PageIterator(first, client.request_adapter).iterate(meet)
        return found

    async def steps():
        return await met(), await met(stop_at=9)

    everybody, some = asyncio.run(steps())

    assert (len(everybody), set(everybody)) == (25, names)
    assert some == everybody[:9]


def test_a_page_says_how_many_there_are(client, service):
    for number in range(3):
        service.person(f"p{number}@x.example")

    async def steps():
        wanted = asking(UsersRequestBuilder, top=2, count=True, filter="startswith(userPrincipalName,'p')")
        return await client.users.get(wanted)

    page = asyncio.run(steps())

    assert isinstance(page, UserCollectionResponse)
    assert (page.odata_count, len(page.value)) == (3, 2)


# Errors


def missing(client, service):
    return client.users.by_user_id("deadbeef-0000-4000-8000-000000000000").get()


def taken(client, service):
    service.person("anna@x.example")
    return client.users.post(a_user("anna"))


def not_understood(client, service):
    return client.users.get(asking(UsersRequestBuilder, filter="displayName is 'anna'"))


def unknown_property(client, service):
    return client.users.get(asking(UsersRequestBuilder, select=["colour"]))


def loop(client, service):
    key = service.group("Sales")
    return client.groups.by_group_id(key).members.ref.post(reference(key))


ERRORS = {
    missing: (404, "Request_ResourceNotFound"),
    taken: (409, "Request_MultipleObjectsWithSameKeyValue"),
    not_understood: (400, "Request_UnsupportedQuery"),
    unknown_property: (400, "Request_BadRequest"),
    loop: (400, "Request_BadRequest"),
}


@pytest.mark.parametrize("asked", ERRORS)
def test_a_refusal_is_the_librarys_own_error_with_code_and_ids(client, service, asked):
    with pytest.raises(ODataError) as refused:
        asyncio.run(asked(client, service))

    error = refused.value
    assert (error.response_status_code, error.error.code) == ERRORS[asked]
    assert error.error.message
    inner = error.error.inner_error
    headers = error.response_headers
    assert (inner.request_id, inner.client_request_id) == (headers["request-id"], headers["client-request-id"])
    assert inner.date is not None


# Extensions


def test_an_extension_is_given_selected_and_taken_away(client, service):
    async def steps():
        given = ExtensionProperty(name="badge", data_type="String", target_objects=["User"])
        application = client.applications.by_application_id(service.application.object_id)
        name = (await application.extension_properties.post(given)).name
        anna = await client.users.post(a_user("anna"))
        await client.users.post(a_user("bo"))
        await client.users.by_user_id(anna.id).patch(User(additional_data={name: "A-1"}))
        wanted = asking(UsersRequestBuilder, select=["displayName", name])
        with_it = (await client.users.get(wanted)).value
        await client.users.by_user_id(anna.id).patch(User(additional_data={name: None}))
        return name, with_it, (await client.users.get(wanted)).value

    name, with_it, without = asyncio.run(steps())

    assert {one.display_name: one.additional_data.get(name) for one in with_it} == {"anna": "A-1", "bo": None}
    assert {one.additional_data.get(name) for one in without} == {None}


# Being told to wait


def test_the_library_waits_as_long_as_it_is_told_and_asks_again(limited, service):
    service.person("anna@x.example")
    client, statuses = limited(1)

    async def steps():
        return [await client.users.get() for _ in range(7)]

    pages = asyncio.run(steps())

    assert [len(page.value) for page in pages] == [1] * 7
    assert statuses.count(200) == 7
    assert 1 <= statuses.count(429) <= 4


def test_a_wait_that_is_too_long_for_the_library_is_a_typed_error(limited, service):
    client, statuses = limited(0.001)

    with pytest.raises(ODataError) as refused:
        asyncio.run(asked_twice(client))

    assert statuses == [200, 429]
    assert (refused.value.response_status_code, refused.value.error.code) == (429, "TooManyRequests")
    assert int(refused.value.response_headers["retry-after"]) > 180


async def asked_twice(client):
    await client.users.get()
    await client.users.get()
