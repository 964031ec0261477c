"""The wizard of sources, walked without a script: kind, connection, filtering, optional features, ready, start."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME

TYPED = {
    "name": "corp",
    "addresses": "dc1.contoso.example\r\ndc2.contoso.example:636",
    "user": "sync@contoso.example",
    "password": "correct horse battery",
    "base": "DC=contoso,DC=example",
}
NEW = "/sources/new/active-directory"


def fields(page, action, *pairs, without=()):
    """A form as a browser sends it, fields with several values among them."""
    given = [(name, value) for name, value in page.document.forms[action].items() if name not in without]
    return [*given, *pairs]


def test_the_wizard_makes_a_source_page_by_page(ida, admin, domain):
    domain.person("anna")
    kinds = ida.get("/sources/new")
    assert NEW in kinds.document.links

    answer = ida.submit(ida.get(NEW), NEW, do="save", **TYPED)
    filtering = ida.follow(answer)
    corp = filtering.path.removesuffix("/filtering")
    answer = ida.submit(filtering, f"{corp}/filtering", do="save", containers="OU=People,DC=contoso,DC=example")
    features = ida.follow(answer)
    answer = ida.submit(features, f"{corp}/optional-features", extensions="yes")
    extensions = ida.follow(answer)
    action = f"{corp}/directory-extensions"
    chosen = ida.submit(extensions, action, do="add user objectGUID")
    back = ida.follow(ida.submit(chosen, action, do="save"))
    assert back.path.endswith(("/optional-features", "/schedule"))
    ready = ida.get(f"{corp}/schedule")
    started = ida.submit(ready, f"{corp}/schedule", do="start", interval="5", precedence="7")

    assert started.location == corp
    source = admin.sources.settings.show(ME, "corp").source
    assert source.settings.server.addresses == ("dc1.contoso.example", "dc2.contoso.example:636")
    assert source.settings.containers == ("OU=People,DC=contoso,DC=example",)
    assert [one.attribute for one in source.settings.user_extensions] == ["objectGUID"]
    assert (source.interval_seconds, source.precedence, source.schedule_state) == (300, 7, "Active")


def test_after_the_attributes_the_wizard_goes_on_to_the_schedule(ida, corp):
    page = ida.get(f"{corp}/directory-extensions")

    answer = ida.submit(page, f"{corp}/directory-extensions", do="save")

    assert answer.location == f"{corp}/schedule"


def test_a_new_source_is_paused_and_nothing_was_asked_of_it(ida, admin, service):
    ida.submit(ida.get(NEW), NEW, do="save", **TYPED)

    assert admin.sources.settings.show(ME, "corp").source.schedule_state == "Paused"
    assert service.opened == 0


def test_a_test_shows_each_check_and_saves_nothing(ida, admin):
    page = ida.submit(ida.get(NEW), NEW, do="test", **TYPED)

    assert page.status == 200
    assert "All is well: the source can be read." in page.text
    assert admin.sources.settings.all(ME) == []


def test_a_password_is_never_sent_back_and_need_not_be_typed_again(ida, admin):
    tested = ida.submit(ida.get(NEW), NEW, do="test", **TYPED)
    assert "correct horse battery" not in tested.html
    assert "Typed, and kept for this form for 15 minutes" in tested.text

    ida.submit(tested, NEW, do="save", **(TYPED | {"password": ""}))

    assert admin.sources.settings.show(ME, "corp").secrets == ("password",)


def test_a_failing_check_says_what_to_do(ida, domain):
    domain.source.faults.down = True

    page = ida.submit(ida.get(NEW), NEW, do="test", **TYPED)

    assert "The source cannot be read yet." in page.text
    assert "`provisor" not in page.text


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("base", "contoso", "The base contoso is no distinguished name"),
        ("addresses", "https://dc1", "is no name of a host"),
        ("user", " ", "Whom to sign in as is missing."),
        ("caFile", "/nowhere/ca.pem", "The CA file /nowhere/ca.pem is not there"),
        ("timeoutSeconds", "soon", "Write a whole number."),
        ("timeoutSeconds", "9999", "A server is waited for from 1 to 600 seconds"),
        ("transport", "plain", "Without TLS the network would see the password"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_is_kept(ida, admin, field, typed, said):
    page = ida.submit(ida.get(NEW), NEW, do="save", **(TYPED | {field: typed}))

    assert page.status == 400
    beside = [text for text in page.html.split("\n") if f'id="{field}-wrong"' in text]
    assert said in " ".join(beside)
    assert page.document.forms[NEW].get("user", "").strip() == (TYPED | {field: typed})["user"].strip()
    assert admin.sources.settings.all(ME) == []


def test_a_name_that_is_taken_is_said_beside_it(ida, corp):
    page = ida.submit(ida.get(NEW), NEW, do="save", **TYPED)

    assert page.status == 400
    assert 'id="name-wrong"' in page.html
    assert "corp is the name of a source" in page.text


def test_a_test_without_a_password_asks_for_it(ida):
    page = ida.submit(ida.get(NEW), NEW, do="test", **(TYPED | {"password": ""}))

    assert page.status == 400
    assert 'id="password-wrong"' in page.html


def test_a_kind_that_is_none_is_not_there(ida):
    assert ida.get("/sources/new/notes").status == 404


@pytest.mark.parametrize(
    ("kind", "typed", "next_part"),
    [
        ("ldap", TYPED, "filtering"),
        ("entra", {"name": "corp", "tenant": "contoso.com", "client": "1", "clientSecret": "s3cret"}, "attributes"),
    ],
)
def test_each_kind_has_its_fields_and_its_next_page(ida, kind, typed, next_part):
    answer = ida.submit(ida.get(f"/sources/new/{kind}"), f"/sources/new/{kind}", do="save", **typed)

    assert answer.status == 303
    assert answer.location.endswith(f"/{next_part}")


def test_a_source_of_files_goes_on_to_the_schedule(ida, tmp_path):
    users = tmp_path / "users.csv"
    users.write_text("userPrincipalName\n")

    answer = ida.submit(ida.get("/sources/new/csv"), "/sources/new/csv", do="save", name="hr", users=str(users))

    assert answer.location.endswith("/schedule")


def test_a_filter_is_added_and_removed_by_its_row(ida, admin, corp):
    page = ida.get(f"{corp}/filtering")
    row = [("attribute", "department"), ("operator", "equals"), ("value", "Robots"), ("of", "user group")]
    rows = fields(page, f"{corp}/filtering", *row, ("do", "save"), without=("attribute", "operator", "value", "of"))

    ida.request("POST", f"{corp}/filtering", rows)
    [kept] = admin.sources.settings.show(ME, "corp").source.settings.filters
    assert (kept.attribute, kept.value, kept.kinds) == ("department", "Robots", ("user", "group"))

    page = ida.get(f"{corp}/filtering")
    ida.submit(page, f"{corp}/filtering", attribute="", value="", do="save")
    assert admin.sources.settings.show(ME, "corp").source.settings.filters == ()


def test_more_rows_for_filters_keep_what_was_typed(ida, corp):
    page = ida.get(f"{corp}/filtering")

    more = ida.submit(page, f"{corp}/filtering", containers="OU=<b>", attribute="title", value='"x"', do="more")

    assert more.html.count('name="attribute"') > page.html.count('name="attribute"')
    assert "OU=&lt;b&gt;" in more.html


def test_a_container_that_is_none_is_said_beside_it(ida, corp):
    page = ida.submit(ida.get(f"{corp}/filtering"), f"{corp}/filtering", containers="People", do="save")

    assert page.status == 400
    assert 'id="containers-wrong"' in page.html


def test_a_schedule_that_is_no_number_is_said_beside_it(ida, corp):
    page = ida.submit(
        ida.get(f"{corp}/schedule"), f"{corp}/schedule", interval="often", precedence="9999999", do="save"
    )

    assert page.status == 400
    assert 'id="interval-wrong"' in page.html
    assert 'value="often"' in page.html


def test_attributes_of_a_tenant_are_saved(ida, admin):
    made = admin.sources.settings.add(
        ME, "cloud", {"type": "entra", "tenant": "contoso.com", "client": "1"}, given_secrets={"clientSecret": "s"}
    )
    action = f"/sources/{made.source.id}/attributes"

    wrong = ida.submit(ida.get(action), action, applications="only-one-id")
    right = ida.submit(wrong, action, userAttributes="faxNumber", applications="a = b")

    assert (wrong.status, 'id="applications-wrong"' in wrong.html) == (400, True)
    assert right.status == 303
    settings = admin.sources.settings.show(ME, "cloud").source.settings
    assert settings.user_attributes == ("faxNumber",)
    assert (settings.applications[0].service_principal, settings.applications[0].application) == ("a", "b")
