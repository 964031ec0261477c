"""nativeObjectId: stored as sent, compared by its 16 bytes, duplicates told of.

Sources: spec/scim-wire.md section 11.3, spec/entra-connect.md section 5.
"""

import json
import sqlite3

import pytest

from provisor.provider.model import native_ids
from provisor.provider.store.tables import open_target
from provisor.scim.guid import guid_bytes

BOTH_STORES = True
USER = "urn:ietf:params:scim:schemas:extension:ciscoumbrella:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:extension:ciscoumbrella:2.0:Group"
RAW = bytes.fromhex("3b2c1d8f594a77688695a4b3c2d1e0f0")
SPELLINGS = {
    "text": "8f1d2c3b-4a59-6877-8695-a4b3c2d1e0f0",
    "upper": "8F1D2C3B-4A59-6877-8695-A4B3C2D1E0F0",
    "braces": "{8f1d2c3b-4a59-6877-8695-a4b3c2d1e0f0}",
    "hex": "3b2c1d8f594a77688695a4b3c2d1e0f0",
    "base64": "Oywdj1lKd2iGlaSzwtHg8A==",
    "ldap": "\\3B\\2C\\1D\\8F\\59\\4A\\77\\68\\86\\95\\A4\\B3\\C2\\D1\\E0\\F0",
}
spellings = pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)


def asked(client, value, path="/Users", urn=USER):
    return client.find(path, f"{urn}:nativeObjectId eq {json.dumps(value)}")["totalResults"]


@spellings
def test_every_spelling_means_the_same_bytes(spelling):
    assert guid_bytes(spelling) == RAW


@pytest.mark.parametrize(
    "text", ["", "8f1d2c3b", "{8f1d2c3b-4a59-6877-8695-a4b3c2d1e0f0", "kq3mT1xY=", "Oywdj1lKd2iGlaSzwtHg8A=", "x" * 32]
)
def test_other_text_means_no_guid(text):
    assert guid_bytes(text) is None


@spellings
def test_a_user_is_found_by_every_spelling_and_shown_as_sent(scim, spelling):
    user = scim.user(**{USER: {"nativeObjectId": spelling}})

    assert scim.get(f"/Users/{user['id']}").json[USER]["nativeObjectId"] == spelling
    assert [asked(scim, other) for other in SPELLINGS.values()] == [1] * len(SPELLINGS)
    assert asked(scim, "jx0sO0pZaHeGlaSzwtHg8A==") == 0


@spellings
def test_a_filter_that_only_documents_answer_compares_the_same_way(scim, spelling):
    scim.user("one", **{USER: {"nativeObjectId": spelling}})
    scim.user("two", **{USER: {"nativeObjectId": "other"}})

    found = scim.find("/Users", f'{USER}:nativeObjectId eq "{SPELLINGS["text"]}" or name.givenName eq "nobody"')
    others = scim.find("/Users", f'{USER}:nativeObjectId ne "{SPELLINGS["text"]}"')

    assert [user["userName"] for user in found["Resources"]] == ["one"]
    assert [user["userName"] for user in others["Resources"]] == ["two"]


def test_other_text_is_compared_as_it_is(scim):
    scim.user(**{USER: {"nativeObjectId": "No GUID"}})

    assert (asked(scim, "No GUID"), asked(scim, "no guid")) == (1, 0)


def test_a_change_and_a_deletion_are_followed(scim):
    user = scim.user(**{USER: {"nativeObjectId": "first"}})["id"]
    scim.patch(f"/Users/{user}", {"op": "replace", "path": f"{USER}:nativeObjectId", "value": SPELLINGS["hex"]})
    changed = asked(scim, "first"), asked(scim, SPELLINGS["base64"])
    scim.patch(f"/Users/{user}", {"op": "remove", "path": f"{USER}:nativeObjectId"})
    removed = asked(scim, SPELLINGS["base64"])
    scim.put(f"/Users/{user}", {"userName": "ana", USER: {"nativeObjectId": "put"}})
    put = asked(scim, "put")
    scim.delete(f"/Users/{user}")

    assert (changed, removed, put, asked(scim, "put")) == ((0, 1), 0, 1, 0)


def test_duplicates_are_warned_of_and_not_refused(umbrella, caplog):
    one = umbrella.client.user("one", **{USER: {"nativeObjectId": SPELLINGS["text"]}})["id"]
    two = umbrella.client.user("two", **{USER: {"nativeObjectId": SPELLINGS["base64"]}})["id"]

    found = native_ids.duplicates(umbrella.database.reader(), umbrella.tenant.number)

    assert sorted(id_ for _, id_ in found) == sorted([one, two])
    assert f"User {two} has the nativeObjectId of User {one}" in caplog.text


def test_the_groups_historic_one_is_kept_found_and_hidden(scim):
    group = scim.group(**{GROUP: {"nativeObjectId": SPELLINGS["braces"]}})

    assert scim.get(f"/Groups/{group['id']}").json[GROUP] == {"nativeObjectId": SPELLINGS["braces"]}
    assert asked(scim, SPELLINGS["hex"], "/Groups", GROUP) == 1
    assert GROUP not in scim.get("/Schemas").body.decode()
    assert GROUP not in scim.get("/ResourceTypes").body.decode()


@pytest.mark.usefixtures("in_sqlite")
def test_what_was_stored_before_there_were_keys_is_found_after_the_upgrade(umbrella):
    umbrella.client.user(**{USER: {"nativeObjectId": SPELLINGS["text"]}})
    file = umbrella.database.path
    umbrella.log()
    old = sqlite3.connect(file)
    old.executescript(
        "DROP TABLE native_object; DROP INDEX resource_disabled; DROP INDEX ad_identity_display; "
        "DROP TABLE browser_session; CREATE TABLE session (hash TEXT); "
        "DELETE FROM migration WHERE number >= 3"
    )
    old.close()

    open_target(f"sqlite:///{file}").close()

    assert asked(umbrella.client, SPELLINGS["base64"]) == 1


def test_a_native_id_of_any_length_is_kept_and_found(scim):
    value = "".join(chr(0x4E00 + number) for number in range(3_000))
    scim.user(**{USER: {"nativeObjectId": value}})

    body = {"filter": f'{USER}:nativeObjectId eq "{value}"'}
    assert scim.post("/Users/.search", body).json["totalResults"] == 1
