"""Writes the sample of a service database of this version, which every later version must open with its data kept.

Run it when a migration was added (it writes a sample of the new number beside the older ones, which stay for ever), and
as often as you like before 0001 is released: .venv/bin/python tools/write_sample_database.py
"""

import os
import sqlite3
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.admin.bundle import Admin
from provisor.admin.context import Context
from provisor.database import open_database
from provisor.database.migrations import read_files
from provisor.gallery import template
from provisor.runner.importing.import_source import CsvImport
from provisor.storage import schema
from provisor.storage.secrets import load_key
from provisor.testing.memory_target import MemoryTarget

SAMPLES = Path(__file__).parents[1] / "tests" / "storage" / "samples"
APP = "Cisco Umbrella User Management"
FILES = {
    "users": "userPrincipalName,displayName,department,manager,objectGUID\n"
    "anna@fjord.example,Anna,Sales,,196a91a1-0ed6-55ff-9e93-129f57884f29\n"
    "bo@fjord.example,Bo,Sales,anna@fjord.example,296a91a1-0ed6-55ff-9e93-129f57884f29\n"
    "åse@fjord.example,Åse,,anna@fjord.example,396a91a1-0ed6-55ff-9e93-129f57884f29\n",
    "groups": "displayName,description\nStaff,All\nSales,Some\n",
    "members": "group,member\nStaff,anna@fjord.example\nStaff,bo@fjord.example\nSales,bo@fjord.example\n",
}


def newest() -> int:
    """The number of the newest migration."""
    return read_files(Path(schema.__file__).parent / "migrations")[-1].number


def live_a_little(admin: Admin, folder: Path) -> None:
    """Something of everything that a database holds."""
    me = LOCAL_OPERATOR
    for name, text in FILES.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    admin.imports.csv(me, CsvImport(**{name: folder / f"{name}.csv" for name in FILES}))
    admin.applications.add(me, APP)
    admin.applications.add_owner(me, APP, "anna@fjord.example")
    admin.accounts.add(me, "anna", ["Application Owner"], person="anna@fjord.example")
    admin.jobs.create(me, APP)
    admin.jobs.save_credentials(me, APP, url="http://127.0.0.1:9/scim", token="a-sample-token")
    admin.applications.assign(me, APP, groups=["Staff"], users=["åse@fjord.example"])
    admin.jobs.start(me, APP)
    admin.cycles.run(me, APP)
    admin.users.set_enabled(me, "bo@fjord.example", enabled=False)
    admin.schemas.map(me, APP, "user", source="department", target="displayName")
    admin.cycles.run(me, APP)
    admin.users.delete(me, "åse@fjord.example")
    admin.retentions.set(me, log_days=0)  # the sample grows old
    admin.plans.make(me, APP)


def main() -> None:
    """Make the database, and write it down as SQL with its key beside it."""
    found = template("ciscoUmbrella")
    if found is None:
        raise LookupError("The gallery has no ciscoUmbrella.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = open_database(f"sqlite:///{folder / 'service.sqlite'}")
        target = MemoryTarget(found.user_type, found.group_type)
        live_a_little(
            Admin(
                Context(
                    database=database,
                    tenant=schema.migrate(database),
                    now=lambda: datetime.now(UTC),
                    random_bytes=os.urandom,
                    load_key=lambda: load_key(folder / "secret.key"),
                    problem_with_credentials=lambda url, token: None,
                    connect=lambda job: target,
                )
            ),
            folder,
        )
        database.close()
        with closing(sqlite3.connect(folder / "service.sqlite")) as connection:
            dump = "\n".join(connection.iterdump()) + "\n"
        SAMPLES.mkdir(exist_ok=True)
        written = SAMPLES / f"service-{newest():04}.sql"
        written.write_text(dump, encoding="utf-8")
        written.with_suffix(".key").write_text((folder / "secret.key").read_bytes().hex() + "\n", encoding="ascii")
        print(f"Wrote {written} and its key.")


if __name__ == "__main__":
    main()
