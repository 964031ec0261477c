"""PostgreSQL for the run: the database of a URL, or a durable cluster of its own where the programs are installed."""

import sys
from contextlib import contextmanager
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "tests"))
from support.postgresql import Cluster, PostgresqlMissing


@contextmanager
def postgresql(url):
    """The URL of an empty database; None, and a sentence why, when there is none."""
    if url is not None:
        yield url
        return
    try:
        cluster = Cluster(durable=True)
    except PostgresqlMissing as missing:
        print(f"postgresql: not measured. {missing}")
        yield None
        return
    with cluster:
        yield cluster.url(cluster.new_database())
