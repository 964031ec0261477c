"""People's accounts: what they may, how they sign in, and that what is taken from them is gone at once."""

import pytest

from provisor.admin import proofs
from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.errors import AdminError
from provisor.storage import audit

PASSWORD, OTHER, THIRD = "correct horse battery", "staple of another kind", "a third one of some length"
ADMINISTRATOR, READER, OWNER = "Global Administrator", "Reports Reader", "Application Owner"
OLGA = "olga@x.example"


@pytest.fixture
def anna(verbs):
    return verbs.accounts.add(ME, "Anna", [READER], password=PASSWORD).account


@pytest.fixture
def olga(verbs):
    """An owner, who is a person of the directory."""
    verbs.users.create(ME, {"userPrincipalName": OLGA})
    return verbs.accounts.add(ME, "Olga", [OWNER], person=OLGA, password=PASSWORD).account


def refusal(verb, *arguments, **given):
    with pytest.raises(AdminError) as caught:
        verb(*arguments, **given)
    return caught.value.code


def test_an_account_signs_in_with_its_password_whatever_the_case_of_its_name(verbs, anna):
    assert verbs.authentication.sign_in("aNNa", PASSWORD).id == anna.id
    assert verbs.authentication.sign_in("Anna", OTHER) is None
    assert verbs.authentication.sign_in("Nobody", PASSWORD) is None


def test_who_signed_in_may_what_the_roles_say(verbs, anna):
    actor = verbs.authentication.of_session(anna.session_key, "192.0.2.7", "c-1")

    assert (actor.id, actor.name, actor.kind, actor.roles) == (anna.id, "Anna", "user", (READER,))
    assert actor.permissions == {"application.read", "log.read", "audit.read"}
    assert (actor.address, actor.correlation, actor.through) == ("192.0.2.7", "c-1", None)


def test_several_roles_allow_what_each_of_them_does(verbs):
    both = verbs.accounts.add(ME, "Bo", ["plan approver", "REPORTS READER"]).account

    assert both.roles == ("Reports Reader", "Plan Approver")
    assert verbs.authentication.actor_of(both.id).may("plan.approve")
    assert verbs.authentication.actor_of(both.id).may("audit.read")


def test_another_role_holds_from_the_next_request_on(verbs, anna):
    verbs.accounts.set(ME, "Anna", roles=["Security Reader"])

    assert verbs.authentication.of_session(anna.session_key).roles == ("Security Reader",)


@pytest.mark.parametrize(
    "change",
    [
        lambda verbs: verbs.accounts.set(ME, "Anna", enabled=False),
        lambda verbs: verbs.accounts.set_password(ME, "Anna", OTHER),
        lambda verbs: verbs.accounts.delete(ME, "Anna"),
        lambda verbs: verbs.authentication.change_password(verbs.accounts.show(ME, "Anna").account.id, PASSWORD, OTHER),
    ],
    ids=["disabled", "other password", "deleted", "own other password"],
)
def test_a_session_is_over_at_once_when_its_account_is(verbs, anna, change):
    change(verbs)

    assert verbs.authentication.of_session(anna.session_key) is None


def test_an_account_that_is_enabled_again_signs_in_anew(verbs, anna):
    verbs.accounts.set(ME, "Anna", enabled=False)
    refused = verbs.authentication.sign_in("Anna", PASSWORD)
    verbs.accounts.set(ME, "Anna", enabled=True)

    assert refused is None
    assert verbs.authentication.of_session(anna.session_key) is None
    assert verbs.authentication.sign_in("Anna", PASSWORD).id == anna.id


@pytest.mark.parametrize(
    "leave",
    [
        lambda verbs: verbs.users.set_enabled(ME, OLGA, enabled=False),
        lambda verbs: verbs.users.delete(ME, OLGA),
        lambda verbs: verbs.users.purge(ME, OLGA),
    ],
    ids=["disabled", "deleted", "purged"],
)
def test_access_does_not_outlive_its_person(verbs, olga, leave):
    leave(verbs)

    assert verbs.authentication.of_session(olga.session_key) is None
    assert verbs.authentication.sign_in("Olga", PASSWORD) is None
    assert verbs.accounts.show(ME, "Olga").state == "person gone"


