"""A preview says what a run would do, and writes nothing."""


def test_a_preview_counts_what_a_run_would_do_and_writes_nothing(mirror, domain):
    domain.person("anna")
    domain.group("sales", "anna")
    source = mirror.connect()

    preview = mirror.preview(source, domain)

    assert preview.run.counters["created"] == 2
    assert (mirror.alive(), mirror.source(source).cursor, mirror.source(source).runs) == ({}, None, 0)


def test_a_preview_names_who_would_be_created_updated_and_deleted(mirror, domain):
    domain.person("anna")
    domain.person("bo")
    source = mirror.connect()
    mirror.run(source, domain)
    domain.person("anna", title="Chief")
    domain.remove("bo")
    domain.person("cleo")

    preview = mirror.preview(source, domain)

    told = [(one.what, one.name.partition("@")[0], one.attributes) for one in preview.examples]
    assert told == [("created", "cleo", ()), ("deleted", "bo", ()), ("updated", "anna", ("jobTitle",))]


def test_a_preview_of_a_source_in_staging_shows_what_would_come(mirror, domain):
    domain.person("anna")
    source = mirror.connect(staging=True)
    mirror.run(source, domain)

    preview = mirror.preview(source, domain)

    assert preview.run.counters["created"] == 1
    assert mirror.alive() == {}


def test_a_preview_says_who_would_be_left_out_and_why(mirror, domain):
    anchor = domain.person("anna")
    domain.source.put("user", anchor, {"sAMAccountName": None})

    preview = mirror.preview(mirror.connect(), domain)

    assert [(who, why.code) for who, why in preview.left_out] == [("anna@contoso.example", "no-account-name")]


def test_who_was_deleted_before_is_not_told_as_left_out(mirror, domain):
    anchor = domain.person("anna")
    domain.person("bo")
    source = mirror.connect()
    mirror.run(source, domain)
    domain.source.remove(anchor)
    mirror.run(source, domain)

    assert mirror.preview(source, domain).left_out == []


def test_a_run_after_a_preview_does_what_it_said(mirror, domain):
    domain.person("anna")
    source = mirror.connect()
    preview = mirror.preview(source, domain)

    run = mirror.run(source, domain)

    assert run.counters == preview.run.counters
