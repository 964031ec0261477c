"""The command line in this process, in a folder of its own."""

from dataclasses import dataclass

import pytest

from provisor import main, wiring


@dataclass(frozen=True)
class Answered:
    code: int
    out: str
    err: str


@pytest.fixture
def provisor(tmp_path, monkeypatch, capsys, migrated_file):
    """Runs one command; the database is a copy of one that is migrated already."""
    import shutil

    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    shutil.copy(migrated_file, data / "provisor.sqlite")
    monkeypatch.setenv("PROVISOR_DATA", str(data))
    monkeypatch.delenv("PROVISOR_DATABASE_URL", raising=False)
    monkeypatch.setattr("sys.argv", ["provisor"])
    opened = []

    def open_database(url, really=wiring.open_database):
        opened.append(really(url))
        return opened[-1]

    monkeypatch.setattr(wiring, "open_database", open_database)

    def run(*arguments):
        code = main.guarded(lambda: main.run([str(argument) for argument in arguments]))
        captured = capsys.readouterr()
        return Answered(code, captured.out, captured.err)

    yield run
    for database in opened:  # the end of a process would have closed it
        database.close()