def test_an_owner_owns_what_the_person_owns_now(verbs, olga):
    made = verbs.applications.add(ME, "scim", name="Own").application.id
    before = verbs.authentication.actor_of(olga.id).owned
    verbs.applications.add_owner(ME, "Own", OLGA)

    assert (before, verbs.authentication.actor_of(olga.id).owned) == (frozenset(), {made})


def test_an_owner_is_somebody(verbs, olga):
    assert refusal(verbs.accounts.add, ME, "Bo", [OWNER]) == "invalid-value"
    assert refusal(verbs.accounts.set, ME, "Olga", person="") == "invalid-value"
    assert refusal(verbs.accounts.add, ME, "Bo", [OWNER], person="who@x.example") == "not-found"


ODD_NAMES = {
    "the id of another": lambda anna: anna.id,
    "the same in capitals": lambda anna: anna.id.upper(),
    "who has no account": lambda _: "Local Operator",
    "the service": lambda _: "service",
    "who is not known": lambda _: "Nobody",
}


@pytest.mark.parametrize("odd", ODD_NAMES.values(), ids=ODD_NAMES)
def test_nobody_is_called_what_means_another(verbs, anna, odd):
    name = odd(anna)

    assert refusal(verbs.accounts.add, ME, name, [READER]) == "name-taken"
    assert refusal(verbs.authentication.vouched, ISSUER, "s-1", name, [READER]) == "name-taken"


def test_an_id_is_no_name_to_sign_in_with(verbs, anna):
    assert verbs.authentication.sign_in(anna.id, PASSWORD) is None


def test_a_password_that_was_set_meanwhile_stays(verbs, anna, monkeypatch):
    hashed = proofs.password_hash

    def meanwhile(password):
        monkeypatch.undo()
        verbs.accounts.set_password(ME, "Anna", THIRD)
        return hashed(password)

    monkeypatch.setattr("provisor.admin.authentication.password_hash", meanwhile)

    assert refusal(verbs.authentication.change_password, anna.id, PASSWORD, OTHER) == "sign-in-failed"
    assert verbs.authentication.sign_in("Anna", THIRD) is not None


@pytest.mark.parametrize(
    ("roles", "code"), [([], "invalid-value"), (["Global Administrater"], "invalid-value")], ids=["none", "unknown"]
)
def test_an_account_has_roles_that_there_are(verbs, roles, code):
    assert refusal(verbs.accounts.add, ME, "Anna", roles) == code


@pytest.mark.parametrize(
    ("name", "code"),
    [(" ", "name-blank"), ("a\u200bb", "name-unprintable"), ("x" * 257, "name-too-long"), ("ANNA", "name-taken")],
)
def test_a_name_that_cannot_be_told_from_another_is_refused(verbs, anna, name, code):
    assert refusal(verbs.accounts.add, ME, name, [READER]) == code


def test_who_wants_a_name_that_is_taken_is_told_how_to_change_its_account(verbs, anna):
    with pytest.raises(AdminError, match="An account is already called ANNA") as refused:
        verbs.accounts.add(ME, "ANNA", [READER])

    assert "`provisor admin user set`" in refused.value.hint


@pytest.mark.parametrize("password", ["eleven char", "x" * 1_001], ids=["short", "long"])
def test_a_password_that_is_too_short_or_too_long_is_refused(verbs, password):
    assert refusal(verbs.accounts.add, ME, "Anna", [READER], password=password) == "password-weak"


def test_passwords_are_neither_stored_nor_told(verbs, database, anna):
    verbs.accounts.set_password(ME, "Anna", OTHER)
    stored = [row for table in ("account", "audit_event") for row in database.reader().all(f"SELECT * FROM {table}")]

    assert PASSWORD not in str(stored)
    assert OTHER not in str(stored)


LAST = {
    "another role": lambda verbs: verbs.accounts.set(ME, "Root", roles=[READER]),
    "disabled": lambda verbs: verbs.accounts.set(ME, "Root", enabled=False),
    "deleted": lambda verbs: verbs.accounts.delete(ME, "Root"),
}


