"""House rules, which `make check` holds: `make test` leaves out those that take no time, as they have been tried then."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.house)
