"""Fixtures that several rooms need: a service database at head, cheap because migrated once a session."""

import gc
import os
import shutil
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from hypothesis import is_hypothesis_test, settings

from provisor.database import open_database
from provisor.storage import tenants
from provisor.storage.schema import migrate
from provisor.testing.samba import SambaMissing, refuse_without_samba
from support.company import Company
from support.postgresql import Cluster, PostgresqlMissing
from support.samba_ad import samba_domain

# How long an example takes says more of the machine's other work than of ours; pytest's own time-out ends a hang.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


MEMORY = Path("/dev/shm")
ENOUGH_BYTES = 1 << 30  # a container may have been given a small one


def pytest_configure():
    """Databases of tests lie in memory where there is enough: a quarter of the time was spent on syncs of the disk.

    What a killed process leaves behind is the same there; only a power cut would tell the two apart.
    """
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES and os.access(MEMORY, os.W_OK):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What collecting makes stays to the end: looking through it for garbage, again and again, was a tenth of a run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


ROWS_TIMES = 3


def large_tables(items):
    """The rows of each table that is marked, how many the fast suite takes of them, and how many `make test`."""
    tables = {}
    for item in items:
        fast, some = item.get_closest_marker("fast_rows"), item.get_closest_marker("test_rows")
        if fast is not None or some is not None:
            most = ROWS_TIMES * fast.args[0] if some is None else some.args[0]
            rows, *_ = tables.setdefault((item.path, item.originalname), ([], fast.args[0] if fast else None, most))
            rows.append(item)
    return tables.values()


def spread(rows, wanted):
    """So many of the rows, one of each stretch: even steps would meet few values of a parameter again and again."""
    if wanted is None or len(rows) <= wanted:
        return rows
    chance = Random(len(rows))
    return [
        rows[chance.randrange(number * len(rows) // wanted, (number + 1) * len(rows) // wanted)]
        for number in range(wanted)
    ]


def pytest_addoption(parser):
    parser.addoption("--examples", type=int, metavar="N", help="laws take no more than N examples")
    fewer = "of large tables some rows, as their markers say; of what is drawn by chance, some"
    parser.addoption("--fewer-rows", action="store_true", help=fewer)


@pytest.hookimpl(tryfirst=True)  # before those that are slow are left out
def pytest_collection_modifyitems(config, items):
    left_out = set()
    for rows, wanted, most in large_tables(items):
        if config.getoption("fewer_rows"):
            left_out.update(set(map(id, rows)) - set(map(id, spread(rows, most))))
        quick = [item for item in rows if item.get_closest_marker("slow") is None]
        kept = set(map(id, spread(quick, wanted)))
        for item in quick:
            if id(item) not in kept:
                item.add_marker(pytest.mark.slow)
    if left_out:
        config.hook.pytest_deselected(items=[item for item in items if id(item) in left_out])
        items[:] = [item for item in items if id(item) not in left_out]
    # What one process does alone comes first, so that no process is left with it in the end.
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)
    if config.getoption("examples"):
        for law in {item.obj for item in items if is_hypothesis_test(getattr(item, "obj", None))}:
            full = law._hypothesis_internal_use_settings
            law._hypothesis_internal_use_settings = settings(
                full, max_examples=min(full.max_examples, config.getoption("examples"))
            )


@pytest.fixture(scope="session")
def thorough(request):
    """Whether everything is tried, or some of each kind (`make test`): for what draws its examples without Hypothesis."""
    return not request.config.getoption("fewer_rows")


@pytest.fixture(scope="session")
def now():
    return datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory, now):
    path = tmp_path_factory.mktemp("service") / "service.db"
    database = open_database(f"sqlite:///{path}")
    migrate(database, now)
    database.close()
    return path


@pytest.fixture
def database(migrated_file, tmp_path):
    """A service database at head with its tenant and nothing else."""
    path = tmp_path / "service.db"
    shutil.copy(migrated_file, path)
    database = open_database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture
def tenant(database):
    return tenants.only(database.reader())


@pytest.fixture
def company(database, tenant, now, tmp_path):
    """An empty directory that takes CSV tables."""
    return Company(database, tenant, now, tmp_path)


@pytest.fixture(scope="session")
def postgresql():
    """A real PostgreSQL, thrown away with the session; skipped where it is not installed, unless services are required.

    It leaves out the syncs of the disk: a test that kills it makes a cluster of its own.
    """
    try:
        cluster = Cluster(durable=False)
    except PostgresqlMissing as missing:
        if os.environ.get("PROVISOR_TEST_SERVICES") == "required":
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    with cluster:
        yield cluster


@pytest.fixture
def with_samba():
    """Skipped where no domain can be made, unless services are required."""
    with needed():
        refuse_without_samba()


@contextmanager
def needed():
    """What needs Samba's domain controller."""
    try:
        yield
    except SambaMissing as missing:
        if os.environ.get("PROVISOR_TEST_SERVICES") == "required":
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def samba():
    """A real Active Directory with a thousand people and fifty groups, thrown away with the session.

    Skipped where there is no Samba, unless services are required. Tests that use it are slow and of the xdist group
    "samba", so that one is made, which takes ten seconds, and on a busy machine minutes. Each adds what it changes.
    """
    with needed():
        refuse_without_samba()
    with samba_domain(people=1000, groups=50) as domain:
        yield domain