@pytest.mark.parametrize("take", LAST.values(), ids=LAST)
def test_the_last_global_administrator_who_can_sign_in_stays_one(verbs, take):
    root = verbs.accounts.add(ME, "Root", [ADMINISTRATOR], password=PASSWORD).account
    verbs.accounts.add(ME, "Without a password", [ADMINISTRATOR])
    disabled = verbs.accounts.add(ME, "Disabled", [ADMINISTRATOR], password=PASSWORD).account.id
    verbs.accounts.set(ME, disabled, enabled=False)

    assert refusal(take, verbs) == "last-administrator"
    assert verbs.authentication.of_session(root.session_key).roles == (ADMINISTRATOR,)


def test_who_could_sign_in_at_a_provider_that_is_not_set_does_not_count(verbs):
    verbs.accounts.add(ME, "Root", [ADMINISTRATOR], password=PASSWORD)
    verbs.authentication.vouched(ISSUER, "s-1", "pia@x.example", [ADMINISTRATOR])

    assert refusal(verbs.accounts.delete, ME, "Root") == "last-administrator"


@pytest.mark.parametrize("take", LAST.values(), ids=LAST)
def test_one_of_two_global_administrators_may_go(verbs, take):
    for name in ("Root", "Other"):
        verbs.accounts.add(ME, name, [ADMINISTRATOR], password=PASSWORD)

    take(verbs)

    assert verbs.authentication.sign_in("Other", PASSWORD) is not None


def test_signing_in_is_in_the_audit_log_and_so_is_being_refused(verbs, database, tenant, anna):
    verbs.authentication.sign_in("Anna", PASSWORD, "192.0.2.7", "c-1")
    verbs.authentication.sign_in("Anna", OTHER, "192.0.2.8", "c-2")
    verbs.authentication.sign_in("a password typed as a name", OTHER)

    nobody, refused, done = audit.newest(database.reader(), tenant, limit=3)
    assert (done.activity, done.result, done.author.id, done.author.address) == (
        *("Sign in", "success"),
        *(anna.id, "192.0.2.7"),
    )
    assert (refused.result, refused.author.id, refused.author.correlation) == ("failure", anna.id, "c-2")
    assert (nobody.author.name, nobody.target) == ("nobody", "nobody")


def test_the_local_operator_acts_as_an_account_and_the_audit_log_tells_both(verbs, database, tenant, anna):
    actor = verbs.authentication.acting_as("anna")
    refusal(verbs.users.count, actor)

    event = audit.newest(database.reader(), tenant, limit=1)[0]
    assert (event.author.id, event.author.name, event.author.through) == (anna.id, "Anna", "local operator")


def test_nobody_acts_as_an_account_that_may_not_sign_in(verbs, anna):
    verbs.accounts.set(ME, "Anna", enabled=False)

    assert refusal(verbs.authentication.acting_as, "Anna") == "account-disabled"
    assert refusal(verbs.authentication.acting_as, "Nobody") == "not-found"


ISSUER = "https://login.example.com"


def test_somebody_vouched_for_has_the_roles_of_the_last_word(verbs):
    first = verbs.authentication.vouched(ISSUER, "s-1", "pia@x.example", [READER])
    again = verbs.authentication.vouched(ISSUER, "s-1", "pia@x.example", ["Security Reader"])

    assert (first.id, first.roles, again.roles) == (again.id, (READER,), ("Security Reader",))
    assert again.has_sign_in


def test_what_another_vouches_for_is_in_the_audit_log(verbs, database, tenant):
    verbs.authentication.vouched(ISSUER, "s-1", "pia", [READER], "192.0.2.7")
    verbs.authentication.vouched(ISSUER, "s-1", "pia", [ADMINISTRATOR], "192.0.2.7")
    verbs.authentication.vouched(ISSUER, "s-1", "pia", [ADMINISTRATOR], "192.0.2.7")

    events = [one for one in audit.newest(database.reader(), tenant, limit=9) if one.activity != "Sign in"]
    assert [(one.activity, one.author.name, one.author.address, one.detail) for one in events] == [
        ("Update account", "pia", "192.0.2.7", {"issuer": ISSUER, "roles": {"old": [READER], "new": [ADMINISTRATOR]}}),
        ("Add account", "pia", "192.0.2.7", {"issuer": ISSUER, "name": "pia", "roles": [READER]}),
    ]


