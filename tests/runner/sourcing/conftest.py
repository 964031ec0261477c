"""An empty directory and an empty domain, for tests of sources."""

import pytest

from support.mirrored import Domain, Mirror, mirror_in


@pytest.fixture
def mirror(tmp_path) -> Mirror:
    """An empty directory."""
    return mirror_in(tmp_path / "provisor.sqlite")


@pytest.fixture
def domain() -> Domain:
    """An empty domain."""
    return Domain()
