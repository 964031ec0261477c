"""Imports people from CSV: rows a second and peak memory, first import and a second one that changes nothing.

    .venv/bin/python benchmarks/import.py [ROWS]        (default 100,000; every size runs in a process of its own)

Goals: 100,000 people in 15 s; a million in under 300 MiB.
"""

import csv
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

HEADER = ["userPrincipalName", "displayName", "givenName", "surname", "mail", "jobTitle", "department", "city",
          "employeeId", "manager", "accountEnabled", "objectGUID"]  # fmt: skip


def write_people(path: Path, rows: int) -> None:
    """A made-up organisation whose every ninth person manages the next ones."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for number in range(rows):
            upn = f"person{number * 7919 % rows:07}@fjord.example"
            manager = "" if number == 0 else f"person{number // 9 * 7919 % rows:07}@fjord.example"
            guid = f"{number:08x}-aaaa-4bbb-8ccc-{number * 2654435761 % 2**48:012x}"
            writer.writerow(
                [upn, f"Pérson {number}", "Pérson", f"Number {number}", upn, "Consultant", f"Department {number % 40}",
                 "Bergen", f"{number:07}", manager, "true" if number % 100 else "FALSE", guid]
            )  # fmt: skip


def run(folder: Path) -> None:
    """Import once or again, in this process, and print what it took."""
    from provisor.database import open_database
    from provisor.runner.importing.import_source import CsvImport, import_csv
    from provisor.storage.schema import migrate

    database = open_database(f"sqlite:///{folder / 'service.db'}")
    tenant = migrate(database)
    start = time.perf_counter()
    summary = import_csv(database, tenant, CsvImport(users=folder / "users.csv"), now=datetime.now(UTC))
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    counts = getattr(summary, "users", summary)
    rows = counts.created + counts.updated + counts.unchanged
    print(f"{rows:>9,} rows  {seconds:7.1f} s  {rows / seconds:>9,.0f} rows/s  peak {peak:5.0f} MiB  {counts}")


def main() -> None:
    """Write the file, import it, import it again."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_people(folder / "users.csv", rows)
        for _ in range(2):
            subprocess.run([sys.executable, __file__, "--in", str(folder)], check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--in"]:
        run(Path(sys.argv[2]))
    else:
        main()