def test_nobody_takes_an_account_over_by_its_name(verbs, anna):
    assert refusal(verbs.authentication.vouched, ISSUER, "s-1", "Anna", [ADMINISTRATOR]) == "name-taken"
    other = verbs.authentication.vouched(ISSUER, "s-2", "Pia", [READER])
    assert refusal(verbs.authentication.vouched, "https://evil.example", "s-2", "Pia", [READER]) == "name-taken"
    assert verbs.authentication.vouched(ISSUER, "s-2", "Pia", [READER]).id == other.id


def test_a_disabled_account_is_not_vouched_in(verbs):
    verbs.authentication.vouched(ISSUER, "s-1", "Pia", [READER])
    verbs.accounts.set(ME, "Pia", enabled=False)

    assert refusal(verbs.authentication.vouched, ISSUER, "s-1", "Pia", [READER]) == "account-disabled"


# Set-up links


def test_the_first_link_makes_the_first_global_administrator_once(verbs):
    code = verbs.setup.first_setup().code.reveal()
    shown = verbs.setup.look(code)
    made = verbs.setup.finish(code, PASSWORD, "Root", "192.0.2.7")

    assert shown.name is None
    assert made.roles == (ADMINISTRATOR,)
    assert verbs.authentication.sign_in("Root", PASSWORD).id == made.id
    assert refusal(verbs.setup.finish, code, PASSWORD, "Second") == "setup-link-over"
    assert verbs.setup.first_setup() is None


def test_only_the_newest_first_link_is_good(verbs):
    older, newer = (verbs.setup.first_setup().code.reveal() for _ in range(2))

    assert verbs.setup.look(older) is None
    assert verbs.setup.look(newer) is not None


def test_the_first_link_is_good_for_nothing_once_there_is_an_account(verbs):
    code = verbs.setup.first_setup().code.reveal()
    verbs.accounts.add(ME, "Root", [ADMINISTRATOR])

    assert verbs.setup.look(code) is None
    assert refusal(verbs.setup.finish, code, PASSWORD, "Other") == "setup-link-over"


def test_a_link_of_an_account_gives_it_a_password_once(verbs):
    verbs.accounts.add(ME, "Bo", [READER])
    link = verbs.accounts.setup_link(ME, "Bo")
    code = link.code.reveal()

    weak = refusal(verbs.setup.finish, code, "short")
    verbs.setup.finish(code, PASSWORD)

    assert (weak, link.name) == ("password-weak", "Bo")
    assert verbs.authentication.sign_in("Bo", PASSWORD) is not None
    assert refusal(verbs.setup.finish, code, OTHER) == "setup-link-over"


@pytest.mark.parametrize(
    "end",
    [
        lambda verbs, clock: clock.move(days=1),
        lambda verbs, clock: verbs.accounts.setup_link(ME, "Bo"),
        lambda verbs, clock: verbs.accounts.set_password(ME, "Bo", OTHER),
        lambda verbs, clock: verbs.accounts.set(ME, "Bo", enabled=False),
        lambda verbs, clock: verbs.accounts.delete(ME, "Bo"),
    ],
    ids=["a day old", "a newer one", "a password", "disabled", "deleted"],
)
def test_a_link_is_over_when_its_time_or_its_account_is(verbs, clock, end):
    verbs.accounts.add(ME, "Bo", [READER])
    code = verbs.accounts.setup_link(ME, "Bo").code.reveal()
    end(verbs, clock)

    assert verbs.setup.look(code) is None
    assert refusal(verbs.setup.finish, code, PASSWORD) == "setup-link-over"


def test_a_link_is_stored_as_a_hash_and_its_repr_tells_nothing(verbs, database):
    link = verbs.setup.first_setup()

    assert link.code.reveal() not in f"{link}{database.reader().all('SELECT * FROM setup_link')}"
    assert link.address("https://p.example") == f"https://p.example/set-up/{link.code.reveal()}"
