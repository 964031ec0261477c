"""What the log says after a change of rules: everybody is looked at, and nearly all stay as they are."""

from provisor.storage import jobs
from provisor.testing.organisation import NOW


def add_mapping(world, name):
    """As the product saves rules: a new version, and everything is evaluated once."""
    with world.database.transaction() as connection:
        job = jobs.read(connection, world.job.number)
        rules = jobs.rules(connection, job.number, job.ruleset_version)
        every = [one for rule in rules["synchronizationRules"] for one in rule["objectMappings"]]
        (users,) = [one for one in every if one["sourceObjectName"] == "User"]
        users["attributeMappings"].append(
            {"targetAttributeName": name, "source": {"type": "Function", "expression": f"[{name}]"}}
        )
        jobs.save_rules(connection, job.number, rules, created_by="test", now=NOW)
        jobs.change(connection, job.number, rules_changed=True)


def after_a_change_of_rules(make_world, behaviour):
    """Names of those whom the log speaks of after a change of rules, and how that ended for them.

    Anna stays as she is, bo is disabled, cleo was never assigned; dora changed in the directory, but nothing that is
    provisioned; emil gets a new value by the rules; fay leaves scope, and gus enters it.
    """
    world = make_world("scim", behaviour=behaviour)
    org = world.organisation
    org.users(["anna@x", "cleo@x", "dora@x"])
    org.users(["bo@x"], enabled=False)
    org.user("emil@x", preferredLanguage="de")
    org.user("fay@x", department="Out")
    org.user("gus@x", department="In")
    org.group("Staff")
    org.assign("anna@x", "bo@x", "dora@x", "emil@x", "fay@x")
    org.assign("Staff", kind="group")
    org.change("bo@x")
    assert world.run().state == "succeeded"
    before = {event.id for event in world.events()}
    add_mapping(world, "preferredLanguage")
    org.change("dora@x", ageGroup="Adult")
    org.unassign("fay@x")
    org.assign("gus@x")

    assert world.run().state == "succeeded"

    return sorted((event.name, event.action, event.status) for event in world.events() if event.id not in before)


NEWS = [("dora@x", "other", "skipped"), ("emil@x", "update", "success"), ("fay@x", "disable", "success"),
        ("gus@x", "create", "success")]  # fmt: skip
NO_NEWS = [("Staff", "other", "skipped"), ("anna@x", "other", "skipped"), ("bo@x", "other", "skipped"),
           ("cleo@x", "other", "skipped")]  # fmt: skip


def test_after_a_change_of_rules_the_log_speaks_of_those_to_whom_something_happened(make_world):
    assert after_a_change_of_rules(make_world, "provisor") == NEWS


def test_as_entra_the_log_then_speaks_of_everybody(make_world):
    assert after_a_change_of_rules(make_world, "entra") == sorted(NEWS + NO_NEWS)


def test_a_job_that_starts_anew_logs_everybody(world):
    world.organisation.users(["anna@x", "bo@x"])
    world.run()
    before = len(world.events())
    with world.database.transaction() as connection:
        jobs.change(connection, world.job.number, watermark=None)

    world.run()

    assert len(world.events()) - before == 2
