"""From standing and link to a decision, asking the target only when it must be asked."""

from provisor.engine.decide import Create, Disable, Fail, Link, Owner, Skip, Terms, Update
from provisor.engine.settle import Look, settle, settle_found
from provisor.rules.matching import Ambiguous, Matched, NoMatch
from provisor.rules.scoping import Clause, FilterGroup, Scope

TERMS = Terms()


def test_somebody_wanted_without_link_is_looked_up(directory):
    assert settle(directory.judge(directory.user()), None, TERMS) == Look((("userName", "ana@example.org"),))


def test_somebody_out_of_scope_without_link_costs_no_request(directory):
    decision = settle(directory.judge(directory.user(assigned=False), linked=False), None, TERMS)

    assert decision == Skip("NotEffectivelyEntitled", "The object is not assigned to the application.")


def test_a_disabled_person_is_never_created(directory):
    decision = settle(directory.judge(directory.user(enabled=False)), None, TERMS)

    assert decision == Skip("NotEffectivelyEntitled", "The account is disabled in the directory.")


def test_without_a_matching_value_the_import_is_skipped(directory):
    record = directory.user(attributes={"userPrincipalName": ""}, name="Ana")

    decision = settle(directory.judge(record), None, TERMS)

    assert isinstance(decision, Skip)
    assert decision.code == "ImportSkipped"


def test_a_linked_object_is_updated_by_its_id(directory):
    assert settle(directory.judge(directory.user()), "linked", TERMS, link_hash="old") == Update()


def test_a_linked_object_with_the_same_hash_is_skipped(directory):
    desired = directory.judge(directory.user())

    decision = settle(desired, "linked", TERMS, link_hash=desired.wanted_hash)

    assert isinstance(decision, Skip)
    assert decision.code == "RedundantExport"


def test_a_mapping_that_flows_always_is_sent_all_the_same(directory):
    desired = directory.judge(directory.user())

    assert settle(desired, "linked", TERMS, link_hash=desired.wanted_hash, insists=True) == Update()


def test_a_disabled_person_is_disabled_once(directory):
    desired = directory.judge(directory.user(enabled=False))

    assert settle(desired, "linked", TERMS, link_hash="old") == Disable(release=False)
    again = settle(desired, "linked", TERMS, link_hash=desired.wanted_hash)
    assert isinstance(again, Skip)


def test_an_unassigned_person_is_disabled_and_released(directory):
    desired = directory.judge(directory.user(assigned=False))

    assert settle(desired, "linked", TERMS, link_hash="old") == Disable(release=True)
    assert isinstance(settle(desired, "released", TERMS, link_hash=desired.wanted_hash), Skip)


def test_a_released_person_who_comes_back_is_updated_by_id(directory):
    assert settle(directory.judge(directory.user()), "released", TERMS, link_hash="x") == Update(reinstate=True)


def test_a_mapping_failure_fails_who_is_wanted(directory):
    record = directory.user(attributes={"displayName": ["one", "two"]})

    for link in (None, "linked"):
        decision = settle(directory.judge(record), link, TERMS, link_hash="old")
        assert isinstance(decision, Fail)
        assert decision.failure.code == "SchemaPropertyCanOnlyAcceptValue"


def test_a_mapping_failure_does_not_keep_a_leaver_active(directory):
    record = directory.user(attributes={"displayName": ["one", "two"]}, enabled=False)

    assert settle(directory.judge(record), "linked", TERMS, link_hash="old") == Disable(release=False)


def test_who_is_set_aside_is_left_alone_even_when_linked(directory):
    clause = Clause(attribute="department", operator="IS NOT NULL")
    scope = Scope(input_groups=(FilterGroup(title="x", clauses=(clause,)),))

    decision = settle(directory.judge(directory.user(), directory.rules(users={"scope": scope})), "linked", TERMS)

    assert isinstance(decision, Skip)
    assert decision.code == "NotInScope"


def test_nobody_found_is_created(directory):
    assert settle_found(directory.judge(directory.user()), NoMatch(), TERMS, owners={}) == Create()


def test_one_found_is_linked(directory):
    found = Matched({"id": "t1"})

    assert settle_found(directory.judge(directory.user()), found, TERMS, owners={}) == Link(update=True)


def test_one_found_that_belongs_to_somebody_else_fails_naming_both(directory):
    decision = settle_found(
        directory.judge(directory.user()), Matched({"id": "t1"}), TERMS, owners={"t1": Owner("u9", "bo@example.org")}
    )

    assert isinstance(decision, Fail)
    assert decision.failure.code == "DuplicateSourceEntries"
    assert "ana@example.org" in decision.failure.message
    assert "bo@example.org" in decision.failure.message


def test_several_found_fail(directory):
    decision = settle_found(directory.judge(directory.user()), Ambiguous(("t1", "t2")), TERMS, owners={})

    assert isinstance(decision, Fail)
    assert decision.failure.code == "DuplicateTargetEntries"
