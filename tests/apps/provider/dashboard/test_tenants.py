"""Several tenants in one server: a Full Admin of one sees and changes nothing of another, whatever ids are guessed."""

import pytest

from provisor.provider.dashboard import accounts, audit
from provisor.provider.store.ad_connector import import_file
from provisor.provider.store.tables import now_microseconds
from provisor.provider.store.tenants import NewTenant, create_tenant
from provisor.web.sessions import form_token

PASSWORD = "correct horse battery"
SECRETS = ("Pelican", "pelican")  # stands in everything the first tenant holds

TABLES = ("resource", "membership", "token", "ad_identity", "ad_membership", "request_log", "exchange", "setting")


@pytest.fixture
def theirs(umbrella, scim, tmp_path):
    """Ids of one thing of every sort that the first tenant holds."""
    user = scim.user("pelican@example.org", displayName="Pelican")["id"]
    group = scim.group("Pelicans", members=[user])["id"]
    for name, lines in {
        "users": ["userPrincipalName,displayName", "pelican@example.org,Pelican"],
        "groups": ["displayName", "Pelicans"],
        "members": ["group,member", "Pelicans,pelican@example.org"],
    }.items():
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join(lines), encoding="utf-8")
        with umbrella.database.transaction() as connection:
            import_file(connection, umbrella.tenant, path, now_microseconds())
            connection.execute("UPDATE token SET label = 'Pelican'")
            audit.record(connection, umbrella.tenant, actor="pelican", deed="x", now=now_microseconds())
    umbrella.log()
    umbrella.runner.run(umbrella.target.exchanges.flush())
    reader = umbrella.database.reader()
    [(ad_user,)] = reader.all("SELECT id FROM ad_identity WHERE kind = 'User'")
    [(ad_group,)] = reader.all("SELECT id FROM ad_identity WHERE kind = 'Group'")
    [(number,), *_] = reader.all("SELECT number FROM request_log")
    return {
        "user": user,
        "group": group,
        "ad_user": ad_user,
        "ad_group": ad_group,
        "request": number,
        "token": umbrella.token_id,
    }


@pytest.fixture
def eva(umbrella, theirs, stranger):
    """A browser of a Full Admin of a second tenant, which a client of the first one's token also calls."""
    other = create_tenant(umbrella.database, NewTenant(name="acme", schemas={}))
    with umbrella.database.transaction() as connection:
        accounts.create_account(
            connection, other, email="eva@acme.example", password=PASSWORD, role="full-admin", now=now_microseconds()
        )
    assert umbrella.client.request("GET", "/Users", base=other.base_path).status in (401, 404)
    umbrella.log()
    assert stranger.sign_in("eva@acme.example", PASSWORD).status == 303
    return stranger


def everything(umbrella):
    return {table: sorted(map(repr, umbrella.database.reader().all(f"SELECT * FROM {table}"))) for table in TABLES}


@pytest.mark.parametrize(
    "path",
    [
        "/users-and-groups/users",
        "/users-and-groups/groups",
        "/users-and-groups/users?search=pelican",
        "/users-and-groups/users?search={user}",
        "/users-and-groups/users?search={ad_user}",
        "/users-and-groups/groups?before=scim:zzz",
        "/warnings",
        "/api-keys",
        "/requests",
        "/requests?text={user}",
        "/requests?token={token}",
        "/requests?after=0",
    ],
)
def test_a_list_holds_nothing_of_another_tenant(eva, theirs, path):
    page = eva.get(path.format(**theirs))

    assert page.status == 200
    text = page.html.replace(path.format(**theirs), "").replace('value="pelican"', "").replace("search=pelican", "")
    assert not [secret for secret in SECRETS if secret in text]
    assert "come from two sources:" not in page.text
    assert not any(f"/{id_}" in page.html for id_ in theirs.values())


@pytest.mark.parametrize(
    "path",
    [
        "/users-and-groups/users/{user}",
        "/users-and-groups/users/{ad_user}",
        "/users-and-groups/groups/{group}",
        "/users-and-groups/groups/{ad_group}",
        "/requests/{request}",
        "/api-keys/tokens/{token}/refresh",
        "/api-keys/tokens/{token}/revoke",
    ],
)
def test_a_guessed_id_of_another_tenant_is_not_found(eva, theirs, path):
    page = eva.get(path.format(**theirs))

    assert page.status == 404
    assert not [secret for secret in SECRETS if secret in page.html]


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ("/api-keys/tokens/{token}/refresh", {"overlap": "0", "expiry": "never"}),
        ("/api-keys/tokens/{token}/revoke", {}),
        ("/api-keys/tokens/Pelican/revoke", {}),
        ("/warnings/groups/{ad_group}/re-pointed", {}),
    ],
)
def test_a_form_about_another_tenant_changes_nothing(umbrella, eva, theirs, form, fields):
    form, before = form.format(**theirs), everything(umbrella)

    answer = eva.request("POST", form, {"form_token": form_token(eva.cookies["provisor"], form), **fields})

    assert answer.status == 404
    assert everything(umbrella) == before


def test_bodies_of_another_tenant_stay_when_ones_own_are_thrown_away(umbrella, eva):
    kept = umbrella.database.reader().all("SELECT count(*) FROM exchange")

    eva.submit(eva.get("/requests"), "/requests/kept", kept="0")

    assert umbrella.database.reader().all("SELECT count(*) FROM exchange") == kept != [(0,)]


def test_ones_own_token_is_good_for_ones_own_tenant_only(umbrella, eva):
    page = eva.submit(eva.get("/api-keys"), "/api-keys/okta/generate")
    [token] = [word for word in page.html.replace("<", ">").split(">") if word.startswith("umbrella_okta_")]

    assert umbrella.client.request("GET", "/Users", token=token).status == 401
