"""`provisor serve` reads sources beside its jobs, and tells how they are."""

import os
import signal
from threading import Thread

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.health import Pulse
from provisor.main import build
from provisor.settings import read_settings


@pytest.fixture
def staff(tmp_path):
    """A file of people."""
    file = tmp_path / "users.csv"
    file.write_text("userPrincipalName,displayName\nanna@x.example,Anna\n")
    return file


@pytest.fixture
def admin(tmp_path, staff):
    made = build(read_settings({"PROVISOR_DATA": str(tmp_path / "data")}))
    made.sources.settings.add(ME, "staff", {"type": "csv", "users": str(staff)})
    made.sources.settings.start(ME, "staff")
    return made


def end():
    os.kill(os.getpid(), signal.SIGTERM)


def test_a_source_is_read_and_told_of(admin):
    lines = []

    def said(line):
        lines.append(line)
        if line.startswith("staff:"):
            end()

    admin.cycles.serve(ME, said=said, failed=print)

    assert lines[-1].startswith("staff: full read 1 succeeded: ")
    assert [one.name for one in admin.users.page(ME)] == ["anna@x.example"]


def test_a_file_that_is_written_anew_is_read_before_its_interval(admin, staff):
    lines = []

    def said(line):
        lines.append(line)
        if line.startswith("staff: full read 1 "):
            staff.write_text("userPrincipalName,displayName\nanna@x.example,Anna\nbo@x.example,Bo\n")
        elif line.startswith("staff:"):
            end()

    admin.cycles.serve(ME, said=said, failed=print)

    assert len(admin.users.page(ME)) == 2


def test_a_source_that_cannot_be_read_is_told_by_name(admin, staff):
    staff.unlink()
    told = []

    def failed(what, sentence):
        told.append((what, sentence))
        end()

    admin.cycles.serve(ME, said=lambda line: None, failed=failed)

    assert told[0][0] == "staff"
    assert str(staff) in told[0][1]


def test_a_run_that_is_asked_for_is_done_by_whoever_serves(admin, staff):
    admin.sources.settings.pause(ME, "staff")
    found = []

    def ask():
        found.append(admin.sources.runs.run(ME, "staff", full=True))
        end()

    admin.cycles.serve(ME, said=lambda line: Thread(target=ask).start() if "Running" in line else None, failed=print)

    assert (found[0].kind, found[0].state) == ("full", "succeeded")


def test_health_and_figures_tell_of_sources(admin, staff):
    staff.unlink()
    admin.cycles.serve(ME, said=lambda line: None, failed=lambda what, sentence: end())

    (seen,) = admin.health.look(ME, Pulse()).sources
    (figures,) = admin.health.figures(ME).sources
    assert (seen.failures, seen.error is not None) == (1, True)
    assert (figures.source.name, figures.fresh_seconds) == ("staff", None)
    assert admin.health.tally.source_runs[figures.source.id, "full", "failed"] == 1
