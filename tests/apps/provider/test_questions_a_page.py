"""A page costs as many statements as it is asked in, however many resources stand on it."""

import pytest


def statements(target, ask):
    """What the database is asked while a request is answered; the log of requests is not part of it."""
    target.runner.run(target.target.log.flush())
    target.runner.run(target.target.exchanges.flush())
    answer, asked, watched = None, [], ()
    while watched != target.database.connections:  # else a thread was asked for the first time, and nobody watched it
        asked, watched = [], target.database.connections
        for connection in watched:
            connection.raw.set_trace_callback(asked.append)
        answer = ask(target.client)
        for connection in watched:
            connection.raw.set_trace_callback(None)
    assert answer.status == 200, answer
    return answer, [sql for sql in asked if "request_log" not in sql and "exchange" not in sql and "PRAGMA" not in sql]


def fill(client, people, groups, each):
    ids = [client.user(f"u{number:03}@example.org", name={"familyName": "Ruiz"})["id"] for number in range(people)]
    for number in range(groups):
        client.group(f"Group {number:03}", members=ids[:each])


QUESTIONS = {
    "users": ("/Users", {}),
    "users sorted": ("/Users", {"sortBy": "userName"}),
    "users sorted by what no column holds": ("/Users", {"sortBy": "name.familyName"}),
    "users filtered": ("/Users", {"filter": 'userName sw "u"'}),
    "users filtered by what no column holds": ("/Users", {"filter": 'name.familyName eq "Ruiz"'}),
    "users by cursor": ("/Users", {"cursor": ""}),
    "groups": ("/Groups", {}),
    "groups filtered": ("/Groups", {"filter": 'displayName sw "Group"'}),
    "groups without members": ("/Groups", {"excludedAttributes": "members"}),
    "groups by cursor": ("/Groups", {"cursor": ""}),
    "everything": ("", {}),
    "everything sorted": ("", {"sortBy": "meta.created"}),
}


@pytest.mark.fast_rows(4)
@pytest.mark.parametrize("profile", ["umbrella", "generic"])
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_long_page_takes_as_many_statements_as_a_short_one(request, question, profile):
    target = request.getfixturevalue(profile)
    path, query = QUESTIONS[question]
    fill(target.client, people=30, groups=25, each=3)

    few, many = (35, 50) if not path else (5, 20)  # resources; both end before all do
    target.client.get(path, count=few, **query)  # tokens are known then, and threads have their connections

    _, short = statements(target, lambda client: client.get(path, count=few, **query))
    answer, long = statements(target, lambda client: client.get(path, count=many, **query))

    assert len(answer.resources) == many
    assert short
    # Fifteen resources more. A statement or two may differ: whether the end was met, which thread was free.
    assert len(long) - len(short) < 5, long


def test_the_groups_of_a_page_of_users_are_asked_for_in_one_question(generic):
    fill(generic.client, people=40, groups=3, each=20)

    answer, asked = statements(generic, lambda client: client.get("/Users"))

    assert [len(user.get("groups", ())) for user in answer.resources] == [3] * 20 + [0] * 20
    assert len([sql for sql in asked if "membership" in sql]) == 1


def test_the_members_of_a_page_of_groups_are_asked_for_in_one_question(umbrella):
    fill(umbrella.client, people=9, groups=20, each=9)

    answer, asked = statements(umbrella, lambda client: client.get("/Groups"))

    for group in answer.resources:
        assert [member["value"] for member in group["members"]] == sorted(m["value"] for m in group["members"])
        assert len(group["members"]) == 9
    assert len([sql for sql in asked if "membership" in sql]) == 1


def test_users_between_whom_many_others_were_made_keep_their_groups(generic):
    first = generic.client.user("a-first")["id"]
    others = [generic.client.user(f"m{number:02}")["id"] for number in range(30)]
    last = generic.client.user("a-last")["id"]
    for number in range(6):
        generic.client.group(f"group {number}", members=[first, last, *others])

    found = generic.client.get("/Users", filter='userName sw "a-"')

    assert [len(user["groups"]) for user in found.resources] == [6, 6]
