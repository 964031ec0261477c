"""What an initial cycle writes to the disk, in bytes: counted by the kernel, whatever the disk is and how busy it is."""

from dataclasses import replace
from pathlib import Path

import pytest

from provisor.runner.recording import recorder

LIMIT_BYTES_A_PERSON = 10_000
ATTRIBUTES = {
    "mail": "somebody@contoso.example",
    "department": "Sales",
    "jobTitle": "Clerk",
    "mobilePhone": "+47 123 45 678",
    "streetAddress": "Long Street 12",
    "city": "Oslo",
    "postalCode": "0150",
    "country": "NO",
    "employeeId": "12345",
    "preferredLanguage": "nb-NO",
}


def written():
    lines = Path("/proc/self/io").read_text().splitlines()
    return next(int(line.partition(":")[2]) for line in lines if line.startswith("wchar:"))


def bytes_a_person(world, people):
    """Of a first cycle that creates so many, whose names come in no order."""
    names = [f"person{number * 7919 % people:05}@contoso.example" for number in range(people)]
    world.organisation.users(names, **ATTRIBUTES)
    before = written()

    world.run()

    assert len(world.target.resources("user")) == people
    return (written() - before) / people


@pytest.fixture(autouse=True)
def _batches_are_full(monkeypatch):
    """A batch goes out when it is full; after how many milliseconds it otherwise would depends on the machine."""
    monkeypatch.setattr(recorder, "LONGEST_WAIT_SECONDS", 5.0)


def test_a_person_costs_at_most_ten_kilobytes(everybody):
    assert bytes_a_person(everybody, 2_000) <= LIMIT_BYTES_A_PERSON


def test_what_is_written_does_not_depend_on_how_long_the_id_of_the_job_is(make_world):
    with_short, with_long = make_world("scim", scope="all"), make_world("scim", scope="all")
    with_long.job = replace(with_long.job, id=f"{with_long.job.id}{'x' * 400}")
    with with_long.database.transaction() as connection:
        connection.execute("UPDATE job SET id = ?", (with_long.job.id,))

    short, long = (bytes_a_person(world, 300) for world in (with_short, with_long))

    assert long == pytest.approx(short, rel=0.1)
